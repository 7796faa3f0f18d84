from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_graph.domain.limits import PRESETS, Limits, Preset
from oa_graph.domain.trees import HaltReason, TreeFacts, TreeState
from oa_graph.policy.growth import (
    ACTIVE,
    activated,
    goal,
    halted_for,
    lottery_places,
    next_state,
    path,
    people_needed,
    unhalted,
)
from tests.strategies import limits, tree_facts
from tests.unit.policy.distribution import assert_fits

FINAL = st.sampled_from(
    sorted(set(TreeState) - ACTIVE - {TreeState.PROMPT_LOTTERY_WAITING, TreeState.HALTED_BY_MODERATOR})
)

# A tree in its prime: two replies of the twelve wanted, room for more.
TREE = TreeFacts(
    id="tree",
    state=TreeState.GROWING,
    lang="en",
    goal=12,
    root_accepted=True,
    root_deleted=False,
    accepted=3,
    undecided=0,
    open_parents=3,
    rankable=1,
    unranked=1,
    won_lottery=datetime(2026, 1, 1, tzinfo=UTC),
)
FRESH = replace(
    TREE,
    state=TreeState.INITIAL_PROMPT_REVIEW,
    root_accepted=None,
    accepted=0,
    rankable=0,
    unranked=0,
    won_lottery=None,
)


# The steps of the crowd, the lottery, the automatic moderation, and of operators who retry or activate.
STEPS: Mapping[str, set[str]] = {
    "initial_prompt_review": {"prompt_lottery_waiting", "aborted_low_grade"},
    "prompt_lottery_waiting": {"growing"},
    "growing": {"ranking", "aborted_low_grade"},
    "ranking": {"ready_for_scoring"},
    "ready_for_scoring": {"ready_for_export", "scoring_failed"},
    "ready_for_export": set(),
    "scoring_failed": {"ready_for_scoring", "ranking"},
    "aborted_low_grade": set(),
    "halted_by_moderator": set(),
    "backlog_ranking": {"ranking", "aborted_low_grade"},
}


def allowed_steps(state: TreeState) -> set[TreeState]:
    """Return every step from a state. Moderators halt any tree, and resume any but one that waits for the lottery."""
    resumed = set[str]() if state is TreeState.PROMPT_LOTTERY_WAITING else {"growing", "initial_prompt_review"}
    return {TreeState(step) for step in STEPS[state] | {"halted_by_moderator"} | resumed} - {state}


ALLOWED = {state: allowed_steps(state) for state in TreeState}


@given(tree_facts())
def test_every_step_is_allowed(facts: TreeFacts) -> None:
    assert all(after in ALLOWED[before] for before, after in pairwise(path(facts)))


@given(tree_facts())
def test_nothing_is_left_to_do_after_the_next_state(facts: TreeFacts) -> None:
    after = next_state(facts)
    assert next_state(replace(facts, state=after)) is after


@given(tree_facts(FINAL))
def test_a_final_state_is_never_left(facts: TreeFacts) -> None:
    assert next_state(facts) is facts.state


@given(tree_facts(st.just(TreeState.HALTED_BY_MODERATOR)))
def test_what_a_person_halted_stays_whatever_the_facts(facts: TreeFacts) -> None:
    assert next_state(replace(facts, halted_for=None)) is TreeState.HALTED_BY_MODERATOR


@given(tree_facts())
def test_a_tree_that_facts_halted_goes_on_once_they_allow_it_and_not_before(facts: TreeFacts) -> None:
    halted = replace(facts, state=TreeState.HALTED_BY_MODERATOR, halted_for=HaltReason.EMPTIED)
    assert next_state(halted) is unhalted(halted)


@given(tree_facts())
def test_facts_that_halt_a_tree_say_why(facts: TreeFacts) -> None:
    steps = path(facts)
    if len(steps) > 1 and steps[-1] is TreeState.HALTED_BY_MODERATOR:
        assert halted_for(facts) is not None


@given(tree_facts())
def test_a_tree_is_never_stuck_where_nobody_can_do_anything(facts: TreeFacts) -> None:
    match next_state(facts):
        case TreeState.INITIAL_PROMPT_REVIEW:
            assert facts.root_accepted is None
            assert not facts.root_deleted
        case TreeState.GROWING:
            assert facts.undecided or (facts.open_parents and facts.accepted < facts.goal)
        case TreeState.RANKING:
            assert facts.unranked
        case _:
            pass


def test_the_table_names_every_state() -> None:
    assert set(STEPS) == set(TreeState)


