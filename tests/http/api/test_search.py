"""Search as frontends use it: plain words, with a language, in pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.builders import ADA, BOB, plant, questions
from tests.http.api.conftest import BOT_ID, Service
from tests.http.api.frontend import Frontend, text, user

pytestmark = pytest.mark.anyio


async def search(frontend: Frontend, words: str, query: str = "&lang=en") -> Any:
    got = await frontend.get(f"/messages/cursor?search_query={quote(words)}{query}")
    assert got.status_code == 200, got.text
    return got.json()


def texts(page: Any) -> list[str]:
    return sorted(message["text"] for message in page["items"])


async def test_two_plain_words_are_both_required(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"Cats like rain.": {"Dogs like rain.": {}}}, {"Cats sleep.": {}})
    assert texts(await search(web, "cat rain")) == ["Cats like rain."]
    assert texts(await search(web, "rain")) == ["Cats like rain.", "Dogs like rain."]
    assert texts(await search(web, '"like rain"')) == ["Cats like rain.", "Dogs like rain."]
    assert texts(await search(web, "snow")) == []


@pytest.mark.parametrize("words", ["", " ", '"', '""'])
async def test_a_blank_search_is_none(web: Frontend, service: Service, words: str) -> None:
    await plant(service.graph, {"Cats": {}})
    assert texts(await search(web, words)) == ["Cats"]


@pytest.mark.parametrize("lang", ["", "&lang="])
async def test_without_a_language_nothing_is_searched(web: Frontend, service: Service, lang: str) -> None:
    await plant(service.graph, {"Cats": {}})
    assert texts(await search(web, "dogs", lang)) == ["Cats"]


async def test_a_message_is_found_as_soon_as_it_is_stored(web: Frontend) -> None:
    ada = user("ada")
    for i in range(3):
        task = await web.ask("initial_prompt", ada)
        await web.settle(text(await web.ack(task), ada, f"What is rain number{i}?"))
        assert texts(await search(web, f"number{i}")) == [f"What is rain number{i}?"]


@pytest.mark.parametrize(
    "words", ["a AND", "(", "a:b", "*", "a~", "[", '"a', "\\", "a OR (b", "/a", "+", "-", "^", "\0"]
)
async def test_no_operator_can_be_tripped_over(web: Frontend, service: Service, words: str) -> None:
    await plant(service.graph, {"Cats": {}})
    assert texts(await search(web, words)) == []


async def test_a_search_is_narrowed_like_a_list(web: Frontend, bot: Frontend, service: Service) -> None:
    await plant(service.graph, {"Rain of Ada": {"Reply on rain": {}, "-Deleted rain": {}}}, author=ADA)
    await plant(service.graph, {"Rain of Bob": {}}, author=BOB)
    bobs = await plant(service.graph, {"Rain of the bot": {}})
    await service.graph.execute(
        "MATCH (post:Post {id: $id}) SET post.client = $client", id=bobs["Rain of the bot"], client=BOT_ID
    )
    roots = ["Rain of Ada", "Rain of Bob", "Rain of the bot"]
    assert texts(await search(web, "rain", "&lang=en&only_roots=1")) == roots
    assert texts(await search(web, "rain", "&lang=en&include_deleted=1")) == [
        "Deleted rain",
        *roots[:2],
        roots[2],
        "Reply on rain",
    ]
    assert texts(await search(web, "rain", "&lang=en&auth_method=local&username=bob")) == ["Rain of Bob"]
    assert texts(await search(web, "rain", "&lang=en&auth_method=local&username=nobody")) == []
    assert texts(await search(web, "rain", f"&lang=en&api_client_id={BOT_ID}")) == ["Rain of the bot"]
    assert texts(await search(bot, "rain")) == ["Rain of the bot"]
    assert texts(await search(web, "rain", "&lang=de")) == []
    assert texts(await search(web, "rain", "&lang=EN&only_roots=1")) == roots


@pytest.mark.parametrize("desc", ["", "&desc=true"])
async def test_hits_are_paged(web: Frontend, service: Service, desc: str) -> None:
    await plant(service.graph, *questions(5), {"Snow": {}})
    seen: list[str] = []
    page = await search(web, "questions", f"&lang=en&max_count=2{desc}")
    seen += [message["id"] for message in page["items"]]
    while page["next"]:
        page = await search(web, "questions", f"&lang=en&max_count=2{desc}&after={quote(page['next'])}")
        seen += [message["id"] for message in page["items"]]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=bool(desc))


async def test_the_author_of_a_hit_is_told_where_asked_for(web: Frontend, service: Service) -> None:
    await plant(service.graph, {"Rain": {}}, author=ADA)
    (message,) = (await search(web, "rain", "&lang=en&include_user=1"))["items"]
    assert message["user"]["id"] == "ada"


async def test_a_search_has_a_greatest_length(web: Frontend) -> None:
    assert texts(await search(web, "a " * 256)) == []
    got = await web.get(f"/messages/cursor?lang=en&search_query={'a' * 513}")
    assert got.status_code == 422
    assert [error["loc"] for error in got.json()["detail"]] == [["query", "search_query"]]
