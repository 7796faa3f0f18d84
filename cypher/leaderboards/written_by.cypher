// leaderboards/written_by: the live posts of a user, with everything that counts for the user.
//
// in    user_id  STRING
// out   post     MAP     as in leaderboards/scored_posts
// rows  many
// cost  an index range as long as the user's history, an expand for each reaction, review, remark and report
// mode  read
MATCH (post:Post) WHERE post.author = $user_id AND post.created IS NOT NULL AND NOT post.deleted
RETURN post {
    <<leaderboards/post>>
  } AS post;
