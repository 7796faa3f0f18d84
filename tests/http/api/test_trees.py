"""Trees in lists, and what was said of a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from oa_graph.domain.trees import TreeState
from tests.builders import ADA, BOB, Shape, plant
from tests.http.api.conftest import Service
from tests.http.api.frontend import Frontend, user

pytestmark = pytest.mark.anyio


async def listed(frontend: Frontend, **query: Any) -> Any:
    got = await frontend.get(f"/trees/?{urlencode(query, doseq=True)}")
    assert got.status_code == 200, got.text
    return got.json()


async def texts(frontend: Frontend, **query: Any) -> list[str]:
    return [tree["text"] for tree in (await listed(frontend, **query))["items"]]


async def dated(service: Service, text: str, created: datetime) -> None:
    await service.graph.execute(
        "MATCH (tree:Tree)-[:ROOT]->(:Post {text: $prompt}) SET tree.created = $created",
        prompt=text,
        created=created,
    )


async def test_a_tree_is_listed_with_its_prompt_and_its_size(service: Service, bot: Frontend) -> None:
    shape: Shape = {"Why?": {"Because.": {"Really?": {}}, "!Buy this": {}, "-Gone": {}, "?Perhaps": {}}}
    planted = await plant(service.graph, shape, state=TreeState.GROWING)
    (tree,) = (await listed(bot))["items"]
    assert tree | {"created_date": None} == {
        "message_tree_id": planted["Why?"],
        "state": "growing",
        "lang": "en",
        "created_date": None,
        "text": "Why?",
        "deleted": False,
        "goal_tree_size": tree["goal_tree_size"],
        "message_count": 5,
        "accepted_count": 3,
        "depth": 2,
        "origin": None,
    }


async def test_trees_are_listed_by_state_language_and_time_the_newest_first(service: Service, bot: Frontend) -> None:
    now = datetime.now(UTC)
    await plant(service.graph, {"Old": {}}, state=TreeState.READY_FOR_EXPORT)
    await plant(service.graph, {"Neu": {}}, state=TreeState.READY_FOR_EXPORT, lang="de")
    await plant(service.graph, {"Growing": {}}, state=TreeState.GROWING)
    await plant(service.graph, {"-Deleted": {}}, state=TreeState.GROWING)
    for days, text in enumerate(("Deleted", "Growing", "Neu", "Old")):
        await dated(service, text, now - timedelta(days=days))
    assert await texts(bot) == ["Growing", "Neu", "Old"]
    assert await texts(bot, include_deleted=True) == ["Deleted", "Growing", "Neu", "Old"]
    assert await texts(bot, state="ready_for_export") == ["Neu", "Old"]
    assert await texts(bot, state=["ready_for_export", "growing"], lang="EN") == ["Growing", "Old"]
    assert await texts(bot, start_date=(now - timedelta(days=2.5)).isoformat()) == ["Growing", "Neu"]
    assert await texts(bot, end_date=(now - timedelta(days=1.5)).isoformat()) == ["Neu", "Old"]
    got = await bot.get("/trees?state=asleep")
    assert got.status_code == 422


async def test_pages_of_trees_hold_each_tree_once_also_those_of_one_moment(service: Service, bot: Frontend) -> None:
    names = {f"Prompt {number}" for number in range(5)}
    shapes: list[Shape] = [{name: {}} for name in names]
    await plant(service.graph, *shapes, state=TreeState.READY_FOR_EXPORT)
    after, pages = None, list[list[str]]()
    while after or not pages:
        page = await listed(bot, max_count=2, **({"after": after} if after else {}))
        pages.append([tree["text"] for tree in page["items"]])
        after = page["next"]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert {text for page in pages for text in page} == names
    assert (await bot.get("/trees/?after=yesterday")).status_code == 400


async def test_reviews_remarks_reports_and_imported_labels_of_a_message_are_read_together(
    service: Service, web: Frontend
) -> None:
    planted = await plant(service.graph, {"Why?": {}}, author=ADA)
    id, ada, bob = planted["Why?"], user("ada"), user("bob")
    got = await web.get(f"/messages/{id}/reviews")
    assert (got.status_code, got.json()) == (200, [])
    await service.graph.execute(
        """
        MATCH (post:Post {id: $id}) SET post.imported_labels = ['quality'], post.label_quality = 0.75
        CREATE (:Review {id: 'r', key: 'k', maker: 'm', text: '', created: datetime('2026-01-02T00:00:00Z'), spam: 0.0,
          quality: 0.5})-[:OF]->(post)
        """,
        id=id,
    )
    for sender, labels, text in ((bob, {"humor": 1.0}, ""), (ada, {"spam": 1.0}, "an advert")):
        body = {"text": text, "labels": labels, "message_id": id, "user": sender, "is_report": bool(text)}
        got = await web.post("/text_labels/", body)
        assert got.status_code == 204, got.text
    got = await web.get(f"/messages/{id}/reviews")
    reviews = [(review["kind"], review["labels"], review["text"]) for review in got.json()]
    assert reviews == [
        ("review", {"spam": 0.0, "quality": 0.5}, ""),
        ("remark", {"humor": 1.0}, ""),
        ("report", {"spam": 1.0}, "an advert"),
        ("import", {"quality": 0.75}, ""),
    ]
    assert [review["user_id"] is None for review in got.json()] == [False, False, False, True]
    assert (await web.get(f"/messages/{BOB.name}/reviews")).status_code == 422
    assert (await web.get("/messages/00000000-0000-4000-8000-000000000000/reviews")).status_code == 404
