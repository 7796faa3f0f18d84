"""Limits that bound and steer the growth of trees, presets of them, and rate limits."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Interval

from oa_graph.domain.posts import DEPTH_CAP, TextLabel


class SamplingPolicy(StrEnum):
    """How the place of a task is drawn; `oa_graph.policy.sampling` says how each policy works."""

    UNIFORM = "uniform"
    """Every place has the same chance."""
    RANDOM_TREE = "random_tree"
    """A tree at random, then one of its places at random."""
    RANDOM_THREAD = "random_thread"
    """A root-to-leaf thread at random, then one of its places at random."""
    INVERSE_DEPTH = "inverse_depth"
    """The chance falls with the depth of the post: 1 / (1 + depth)."""
    BY_RANK = "by_rank"
    """The chance falls with the ranks of the post and of the posts above it: `rank_decay` to the power of their sum."""
    FEWEST_REPLIES = "fewest_replies"
    """A parent with the fewest replies, at random."""
    LONELY_FIRST = "lonely_first"
    """With the probability `p_lonely_child_extension` a lonely prompter post, at random; else like `UNIFORM`."""


FOR_REPLIES = frozenset({SamplingPolicy.FEWEST_REPLIES, SamplingPolicy.LONELY_FIRST})
"""Policies that look at the replies of a parent, so that they suit replies only."""


Positive = Annotated[int, Ge(1)]
Count = Annotated[int, Ge(0)]
Share = Annotated[float, Interval(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Quota:
    """How often something may be asked for within a span that begins with the first time."""

    id: str
    """Whose requests of what kind are counted together."""
    limit: int
    span_sec: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many requests are taken within how many minutes."""

    times: int
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """How often tasks may be asked for; `oa_graph.policy.rates` says which rate is for which request."""

    user: RateLimit
    client: RateLimit
    assistant_reply: RateLimit
    prompter_reply: RateLimit


_BOTH_FIRST = (TextLabel.SPAM, TextLabel.LANG_MISMATCH)

_BOTH_LAST = (
    TextLabel.CREATIVITY,
    TextLabel.HUMOR,
    TextLabel.TOXICITY,
    TextLabel.VIOLENCE,
    TextLabel.NOT_APPROPRIATE,
    TextLabel.PII,
    TextLabel.HATE_SPEECH,
    TextLabel.SEXUAL_CONTENT,
)

_LABELS_PROMPTER = (*_BOTH_FIRST, TextLabel.QUALITY, *_BOTH_LAST)

_LABELS_ASSISTANT = (*_BOTH_FIRST, TextLabel.FAILS_TASK, TextLabel.QUALITY, TextLabel.HELPFULNESS, *_BOTH_LAST)

