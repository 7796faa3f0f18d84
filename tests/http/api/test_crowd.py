"""A crowd works on the service for some seconds; afterwards the graph has to be sound."""

from __future__ import annotations

from typing import LiteralString

import pytest

from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from oa_graph.simulator.simulate import simulate
from tests.builders import Shape, plant
from tests.http.api.conftest import WEB, Serve, admit
from tests.invariants import check

pytestmark = pytest.mark.anyio

SECONDS = 10
LANGS = ("en", "de")
BUSY = Limits(
    goal_tree_size=7,
    num_required_rankings=2,
    num_reviews_initial_prompt=2,
    num_reviews_reply=2,
    max_pending_tasks_per_user=20,
    lease_sec=3,
)

# What `tests.invariants` cannot know of graphs that did not come about by work alone. Each finds what contradicts it.
UNSOUND: dict[str, LiteralString] = {
    "every post has one author and one task that gave it, of the same user": """
        MATCH (post:Post) WHERE post.author IS NOT NULL OR post.frontend_id IS NOT NULL
        OPTIONAL MATCH (user:User)-[:WROTE]->(post)<-[:GAVE]-(task:Task)<-[:TOOK]-(taker)
        WITH post, collect(user) AS users, collect(taker) AS takers
        WHERE size(users) <> 1 OR users <> takers OR users[0].id <> post.author
        RETURN post.id AS found""",
    "nobody replied to a parent twice": """
        MATCH (post:Post)-[:REPLY_TO]->(parent) WHERE NOT post.deleted
        WITH parent, post.author AS author, count(*) AS replies WHERE replies > 1 RETURN parent.id AS found""",
    "nobody reviewed his own post": """
        MATCH (review:Review)-[:OF]->(post) WHERE review.maker = post.author RETURN post.id AS found""",
    "nobody ranked his own reply": """
        MATCH (ranking:Ranking)-[:RANKED]->(post) WHERE ranking.maker = post.author RETURN post.id AS found""",
    "no more replies stand than fit, but for those that came late": """
        MATCH (tree:Tree) MATCH (post:Post {tree: tree.id})
        WITH tree, post, COLLECT {
          MATCH (reply:Post)-[:REPLY_TO]->(post), (reply)<-[:GAVE]-(task:Task)
          WHERE NOT reply.deleted AND coalesce(reply.accepted, true) AND reply.reviews <= $quota
            AND task.acked < task.created + duration({seconds: $lease})
            AND reply.created < task.acked + duration({seconds: $lease}) AND NOT coalesce(task.skipped, false)
          RETURN reply } AS replies
        WHERE size(replies) > tree.max_children OR (post.role = 'assistant' AND size(replies) > 1)
        RETURN post.id AS found""",
}


def prompts(lang: str) -> list[Shape]:
    return [{f"A prompt to begin with, number {i} ({lang})": {}} for i in range(4)]


async def test_a_crowd_meets_nothing_unexpected_and_leaves_a_sound_graph(graph: Graph, serve: Serve) -> None:
    await admit(graph)
    for lang in LANGS:
        await plant(graph, *prompts(lang), lang=lang, limits=BUSY)
    report = await simulate(
        await serve(BUSY), WEB, users=24, seconds=SECONDS, seed=11, langs=LANGS, pace=0.1, lease=BUSY.lease_sec
    )
    assert not report.unexpected, report.as_json()
    assert sum(report.finished.values()) > 20, report.as_json()
    await check(graph, BUSY)
    for promise, statement in UNSOUND.items():
        assert await graph.execute(statement, lease=BUSY.lease_sec, quota=BUSY.num_reviews_reply) == [], promise
