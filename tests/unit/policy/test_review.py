from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.limits import Limits
from oa_graph.domain.posts import TextLabel
from oa_graph.domain.tasks import LabelMode, ReviewForm, TaskKind
from oa_graph.policy.review import form, rules, valid_labels, verdict
from tests.unit.policy.distribution import assert_fits

REVIEWS = (
    TaskKind.LABEL_INITIAL_PROMPT,
    TaskKind.LABEL_PROMPTER_REPLY,
    TaskKind.LABEL_ASSISTANT_REPLY,
)
REPLIES = REVIEWS[1:]
NEVER_FULL = Limits(
    p_full_labeling_review_prompt=0,
    p_full_labeling_review_reply_prompter=0,
    p_full_labeling_review_reply_assistant=0,
)
ALWAYS_FULL = Limits(p_full_labeling_review_reply_prompter=1)


def judged(
    *, spam: Sequence[float], lang_mismatch: Sequence[float] | None = None, threshold: float = 0.6
) -> bool | None:
    votes = len(spam)
    return verdict(
        reviews=votes,
        quota=votes,
        spam=sum(spam) / votes,
        lang_mismatch=sum(lang_mismatch or [0]) / votes,
        threshold=threshold,
    )


@pytest.mark.parametrize(
    ("spam", "lang_mismatch", "accepted"),
    [
        ([0, 0, 0], [0, 0, 0], True),
        ([1, 0, 0], [0, 0, 0], True),
        ([0, 0, 0], [0, 1, 0], True),
        ([1, 1, 0], [0, 0, 0], False),
        ([1, 0, 0], [0, 1, 0], False),
        ([1, 0, 0], [1, 0, 0], False),
        ([1, 1, 1], [1, 1, 1], False),
    ],
)
def test_three_yes_or_no_reviews(spam: Sequence[float], lang_mismatch: Sequence[float], accepted: bool) -> None:
    assert judged(spam=spam, lang_mismatch=lang_mismatch) is accepted


@pytest.mark.parametrize(("spam", "lang_mismatch"), [(0.4, 0.0), (0.1, 0.3), (0.3, 0.1), (0.2, 0.2), (0.0, 0.4)])
def test_a_score_that_equals_the_threshold_is_rejected_however_it_is_rounded(spam: float, lang_mismatch: float) -> None:
    assert judged(spam=[spam], lang_mismatch=[lang_mismatch]) is False
    assert judged(spam=[spam - 0.001], lang_mismatch=[lang_mismatch]) is True


def test_two_of_five_votes_equal_the_default_threshold() -> None:
    assert judged(spam=[1, 1, 0, 0, 0]) is False
    assert judged(spam=[1, 0, 0, 0, 0], lang_mismatch=[0, 1, 0, 0, 0]) is False


def test_ten_votes_that_equal_a_threshold_are_rejected_though_the_floats_are_above() -> None:
    spam, lang_mismatch, threshold = 0.7, 0.1, 0.2
    assert 1 - (spam + lang_mismatch) > threshold
    assert judged(spam=[1] * 7 + [0] * 3, lang_mismatch=[1] + [0] * 9, threshold=threshold) is False


@given(st.integers(1, 12), st.data(), st.integers(0, 100))
def test_the_verdict_is_that_of_exact_arithmetic(votes: int, data: st.DataObject, percent: int) -> None:
    tenths = st.lists(st.integers(0, 10), min_size=votes, max_size=votes)
    spam, lang = data.draw(tenths), data.draw(tenths)
    exact = 1 - Fraction(sum(spam) + sum(lang), 10 * votes) > Fraction(percent, 100)
    accepted = judged(
        spam=[votes_for / 10 for votes_for in spam],
        lang_mismatch=[votes_for / 10 for votes_for in lang],
        threshold=percent / 100,
    )
    assert accepted is exact


@given(st.integers(0, 9), st.integers(1, 9))
def test_there_is_a_verdict_from_the_quota_on(reviews: int, quota: int) -> None:
    accepted = verdict(reviews=reviews, quota=quota, spam=0, lang_mismatch=0, threshold=0.6)
    assert accepted is (True if reviews >= quota else None)


