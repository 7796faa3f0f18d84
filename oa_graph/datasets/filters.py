"""Filters of an export."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum

from oa_graph.domain.trees import TreeState
from oa_graph.errors import CannotExport
from oa_graph.graph.datasets import DatasetPost
from oa_graph.language import TAG_RULE, is_tag, normalized
from oa_graph.plural import counted


class PostStatus(StrEnum):
    """Whether posts of one kind are excluded, included, or the only ones."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Distrusted:
    """Users whose judgements are excluded, and the criterion."""

    users: frozenset[str]
    """Their ids."""
    below: float
    """Their reliability is lower than this."""
    at_least: int
    """Judgements that a reliability needs."""

    def summary(self) -> dict[str, object]:
        """For a manifest: people are counted and not named."""
        return {"users": len(self.users), "below": self.below, "at_least": self.at_least}


@dataclass(frozen=True, slots=True)
class Filters:
    """With a post that is left out go the replies below it, and with a root its tree.

    Posts of one sort alone, and those of some users, are picked one by one instead, wherever they stand; a thread is
    then picked by its last post.
    """

    states: frozenset[TreeState] | None = frozenset({TreeState.READY_FOR_EXPORT})
    """None: all."""
    langs: frozenset[str] | None = None
    """Tags of the prompt's language, in any case; None: all."""
    deleted: PostStatus = PostStatus.EXCLUDE
    rejected: PostStatus = PostStatus.EXCLUDE
    """Posts that reviews rejected or have not decided on."""
    synthetic: PostStatus = PostStatus.INCLUDE
    """EXCLUDE: no tree in which a post that would come along was written by a model."""
    users: frozenset[str] = frozenset()
    """Ids of authors; empty: all."""
    since: datetime | None = None
    """Of the root: written then or later."""
    until: datetime | None = None
    """Of every post: written before."""
    at_least: Mapping[str, float] = field(default_factory=dict[str, float])
    """By label: least mean. A post to which nobody gave the label is left out."""
    at_most: Mapping[str, float] = field(default_factory=dict[str, float])
    """By label: greatest mean. A post to which nobody gave the label comes along."""
    prompts_only: bool = False
    limit: int | None = None
    """Trees, at most."""
    without: frozenset[str] = frozenset()
    """Ids of users whose posts, labels, reactions and rankings are not trusted. Verdicts of reviews stay."""
    distrusted: Distrusted | None = None
    """Those whose labels, reactions and rankings alone are not trusted; their posts come along."""

    def checked(self, *, labels: Collection[str], langs: Collection[str]) -> Filters:
        """Return the filters with languages written as in the graph.

        `labels`, `langs`: those that there are. Raise CannotExport for an unknown name, a malformed language tag or a
        mean that no label can have.
        """
        for state in self.states or ():
            check_name("state", state, [*TreeState])
        for choice in (self.deleted, self.rejected, self.synthetic):
            check_name("choice", choice, [*PostStatus])
        for label, mean in (*self.at_least.items(), *self.at_most.items()):
            check_name("label", label, labels)
            _check_mean(label, mean)
        if self.langs is None:
            return self
        return replace(self, langs=frozenset(_language(lang, langs) for lang in self.langs))

    @property
    def bounded_labels(self) -> frozenset[str]:
        """The labels with a bound on their mean."""
        return frozenset(self.at_least) | frozenset(self.at_most)

    @property
    def ignored_judges(self) -> frozenset[str]:
        """Ids of the users whose judgements are excluded."""
        return self.without | self.distrusted.users if self.distrusted else self.without

    def includes(self, post: DatasetPost) -> bool:
        """Return whether a post passes the filters."""
        if post.deleted and self.deleted == PostStatus.EXCLUDE:
            return False
        if not post.accepted and self.rejected == PostStatus.EXCLUDE:
            return False
        if self.prompts_only and post.parent is not None:
            return False
        if self.until is not None and post.created is not None and post.created >= self.until:
            return False
        if self.without and post.author in self.without:
            return False
        return not (self.at_least or self.at_most) or self._is_within(post)

    def _is_within(self, post: DatasetPost) -> bool:
        means = {name: mean.value for name, mean in (post.labels or {}).items() if mean.value is not None}
        return all(name in means and means[name] >= least for name, least in self.at_least.items()) and all(
            name not in means or means[name] <= most for name, most in self.at_most.items()
        )

    @property
    def is_selective(self) -> bool:
        """Whether single posts are selected instead of whole branches."""
        return bool(self.users) or PostStatus.ONLY in (self.deleted, self.rejected, self.synthetic)

    def selects(self, post: DatasetPost) -> bool:
        """Return whether a post that passes the filters is selected itself."""
        return (
            (not self.users or post.author in self.users)
            and (self.deleted != PostStatus.ONLY or post.deleted)
            and (self.rejected != PostStatus.ONLY or not post.accepted)
            and (self.synthetic != PostStatus.ONLY or post.synthetic)
        )

    def summary(self) -> dict[str, object]:
        """For a manifest, in a fixed order; people are counted and not named."""
        return {
            "states": "all" if self.states is None else sorted(map(str, self.states)),
            "langs": "all" if self.langs is None else sorted(self.langs),
            "deleted": str(self.deleted),
            "rejected": str(self.rejected),
            "synthetic": str(self.synthetic),
            "users": _counted(self.users),
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "at_least": dict(sorted(self.at_least.items())),
            "at_most": dict(sorted(self.at_most.items())),
            "prompts_only": self.prompts_only,
            "limit": self.limit,
            "without": _counted(self.without),
            "distrusted": self.distrusted and self.distrusted.summary(),
        }


def _counted(users: Collection[str]) -> str | None:
    return counted(len(users), "user") if users else None


_MOST_NAMED = 20
"""Names that a message lists."""


def check_name(kind: str, name: str, known: Collection[str]) -> None:
    """Raise CannotExport, with the nearest known name or all of them, if `name` is not known."""
    if name not in known:
        raise CannotExport(why=f"there is no {kind} {name}{_suggestion(name, known)}")


def _suggestion(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]}?)" if near else listed("there are", known)


def listed(verb: str, names: Collection[str]) -> str:
    """Return the first names in parentheses after a verb; an empty text if there are none."""
    cut = ", …" if len(names) > _MOST_NAMED else ""
    return f" ({verb} {', '.join(sorted(names)[:_MOST_NAMED])}{cut})" if names else ""


def _check_mean(label: str, mean: float) -> None:
    if not 0 <= mean <= 1:
        raise CannotExport(why=f"the mean {mean:g} of {label} is out of range (means are from 0 to 1)")


def _language(tag: str, known: Collection[str]) -> str:
    """Return the tag as the graph writes it. Stored languages that are no valid tags are accepted as well."""
    lang = normalized(tag)
    if lang not in known and not is_tag(lang):
        raise CannotExport(why=f"{tag!r} is not {TAG_RULE}{listed('the graph has', known)}")
    return lang
