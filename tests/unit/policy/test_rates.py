"""Which requests are counted together."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.limits import RateLimit, RateLimits
from oa_graph.domain.users import ApiClient
from oa_graph.policy.rates import quotas

RATES = RateLimits(
    user=RateLimit(30, 4), client=RateLimit(10_000, 1), assistant_reply=RateLimit(4, 2), prompter_reply=RateLimit(8, 2)
)


def bounds(kind: str, user: str | None = "local:ada") -> list[tuple[int, int]]:
    return [(quota.limit, quota.span_sec) for quota in quotas(RATES, client=ApiClient("web"), user=user, kind=kind)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("random", [(30, 240)]),
        ("initial_prompt", [(30, 240)]),
        ("label_assistant_reply", [(30, 240)]),
        ("rank_assistant_replies", [(30, 240)]),
        ("assistant_reply", [(30, 240), (4, 120)]),
        ("prompter_reply", [(30, 240), (8, 120)]),
    ],
)
def test_replies_by_name_have_a_quota_of_their_own_beside_that_of_all(
    kind: str, expected: list[tuple[int, int]]
) -> None:
    assert bounds(kind) == expected


@pytest.mark.parametrize("kind", ["random", "assistant_reply"])
def test_requests_that_name_nobody_are_the_clients(kind: str) -> None:
    assert bounds(kind, user=None) == [(10_000, 60)]


def test_requests_of_a_model_count_together() -> None:
    model = ApiClient("model", writes_as_model="parrot-1")
    ada, bob = (quotas(RATES, client=model, user=user, kind="assistant_reply") for user in ("ada", "bob"))
    assert ada == bob
    assert [(quota.limit, quota.span_sec) for quota in ada] == [(10_000, 60)]


def test_without_rates_nothing_is_counted() -> None:
    assert quotas(None, client=ApiClient("web"), user="local:ada", kind="assistant_reply") == ()


words = st.text(st.sampled_from("ab:\0 "), max_size=4)


@given(words, words, words, words)
def test_what_differs_in_client_user_or_rule_is_counted_apart(one: str, other: str, ada: str, bob: str) -> None:
    asked = list(product({one, other}, {ada, bob, None}, ("random", "assistant_reply", "prompter_reply")))
    counted = {
        (client, user, rule): quota.id
        for client, user, kind in asked
        if "\0" not in client
        for rule, quota in enumerate(quotas(RATES, client=ApiClient(client), user=user, kind=kind))
        if rule == 0 or kind == "assistant_reply"
    }
    assert len(set(counted.values())) == len(counted)


@given(st.text(max_size=10_000))
def test_names_of_any_length_make_ids_of_one_length_that_do_not_tell_them(name: str) -> None:
    (quota,) = quotas(RATES, client=ApiClient("web"), user=name, kind="random")
    assert len(quota.id) == 64
    assert quotas(RATES, client=ApiClient("web"), user=name, kind="label_initial_prompt") == (quota,)