def test_a_threshold_of_one_accepts_nothing() -> None:
    assert judged(spam=[0], threshold=1) is False


@pytest.mark.parametrize("kind", REVIEWS)
def test_the_full_form_asks_everything_in_the_order_of_the_settings(kind: TaskKind) -> None:
    asked = form(kind, asked_by_name=False, limits=ALWAYS_FULL, rng=Random(0))
    assert asked == ReviewForm(LabelMode.FULL, "quality", rules(kind, ALWAYS_FULL).labels, ("spam",))


def test_the_simple_form_of_a_prompt_asks_for_spam_and_language() -> None:
    asked = form(TaskKind.LABEL_INITIAL_PROMPT, asked_by_name=False, limits=NEVER_FULL, rng=Random(0))
    assert asked == ReviewForm(LabelMode.SIMPLE, "spam", ("spam", "lang_mismatch"), ("spam",))


@pytest.mark.parametrize("kind", REPLIES)
def test_the_simple_form_of_a_reply_asks_for_quality_too(kind: TaskKind) -> None:
    asked = form(kind, asked_by_name=False, limits=NEVER_FULL, rng=Random(0))
    assert asked == ReviewForm(LabelMode.SIMPLE, "spam", ("spam", "lang_mismatch", "quality"), ("spam",))


def test_the_simple_form_keeps_the_order_of_the_settings() -> None:
    limits = Limits(
        labels_prompter_reply=(TextLabel.QUALITY, TextLabel.HUMOR, TextLabel.SPAM, TextLabel.LANG_MISMATCH),
        mandatory_labels_prompter_reply=(TextLabel.SPAM, TextLabel.HUMOR),
        p_full_labeling_review_reply_prompter=0,
    )
    asked = form(TaskKind.LABEL_PROMPTER_REPLY, asked_by_name=False, limits=limits, rng=Random(0))
    assert asked.labels == ("quality", "humor", "spam", "lang_mismatch")


def test_the_simple_form_asks_for_nothing_that_the_settings_left_out() -> None:
    limits = Limits(labels_prompter_reply=(TextLabel.SPAM,), p_full_labeling_review_reply_prompter=0)
    asked = form(TaskKind.LABEL_PROMPTER_REPLY, asked_by_name=False, limits=limits, rng=Random(0))
    assert asked.labels == ("spam",)


@pytest.mark.parametrize("kind", REPLIES)
def test_who_asks_for_a_reply_by_name_gets_the_full_form(kind: TaskKind) -> None:
    assert form(kind, asked_by_name=True, limits=NEVER_FULL, rng=Random(0)).mode is LabelMode.FULL


def test_prompts_are_subject_to_chance_even_by_name() -> None:
    kind = TaskKind.LABEL_INITIAL_PROMPT
    assert form(kind, asked_by_name=True, limits=NEVER_FULL, rng=Random(0)).mode is LabelMode.SIMPLE


def test_the_full_form_comes_as_often_as_the_limits_say_and_always_so() -> None:
    rng, kind = Random(5), TaskKind.LABEL_PROMPTER_REPLY
    assert_fits(
        lambda: form(kind, asked_by_name=False, limits=Limits(), rng=rng).mode,
        {LabelMode.FULL: 0.25, LabelMode.SIMPLE: 0.75},
        draws=5_000,
    )


def test_a_mandatory_label_is_valid_even_if_the_settings_forgot_it() -> None:
    limits = Limits(labels_initial_prompt=(TextLabel.HUMOR,), mandatory_labels_initial_prompt=(TextLabel.SPAM,))
    assert valid_labels(TaskKind.LABEL_INITIAL_PROMPT, limits) == ("humor", "spam")


@pytest.mark.parametrize("kind", sorted(set(TaskKind) - set(REVIEWS)))
def test_other_tasks_have_no_rules_of_review(kind: TaskKind) -> None:
    with pytest.raises(ValueError, match=kind):
        rules(kind, Limits())
