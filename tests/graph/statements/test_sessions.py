"""Invites and sessions: used as often as allowed, ended in time, and no token is in the graph."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random
from typing import LiteralString

import pytest

from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.domain.sessions import SessionLimits, SessionRole
from oa_graph.domain.users import AuthMethod
from oa_graph.errors import InviteNotFound, InviteNotUsable, SessionNotFound
from oa_graph.graph.session import Graph
from oa_graph.installation import PAGES
from oa_graph.sessions import Sessions

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(graph: Graph, clock: Clock) -> Sessions:
    limits = SessionLimits(idle_sec=DAY.total_seconds(), total_sec=3 * DAY.total_seconds())
    return Sessions(Context(store=graph, limits=Limits(), clock=clock, rng=Random(1), session_limits=limits))


async def test_a_single_use_signs_in_one_new_user(sessions: Sessions) -> None:
    token = await sessions.invite()
    session_token, signed_in = await sessions.redeem(token, display_name="Ada", agent="a browser")
    assert (signed_in.user.client, signed_in.user.method) == (PAGES.id, AuthMethod.LOCAL)
    assert (signed_in.user.display_name, signed_in.session.role) == ("Ada", SessionRole.WORKER)
    assert signed_in.user.terms_accepted is not None
    assert await sessions.find(session_token) == signed_in
    with pytest.raises(InviteNotUsable, match="has been used"):
        await sessions.redeem(token, display_name="Bob")


async def test_of_two_who_use_the_last_use_at_once_one_gets_in(sessions: Sessions) -> None:
    token = await sessions.invite()
    outcomes = await asyncio.gather(
        *(sessions.redeem(token, display_name=name) for name in ("Ada", "Bob", "Cat")), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["InviteNotUsable", "InviteNotUsable", "tuple"]


async def test_an_unlimited_invite_makes_a_user_each_time_until_it_ends(sessions: Sessions, clock: Clock) -> None:
    token = await sessions.invite(uses=None, valid_for=DAY)
    users = {(await sessions.redeem(token, display_name="Ada"))[1].user.id for _ in range(3)}
    assert len(users) == 3
    clock.now += DAY
    with pytest.raises(InviteNotUsable, match="has ended"):
        await sessions.redeem(token, display_name="Dan")


async def test_an_invite_for_a_user_signs_in_the_same_one_and_keeps_the_name(sessions: Sessions) -> None:
    tokens = [await sessions.invite(user_name="ada", role=SessionRole.OPERATOR) for _ in range(2)]
    _, first = await sessions.redeem(tokens[0], display_name="Ada")
    _, second = await sessions.redeem(tokens[1])
    assert second.user.id == first.user.id
    assert (second.user.name, second.user.display_name) == ("ada", "Ada")
    assert second.session.role is SessionRole.OPERATOR


async def test_an_unknown_or_revoked_invite_signs_nobody_in(sessions: Sessions, clock: Clock) -> None:
    token = await sessions.invite(note="a study")
    (invite,) = await sessions.invites()
    assert (invite.note, invite.uses_left) == ("a study", 1)
    assert (await sessions.revoke(invite.id)).expires == clock.now
    for wrong in (token, "unknown", ""):
        with pytest.raises(InviteNotUsable):
            await sessions.redeem(wrong, display_name="Ada")
    with pytest.raises(InviteNotFound):
        await sessions.revoke("unknown")


async def test_a_session_ends_when_it_is_not_used_and_in_any_case(sessions: Sessions, clock: Clock) -> None:
    idle, _ = await sessions.redeem(await sessions.invite(), display_name="Ada")
    used, _ = await sessions.redeem(await sessions.invite(), display_name="Bob")
    for _ in range(4):
        assert await sessions.find(used)
        clock.now += 0.7 * DAY
    assert await sessions.find(idle) is None
    assert await sessions.find(used)
    clock.now += 0.3 * DAY
    assert await sessions.find(used) is None


async def test_a_user_ends_own_sessions_only(sessions: Sessions) -> None:
    token, ada = await sessions.redeem(await sessions.invite(), display_name="Ada")
    _, bob = await sessions.redeem(await sessions.invite(), display_name="Bob")
    with pytest.raises(SessionNotFound):
        await sessions.end(ada.session.id, user_id=bob.user.id)
    assert [session.id for session in await sessions.of_user(ada.user.id)] == [ada.session.id]
    await sessions.end(ada.session.id, user_id=ada.user.id)
    assert await sessions.find(token) is None
    with pytest.raises(SessionNotFound):
        await sessions.end(ada.session.id)


@pytest.mark.parametrize(
    "statement",
    [
        "MATCH (user:User {id: $id}) SET user.enabled = false",
        "MATCH (user:User {id: $id}) SET user.deleted = true",
        "MATCH (user:User {id: $id}) DETACH DELETE user",
    ],
    ids=["disabled", "deleted", "gone"],
)
async def test_a_session_is_as_good_as_its_user(sessions: Sessions, graph: Graph, statement: LiteralString) -> None:
    token, signed_in = await sessions.redeem(await sessions.invite(), display_name="Ada")
    await graph.execute(statement, id=signed_in.user.id)
    assert await sessions.find(token) is None


async def test_ended_sessions_are_removed_at_a_sign_in(sessions: Sessions, graph: Graph, clock: Clock) -> None:
    await sessions.redeem(await sessions.invite(), display_name="Ada")
    clock.now += 4 * DAY
    await sessions.redeem(await sessions.invite(), display_name="Bob")
    (row,) = await graph.execute("MATCH (session:Session) RETURN count(session) AS sessions")
    assert row["sessions"] == 1


async def test_no_token_is_in_the_graph_nor_leaves_it_hashed(sessions: Sessions, graph: Graph) -> None:
    invite_token = await sessions.invite()
    session_token, signed_in = await sessions.redeem(invite_token, display_name="Ada")
    rows = await graph.execute("MATCH (node) WHERE node:Invite OR node:Session RETURN properties(node) AS properties")
    stored = str([row["properties"] for row in rows])
    assert invite_token not in stored
    assert session_token not in stored
    for name, parameters in (
        ("sessions/invites", {}),
        ("sessions/of_user", {"user_id": signed_in.user.id, "now": datetime(2026, 1, 1, tzinfo=UTC)}),
    ):
        for row in await graph.rows(name, parameters):
            assert [value["token_hash"] for value in row.values()] == [None]


async def test_a_sign_in_that_is_sent_again_uses_the_invite_once(sessions: Sessions, graph: Graph) -> None:
    await sessions.redeem(await sessions.invite(uses=2, user_name="ada"))
    (row,) = await graph.execute("MATCH (i:Invite), (s:Session) RETURN i.token_hash AS invite, s.id AS session")
    again = {
        "invite_hash": row["invite"],
        "session_id": row["session"],
        "client": PAGES.id,
        "method": "local",
        "name": "x",
        "display_name": None,
        "user_id": "another",
        "token_hash": "another",
        "agent": "",
        "now": datetime(2026, 1, 1, tzinfo=UTC),
        "idle_until": datetime(2026, 1, 2, tzinfo=UTC),
        "expires": datetime(2026, 1, 3, tzinfo=UTC),
    }
    assert len(await graph.rows("sessions/redeem", again)) == 1
    (left,) = await sessions.invites()
    assert left.uses_left == 1
