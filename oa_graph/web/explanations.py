"""Errors in plain words: what happened, and what the user can do."""

from __future__ import annotations

from collections.abc import Mapping

from oa_graph import errors
from oa_graph.domain.tasks import NoTaskReason
from oa_graph.errors import OaGraphError
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import N_

_SENTENCES: Mapping[type[OaGraphError], str] = {
    errors.AnswerWithoutTask: N_("This task no longer exists."),
    errors.TaskNotFound: N_("This task no longer exists."),
    errors.PostNotFound: N_("This message no longer exists."),
    errors.UserNotFound: N_("This user no longer exists."),
    errors.SessionNotFound: N_("This session has already ended."),
    errors.InviteNotFound: N_("This invite does not exist."),
    errors.InviteNotUsable: N_("This link has been used or has ended. Ask for a new one where you got it."),
    errors.UserDisabled: N_("Your account is disabled. Ask the people who run this collection."),
    errors.TermsNotAccepted: N_("Please accept the terms first."),
    errors.NotYourTask: N_("This task belongs to somebody else."),
    errors.TaskAlreadyDone: N_("This task no longer takes an answer: it was answered or skipped before."),
    errors.TaskExpired: N_("This task is too old to be answered."),
    errors.TreeClosed: N_("This conversation has been closed in the meantime."),
    errors.NotEditable: N_(
        "This message can no longer be changed: it was reviewed, answered or shown to others, or it is too old."
    ),
    errors.TextTooLong: N_("Your text has %(length)s characters; %(limit)s are allowed."),
    errors.TextDuplicated: N_("You sent the same text not long ago. Please write something new."),
    errors.DuplicateReply: N_("You have already replied to this message."),
    errors.InvalidRanking: N_("Please give each place once."),
    errors.CorruptRanking: N_("One of these replies has been removed in the meantime."),
    errors.MandatoryLabelMissing: N_("One question is still open."),
    errors.SelfReview: N_("You wrote this message yourself."),
    errors.ReviewedBefore: N_("You have already reviewed this message."),
}

_NOTHING: Mapping[NoTaskReason, str] = {
    NoTaskReason.ALL_DONE_BY_USER: N_(
        "You have done everything that is open to you. Now other people take their turn; come back a little later."
    ),
    NoTaskReason.ALL_RESERVED: N_("Other people are working on everything that is open. Try again in a moment."),
    NoTaskReason.LIMIT_REACHED: N_("No more of this is needed just now. Try another kind of work."),
    NoTaskReason.LANGUAGE_EMPTY: N_("There are no conversations in this language yet. Write the first prompt!"),
    NoTaskReason.TOO_MANY_PENDING: N_("You have many open tasks. Finish or skip some of them first."),
    NoTaskReason.RATE_LIMITED: N_("That was quick! Please wait a moment before the next task."),
    NoTaskReason.IDLE: N_("There are conversations, but none of them needs this just now."),
}


def explanation(request: PageRequest, error: OaGraphError) -> str:
    """Return an error in plain words, in the language of the pages."""
    if isinstance(error, errors.NothingToHandOut):
        return nothing_to_do(request, str(error.values["reason"]))
    sentence = _SENTENCES.get(type(error))
    if sentence:
        return request.gettext(sentence, **error.values)
    if isinstance(error, errors.NotNow):
        return request.gettext(N_("The service is busy or its database does not answer. Try again in a moment."))
    return request.gettext(N_("The service could not take this."))


def nothing_to_do(request: PageRequest, reason: str) -> str:
    """Return in plain words why there is no task. An unknown reason gets the most general sentence."""
    known = NoTaskReason(reason) if reason in {*NoTaskReason} else NoTaskReason.IDLE
    return request.gettext(_NOTHING.get(known, _NOTHING[NoTaskReason.IDLE]))