def test_every_state_is_reached() -> None:
    imported_or_new = {TreeState.BACKLOG_RANKING, TreeState.INITIAL_PROMPT_REVIEW}
    assert set().union(*ALLOWED.values()) | imported_or_new == set(TreeState)


def test_a_waiting_tree_goes_only_where_the_lottery_or_a_moderator_puts_it() -> None:
    assert ALLOWED[TreeState.PROMPT_LOTTERY_WAITING] == {TreeState.GROWING, TreeState.HALTED_BY_MODERATOR}


@pytest.mark.parametrize(
    ("accepted", "after"),
    [(None, "initial_prompt_review"), (True, "prompt_lottery_waiting"), (False, "aborted_low_grade")],
)
def test_reviews_of_the_prompt_decide_over_its_tree(accepted: bool | None, after: str) -> None:
    assert next_state(replace(FRESH, root_accepted=accepted)) == after


def test_a_tree_below_its_goal_goes_on_growing() -> None:
    assert next_state(TREE) is TreeState.GROWING


def test_a_tree_at_its_goal_is_ranked() -> None:
    assert next_state(replace(TREE, accepted=12)) is TreeState.RANKING


def test_a_tree_at_its_goal_waits_for_reviews() -> None:
    assert next_state(replace(TREE, accepted=12, undecided=1)) is TreeState.GROWING


def test_a_tree_to_which_nobody_can_add_anything_is_ranked_below_its_goal() -> None:
    assert next_state(replace(TREE, open_parents=0)) is TreeState.RANKING
    assert next_state(replace(TREE, open_parents=0, undecided=1)) is TreeState.GROWING


def test_a_tree_without_siblings_to_rank_is_scored_at_once() -> None:
    done = replace(TREE, accepted=12, rankable=0, unranked=0)
    assert path(done) == (TreeState.GROWING, TreeState.RANKING, TreeState.READY_FOR_SCORING)


def test_a_ranked_tree_is_scored() -> None:
    ranking = replace(TREE, state=TreeState.RANKING)
    assert next_state(ranking) is TreeState.RANKING
    assert next_state(replace(ranking, unranked=0)) is TreeState.READY_FOR_SCORING


@pytest.mark.parametrize("state", ["initial_prompt_review", "prompt_lottery_waiting", "growing", "ranking"])
def test_a_tree_whose_root_is_deleted_is_halted(state: str) -> None:
    facts = replace(TREE, state=TreeState(state), root_deleted=True, accepted=0)
    assert next_state(facts) is TreeState.HALTED_BY_MODERATOR


@pytest.mark.parametrize("state", ["growing", "ranking"])
def test_accepted_replies_do_not_keep_a_tree_without_its_root(state: str) -> None:
    facts = replace(TREE, state=TreeState(state), root_deleted=True)
    assert next_state(facts) is TreeState.HALTED_BY_MODERATOR


def test_a_growing_tree_without_accepted_posts_is_halted() -> None:
    assert next_state(replace(TREE, accepted=0)) is TreeState.HALTED_BY_MODERATOR


def test_a_prompt_whose_author_is_away_does_not_wait_for_the_lottery() -> None:
    waiting = replace(FRESH, state=TreeState.PROMPT_LOTTERY_WAITING, root_accepted=True, accepted=1)
    assert next_state(waiting) is TreeState.PROMPT_LOTTERY_WAITING
    away = replace(waiting, author_away=True)
    assert next_state(away) is TreeState.HALTED_BY_MODERATOR
    assert halted_for(away) is HaltReason.AUTHOR
    assert next_state(replace(TREE, author_away=True)) is TreeState.GROWING


@pytest.mark.parametrize("why", HaltReason)
def test_a_tree_goes_on_when_what_halted_it_is_over(why: HaltReason) -> None:
    halted = replace(
        FRESH, state=TreeState.HALTED_BY_MODERATOR, root_accepted=True, accepted=1, halted_for=why, author_away=True
    )
    assert next_state(halted) is TreeState.HALTED_BY_MODERATOR
    assert next_state(replace(halted, author_away=False)) is TreeState.PROMPT_LOTTERY_WAITING
    assert next_state(replace(halted, author_away=False, root_deleted=True)) is TreeState.HALTED_BY_MODERATOR
    grown = replace(TREE, state=TreeState.HALTED_BY_MODERATOR, halted_for=why)
    assert next_state(grown) is TreeState.GROWING


def test_an_import_without_a_goal_is_ranked_when_it_is_taken_up_again() -> None:
    halted = replace(TREE, state=TreeState.HALTED_BY_MODERATOR, goal=0, won_lottery=None)
    assert unhalted(halted) is TreeState.RANKING


