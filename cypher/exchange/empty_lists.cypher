// exchange/empty_lists: gives posts lists without elements, which a file of a whole store cannot hold.
//
// in    lists  LIST<MAP>  each: id STRING of the post; name STRING of the property
// rows  none
// cost  a seek for each
// mode  write
UNWIND $lists AS each
MATCH (post:Post {id: each.id})
SET post[each.name] = [];
