"""A small graph with some of everything, written down: its ids can be read, its times stand still.

Who counts in it by hand finds all he needs here. What the service itself writes is tested beside it, see
`test_headers.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from oa_graph.graph.session import Graph
from oa_graph.policy import search

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
"""The end of what lasts."""

PEOPLE = ("ada", "bob", "cat", "dan", "eve", "fay")
AWAY = "eve"
"""Whose account is disabled."""


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


@dataclass(frozen=True, slots=True)
class Plant:
    """A post; `properties` are set beside the common ones."""

    id: str
    author: str | None
    hours: float
    text: str
    replies: Sequence[Plant] = ()
    accepted: bool | None = True
    properties: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Bed:
    """A tree; its id is that of its root."""

    root: Plant
    lang: str
    state: str
    entered: float | None = None
    properties: Mapping[str, object] = field(default_factory=dict[str, object])


RAIN = Bed(
    Plant(
        "rain", "ada", 0, "What is rain?",
        (
            Plant("water", "bob", 1, "Water that falls from the sky.",
                  (
                      Plant("why", "ada", 2, "And why does it fall?",
                            (
                                Plant("heavy", "cat", 4, "Because it is heavy.",
                                      properties={"rank": 0, "author_ends": True, "ended": True}),
                                Plant("gravity", "dan", 5, "Gravity.",
                                      properties={"rank": 1, "synthetic": True, "model_name": "parrot-1"}),
                            ),
                            properties={"consensus_margin": 3}),
                  ),
                  properties={"rank": 0}),
            Plant("weather", "cat", 3, "A kind of weather.", properties={"rank": 1, "ended": False}),
            Plant("wet", "dan", 3.5, "Wet.", properties={"rank": 2, "synthetic": True, "model_name": "parrot-1"}),
            Plant("advert", "eve", 6, "Buy umbrellas!", accepted=False),
        ),
        properties={"consensus_margin": 1},
    ),
    "en", "ready_for_export", 48, {"won_lottery": at(2)},
)  # fmt: skip

SNOW = Bed(
    Plant(
        "snow", "bob", 24, "What is snow?",
        (
            Plant("ice", "ada", 25, "Frozen water.",
                 properties={"pool": "prompter_reply en 0", "wants": 1, "key": FAR.timestamp() * 1000, "edited": True}),
            Plant("cold", "cat", 26, "Something cold.", accepted=None,
                  properties={"pool": "label_assistant_reply en", "wants": 2, "key": 0.3}),
            Plant("gone", "dan", 26, "Nothing.", properties={"deleted": True}),
        ),
        properties={"pool": "assistant_reply en 2", "wants": 1, "key": 0.5},
    ),
    "en", "growing", 30, {"won_lottery": at(30)},
)  # fmt: skip

REGEN = Bed(
    Plant(
        "regen", "bob", 48, "Was ist Regen?",
        (
            Plant("wasser", "ada", 49, "Wasser.", properties={
                "rank": 0, "imported_emojis": ["+1", "+1"], "imported_labels": ["quality"], "label_quality": 0.75,
                "label_quality_count": 3}),
            Plant("again", "cat", 50, "Water that falls from the sky.", properties={"rank": 1, "lang": "en"}),
        ),
    ),
    "de", "ready_for_export", 72,
)  # fmt: skip

SINGLE = (
    Bed(Plant("owl", "cat", 24, "Who is there?"), "en", "growing", 30),
    Bed(
        Plant("story", "dan", 24, "Tell a story.", properties={
            "rating_mu": 26.5, "rating_sigma": 5.25, "pool": "rank_initial_prompts en", "wants": 2, "key": 0.7}),
        "en", "prompt_lottery_waiting", 30,
    ),
    Bed(Plant("song", "eve", 25, "Sing a song."), "en", "prompt_lottery_waiting", 31),
    Bed(Plant("pourquoi", "fay", 26, "Pourquoi ?"), "fr", "scoring_failed", 50),
    Bed(Plant("rude", "eve", 27, "You are stupid."), "fr", "halted_by_moderator", 28),
    Bed(
        Plant("moon", "fay", 70, "Is the moon wet?", accepted=None, properties={
            "pool": "label_initial_prompt en", "wants": 3, "key": 0.1}),
        "en", "initial_prompt_review",
    ),
)  # fmt: skip

BEDS = (RAIN, SNOW, REGEN, *SINGLE)

REVIEWS: Sequence[tuple[str, str, float, Mapping[str, float]]] = (
    ("ada", "water", 7, {"spam": 0.0, "quality": 1.0}),
    ("cat", "water", 8, {"spam": 0.0, "quality": 0.5}),
    ("dan", "water", 9, {"spam": 0.0, "quality": 0.75}),
    ("ada", "wet", 10, {"spam": 0.0, "quality": 0.25}),
    ("bob", "wet", 11, {"spam": 0.0, "quality": 0.25}),
    ("ada", "advert", 12, {"spam": 1.0}),
    ("bob", "advert", 13, {"spam": 1.0}),
    ("cat", "advert", 14, {"spam": 0.0}),
    ("bob", "cold", 27, {"spam": 0.0}),
)
"""Who, of what, when, what it says."""

RANKINGS: Sequence[tuple[str, str | None, float, Sequence[str], Sequence[int]]] = (
    ("ada", "rain", 30, ("water", "weather", "wet"), (0, 1, 2)),
    ("eve", "rain", 31, ("weather", "water", "wet"), (0, 2, 1)),
    ("fay", "rain", 32, ("water", "weather", "wet"), (1, 2, 0)),
    ("ada", "why", 33, ("heavy", "gravity"), (0, 1)),
    ("bob", "why", 34, ("heavy", "gravity"), (1, 0)),
    ("eve", "why", 35, ("heavy", "gravity"), (0, 1)),
    ("fay", None, 36, ("story", "song"), (0, 1)),
)
"""Who, under what, when, the order, and where each of it stood on the screen; those under nothing are of prompts."""

END_VOTES: Sequence[tuple[str, str, float, bool]] = (
    ("ada", "weather", 14, False),
    ("dan", "weather", 15, False),
    ("ada", "heavy", 16, True),
    ("eve", "heavy", 17, False),
    ("bob", "heavy", 18, True),
)
"""Who, on what, when, whether the conversation ends there."""

TASKS: Sequence[tuple[str, str, str, str | None, str, float, Mapping[str, object]]] = (
    ("write rain", "initial_prompt", "ada", None, "en", -0.5, {"acked": at(-0.4), "done": at(0)}),
    ("write water", "assistant_reply", "bob", "rain", "en", 0.5,
     {"acked": at(0.6), "done": at(1), "guideline": "replies 1"}),
    ("write wet", "assistant_reply", "dan", "rain", "en", 2,
     {"acked": at(2.1), "done": at(3.5), "guideline": "replies 1"}),
    ("review water", "label_assistant_reply", "ada", "water", "en", 6.75, {"acked": at(6.8), "done": at(7)}),
    ("rank rain", "rank_assistant_replies", "ada", "rain", "en", 29.5,
     {"acked": at(29.6), "done": at(30), "guideline": "rankings 1"}),
    ("too hard", "assistant_reply", "eve", "snow", "en", 24.5,
     {"acked": at(24.6), "refused": at(25), "skipped": True, "skip_reason": "too hard", "guideline": "replies 2"}),
    ("not now", "assistant_reply", "fay", "snow", "en", 25.5,
     {"refused": at(25.75), "skipped": True, "guideline": "replies 2"}),
    ("forgotten", "assistant_reply", "dan", "snow", "en", 26,
     {"acked": at(26.1), "expires": at(74), "holder": "dan", "guideline": "replies 2"}),
    ("in hand", "prompter_reply", "fay", "ice", "en", 70, {"acked": at(70.1), "expires": FAR, "holder": "fay"}),
    ("lapsed", "initial_prompt", "cat", None, "de", 71, {"expires": FAR, "holder": "cat"}),
)  # fmt: skip
"""Id, kind, taker, subject, language, when, what else."""

GUIDELINES = (
    ("replies 1", "assistant_reply", "en", 1, "Be right."),
    ("replies 2", "assistant_reply", "en", 2, "Be right and brief."),
    ("rankings 1", "rank_assistant_replies", "en", 1, "The best comes first."),
    ("prompts 1", "initial_prompt", "de", 1, "Eine Frage."),
)
"""Id, kind, language, version, text."""

GAVE = (
    ("write rain", "rain"),
    ("write water", "water"),
    ("write wet", "wet"),
    ("review water", "ada of water"),
    ("rank rain", "ada under rain"),
)

REACTIONS = (
    ("ada", "water", "+1", 8),
    ("cat", "water", "+1", 9),
    ("bob", "weather", "+1", 10),
    ("eve", "wet", "-1", 10),
    ("bob", "advert", "red_flag", 13),
    ("fay", "advert", "red_flag", 15),
    ("eve", "snow", "_skip_reply", 25),
    ("fay", "snow", "_skip_reply", 25.75),
)

PARAMETERS: Mapping[str, Mapping[str, object]] = {
    "best_threads": {"state": "ready_for_export"},
    "root_to_leaf_threads": {"tree": "rain"},
    "thread": {"post": "heavy"},
    "tree_in_detail": {"tree": "rain"},
    "life_of_a_task": {"task": "too hard"},
    "pairs_of_people": {"at_least": 1},
}
"""What a statement has to be given, or shows more with, when it is tried out in this graph."""


def _posts(bed: Bed) -> Iterator[dict[str, object]]:
    def walk(plant: Plant, parent: Plant | None, depth: int) -> Iterator[dict[str, object]]:
        node: dict[str, object] = {
            "id": plant.id,
            "tree": bed.root.id,
            "role": "assistant" if depth % 2 else "prompter",
            "text": plant.text,
            "lang": bed.lang,
            "depth": depth,
            "created": at(plant.hours),
            "day": f"{at(plant.hours):%Y%m%d}",
            "accepted": plant.accepted,
            "reviews": sum(post == plant.id for _, post, _, _ in REVIEWS),
            "author": plant.author,
            "deleted": False,
            "edited": False,
            "synthetic": False,
            **plant.properties,
        }
        yield {"node": node, "parent": parent and parent.id, "label": search.label(str(node["lang"]))}
        for reply in plant.replies:
            yield from walk(reply, plant, depth + 1)

    return walk(bed.root, None, 0)


async def plant_garden(graph: Graph, *, backwards: bool = False) -> None:
    """Plants it into a graph that is empty but for the schema; `backwards`: what is told last comes first."""
    turn = -1 if backwards else 1
    await graph.execute(
        """
        UNWIND $people AS name
        CREATE (:User {id: name, client: 'garden', method: 'local', name: name,
          display_name: toUpper(left(name, 1)) + substring(name, 1), enabled: name <> $away, deleted: false, notes: '',
          show_on_leaderboard: true, created: $begin})
        """,
        people=PEOPLE[::turn],
        away=AWAY,
        begin=BEGIN,
    )
    await graph.execute("UNWIND ['en', 'de', 'fr'] AS tag CREATE (:Language {tag: tag})")
    for bed in BEDS[::turn]:
        await graph.execute(
            """
            UNWIND $rows AS row
            CREATE (post:Post:$(row.label)) SET post = row.node
            WITH post, row
            CALL (post, row) { MATCH (parent:Post {id: row.parent}) CREATE (post)-[:REPLY_TO]->(parent) }
            CALL (post) { MATCH (user:User {id: post.author}) CREATE (user)-[:WROTE]->(post) }
            """,
            rows=list(_posts(bed)),
        )
        tree = {"id": bed.root.id, "state": bed.state, "lang": bed.lang, "goal": 12, "max_depth": 3, "max_children": 3}
        when = {"created": at(bed.root.hours), "entered": None if bed.entered is None else at(bed.entered)}
        await graph.execute(
            "MATCH (root:Post {id: $id}) CREATE (tree:Tree)-[:ROOT]->(root) SET tree = $tree",
            id=bed.root.id,
            tree={**tree, **when, **bed.properties},
        )
    await _judge(graph, turn)
    await _employ(graph, turn)
    await _complain(graph, turn)


async def _judge(graph: Graph, turn: int) -> None:
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (maker:User {id: row.maker}), (post:Post {id: row.post})
        CREATE (maker)-[:MADE]->(review:Review {id: row.maker + ' of ' + row.post, key: row.maker + ' ' + row.post,
          maker: row.maker, text: '', created: row.created})-[:OF]->(post)
        SET review += row.labels
        """,
        rows=[
            {"maker": maker, "post": post, "created": at(hours), "labels": labels}
            for maker, post, hours, labels in REVIEWS[::turn]
        ],
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (maker:User {id: row.maker})
        CREATE (maker)-[:MADE]->(ranking:Ranking {id: row.maker + ' under ' + row.at, key: row.maker + ' ' + row.at,
          maker: row.maker, order: row.order, not_rankable: false, created: row.created})
        WITH ranking, row
        CALL (ranking, row) { MATCH (parent:Post {id: row.at}) CREATE (ranking)-[:UNDER]->(parent) }
        UNWIND range(0, size(row.ranked) - 1) AS place
        MATCH (post:Post {id: row.ranked[place]})
        CREATE (ranking)-[:RANKED {position: place}]->(post)
        """,
        rows=[
            {
                "maker": maker,
                "at": parent or "prompts",
                "created": at(hours),
                "ranked": list(ranked),
                "order": list(order),
            }
            for maker, parent, hours, ranked, order in RANKINGS[::turn]
        ],
    )

    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (maker:User {id: row[0]}), (post:Post {id: row[1]})
        CREATE (maker)-[:MADE]->(:EndVote {id: row[0] + ' on ' + row[1], key: row[0] + ' ' + row[1], maker: row[0],
          created: row[2], ends: row[3]})-[:VOTES_ON]->(post)
        """,
        rows=[[maker, post, at(hours), ends] for maker, post, hours, ends in END_VOTES[::turn]],
    )


