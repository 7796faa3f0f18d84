// explore/labels: the names of the labels that a review gives.
[name IN keys(review) WHERE NOT name IN ['id', 'key', 'maker', 'text', 'created']]
