// exchange/label_names: the labels that posts came with from files, whatever they are called there.
//
// out   name  STRING
// rows  many          also those that no post has any more
// cost  a look at the names of all properties, which are some hundreds
// mode  read
CALL db.propertyKeys() YIELD propertyKey
WITH propertyKey WHERE propertyKey STARTS WITH 'label_' AND NOT propertyKey ENDS WITH '_count'
RETURN substring(propertyKey, 6) AS name
ORDER BY name;