async def _employ(graph: Graph, turn: int) -> None:
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (taker:User {id: row.taker})
        CREATE (taker)-[:TOOK]->(task:Task) SET task = row.node
        WITH task, row
        CALL (task, row) { MATCH (subject:Post {id: row.subject}) CREATE (task)-[:FOR]->(subject) }
        """,
        rows=[
            {
                "taker": taker,
                "subject": subject,
                "node": {
                    "id": id,
                    "kind": kind,
                    "client": "garden",
                    "lang": lang,
                    "created": at(hours),
                    "ack": f"ack of {id}" if "acked" in properties else None,
                    "expires": at(hours + 48),
                    "collective": False,
                    **properties,
                },
            }
            for id, kind, taker, subject, lang, hours, properties in TASKS[::turn]
        ],
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        CREATE (:Guideline {id: row[0], kind: row[1], lang: row[2], version: row[3], short: row[4], text: row[4],
          created: $begin})
        """,
        rows=[list(row) for row in GUIDELINES[::turn]],
        begin=BEGIN,
    )
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (task:Task {id: row[0]})
        MATCH (given:Post|Review|Ranking {id: row[1]})
        CREATE (task)-[:GAVE]->(given)
        """,
        rows=[list(row) for row in GAVE[::turn]],
    )
    await graph.execute(
        """
        MATCH (held:Task {id: 'in hand'}), (ice:Post {id: 'ice'})
        MATCH (lapsed:Task {id: 'lapsed'}), (german:Language {tag: 'de'})
        CREATE (held)-[:LEASES {until: $until}]->(ice), (lapsed)-[:LEASES {until: 1}]->(german)
        """,
        until=int(FAR.timestamp() * 1000),
    )


async def _complain(graph: Graph, turn: int) -> None:
    await graph.execute(
        """
        UNWIND $rows AS row
        MATCH (user:User {id: row[0]}), (post:Post {id: row[1]})
        CREATE (user)-[:REACTED {emoji: row[2], created: row[3]}]->(post)
        """,
        rows=[[user, post, emoji, at(hours)] for user, post, emoji, hours in REACTIONS[::turn]],
    )
    await graph.execute(
        """
        MATCH (bob:User {id: 'bob'}), (advert:Post {id: 'advert'}), (ice:Post {id: 'ice'})
        CREATE (bob)-[:MADE]->(:Report {text: 'This is an advertisement.', created: $reported})-[:ABOUT]->(advert)
        CREATE (advert)-[:FLAGGED]->(:Flag {post: 'advert', processed: false, created: $flagged})
        CREATE (:Revision {id: 'ice 0', number: 0, text: 'Frozen.', created: ice.created, editor: 'ada'})
          -[:VERSION_OF]->(ice)
        CREATE (:Revision {id: 'ice 1', number: 1, text: ice.text, created: $edited, editor: 'fay'})
          -[:VERSION_OF]->(ice)
        """,
        reported=at(13),
        flagged=at(15),
        edited=at(40),
    )
