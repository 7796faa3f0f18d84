"""Errors in the words of the pages: what happened, and what to do now."""

from __future__ import annotations

from collections.abc import Mapping

from oa_graph import errors
from oa_graph.domain.tasks import NoTaskReason
from oa_graph.errors import OaGraphError
from oa_graph.web.request import PageRequest
from oa_graph.web.texts import marked

_SENTENCES: Mapping[type[OaGraphError], str] = {
    errors.AnswerWithoutTask: marked("This task no longer exists."),
    errors.TaskNotFound: marked("This task no longer exists."),
    errors.PostNotFound: marked("This message no longer exists."),
    errors.UserNotFound: marked("This user no longer exists."),
    errors.SessionNotFound: marked("This session has already ended."),
    errors.InviteNotFound: marked("This invite does not exist."),
    errors.InviteNotUsable: marked("This link has been used or has ended. Ask for a new one where you got it."),
    errors.UserDisabled: marked("Your account is switched off. Ask those who run this collection."),
    errors.TermsNotAccepted: marked("Please accept the terms first."),
    errors.NotYourTask: marked("This task belongs to somebody else."),
    errors.TaskAlreadyDone: marked("This task no longer takes an answer: it was answered or skipped before."),
    errors.TaskExpired: marked("This task is too old to be answered."),
    errors.TreeClosed: marked("This conversation has been closed in the meantime."),
    errors.TextTooLong: marked("Your text has %(length)s characters; %(limit)s are allowed."),
    errors.TextDuplicated: marked("You sent the same text not long ago. Please write something new."),
    errors.DuplicateReply: marked("You have already replied to this message."),
    errors.InvalidRanking: marked("Please give each place once."),
    errors.CorruptRanking: marked("One of these replies has been removed in the meantime."),
    errors.MandatoryLabelMissing: marked("One question is still open."),
    errors.SelfReview: marked("You wrote this message yourself."),
    errors.ReviewedBefore: marked("You have already reviewed this message."),
}

_NOTHING: Mapping[NoTaskReason, str] = {
    NoTaskReason.ALL_DONE_BY_USER: marked(
        "You have done everything that is open to you. Now other people take their turn; come back a little later."
    ),
    NoTaskReason.ALL_RESERVED: marked("Other people are working on everything that is open. Try again in a moment."),
    NoTaskReason.LIMIT_REACHED: marked("No more of this is needed just now. Try another kind of work."),
    NoTaskReason.LANGUAGE_EMPTY: marked("There are no conversations in this language yet. Write the first prompt!"),
    NoTaskReason.TOO_MANY_PENDING: marked("You have many open tasks. Finish or skip some of them first."),
    NoTaskReason.RATE_LIMITED: marked("That was quick! Please wait a moment before the next task."),
    NoTaskReason.IDLE: marked("There are conversations, but none of them needs this just now."),
}


def explanation(request: PageRequest, error: OaGraphError) -> str:
    """What an error means for the person in front of the page."""
    if isinstance(error, errors.NothingToHandOut):
        return nothing_to_do(request, str(error.values["reason"]))
    sentence = _SENTENCES.get(type(error))
    if sentence:
        return request.text(sentence, **error.values)
    if isinstance(error, errors.NotNow):
        return request.text(marked("The service is busy or its database does not answer. Try again in a moment."))
    return request.text(marked("The service could not take this."))


def nothing_to_do(request: PageRequest, reason: str) -> str:
    """Why there is no task; for a reason that is not known the most general sentence."""
    known = NoTaskReason(reason) if reason in {*NoTaskReason} else NoTaskReason.IDLE
    return request.text(_NOTHING.get(known, _NOTHING[NoTaskReason.IDLE]))
