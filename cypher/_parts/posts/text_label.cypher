// posts/text_label: the label whose full-text index holds texts of a language, by its tag in lower case.
coalesce($labels[<<lang>>], $labels[split(<<lang>>, '-')[0]], 'InOther')
