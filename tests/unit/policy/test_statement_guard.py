"""What the guard lets through and what not, by its words alone; what it refuses never reaches a server."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.errors import OaGraphError, ParameterNotTaken, StatementNotAllowed, StatementTooLarge
from oa_graph.policy import statement_guard
from oa_graph.policy.statement_tokens import Token, TokenizedStatement

EXPLORE = sorted(file.name for file in (files("oa_graph") / "cypher" / "explore").iterdir())


@pytest.mark.parametrize("name", EXPLORE)
def test_every_question_of_ours_is_let_through(name: str) -> None:
    text = (files("oa_graph") / "cypher" / "explore" / name).read_text("utf-8")
    assert "MATCH" in statement_guard.checked_statement(text, {})


HONEST = (
    "RETURN 1 AS x",
    "RETURN 1 AS x;",
    "  RETURN 1 AS x ; // the end",
    "MATCH (post:Post) WHERE post.text CONTAINS 'CREATE (n)' RETURN count(post) AS posts",
    'MATCH (post:Post) WHERE post.text = "LOAD CSV; SHOW USERS" RETURN post.id AS id',
    "MATCH (`CREATE`:`SET`) RETURN `CREATE`.`LOAD` AS `DELETE`",
    "MATCH (`a``b;`) RETURN `a``b;` AS x",
    "MATCH (post:Post) WHERE post.created > datetime('2026-01-01') RETURN post.created AS created",
    "MATCH (post:Post) WHERE post.deleted RETURN post.id AS id // DETACH DELETE post",
    "/* CREATE (n) */ MATCH (n:Post) /* ; */ RETURN n.id AS id",
    "RETURN $set AS x, $load AS y, $`create` AS z",
    "RETURN 'it\\'s ; \\\\' AS x, 'größe 🌧' AS y",
    "MATCH (`größe`) RETURN `größe` LIMIT 1 // Füße\n",
    "CALL db.labels() YIELD label RETURN label",
    "CALL `db`.`labels`() YIELD label RETURN label",
    "CALL db . index . fulltext . queryNodes('text_english', 'bread') YIELD node, score RETURN node.id AS id, score",
    "MATCH (p:Post) CALL (p) { MATCH (p)<-[:REPLY_TO]-(r) RETURN count(r) AS replies } RETURN p.id AS id, replies",
    "CALL { MATCH (p:Post) RETURN count(p) AS posts } RETURN posts",
    "MATCH (p:Post) RETURN COLLECT { MATCH (p)<-[:REPLY_TO]-(r) RETURN r.text } AS replies",
    "MATCH (p:Post) WHERE EXISTS { (p)<-[:REPLY_TO]-() } AND NOT (NOT p.deleted) RETURN p.id AS id",
    "RETURN date.truncate('month', date()) AS month, duration.inDays(date(), date()) AS days, Coll.max([1]) AS most",
    "MATCH p = (a:Post)-[:REPLY_TO*1..5]->(b:Post) RETURN [n IN nodes(p) | n.text] AS thread, -1 + -2.5e3 AS x",
    "WITH [1, 2] AS xs RETURN [i IN range(0, size(xs) - 1) | xs[i]] AS ys, range(0, 10, 2) AS zs, range(1, $n) AS ns",
    "UNWIND range(0, size($n) - 2) AS i UNWIND range(i + 1, toInteger($n)) AS j RETURN i, j",
    "UNWIND range(1, length((:Post)-->())) AS i RETURN i",
    "MATCH (p:$('Po' + 'st')) RETURN count(p) AS posts",
    "MATCH p = SHORTEST 1 (a:Post)-[:REPLY_TO]->+(b:Post) RETURN length(p) AS steps",
    "RETURN 1 AS x UNION ALL RETURN 2 AS x",
    "LET x = 1 FILTER x > 0 RETURN x",
    "RETURN " + "(" * 30 + "1" + ")" * 30 + " AS x",
    "RETURN " + " + ".join(["1"] * 1000) + " AS x",
    "RETURN 8 / 2 // 3\n / 2 AS x",
    "MATCH (p:Post) WHERE p.lang IN ['en'] AND 'a' IN [p.text] OR NOT 'b' = p.text RETURN DISTINCT 'c' AS c",
    "RETURN CASE 'a' WHEN 'a' THEN 'b' ELSE 'c' END AS x, 'a' STARTS WITH 'b' AS y, 'a' || 'b' AS z",
    "RETURN trim(BOTH 'x' FROM 'xax') AS x, {s: 's', `s`: 't'}['s'] AS y",
    "MATCH (n:Post&!Tree|User) WHERE n IS Post AND (n:Post OR n:Tree) RETURN n",
    "MATCH (a:Post)-[:REPLY_TO|ROOT]->(b:Post|Tree)-[:REPLY_TO|!WROTE]->(c:(Post|Tree)&(!User)) RETURN a",
    "MATCH (p:Post) WHERE p.text =~ '(?i).*\\\\bbread(ed)?\\\\b[*+]*' AND p.lang =~ 'en|de' RETURN p",
    "MATCH (p:Post) WHERE p.id =~ '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' RETURN p",
    "RETURN reduce(total = 0.0, x IN $n | total + x) AS total, reduce(a = -1, x IN $n | a * 2 + size('ab')) AS y",
    "RETURN reduce(most = 0, x IN $n | CASE WHEN x > most AND x <> 3 THEN x ELSE most END) AS most",
    "RETURN reduce(n = 0, p IN $n | CASE p WHEN 'x' THEN n + 1 ELSE n END) AS n",
    "RETURN [x IN [y IN $n WHERE y > 1] | x * 2] AS xs, [x IN range(1, 100) | [y IN range(1, $n) | x * y]] AS table",
    "MATCH (p:Post) RETURN [(p)<-[:REPLY_TO]-(r) | [label IN labels(r) | label]] AS labels",
    "RETURN replace(replace(replace($n, '\\n', ' '), '\\t', ''), 'a', $n) AS text, split('a b', ' ')[0] AS word",
    "RETURN coll.sort([x IN $n | x]) AS xs, size(tail($n)) AS y, string.join(['a', 'b'], ', ') AS text",
)


@pytest.mark.parametrize("statement", HONEST)
def test_what_only_reads_is_let_through(statement: str) -> None:
    assert statement_guard.checked_statement(statement, {"n": 100})


REFUSED = {
    "": "there is no statement",
    ";": "there is no statement",
    "// nothing": "there is no statement",
    "RETURN 1; RETURN 2": "only one statement",
    "RETURN 1;;": "only one statement",
    "RETURN 1 /* ; */ ; CREATE (n)": "only one statement",
    "RETURN 'a' ; MATCH (n) DETACH DELETE n //'": "only one statement",
    "cReAtE (n)": "CREATE is not allowed, since it writes",
    "MATCH (n) SET n.x = 1": "SET is not allowed",
    "MATCH (n) CALL (n) { SET n.x = 1 } RETURN 1": "SET is not allowed",
    "MATCH (n)\nRETURN n // end\nDETACH DELETE n": "line 3, column 1",
    "MATCH (n) /* */REMOVE n.x": "REMOVE is not allowed",
    "RETURN '\\'' AS x CREATE (n) RETURN '' AS y": "CREATE is not allowed",
    "RETURN `a```  CREATE (n)": "CREATE is not allowed",
    "RETURN 1 AS x // \r CREATE (n)": "CREATE is not allowed",
    "MATCH (n) WHERE n.x > 1. LOAD CSV FROM 'a' AS l RETURN l": "LOAD is not allowed",
    "RETURN [x IN [1] | COLLECT { LOAD CSV FROM 'file:///etc/passwd' AS l RETURN l }] AS x": "reads files",
    "RETURN [x IN [1] | COLLECT { SHOW SETTINGS YIELD value RETURN value }] AS x": "about the server",
    "RETURN [x IN [1] | EXISTS { CALL dbms.listConfig() YIELD name RETURN name }] AS x": "dbms.listConfig",
    "RETURN [x IN [1] | COUNT { CALL `dbms`.`listConfig`() YIELD name }] AS x": "dbms.listConfig",
    "CALL /* db.labels */ dbms.queryJmx('*:*')": "dbms.queryJmx",
    "CALL db.index.fulltext.createNodeIndex()": "createNodeIndex",
    "CALL dB.labels()": "the procedure dB.labels",
    "CALL `db.labels`.x()": "the procedure db.labels.x",
    "CALL $proc()": "the procedure ?",
    "CALL": "the procedure ?",
    "OPTIONAL CALL tx.setMetaData({a: 1})": "tx.setMetaData",
    "RETURN apoc.cypher.runFirstColumnMany('CREATE (n)', {}) AS x": "apoc.cypher.runFirstColumnMany",
    "RETURN apoc . /* */ `load` . json('http://example.org') AS x": "apoc.load.json",
    "RETURN genai.vector.encode('text', 'OpenAI', {}) AS x": "genai",
    "RETURN graph.byName('system') AS x": "graph.byName",
    "USE system RETURN 1": "another database",
    "CALL () { USE system RETURN 1 AS x } RETURN x": "another database",
    "EXPLAIN RETURN 1": "EXPLAIN is not allowed",
    "PROFILE RETURN 1": "PROFILE is not allowed",
    "/**/ cypher 5 RETURN 1": "planner options",
    "CYPHER runtime=interpreted RETURN 1": "planner options",
    "SHOW TRANSACTIONS": "about the server",
    "TERMINATE TRANSACTION 'neo4j-transaction-1'": "about the server",
    "MATCH (n) CALL (n) { RETURN 1 AS x } IN TRANSACTIONS RETURN x": "one transaction",
    "\\u0043REATE (n)": "write the character itself",
    "RETURN '\\u0027 CREATE (n) //' AS x": "write the character itself",
    "RETURN `\\u0060` AS x": "write the character itself",
    "RETURN 1 // \\u000A CREATE (n)": "write the character itself",
    "RETURN '\\\\u0027' AS x": "write the character itself",
    "\\U00000043REATE (n)": "write the character itself",
    "ＣＲＥＡＴＥ (n)": "U+FF23 is allowed only in quotes",
    "CRE\u200bATE (n)": "U+200B is allowed only in quotes",
    "RETURN\u00a01": "U+00A0 is allowed only in quotes",
    "RETURN 1 AS ſet": "U+017F is allowed only in quotes",
    "RETURN 1\u2028CREATE (n)": "U+2028 is allowed only in quotes",
    "\ufeffRETURN 1": "U+FEFF is allowed only in quotes",
    "RETURN \u202e1 AS x": "U+202E is allowed only in quotes",
    "RETURN 1 AS x \0": "U+0000 is allowed only in quotes",
    "RETURN \\ 1": "a backslash is allowed only in quotes",
    "RETURN 'a": "this quote is never closed",
    "RETURN \"a'": "this quote is never closed",
    "RETURN `a": "this quote is never closed",
    "RETURN 'a\\'": "this quote is never closed",
    "RETURN 1 /* CREATE (n)": "this comment is never closed",
    "RETURN (1": "`(` is never closed",
    "RETURN 1)": "has no opening bracket",
    "RETURN [1}": "has no opening bracket",
    "RETURN " + "(" * 33 + "1" + ")" * 33: "more than 32 nested brackets",
    "RETURN " + "COLLECT { RETURN " * 9 + "1 AS y" + " }" * 9: "more than 8 nested `{`",
    "RETURN " + "[(a)-->(b) | " * 9 + "1" + "]" * 9: "more than 8 nested `[`",
    "RETURN " + "NOT " * 500 + "true": "in a row",
    "MATCH (n:" + "!" * 300 + "A) RETURN n": "in a row",
    "RETURN true" + " XOR NOT true" * 30: "more than 8 XOR",
    "RETURN reduce(a = 0, i IN range(1, 100000000000) | a + i)": "`range` goes up to 1000000",
    "RETURN reduce(a = 0, i IN range(1, 10^11) | a + i)": "takes integers",
    "RETURN reduce(a = 0, i IN range(1, 1e11) | a + i)": "`range` goes up to",
    "RETURN reduce(a = 0, i IN range(1, 0xFFFFFFFFFF) | a + i)": "`range` goes up to",
    "RETURN reduce(a = 0, i IN range(-100000000000, 1) | a + i)": "`range` goes up to",
    "RETURN reduce(a = 0, i IN `Range`(1, $huge) | a + i)": "`range` goes up to",
    "RETURN reduce(a = 0, i IN RANGE(1, $not_given) | a + i)": "`range` goes up to",
    "RETURN reduce(a = 0, i IN range(1, toInteger('100000000000')) | a + i)": "takes integers",
    "WITH 100000000000 AS n RETURN reduce(a = 0, i IN range(1, n) | a + i)": "takes integers",
    "UNWIND range(1, n) + [1] AS i RETURN i": "takes integers",
    "UNWIND [i IN range(1, n) | i] AS i RETURN i": "takes integers",
    "UNWIND [reduce(a = 0, i IN range(1, n) | a + i)] AS i RETURN i": "takes integers",
    "WITH 1000 AS n RETURN [i IN range(1, size([1]) * 1000000000) | i]": "takes integers",
    "RETURN s'{1 + 1}' AS x": "cannot directly follow `s`",
    'RETURN S"{1 + 1}" AS x': "cannot directly follow `S`",
    "RETURN s 'x' AS x": "cannot directly follow `s`",
    "RETURN s/**/'x' AS x": "cannot directly follow `s`",
    "RETURN s\n// end\n'x' AS x": "cannot directly follow `s`",
    "RETURN $s'x' AS x": "cannot directly follow `s`",
    "RETURN $return'x' AS x": "cannot directly follow `return`",
    "RETURN n.in'x' AS x": "cannot directly follow `in`",
    "RETURN `s`'x' AS x": "cannot directly follow ``s``",
    "RETURN 1'x' AS x": "cannot directly follow `1`",
    "RETURN 0s'x' AS x": "cannot directly follow `0s`",
    "RETURN 'a' 'b' AS x": "cannot directly follow `'a'`",
    "RETURN 'a''{1 + 1}' AS x": "cannot directly follow `'a'`",
    "RETURN $'x' AS x": "must start the name of a parameter",
    "RETURN 1 ~ 2 AS x": "`~` is not a sign of Cypher",
    "RETURN 1 @ 2 AS x": "`@` is not a sign of Cypher",
    "MATCH (n) RETURN n#1": "`#` is not a sign of Cypher",
    "RETURN 1 ? 2 AS x": "`?` is not a sign of Cypher",
    "MATCH (n:" + "&".join(f"(A{n}|B{n})" for n in range(24)) + ") RETURN n": "more than 1024 combinations",
    "MATCH (n IS " + "&".join(f"(A{n}|B{n})" for n in range(24)) + ") RETURN n": "more than 1024 combinations",
    "MATCH (n:" + "&".join(f"!(A{n}&B{n})" for n in range(24)) + ") RETURN n": "more than 1024 combinations",
    "MATCH (n:!!" + ":".join(f"(A{n}|:B{n})" for n in range(24)) + ") RETURN n": "more than 1024 combinations",
    "MATCH ()-[r:" + "&".join(f"(A{n}|B{n})" for n in range(24)) + "]->() RETURN r": "more than 1024 combinations",
    "MATCH " + "-->".join(f"(:(A{n}|B{n})&(C|D))" for n in range(6)) + " RETURN 1": "more than 1024 combinations",
    "MATCH " + "-->".join(f"(:A{n}|B)" for n in range(12)) + " RETURN 1": "more than 1024 combinations",
    "MATCH (n) WHERE "
    + " AND ".join(f"(n:A{n} OR n:B)" for n in range(24))
    + " RETURN n": "more than 1024 combinations",
    "MATCH (n) WHERE "
    + " AND ".join(f"(n IS A OR n:B OR n:C{n})" for n in range(7))
    + " RETURN n": "1024 combinations",
    "MATCH p = " + "-->".join(["()"] * 40) + " RETURN p": "more than 32 relationships",
    "MATCH p = " + "<-[:A]-".join(["()"] * 40) + " RETURN p": "more than 32 relationships",
    "RETURN size([x IN range(1, 1000000) | [y IN range(1, 1000) | y]])": "nested loops take",
    "RETURN size([x IN range(1, 1000000) WHERE all(y IN range(1, 1000) WHERE y > x)])": "nested loops take",
    "WITH $n AS xs RETURN [x IN xs | [y IN xs | y]]": "nested loops take",
    "WITH $n AS xs RETURN [x IN xs WHERE single(y IN [1, 2] WHERE y = x)]": "UNWIND the outer list",
    "RETURN [x IN range(1, 1000) | reduce(a = 0, y IN range(1, 10000) | a + y)]": "nested loops take",
    "RETURN [x IN range(1, 1000) | [y IN range(1, 100) | `all`(z IN range(1, 100) WHERE z)]]": "nested loops take",
    "RETURN [x IN range(1, 1000) | coll.sort($n)]": "nested loops take",
    "RETURN [x IN range(1, 1000) | Reverse($n)]": "nested loops take",
    "RETURN [x IN $n | COLLECT { RETURN [y IN $n | y] AS y }]": "nested loops take",
    "RETURN [x IN range(1, 10, 0) | [y IN range(1, 10) | y]]": "nested loops take",
    "RETURN reduce(a = [1], i IN range(1, 40) | a + a)": "an accumulator",
    "RETURN reduce(a = 'x', i IN range(1, 1000000) | a + 'x')": "must start with a number",
    "RETURN reduce(a = '', x IN $n | a || x)": "must start with a number",
    "RETURN reduce(a = 0, x IN $n | a + 'xxxx')": "must not be joined with texts",
    "RETURN reduce(a = 0, x IN $n | a + x + a)": "cannot double",
    "RETURN reduce(a = 0, x IN $n | CASE WHEN x > 1 THEN a ELSE x END + a)": "cannot double",
    "RETURN reduce(a = 1, x IN $n | [a, a])": "must not be in a list",
    "RETURN reduce(a = 1, x IN $n | {b: a})": "must not be in a list",
    "RETURN reduce(a = $n, x IN $n | replace(a, 'x', a))": "cannot double",
    "RETURN allReduce(a = [1], x IN $n | a + a, true)": "an accumulator",
    "RETURN replace(replace('aaaa', 'a', 'aaaa'), 'a', 'aaaa')": "only one `replace`",
    "WITH replace('aaaa', 'a', 'aaaa') AS x RETURN replace(x, $n, x)": "only one `replace`",
    "RETURN replace(replace('aaaa', '', ''), '', 'a')": "only one `replace`",
    "RETURN 'aaaa' =~ '(a+)+b'": "neither repetitions nor alternatives",
    "RETURN 'aaaa' =~ '(a|aa)*b'": "neither repetitions nor alternatives",
    "RETURN 'aaaa' =~ '(?:(x)*y){2,}'": "neither repetitions nor alternatives",
    "RETURN 'aaaa' =~ '([(]a*)+b'": "neither repetitions nor alternatives",
    "RETURN 'aaaa' =~ '(a*?)+b'": "neither repetitions nor alternatives",
    "RETURN 'aaaa' =~ '((((a{2,}))))*+b'": "neither repetitions nor alternatives",
    "RETURN 'aaaa' =~ 'a*a*a*a*b'": "more than 3 repetitions",
    "RETURN 'aaaa' =~ '\\\\Q(\\\\E(a+)+b'": "without \\Q",
    "RETURN 'aaaa' =~ '(a' + '+)+b'": "one text in quotes",
    "RETURN 'aaaa' =~ ('(a+)+b')": "one text in quotes",
    "RETURN 'aaaa' =~ $n": "one text in quotes",
    "RETURN string.regexReplace('aaaa', '(a+)+b', '')": "string.regexReplace",
}


@pytest.mark.parametrize(("statement", "why"), REFUSED.items())
def test_what_may_do_more_is_refused_with_the_rule(statement: str, why: str) -> None:
    with pytest.raises(StatementNotAllowed, match=r"line \d+, column \d+") as refused:
        statement_guard.checked_statement(statement, {"huge": 10**11})
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("RETURN 1 +\n  (2 + [3]", "`(` is never closed (line 2, column 3)."),
        ("RETURN [[1]", "`[` is never closed (line 1, column 8)."),
        (
            "RETURN 1 AS set",
            "SET is not allowed, since it writes; write it as `set` if it is a name (line 1, column 13).",
        ),
    ],
)
def test_a_refusal_points_at_what_is_wrong(statement: str, reason: str) -> None:
    with pytest.raises(StatementNotAllowed) as refused:
        statement_guard.checked_statement(statement, {})
    assert str(refused.value) == f"The statement is not allowed: {reason}"


def test_what_is_sent_is_what_was_read() -> None:
    statement = "RETURN 1 AS x, // one\r\n 'a // b' /* \n */ AS `/*` ;"
    sent = statement_guard.checked_statement(statement, {})
    assert sent == "RETURN 1 AS x,       \r\n 'a // b'    \n    AS `/*`"
    assert [token.text for token in tokens(sent)] == [token.text for token in tokens(statement)[:-1]]


def tokens(statement: str) -> list[Token]:
    return TokenizedStatement(statement).tokens


@given(st.text(st.sampled_from("aS;'\"`/*\\\n\r{}()[]$.1 \u00a0é"), max_size=30))
def test_reading_again_what_is_sent_finds_the_same(statement: str) -> None:
    try:
        sent = statement_guard.checked_statement(statement, {})
    except OaGraphError:
        return
    assert statement_guard.checked_statement(sent, {}) == sent
    words = [token.text for token in tokens(statement)]
    assert [token.text for token in tokens(sent)] == words[: len(words) - (words[-1] == ";")]


def test_a_statement_has_only_so_many_characters() -> None:
    with pytest.raises(StatementTooLarge):
        statement_guard.checked_statement("RETURN 1 AS x" + " " * statement_guard.MAX_CHARACTERS, {})


@pytest.mark.parametrize(
    "value", [2**63, [1, -(2**63) - 1], {"a": {"b": [2**70]}}, [[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]
)
def test_parameters_that_the_database_cannot_hold_are_refused(value: object) -> None:
    with pytest.raises(ParameterNotTaken, match="given"):
        statement_guard.checked_statement("RETURN $given AS x", {"given": value})


def plan(*operators: str) -> dict[str, object]:
    nested: dict[str, object] = {"operatorType": "ProduceResults@neo4j"}
    for operator in operators:
        nested = {"operatorType": f"{operator}@neo4j", "children": [nested]}
    return nested


def test_a_plan_that_reads_is_let_through() -> None:
    statement_guard.check_plan(
        "r", plan("AllNodesScan", "Projection", "NodeByLabelScan", "Apply", "ProcedureCall", "SemiApply")
    )


@pytest.mark.parametrize("kind", ["w", "rw", "s", ""])
def test_a_plan_that_writes_is_refused(kind: str) -> None:
    with pytest.raises(StatementNotAllowed, match="only reading statements"):
        statement_guard.check_plan(kind, plan("Projection"))


@pytest.mark.parametrize(
    "operator",
    ["LoadCSV", "ShowTransactions", "TerminateTransactions", "AdministrationCommand", "TransactionForeach", "Create"],
)
def test_a_plan_that_does_something_else_is_refused(operator: str) -> None:
    with pytest.raises(StatementNotAllowed, match=operator):
        statement_guard.check_plan("r", plan("Projection", operator, "Apply"))


def test_without_a_plan_nothing_is_let_through() -> None:
    with pytest.raises(StatementNotAllowed):
        statement_guard.check_plan("r", None)
