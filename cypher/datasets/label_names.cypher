// datasets/label_names: the names of the labels that posts were imported with.
//
// out   name  STRING
// rows  many          also names that no post has any more
// cost  a look at the names of all properties, some hundreds
// mode  read
CALL db.propertyKeys() YIELD propertyKey
WITH propertyKey WHERE propertyKey STARTS WITH 'label_' AND NOT propertyKey ENDS WITH '_count'
RETURN substring(propertyKey, 6) AS name
ORDER BY name;