HALTED = replace(TREE, state=TreeState.HALTED_BY_MODERATOR)


def test_an_unhalted_tree_grows_again_once_it_won_the_lottery() -> None:
    assert unhalted(HALTED) is TreeState.GROWING


def test_an_unhalted_tree_takes_the_steps_that_were_due() -> None:
    assert unhalted(replace(HALTED, accepted=12)) is TreeState.RANKING
    assert unhalted(replace(HALTED, accepted=12, unranked=0)) is TreeState.READY_FOR_SCORING


def test_an_unhalted_prompt_is_reviewed_or_waits_again() -> None:
    fresh = replace(FRESH, state=TreeState.HALTED_BY_MODERATOR)
    assert unhalted(fresh) is TreeState.INITIAL_PROMPT_REVIEW
    assert unhalted(replace(fresh, root_accepted=True, accepted=1)) is TreeState.PROMPT_LOTTERY_WAITING


def test_a_waiting_tree_is_not_unhalted() -> None:
    waiting = replace(FRESH, state=TreeState.PROMPT_LOTTERY_WAITING, root_accepted=True)
    assert unhalted(waiting) is TreeState.PROMPT_LOTTERY_WAITING


def test_an_imported_tree_is_ranked_when_its_turn_has_come() -> None:
    backlog = replace(TREE, state=TreeState.BACKLOG_RANKING)
    assert activated(backlog) is TreeState.RANKING
    assert activated(replace(backlog, unranked=0)) is TreeState.READY_FOR_SCORING
    assert activated(replace(backlog, rankable=0, unranked=0)) is TreeState.ABORTED_LOW_GRADE
    assert activated(TREE) is TreeState.GROWING


@pytest.mark.parametrize(
    ("state", "step_in"),
    [("halted_by_moderator", unhalted), ("backlog_ranking", activated)],
)
@given(tree_facts())
def test_whoever_steps_in_leaves_nothing_to_do(
    state: str, step_in: Callable[[TreeFacts], TreeState], facts: TreeFacts
) -> None:
    after = step_in(replace(facts, state=TreeState(state)))
    assert next_state(replace(facts, state=after)) is after


@given(limits(), st.randoms(use_true_random=False))
def test_a_goal_is_within_its_bounds(bounds: Limits, rng: Random) -> None:
    size = goal(bounds, rng)
    assert size <= bounds.goal_tree_size
    assert size >= min(bounds.min_goal_tree_size, bounds.goal_tree_size)
    assert bounds.random_goal_tree_size or size == bounds.goal_tree_size


def test_a_random_goal_is_uniform() -> None:
    bounds, rng = Limits(random_goal_tree_size=True), Random(2)
    assert_fits(lambda: goal(bounds, rng), dict.fromkeys(range(5, 13), 1), draws=5_000)


@pytest.mark.parametrize(
    ("growing", "reviewing", "waiting", "places"),
    [
        (0, 0, 0, 110),
        (10, 100, 0, 0),
        (4, 100, 0, 6),
        (10, 99, 0, 1),
        (25, 130, 0, 0),
        (0, 0, 249, 1),
        (0, 0, 250, 0),
        (0, 0, 300, 0),
    ],
)
def test_prompts_are_wanted_as_trees_are_missing_and_places_free(
    growing: int, reviewing: int, waiting: int, places: int
) -> None:
    actual = lottery_places(lang="en", growing=growing, reviewing=reviewing, waiting=waiting, limits=Limits())
    assert actual == places


def test_no_prompts_are_wanted_in_a_disabled_language() -> None:
    bounds = Limits(init_prompt_disabled_langs=("xx", "yy"))
    assert lottery_places(lang="yy", growing=0, reviewing=0, waiting=0, limits=bounds) == 0
    assert lottery_places(lang="en", growing=0, reviewing=0, waiting=0, limits=bounds) == 110


@pytest.mark.parametrize(
    ("limits", "people"),
    [
        (PRESETS[Preset.DEFAULT], 6),  # three siblings, three who rank them
        (PRESETS[Preset.SMALL], 2),
        (Limits(num_required_rankings=1, max_children_count=2), 4),  # an author, three reviewers
        (Limits(num_required_rankings=1, max_children_count=2, allow_self_labeling=True), 3),
        (Limits(num_reviews_reply=9), 10),
        (Limits(allow_self_ranking=True), 4),
        (Limits(max_children_count=1, num_required_rankings=9), 4),  # nothing is ever ranked
    ],
)
def test_a_tree_needs_people_who_did_not_write_what_they_judge(limits: Limits, people: int) -> None:
    assert people_needed(limits) == people
