"""Operators make and end invites over HTTP, and see and end the sessions of people."""

from __future__ import annotations

from random import Random

import httpx
import pytest

from oa_graph.context import Context
from oa_graph.domain.limits import Limits
from oa_graph.graph.session import Graph
from oa_graph.sessions import Sessions
from tests.http.api.conftest import ROOT, Service

pytestmark = pytest.mark.anyio

ADMIN = "/api/v1/admin"


async def test_an_invite_is_made_used_listed_and_ended(service: Service, graph: Graph) -> None:
    sessions = Sessions(Context(store=graph, limits=Limits(), rng=Random(1)))
    headers = {"Authorization": f"Bearer {ROOT}"}
    async with httpx.AsyncClient(base_url=service.url, headers=headers, timeout=60, trust_env=False) as http:
        created = await http.post(f"{ADMIN}/invites", json={"uses": None, "days": 2, "note": "Study 1"})
        assert created.status_code == 200
        token = created.json()["token"]
        session_token, signed_in = await sessions.redeem(token, display_name="Ada", agent="a browser")
        listed = (await http.get(f"{ADMIN}/invites")).json()
        assert [(invite["role"], invite["uses_left"], invite["note"]) for invite in listed] == [
            ("worker", None, "Study 1")
        ]
        assert token not in str(listed)

        path = f"{ADMIN}/users/{signed_in.user.id}/sessions"
        (session,) = (await http.get(path)).json()
        assert (session["agent"], session["role"]) == ("a browser", "worker")
        assert session_token not in str(session)
        assert (await http.delete(f"{ADMIN}/sessions/{session['id']}")).status_code == 204
        assert (await http.delete(f"{ADMIN}/sessions/{session['id']}")).status_code == 404
        assert (await http.get(path)).json() == []
        assert await sessions.find(session_token) is None

        assert (await http.delete(f"{ADMIN}/invites/{listed[0]['id']}")).status_code == 204
        assert (await http.get(f"/invite/{token}")).status_code == 403
        assert (await http.delete(f"{ADMIN}/invites/{signed_in.user.id}")).status_code == 404
        wrong = await http.post(f"{ADMIN}/invites", json={"uses": 0, "days": 0, "role": "king"})
        assert {field["loc"][-1] for field in wrong.json()["detail"]} == {"uses", "days", "role"}
