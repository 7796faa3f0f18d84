// posts/own_states: what became of some posts, for their author.
//
// in    ids         LIST<STRING>
// in    since       ZONED DATETIME  older posts can no longer be changed by their author
// in    now         ZONED DATETIME
// out   id          STRING
// out   tree_state  STRING
// out   reviewable  BOOLEAN         whether reviews are wanted
// out   editable    BOOLEAN         whether its author may change it now
// out   task_kind   STRING          of the task that it answered; null: none
// rows  many                        one for each post that is there
// cost  two seeks for each post, and what was given to it
// mode  read
UNWIND $ids AS id
MATCH (post:Post {id: id})
MATCH (tree:Tree {id: post.tree})
RETURN id, tree.state AS tree_state, coalesce(post.pool STARTS WITH 'label', false) AS reviewable,
  NOT post.deleted AND CASE
    <<posts/uneditable stored=post>>
  END IS NULL AS editable,
  head(COLLECT { MATCH (post)<-[:GAVE]-(task:Task) RETURN task.kind }) AS task_kind;
