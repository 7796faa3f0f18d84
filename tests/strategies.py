"""What Hypothesis draws from, and an example answer for each kind of task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from hypothesis import strategies as st

from oa_graph.domain.limits import Limits, SamplingPolicy
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, Task, TaskKind, TextAnswer
from oa_graph.domain.trees import HaltReason, Rating, TreeFacts, TreeState

Profile = list[list[str]]

STATES = st.sampled_from(TreeState)

_IDS = "abcdefgh"
_WHEN = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def profiles(
    draw: st.DrawFn, *, min_ids: int = 2, max_ids: int = 5, min_voters: int = 1, max_voters: int = 7
) -> Profile:
    """Complete rankings of the same ids, a list for each voter."""
    ids = list(_IDS[: draw(st.integers(min_ids, max_ids))])
    return draw(st.lists(st.permutations(ids), min_size=min_voters, max_size=max_voters))


@st.composite
def partial_profiles(draw: st.DrawFn, *, max_ids: int = 6, max_voters: int = 6) -> Profile:
    """Rankings of which each may lack some ids, as when a reply is added or deleted between them."""
    voters = draw(profiles(max_ids=max_ids, max_voters=max_voters))
    kept = st.sets(st.sampled_from(voters[0]), min_size=1)
    return [[id for id in voter if id in seen] for voter in voters for seen in [draw(kept)]]


@st.composite
def tree_facts(draw: st.DrawFn, states: st.SearchStrategy[TreeState] = STATES) -> TreeFacts:
    """Facts that contradict themselves in nothing but, at times, a state that lags behind them."""
    deleted = draw(st.booleans())
    root = draw(st.sampled_from([True, False, None]))
    replies = draw(st.integers(0, 6))
    rankable = draw(st.integers(0, replies))
    state = draw(states)
    halted = state is TreeState.HALTED_BY_MODERATOR
    return TreeFacts(
        id="tree",
        state=state,
        lang="en",
        goal=draw(st.integers(1, 8)),
        root_accepted=root,
        root_deleted=deleted,
        accepted=0 if deleted else replies + (root is True),
        undecided=draw(st.integers(0, 3)),
        open_parents=draw(st.integers(0, 3)),
        rankable=rankable,
        unranked=draw(st.integers(0, rankable)),
        won_lottery=draw(st.sampled_from([None, _WHEN])),
        author_away=draw(st.booleans()),
        halted_for=draw(st.sampled_from([None, *HaltReason])) if halted else None,
    )


def ratings() -> st.SearchStrategy[Rating]:
    """Beliefs as far apart as many rankings could make them."""
    return st.builds(Rating, mu=st.floats(-25, 75), sigma=st.floats(0.1, 10))


def limits() -> st.SearchStrategy[Limits]:
    """Limits that differ in what the policies look at."""
    return st.builds(
        Limits,
        max_active_trees=st.integers(0, 20),
        max_initial_prompt_review=st.integers(0, 20),
        max_prompt_lottery_waiting=st.integers(0, 20),
        max_tree_depth=st.integers(1, 1000),
        max_children_count=st.integers(1, 12),
        num_prompter_replies=st.integers(1, 12),
        goal_tree_size=st.integers(1, 20),
        random_goal_tree_size=st.booleans(),
        min_goal_tree_size=st.integers(1, 20),
        rank_prompter_replies=st.booleans(),
        rank_initial_prompts=st.booleans(),
        lonely_children_count=st.integers(0, 12),
        p_lonely_child_extension=st.floats(0, 1),
        rank_decay=st.floats(0, 1),
        sampling=st.sampled_from(SamplingPolicy),
    )


def _text(task: Task, ack: str) -> Answer:
    return TextAnswer(ack=ack, frontend_id=f"answer to {ack}", text=f"What {task.id} asked for.", lang=None)


def _ranking(task: Task, ack: str) -> Answer:
    return RankingAnswer(ack=ack, order=tuple(reversed(range(len(task.candidates)))), not_rankable=False)


def _labels(task: Task, ack: str) -> Answer:
    asked = task.form.labels if task.form else ()
    labels = {label: 1.0 if label == "quality" else 0.0 for label in asked}
    return LabelAnswer(task=task.id, post=task.thread[-1].id, text="", labels=labels, is_report=False)


def _vote(task: Task, ack: str) -> Answer:
    return EndVoteAnswer(ack=ack, ends=False)


EXAMPLES: Mapping[TaskKind, Callable[[Task, str], Answer]] = {
    TaskKind.INITIAL_PROMPT: _text,
    TaskKind.PROMPTER_REPLY: _text,
    TaskKind.ASSISTANT_REPLY: _text,
    TaskKind.RANK_INITIAL_PROMPTS: _ranking,
    TaskKind.RANK_PROMPTER_REPLIES: _ranking,
    TaskKind.RANK_ASSISTANT_REPLIES: _ranking,
    TaskKind.LABEL_INITIAL_PROMPT: _labels,
    TaskKind.LABEL_PROMPTER_REPLY: _labels,
    TaskKind.LABEL_ASSISTANT_REPLY: _labels,
    TaskKind.DECIDE_END: _vote,
}
"""For each kind a right answer to a task of that kind that was acknowledged with a name; it accepts what it reviews."""
