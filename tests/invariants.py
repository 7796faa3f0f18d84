"""What must be true of the graph after any event, whoever did what before."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, LiteralString, cast

from oa_graph import leaderboards
from oa_graph.domain.limits import Limits
from oa_graph.domain.trees import TreeState
from oa_graph.graph import trees
from oa_graph.graph.session import Graph, Row, Store
from oa_graph.policy import growth

_NEVER: dict[str, str] = {
    "a counter of a language is not the number of its trees": """
        MATCH (tree:Tree) WITH tree.lang AS lang, tree.state AS state, count(tree) AS trees
        OPTIONAL MATCH (language:Language {tag: lang})
        WITH lang, state, trees, coalesce(language[state], 0) AS counted WHERE trees <> counted
        RETURN lang + ' ' + state + ': ' + counted + ' for ' + trees AS found
        """,
    "a language counts trees that are not there": """
        MATCH (language:Language)
        UNWIND [each IN $states WHERE coalesce(language[each], 0) <> 0] AS state
        WITH language, state WHERE NOT EXISTS { (tree:Tree {state: state, lang: language.tag}) }
        RETURN language.tag + ' ' + state AS found
        """,
    "the reviews of a post are not those counted": """
        MATCH (post:Post) WITH post, post.reviews - COUNT { (post)<-[:OF]-(:Review) } AS elsewhere
        WHERE elsewhere < 0 OR (elsewhere > 0 AND post.position IS NULL)  // an import brings those of its file
        RETURN post.text + ' ' + post.reviews AS found
        """,
    "pool, wants and key do not stand together": """
        MATCH (post:Post)
        WITH post, size([each IN [post.pool, post.wants, post.key] WHERE each IS NOT NULL]) AS given
        WHERE NOT given IN [0, 3] OR post.wants <= 0
        RETURN post.text AS found
        """,
    "vote_pool, votes_wanted and vote_key do not stand together": """
        MATCH (post:Post)
        WITH post, size([each IN [post.vote_pool, post.votes_wanted, post.vote_key] WHERE each IS NOT NULL]) AS given
        WHERE NOT given IN [0, 3] OR post.votes_wanted <= 0
        RETURN post.text AS found
        """,
    "a vote is open where nothing can end": """
        MATCH (post:Post) WHERE post.vote_pool IS NOT NULL
        AND (post.role <> 'assistant' OR post.deleted OR NOT coalesce(post.accepted, false) OR post.ended IS NOT NULL
          OR NOT EXISTS { (:Tree {id: post.tree, state: 'growing'}) })
        RETURN post.text AS found
        """,
    "an end wants a reply": """
        MATCH (post:Post) WHERE post.ended AND (post.pool STARTS WITH 'assistant' OR post.pool STARTS WITH 'prompter')
        RETURN post.text AS found
        """,
    "somebody voted twice on a post, or on their own": """
        MATCH (post:Post)<-[:VOTES_ON]-(vote:EndVote) WITH post, vote.maker AS maker, count(vote) AS votes
        WHERE votes > 1 OR maker = post.author RETURN post.text + ' ' + maker AS found
        """,
    "a vote looks free and is full, or full and free": """
        MATCH (post:Post) WHERE post.vote_pool IS NOT NULL
        OPTIONAL MATCH (post)<-[lease:LEASES_VOTE]-(:Task) WHERE lease.until > $now_ms
        WITH post, count(lease) AS live, min(lease.until) AS next
        WHERE live >= post.votes_wanted AND (post.vote_key < 1 OR post.vote_key > next)
        OR live < post.votes_wanted AND post.vote_key > $now_ms
        RETURN post.text + ' ' + live AS found
        """,
    "a place looks free and is full": """
        MATCH (post:Post)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms AND post.pool IS NOT NULL
        WITH post, count(lease) AS live, min(lease.until) AS next
        WHERE live >= post.wants AND (post.key < 1 OR post.key > next)
        RETURN post.text + ' ' + post.pool + ' ' + live AS found
        """,
    "a place looks full and is free": """
        MATCH (post:Post) WHERE post.key > $now_ms
        OPTIONAL MATCH (post)<-[lease:LEASES]-(:Task) WHERE lease.until > $now_ms
        WITH post, count(lease) AS live
        WHERE live < post.wants
        RETURN post.text + ' ' + post.pool + ' ' + live AS found
        """,
    "a reply does not follow from its parent": """
        MATCH (reply:Post)-[:REPLY_TO]->(parent:Post)
        WHERE reply.role = parent.role OR reply.depth <> parent.depth + 1 OR reply.tree <> parent.tree
        RETURN reply.text AS found
        """,
    "a post has two parents, or a root has one": """
        MATCH (post:Post) WHERE COUNT { (post)-[:REPLY_TO]->() } <> (CASE WHEN post.depth = 0 THEN 0 ELSE 1 END)
        RETURN post.text + ' ' + post.depth + ' ' + COUNT { (post)-[:REPLY_TO]->() } AS found
        """,
    "a root does not ask": "MATCH (post:Post {depth: 0, role: 'assistant'}) RETURN post.text AS found",
    "somebody replied twice to one post": """
        MATCH (reply:Post {deleted: false})-[:REPLY_TO]->(parent:Post)
        WHERE reply.author IS NOT NULL AND reply.reply_key IS NOT NULL
        WITH parent, reply.author AS author, count(reply) AS replies WHERE replies > 1
        RETURN parent.text + ' ' + author AS found
        """,
    "somebody reviewed a post twice": """
        MATCH (post:Post)<-[:OF]-(review:Review) WITH post, review.maker AS maker, count(review) AS reviews
        WHERE reviews > 1 RETURN post.text + ' ' + maker AS found
        """,
    "somebody ranked the replies of a post twice": """
        MATCH (post:Post)<-[:UNDER]-(ranking:Ranking) WITH post, ranking.maker AS maker, count(ranking) AS rankings
        WHERE rankings > 1 RETURN post.text + ' ' + maker AS found
        """,
    "a task has two answers": """
        MATCH (task:Task {collective: false})
        WITH task, COUNT { (task)-[:GAVE]->() } AS answers
        WHERE answers > 1 OR (task.done IS NULL) <> (answers = 0)
        RETURN task.id + ' ' + answers AS found
        """,
    "a task that is over holds a place": """
        MATCH (task:Task)-[:LEASES|LEASES_VOTE]->() WHERE task.done IS NOT NULL OR task.skipped
        RETURN task.id AS found
        """,
    "a task has no owner": """
        MATCH (task:Task) WHERE COUNT { (task)<-[:TOOK]-(:User) } <> 1
        RETURN task.id AS found
        """,
    "a live post stands below a deleted one": """
        MATCH (reply:Post {deleted: false})-[:REPLY_TO]->(parent:Post {deleted: true})
        RETURN reply.text AS found
        """,
    "a post is deeper than its tree allows": """
        MATCH (tree:Tree) MATCH (post:Post {tree: tree.id}) WHERE post.depth > tree.max_depth
        RETURN post.text AS found
        """,
    "an active tree has nothing to do": """
        MATCH (tree:Tree) WHERE tree.state IN $active
        AND NOT EXISTS { MATCH (post:Post {tree: tree.id}) WHERE post.pool IS NOT NULL }
        AND NOT EXISTS { MATCH (post:Post {tree: tree.id})<-[lease:LEASES]-() WHERE lease.until > $now_ms }
        RETURN tree.id + ' ' + tree.state AS found
        """,
    "a tree that is over wants something": """
        MATCH (tree:Tree) WHERE NOT tree.state IN $active AND tree.state <> 'prompt_lottery_waiting'
        MATCH (post:Post {tree: tree.id}) WHERE post.pool IS NOT NULL
        RETURN post.text + ' ' + tree.state + ' ' + post.pool AS found
        """,
    "a user exists twice": """
        MATCH (user:User) WITH user.client AS client, user.method AS method, user.name AS name, count(user) AS users
        WHERE users > 1 RETURN name AS found
        """,
    "a post is in the index of no language, or of two, or under a wrong day": """
        MATCH (post:Post)
        WHERE size([label IN labels(post) WHERE label STARTS WITH 'In']) <> 1
        OR coalesce(post.day, '') <> format(datetime({epochSeconds: post.created.epochSeconds}), 'uuuuMMdd')
        RETURN post.text AS found
        """,
    "ranks of siblings have a gap": """
        MATCH (reply:Post)-[:REPLY_TO]->(parent:Post) WHERE reply.rank IS NOT NULL
        WITH parent, collect(reply.rank) AS ranks
        WHERE any(rank IN ranks WHERE rank <> size([other IN ranks WHERE other < rank]))
        RETURN parent.text AS found
        """,
    "people ranked two siblings alike": """
        MATCH (reply:Post)-[:REPLY_TO]->(parent:Post)
        WHERE reply.rank IS NOT NULL AND parent.consensus_margin IS NOT NULL
        WITH parent, reply.rank AS rank, count(reply) AS replies WHERE replies > 1
        RETURN parent.text AS found
        """,
}


_ALL = cast(
    "LiteralString",
    " UNION ALL ".join(
        f"CALL () {{ {statement} }} RETURN '{rule}' AS rule, found" for rule, statement in _NEVER.items()
    ),
)


async def broken(graph: Graph, limits: Limits) -> list[str]:
    """What is not as it must be; nothing is changed by looking."""
    now = datetime.now(UTC)
    rows = await graph.execute(
        _ALL,
        now_ms=int(now.timestamp() * 1000),
        active=[str(state) for state in growth.ACTIVE],
        states=[str(state) for state in TreeState],
    )
    violations = [f"{row['rule']}: {row['found']}" for row in rows]
    async with graph.dry_run_session() as store:
        for row in await graph.execute("MATCH (tree:Tree) RETURN tree.id AS id"):
            violations += await _behind(store, str(row["id"]), limits, now)
    return violations


async def _behind(store: Store, tree: str, limits: Limits, now: datetime) -> list[str]:
    """Whether the tree should have gone on, and whether its places are those that its state wants."""
    facts = await trees.facts(store, tree, limits=limits)
    assert facts is not None
    violations: list[str] = []
    if growth.next_state(facts) is not facts.state:
        violations.append(f"tree {tree} is {facts.state} and should be {growth.next_state(facts)}")
    before = await _places(store, tree)
    await trees.enter_state(store, tree, facts.state, limits=limits, now=now)
    after = await _places(store, tree)
    violations += [f"{one} should be {other}" for one, other in zip(before, after, strict=True) if one != other]
    return violations


async def _places(store: Store, tree: str) -> list[Row]:
    rows = await store.rows(
        "posts/tree", {"id": tree, "viewer": None, "include_rejected": True, "include_deleted": True}
    )
    posts = sorted((row["post"] for row in rows), key=lambda post: str(post["id"]))
    return [{name: post.get(name) for name in ("text", "pool", "wants")} for post in posts]


async def check(graph: Graph, limits: Limits) -> None:
    assert await broken(graph, limits) == []


# Boards


async def boards_of(graph: Graph) -> list[Any]:
    """All that boards are read from, but for when it was written."""
    rows = await graph.execute(
        """
        MATCH (n:Score|Slot|Tally|ScoreBucket|ScoreRange) WHERE coalesce(n.people, 1) <> 0
        WITH n, n {.*, modified: null} AS row
        RETURN row ORDER BY labels(n)[0], coalesce(row.key, row.lang)
        """
    )
    nodes = [{name: value for name, value in row["row"].items() if value not in (None, 0)} for row in rows]
    return [node for node in nodes if len(node) > 1]  # a key alone: there was something once


async def same_when_counted_anew(graph: Graph) -> list[Any]:
    """Boards as events made them, which has to be what the graph says."""
    now = datetime.now(UTC)
    await leaderboards.apply_due_credits(graph, now=now)
    by_events = await boards_of(graph)
    await leaderboards.rebuild(graph, now=now)
    anew = await boards_of(graph)
    assert anew == by_events, "\n".join(
        [
            *(f"by events {row}" for row in by_events if row not in anew),
            *(f"anew {row}" for row in anew if row not in by_events),
        ]
    )
    return by_events
