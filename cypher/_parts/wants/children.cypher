// wants/children: the end of the name of a pool of replies: how many a post has, 8 for more.
' ' + toString(CASE WHEN replies < 8 THEN replies ELSE 8 END)
