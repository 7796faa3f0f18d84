"""Every endpoint that only reads, one request after the other: does it cost the same in a graph of any size?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from time import perf_counter
from urllib.parse import quote

import aiohttp

from bench.generate import LANGS
from bench.meter import Notes
from oa_graph.domain.users import AuthMethod, UserIdentity
from oa_graph.graph.session import Graph

_PEOPLE = 500
_ROUNDS = 40


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to ask for."""

    posts: list[str]
    frontend_ids: list[str]
    people: list[tuple[str, UserIdentity]]
    """Ids, and what frontends call them."""
    rng: Random

    def post(self) -> str:
        return self.rng.choice(self.posts)

    def frontend_id(self) -> str:
        return quote(self.rng.choice(self.frontend_ids), safe="")

    def user(self) -> str:
        return self.rng.choice(self.people)[0]

    def name(self) -> UserIdentity:
        return self.rng.choice(self.people)[1]

    def lang(self) -> str:
        return self.rng.choices(tuple(LANGS), tuple(LANGS.values()))[0]


async def known(graph: Graph, posts: list[str], *, seed: int) -> Known:
    """Some posts and people, drawn evenly."""
    named = await graph.execute(
        "UNWIND $ids AS id MATCH (p:Post {id: id}) WHERE p.frontend_id IS NOT NULL RETURN p.frontend_id AS id",
        ids=posts[:_PEOPLE],
    )
    rows = await graph.execute(
        """
        UNWIND $ids AS id MATCH (:Post {id: id})<-[:WROTE]-(user:User)
        RETURN user.id AS id, user.method AS method, user.name AS name
        """,
        ids=posts[:_PEOPLE],
    )
    people = [(row["id"], UserIdentity(AuthMethod(row["method"]), row["name"], "")) for row in rows]
    return Known(posts, [row["id"] for row in named], people, Random(seed))


def _author(at: Known) -> str:
    who = at.name()
    return f"auth_method={who.method}&username={quote(who.name)}"


def _frontend_user(at: Known) -> str:
    who = at.name()
    return f"/frontend_users/{who.method}/{quote(who.name)}"


READS: Mapping[str, Callable[[Known], str]] = {
    "messages, newest": lambda at: "/messages/",
    "messages, a language": lambda at: f"/messages/?lang={at.lang()}",
    "messages, prompts": lambda at: "/messages/?only_roots=true",
    "messages, an author": lambda at: f"/messages/?{_author(at)}",
    "messages, a page": lambda at: "/messages/cursor?max_count=50&include_user=true",
    "messages, the page before a time": lambda at: "/messages/cursor?before=2026-01-02T03:04:05Z&desc=true",
    "messages, searched": lambda at: "/messages/cursor?lang=en&search_query=water%20story",
    "a message": lambda at: f"/messages/{at.post()}",
    "its conversation": lambda at: f"/messages/{at.post()}/conversation",
    "its tree": lambda at: f"/messages/{at.post()}/tree",
    "its tree's state": lambda at: f"/messages/{at.post()}/tree/state",
    "its children": lambda at: f"/messages/{at.post()}/children",
    "its descendants": lambda at: f"/messages/{at.post()}/descendants",
    "its tree's longest conversation": lambda at: f"/messages/{at.post()}/longest_conversation_in_tree",
    "its tree's most children": lambda at: f"/messages/{at.post()}/max_children_in_tree",
    "its history": lambda at: f"/messages/{at.post()}/history",
    "a message by the frontend's id": lambda at: f"/frontend_messages/{at.frontend_id()}",
    "its conversation by that id": lambda at: f"/frontend_messages/{at.frontend_id()}/conversation",
    "its labels": lambda at: f"/text_labels/valid_labels?message_id={at.post()}",
    "users by name": lambda at: "/users/by_username",
    "users by display name": lambda at: "/users/by_display_name",
    "users, a page": lambda at: "/users/cursor?sort_key=display_name",
    "users, searched": lambda at: f"/users/by_username?search_text={quote(at.name().name)}",
    "a user": lambda at: f"/users/{at.user()}",
    "a user by name": _frontend_user,
    "a user's messages": lambda at: f"/users/{at.user()}/messages",
    "a user's messages, a page": lambda at: f"/users/{at.user()}/messages/cursor",
    "a user's messages by name": lambda at: f"{_frontend_user(at)}/messages",
    "a user's figures": lambda at: f"/users/{at.user()}/stats",
    "a user's figures of a frame": lambda at: f"/users/{at.user()}/stats/total",
    "the board around a user": lambda at: f"/users/{at.user()}/stats/total/window",
    "a leaderboard of 100": lambda at: "/leaderboards/total",
    "a troll board of 100": lambda at: "/trollboards/total",
    "counts of the whole": lambda at: "/stats/",
    "trees by state": lambda at: "/stats/tree_manager/state_counts",
    "100 trees of each state": lambda at: "/stats/tree_manager/message_counts?max_count=100",
    "statistics kept ready": lambda at: "/stats/cached",
    "flagged messages": lambda at: "/admin/flagged_messages?max_count=10",
    "settings": lambda at: "/admin/backend_settings/full",
}

LEADERBOARD = "a leaderboard of 100"
FLOOR = "RETURN 1 through the service"
AVAILABILITY = "availability"


async def measure(session: aiohttp.ClientSession, at: Known) -> Notes:
    """All reads in turn, so that each sees the same weather."""
    notes = Notes()
    for _ in range(_ROUNDS):
        await _time(session, notes, FLOOR, "GET", "/health/ready")
        who = at.name()
        body = {"id": who.name, "display_name": who.name, "auth_method": who.method}
        await _time(session, notes, AVAILABILITY, "POST", f"/api/v1/tasks/availability?lang={at.lang()}", body)
        for name, path in READS.items():
            await _time(session, notes, name, "GET", f"/api/v1{path(at)}")
    return notes


async def _time(
    session: aiohttp.ClientSession, notes: Notes, name: str, method: str, url: str, body: object = None
) -> None:
    data = None if body is None else json.dumps(body).encode()
    begun = perf_counter()
    async with session.request(method, url, data=data) as answer:
        await answer.read()
    if answer.status == 200:
        notes.time(name, begun)
    else:
        notes.failures[f"{name}: {answer.status}"] += 1
