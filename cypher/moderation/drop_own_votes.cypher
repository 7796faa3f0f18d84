// moderation/drop_own_votes: delete the votes of a user on their own posts.
//
// in    user_id  STRING
// rows  none
// cost  an index range as long as the user's history, the reactions of each post
// mode  write
MATCH (user:User {id: $user_id})
MATCH (post:Post) WHERE post.author = user.id AND post.created IS NOT NULL
MATCH (user)-[vote:REACTED]->(post) WHERE vote.emoji IN ['+1', '-1']
DELETE vote;