_MANDATORY = (TextLabel.SPAM,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What bounds and steers the growth of trees; the names are those of the original's settings."""

    max_active_trees: Count = 10
    """Number of growing trees to aim for, per language."""
    max_initial_prompt_review: Count = 100
    """Prompts under review, per language, above which no new prompts are requested."""
    max_prompt_lottery_waiting: Count = 250
    """Prompts waiting for the lottery, per language, above which no new prompts are requested."""
    init_prompt_disabled_langs: tuple[str, ...] = ()
    """Languages in which no new prompts are requested, separated by commas."""
    max_tree_depth: Annotated[int, Interval(ge=1, le=DEPTH_CAP)] = 3
    """Maximum depth of a post. A tree keeps the value that held when it was created."""
    max_children_count: Positive = 3
    """Maximum number of replies to a post. A tree keeps the value that held when it was created."""
    min_human_replies: Count = 0
    """Replies to each post that only people may write; a model gets a place only beyond these. At 0, models may write
    all replies."""
    num_prompter_replies: Positive = 1
    """Maximum number of replies to an assistant's post."""
    goal_tree_size: Positive = 12
    """Accepted posts at which a tree stops growing. A tree keeps the value that held when it was created."""
    random_goal_tree_size: bool = False
    """Draw the goal of each new tree at random between `min_goal_tree_size` and `goal_tree_size`."""
    min_goal_tree_size: Positive = 5
    """Lower bound for `random_goal_tree_size`."""
    num_reviews_initial_prompt: Positive = 3
    """Reviews needed for the verdict on a prompt."""
    num_reviews_reply: Positive = 3
    """Reviews needed for the verdict on a reply."""
    acceptance_threshold_initial_prompt: Share = 0.6
    """A prompt is accepted when its score is above this threshold."""
    acceptance_threshold_reply: Share = 0.6
    """A reply is accepted when its score is above this threshold."""
    num_required_rankings: Positive = 3
    """Rankings needed for the replies to one post."""
    rank_prompter_replies: bool = False
    """Also rank the replies in the role of the prompter."""
    p_full_labeling_review_prompt: Share = 1.0
    """Probability that a review of a prompt asks for all labels."""
    p_full_labeling_review_reply_assistant: Share = 1.0
    """Probability that a review of an assistant's reply asks for all labels."""
    p_full_labeling_review_reply_prompter: Share = 0.25
    """Probability that a review of a prompter's reply asks for all labels."""
    lonely_children_count: Count = 2
    """A post with at least one reply but fewer than this number is lonely."""
    p_lonely_child_extension: Share = 0.75
    """Probability that `lonely_first` prefers a lonely post."""
    recent_tasks_span_sec: Positive = 300
    """Period in seconds. Open tasks of a user from this period count against `max_pending_tasks_per_user`."""
    max_pending_tasks_per_user: Positive = 8
    """Maximum number of open tasks of a user."""
    p_activate_backlog_tree: Share = 0.1
    """Probability that a finished tree moves a tree from the backlog to ranking."""
    min_active_rankings_per_lang: Count = 0
    """Open rankings per language below which a finished tree always moves a tree from the backlog to ranking."""
    auto_mod_enabled: bool = True
    """Let red flags and skips end posts and trees automatically."""
    auto_mod_max_skip_reply: Positive = 25
    """Skipped replies to one post that halt its tree."""
    auto_mod_red_flags: Positive = 4
    """Red flags that delete a reply or abort the tree of a prompt."""
    labels_initial_prompt: tuple[TextLabel, ...] = _LABELS_PROMPTER
    """All labels of a review of a prompt."""
    labels_assistant_reply: tuple[TextLabel, ...] = _LABELS_ASSISTANT
    """All labels of a review of an assistant's reply."""
    labels_prompter_reply: tuple[TextLabel, ...] = _LABELS_PROMPTER
    """All labels of a review of a prompter's reply."""
    mandatory_labels_initial_prompt: tuple[TextLabel, ...] = _MANDATORY
    """Labels that a review of a prompt must contain."""
    mandatory_labels_assistant_reply: tuple[TextLabel, ...] = _MANDATORY
    """Labels that a review of an assistant's reply must contain."""
    mandatory_labels_prompter_reply: tuple[TextLabel, ...] = _MANDATORY
    """Labels that a review of a prompter's reply must contain."""
    num_end_votes: Positive = 3
    """Votes on whether a conversation ends at a post; an odd number, so that there is always a majority."""
    p_end_vote: Share = 0.1
    """Probability that such a vote is held on an accepted post of the assistant whose author did not say that it ends
    the conversation. If the author said so, the vote is always held."""
    end_vote_min_depth: Count = 3
    """Depth from which on `p_end_vote` applies."""
    sampling: SamplingPolicy = SamplingPolicy.LONELY_FIRST
    """Sampling policy for the place of a reply: `uniform`, `random_tree`, `random_thread`, `inverse_depth`, `by_rank`,
    `fewest_replies` or `lonely_first`."""
    sampling_assistant_reply: SamplingPolicy | None = None
    """Sampling policy for replies of the assistant; not set: as `sampling`."""
    sampling_prompter_reply: SamplingPolicy | None = None
    """Sampling policy for replies of the prompter; not set: as `sampling`."""
    sampling_reviews: SamplingPolicy = SamplingPolicy.UNIFORM
    """Sampling policy for reviews; `fewest_replies` and `lonely_first` are for replies only."""
    sampling_rankings: SamplingPolicy = SamplingPolicy.UNIFORM
    """Sampling policy for rankings; `fewest_replies` and `lonely_first` are for replies only."""
    rank_decay: Share = 0.5
    """With `by_rank`, the factor by which each further rank lowers the weight of a post."""
    rank_while_growing: bool = False
    """Rank the replies to a post as soon as it wants no more of them and all are decided, so that `by_rank` has ranks
    while a tree grows. Without it, replies are ranked when the tree is full."""
    lease_sec: Positive = 600
    """Duration of a lease in seconds. Each ack renews it, also a repeated one, and so does a renewal."""
    lease_max_sec: Count = 14400
    """Period in seconds after a task is handed out in which its lease can be renewed; 0: without bound. The first ack
    renews it at any time."""
    task_validity_sec: Count = 2880 * 60
    """Period in seconds in which a task can be answered; 0: without limit."""
    message_size_limit: Positive = 2000
    """Maximum number of characters of a text."""
    duplicate_window_sec: Count = 120 * 60
    """Period in seconds in which a second text of a user with the same content is refused."""
    author_edit_sec: Count = 0
    """Period in seconds in which authors can edit or withdraw a post of theirs, as long as nobody has judged or
    answered it and no other user has an open task about it; 0: never."""
    rank_initial_prompts: bool = True
    """Request rankings of prompts."""
    prompts_to_rank: Annotated[int, Interval(ge=2, le=20)] = 4
    """Prompts shown in one ranking of prompts."""
    num_prompt_rankings: Positive = 3
    """Rankings after which a waiting prompt is no longer shown for ranking."""
    prompt_chance_floor: Share = 0.1
    """Minimum weight of a prompt in the lottery; the best prompt has 1."""
    enforce_terms: bool = False
    """Hand out tasks only to users who have accepted the terms."""
    show_authors_in_judgements: bool = False
    """Show in reviews and rankings who wrote a post and whether a language model did."""
    hide_authors_of_unfinished_trees: bool = False
    """Hide in tasks and messages of unfinished trees who wrote a post, whether a language model did, and the frontend's
    id of it. For blind studies."""
    allow_self_labeling: bool = False
    """Let users review their own posts. For trials."""
    allow_self_ranking: bool = False
    """Let users rank their own replies. For trials."""
    allow_duplicate_tasks: bool = False
    """Let users reply to one post more than once. For trials."""

    def __post_init__(self) -> None:
        for name in ("sampling_reviews", "sampling_rankings"):
            if (policy := getattr(self, name)) in FOR_REPLIES:
                raise ValueError(f"{name}: {policy} is for replies only")
        if self.num_end_votes % 2 == 0:
            raise ValueError("num_end_votes: an even number of votes may have no majority")


def limit_meanings() -> dict[str, str]:
    """Return the meaning of each limit: the text below its field, which Python itself does not keep."""
    (definition,) = ast.parse(inspect.getsource(Limits)).body
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    meanings: dict[str, str] = {}
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str() as text)):
                meanings[name] = " ".join(text.split())
            case _:
                pass
    return meanings


class Preset(StrEnum):
    """A named set of limits; the settings of single limits win over it."""

    DEFAULT = "default"
    SMALL = "small"


PRESETS: Mapping[Preset, Limits] = {
    Preset.DEFAULT: Limits(),
    # Two to four people finish trees: one review each, two replies to a prompt, and everybody may rank them.
    Preset.SMALL: Limits(
        max_active_trees=3,
        max_initial_prompt_review=3,
        max_prompt_lottery_waiting=6,
        max_children_count=2,
        goal_tree_size=5,
        num_reviews_initial_prompt=1,
        num_reviews_reply=1,
        num_required_rankings=2,
        num_end_votes=1,
        allow_self_ranking=True,
    ),
}
