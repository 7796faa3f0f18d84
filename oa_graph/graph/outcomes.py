"""The outcomes of statements: what a statement decides under its locks, as its header's `out outcome` line lists it.

A test compares each enum with those lines.
"""

from __future__ import annotations

from enum import StrEnum


class LeaseOutcome(StrEnum):
    """The outcome of a request for an open place."""

    HANDED_OUT = "handed_out"
    AGAIN = "again"
    """The task exists already: the request is sent again."""
    LIMITED = "limited"
    """A quota is full."""
    LOST = "lost"
    """Another request got the place first; the next try may find another one."""
    NOTHING = "nothing"
    DISABLED = "disabled"
    TERMS = "terms"
    PENDING = "pending"
    """The user has too many open tasks."""


class TaskOutcome(StrEnum):
    """The outcome of a step in a task's life: ack, renewal, nack, answer or close."""

    ACKNOWLEDGED = "acknowledged"
    RENEWED = "renewed"
    REFUSED = "refused"
    CLOSED = "closed"
    """The collective task was closed by this step; for an answer: the tree takes no more posts."""
    STORED = "stored"
    REPEATED = "repeated"
    """The same answer was stored before."""

    NO_TASK = "no_task"
    EXPIRED = "expired"
    DONE = "done"
    NOT_YOURS = "not_yours"
    OTHER_ACK = "other_ack"
    ACK_TAKEN = "ack_taken"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    NOT_COLLECTIVE = "not_collective"
    UNKNOWN_USER = "unknown_user"
    DISABLED = "disabled"
    WRONG_KIND = "wrong_kind"

    TOO_LONG = "too_long"
    DUPLICATED = "duplicated"
    ANSWERED = "answered"
    """The user has already replied to this post."""
    PLACE_TAKEN = "place_taken"

    OTHER_POST = "other_post"
    STRANGE_LABEL = "strange_label"
    MISSING_LABEL = "missing_label"
    SELF = "self"
    """The user wrote the post that the labels or the vote are for."""
    REVIEWED = "reviewed"
    VOTED = "voted"
    """The user has already voted on the end of this conversation."""

    NOT_PERMUTED = "not_permuted"
    CORRUPT = "corrupt"
    RANKED = "ranked"


class OwnPostOutcome(StrEnum):
    """Whether an author may change a post."""

    OPEN = "open"
    UNCHANGED = "unchanged"
    """It has this text already."""
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_POST = "unknown_post"
    """There is none, or another user wrote it."""
    DISABLED = "disabled"
    DELETED = "deleted"
    TOO_LATE = "too_late"
    JUDGED = "judged"
    ANSWERED = "answered"
    SHOWN = "shown"
    """Another user has an open task about it."""
    DUPLICATED = "duplicated"
    """Another text of the user equals the new one."""


class ClaimOutcome(StrEnum):
    """The outcome of a claim on the work that changed limits make."""

    APPLIED = "applied"
    """There is nothing to do."""
    HELD = "held"
    """Another process does it."""
    CLAIMED = "claimed"
