"""Sign-in and sessions against those who want more: theft, fixation, forged forms, foreign hosts."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator

import httpx
import pytest

from oa_graph.domain.limits import Limits
from oa_graph.domain.sessions import SessionRole
from oa_graph.graph.session import Graph
from tests.http.api.conftest import WEB, admit, serving
from tests.web.conftest import Site
from tests.web.work import RAIN, rows

pytestmark = pytest.mark.anyio

SESSION = "oa-graph-session"


@pytest.fixture
async def plain(graph: Graph) -> AsyncGenerator[Site]:
    """The service without a browser: these tests send what no browser would."""
    await admit(graph)
    async with serving(graph, Limits(), hosts="work.example") as url:
        yield Site(url, graph, None)  # pyright: ignore[reportArgumentType] - no page is opened
    while _VISITORS:
        await _VISITORS.pop().aclose()


_VISITORS: list[httpx.AsyncClient] = []


def visitor(site: Site, **headers: str) -> httpx.AsyncClient:
    """A program that keeps cookies as a browser does."""
    _VISITORS.append(httpx.AsyncClient(base_url=site.url, headers=headers, timeout=60, trust_env=False))
    return _VISITORS[-1]


def form_token(page: httpx.Response) -> str:
    match = re.search(r'name="form_token" value="([0-9a-f]+)"', page.text)
    assert match, page.text
    return match[1]


async def signed_in(
    site: Site, *, role: SessionRole = SessionRole.WORKER, agent: str = "a browser"
) -> httpx.AsyncClient:
    http = visitor(site, **{"User-Agent": agent})
    link = (await site.invite(role=role)).removeprefix(site.url)
    token = form_token(await http.get(link))
    response = await http.post(link, data={"display_name": "Ada", "form_token": token})
    assert response.status_code == 303, response.text
    return http


async def test_a_link_that_is_only_opened_signs_nobody_in_and_stays_good(plain: Site) -> None:
    link = (await plain.invite()).removeprefix(plain.url)
    for method in ("GET", "HEAD", "GET"):
        response = await visitor(plain).request(method, link)
        assert response.status_code == 200
        assert SESSION not in response.cookies
    http = visitor(plain)
    token = form_token(await http.get(link))
    assert (await http.post(link, data={"display_name": "Ada", "form_token": token})).status_code == 303
    assert (await visitor(plain).get(link)).status_code == 403


async def test_the_cookie_of_a_session_is_kept_from_scripts_and_other_sites(plain: Site) -> None:
    http = visitor(plain)
    link = (await plain.invite()).removeprefix(plain.url)
    token = form_token(await http.get(link))
    response = await http.post(link, data={"display_name": "Ada", "form_token": token})
    cookie = next(value for value in response.headers.get_list("set-cookie") if value.startswith(SESSION))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


async def test_behind_tls_cookies_are_secure_and_of_this_host_alone(plain: Site) -> None:
    http = visitor(plain, **{"X-Forwarded-Proto": "https"})
    link = (await plain.invite()).removeprefix(plain.url)
    page = await http.get(link)
    visit = page.headers["set-cookie"].partition(";")[0]
    response = await http.post(
        link, data={"display_name": "Ada", "form_token": form_token(page)}, headers={"Cookie": visit}
    )
    cookies = response.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == [f"__Host-{SESSION}"]
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookies[0].split("; "))
    assert "Domain" not in cookies[0]


async def test_a_session_that_somebody_else_planted_is_not_taken_over(plain: Site) -> None:
    """Fixation: what the browser sends before the sign-in never becomes the session."""
    http = visitor(plain)
    http.cookies.set(SESSION, "planted", domain="127.0.0.1")
    link = (await plain.invite()).removeprefix(plain.url)
    token = form_token(await http.get(link))
    response = await http.post(link, data={"display_name": "Ada", "form_token": token})
    assert response.status_code == 303
    assert response.cookies[SESSION] != "planted"
    thief = visitor(plain)
    thief.cookies.set(SESSION, "planted", domain="127.0.0.1")
    assert (await thief.get("/tasks")).headers["location"] == "/"


async def test_a_new_sign_in_ends_the_session_of_the_browser_and_makes_a_new_token(plain: Site) -> None:
    http = await signed_in(plain)
    old = http.cookies[SESSION]
    link = (await plain.invite()).removeprefix(plain.url)
    token = form_token(await http.get(link))
    assert (await http.post(link, data={"display_name": "Bob", "form_token": token})).status_code == 303
    assert http.cookies[SESSION] != old
    thief = visitor(plain)
    thief.cookies.set(SESSION, old, domain="127.0.0.1")
    assert (await thief.get("/tasks")).status_code == 303


async def test_a_stolen_cookie_is_worth_nothing_once_its_owner_has_ended_it(plain: Site) -> None:
    http = await signed_in(plain)
    thief = visitor(plain)
    thief.cookies.set(SESSION, http.cookies[SESSION], domain="127.0.0.1")
    assert (await thief.get("/tasks")).status_code == 200
    token = form_token(await http.get("/account"))
    assert (await http.post("/sign-out", data={"form_token": token})).status_code == 303
    assert (await thief.get("/tasks")).headers["location"] == "/"
    assert (await thief.post("/tasks/next", data={"form_token": token})).status_code == 401


async def test_the_sessions_of_others_can_be_neither_seen_nor_ended(plain: Site) -> None:
    ada, bob = await signed_in(plain, agent="Ada's browser"), await signed_in(plain)
    (session,) = await rows(plain.graph, 'MATCH (s:Session {agent: "Ada\'s browser"}) RETURN s.id AS id')
    page = await bob.get("/account")
    assert session["id"] not in page.text
    response = await bob.post(f"/account/sessions/{session['id']}/end", data={"form_token": form_token(page)})
    assert response.status_code == 404
    assert (await ada.get("/tasks")).status_code == 200


async def test_a_cookie_does_not_authenticate_the_api_and_a_key_not_the_pages(plain: Site) -> None:
    http = await signed_in(plain, role=SessionRole.OPERATOR)
    for method, path in (("GET", "/messages/"), ("POST", "/tasks/"), ("GET", "/admin/backend_settings/full")):
        assert (await http.request(method, f"/api/v1{path}")).status_code == 403
    keyed = visitor(plain, **{"X-API-Key": WEB, "Authorization": "Bearer the-root-token"})
    assert (await keyed.get("/api/v1/messages/")).status_code == 200
    assert (await keyed.get("/tasks")).headers["location"] == "/"


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ({}, ""),
        ({}, "0" * 64),
        ({"Origin": "https://evil.example"}, None),
        ({"Origin": "null"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
    ],
    ids=["no token", "another token", "another origin", "no origin", "another site", "a neighbour"],
)
async def test_a_forged_form_changes_nothing(plain: Site, headers: dict[str, str], token: str | None) -> None:
    await plain.plant(RAIN)
    http = await signed_in(plain, role=SessionRole.OPERATOR)
    right = form_token(await http.get("/tasks"))
    for path in ("/tasks/next", "/sign-out", "/languages", "/invites"):
        response = await http.post(path, data={"form_token": right if token is None else token}, headers=headers)
        assert response.status_code == 403, path
    assert await rows(plain.graph, "MATCH (task:Task) RETURN task.id AS id") == []
    assert len(await rows(plain.graph, "MATCH (invite:Invite) RETURN invite.id AS id")) == 1
    assert (await http.get("/tasks")).status_code == 200


async def test_scripts_of_another_origin_read_no_page(plain: Site) -> None:
    http = await signed_in(plain)
    for origin in ("https://chat.example", "null"):
        response = await http.get("/tasks", headers={"Origin": origin})
        assert response.status_code == 403
        assert "form_token" not in response.text
    assert (await http.get("/tasks", headers={"Origin": plain.url})).status_code == 200


async def test_the_token_of_one_browser_is_of_no_use_in_another(plain: Site) -> None:
    ada, bob = await signed_in(plain), await signed_in(plain)
    foreign = form_token(await bob.get("/tasks"))
    assert (await ada.post("/tasks/next", data={"form_token": foreign})).status_code == 403


async def test_nobody_is_signed_in_as_somebody_else_by_a_forged_form(plain: Site) -> None:
    """Sign-in forgery: another site sends the form of an invite of its own in the browser of a visitor."""
    link = (await plain.invite()).removeprefix(plain.url)
    attacker = visitor(plain)
    token = form_token(await attacker.get(link))
    victim = visitor(plain)
    await victim.get("/")
    response = await victim.post(link, data={"display_name": "Mallory", "form_token": token})
    assert response.status_code == 403
    assert SESSION not in victim.cookies


async def test_posts_of_other_frontends_need_no_token(plain: Site) -> None:
    body = {"type": "random", "user": {"id": "1", "display_name": "Ada", "auth_method": "local"}}
    http = visitor(plain, **{"X-API-Key": WEB, "Origin": "https://chat.example"})
    assert (await http.post("/api/v1/tasks/", json=body)).status_code in (200, 503)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:8080", 200),
        ("[::1]:8080", 200),
        ("192.168.1.7", 200),
        ("work.example", 200),
        ("evil.example", 421),
        ("work.example.evil.example", 421),
        ("", 421),
    ],
)
async def test_pages_answer_under_names_of_the_list_alone(plain: Site, host: str, status: int) -> None:
    assert (await visitor(plain, Host=host).get("/")).status_code == status
    assert (await visitor(plain, Host=host).get("/health/live")).status_code == 200


async def test_workers_see_no_page_of_operators(plain: Site) -> None:
    http = await signed_in(plain)
    assert (await http.get("/invites")).status_code == 403
    token = form_token(await http.get("/tasks"))
    assert (await http.post("/invites", data={"form_token": token, "role": "operator"})).status_code == 403
    assert "/invites" not in (await http.get("/tasks")).text


async def test_analysts_see_the_pages_of_analysis_and_none_of_operators(plain: Site) -> None:
    worker = await signed_in(plain)
    analyst = await signed_in(plain, role=SessionRole.ANALYST)
    token = form_token(await analyst.get("/statement"))
    asked = await analyst.post("/statement", data={"form_token": token, "text": "RETURN 40 + 2 AS answer"})
    assert "42" in asked.text
    for path in ("/queries", "/queries/tree_states", "/statement", "/report"):
        assert (await analyst.get(path)).status_code == 200, path
        assert (await worker.get(path)).status_code == 403, path
    for path in ("/overview", "/invites", "/datasets"):
        assert (await analyst.get(path)).status_code == 403, path
    navigation = (await analyst.get("/tasks")).text
    assert 'href="/queries"' in navigation
    assert 'href="/overview"' not in navigation


async def test_an_operator_invites_somebody(plain: Site) -> None:
    http = await signed_in(plain, role=SessionRole.OPERATOR)
    token = form_token(await http.get("/invites"))
    made = await http.post("/invites", data={"form_token": token, "role": "worker", "reusable": "1", "note": "Study 1"})
    match = re.search(rf'value="{plain.url}(/invite/[\w-]+)"', made.text)
    assert match
    for name in ("Bob", "Cat"):
        guest = visitor(plain)
        token = form_token(await guest.get(match[1]))
        assert (await guest.post(match[1], data={"display_name": name, "form_token": token})).status_code == 303
    assert match[1] not in (await http.get("/invites")).text


async def test_each_page_has_a_strict_policy_and_is_kept_by_nobody(plain: Site) -> None:
    http = await signed_in(plain)
    for path, status in (("/", 303), ("/tasks", 200), ("/invite/x", 403), ("/invites", 403), ("/account", 200)):
        response = await http.get(path)
        assert response.status_code == status
        assert response.headers["cache-control"] == "no-store"
        if status != 303:
            policy = response.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
            assert response.headers["x-frame-options"] == "DENY"
            assert not re.search(r"<script(?! src=)|<style|\son\w+=|\sstyle=|javascript:", response.text)


async def test_a_user_who_is_disabled_is_signed_out(plain: Site) -> None:
    http = await signed_in(plain)
    await plain.graph.execute("MATCH (user:User) SET user.enabled = false")
    assert (await http.get("/tasks")).headers["location"] == "/"


async def test_the_text_of_a_form_that_comes_too_late_is_shown_again(plain: Site) -> None:
    http = await signed_in(plain)
    token = form_token(await http.get("/tasks"))
    await plain.graph.execute("MATCH (session:Session) DETACH DELETE session")
    answer = {"form_token": token, "kind": "initial_prompt", "text": "A <b>long</b> text.\r\nOf two lines."}
    response = await http.post("/tasks/00000000-0000-4000-8000-000000000000", data=answer)
    assert response.status_code == 401
    assert "A &lt;b&gt;long&lt;/b&gt; text.\nOf two lines." in response.text
