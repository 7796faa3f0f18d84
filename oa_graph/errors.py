"""Everything that can go wrong, as one tree; its branches say what the caller can do about it.

    OaGraphError
    ├── NotFound        look again: the name is wrong or the thing is gone
    │   ├── PostNotFound · TaskNotFound · UserNotFound · AnswerWithoutTask
    ├── NotAllowed      ask as somebody else
    │   ├── ClientNotAuthorized · RootTokenNotAuthorized · UserDisabled · TermsNotAccepted
    │   └── NotYourTask · NotCollective
    ├── NotNow          try again later, or take another task
    │   ├── NothingToHandOut · TooManyPending · TooManyRequests
    │   ├── StoreUnavailable · StoreDiskFull · LoginRefused · StoreFailed · StoreBusy · RetriesExhausted
    │   ├── TaskNotAcknowledged · TaskAlreadyAcknowledged · TaskAlreadyDone · TaskExpired
    │   ├── TreeClosed · BrokenThread · StatsNotReady · StillChanging
    │   └── DoorBusy · DoorClosed
    ├── NotValid        mend the request
    │   ├── EmptyId · UserNotSpecified · TextTooLong · TextDuplicated · DuplicateReply · PostIdTaken
    │   ├── WrongAnswer · UnexpectedText · InvalidRanking · CorruptRanking
    │   ├── LabelsForAnotherPost · LabelNotInTask · MandatoryLabelMissing · SelfReview · ReviewedBefore
    │   ├── InvalidCursor · IncompleteCursor
    │   ├── SortKeyUnsupported · IdWithoutName · AuthAndUsernameRequired
    │   ├── StatementNotAllowed · StatementTooLarge · ParameterNotTaken
    │   └── StatementTooSlow · StatementTooHungry · StatementFailed · AnswerTooLarge
    └── Setup           an operator has to act; raised by commands, never on the wire
        ├── ServerTooOld · SchemaChanged · SchemaTooNew
        ├── InvalidFile · CannotExport
        ├── NoSuchQuery · NoSuchParameter · WrongParameter
        ├── PackageMissing
        └── ClientNotFound · OwnClient

The docstring of a leaf is the sentence that people read; the names in braces are filled with the values that it
is raised with. How each looks on the wire stands in `api/errors.py` alone.
"""

from __future__ import annotations

import re
from typing import ClassVar

_END = re.compile(r"(?:\s*\.)+$")
"""The full stop of a sentence, after words of others that have one as well."""


class OaGraphError(Exception):
    """Something went wrong."""

    sentence: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.sentence = (cls.__doc__ or "").strip()

    def __init__(self, **values: object) -> None:
        self.values = values
        text = self.sentence.format(**values)
        super().__init__(_END.sub(".", text) if self.sentence.endswith(".") else text)


class NotFound(OaGraphError):
    """There is no such thing."""


class NotAllowed(OaGraphError):
    """This is not allowed."""


class NotNow(OaGraphError):
    """This is not possible now."""


class NotValid(OaGraphError):
    """This request cannot be taken."""


class Setup(OaGraphError):
    """The installation needs an operator."""


class PostNotFound(NotFound):
    """There is no message {id}."""


class TaskNotFound(NotFound):
    """There is no task for {id}."""


class UserNotFound(NotFound):
    """There is no user {id}."""


class AnswerWithoutTask(NotFound):
    """No task was acknowledged with {id}."""


class ClientNotAuthorized(NotAllowed):
    """The API key does not allow this: {why}."""


class RootTokenNotAuthorized(NotAllowed):
    """The bearer token is not a root token."""


class UserDisabled(NotAllowed):
    """The user {id} is disabled or deleted."""


class TermsNotAccepted(NotAllowed):
    """The user {id} has not accepted the terms."""


class NotYourTask(NotAllowed):
    """The task {id} was handed to another user."""


class NotCollective(NotAllowed):
    """The task {id} is not collective; only collective tasks are closed."""


class NothingToHandOut(NotNow):
    """Nothing of kind {kind} to hand out in language {lang} right now: {why}."""


class TooManyPending(NotNow):
    """The user {id} already holds {limit} open tasks; answer or skip some first."""


class TooManyRequests(NotNow):
    """Too many requests for tasks; ask again in {seconds} seconds."""


class StoreUnavailable(NotNow):
    """The graph database does not answer: {why}."""


class StoreDiskFull(NotNow):
    """The disk of the graph database is full."""


class LoginRefused(NotNow):
    """The graph database refuses the log-in of this service: {why}."""


class StoreFailed(NotNow):
    """The graph database has failed: {why}."""


class StoreBusy(NotNow):
    """The graph database did not get to it in time: {why}."""


class RetriesExhausted(NotNow):
    """The graph database kept refusing after {attempts} attempts: {why}."""


class TaskNotAcknowledged(NotNow):
    """The task {id} has to be acknowledged before it is answered; send the answer again after that."""


class TaskAlreadyAcknowledged(NotNow):
    """The task {id} cannot be acknowledged with {ack}: {why}."""


class TaskAlreadyDone(NotNow):
    """The task {id} takes no answer any more: {why}."""


class TaskExpired(NotNow):
    """The task {id} is no longer valid; it expired at {expired}."""


class TreeClosed(NotNow):
    """The tree {id} takes no more messages; it is {state}."""


class BrokenThread(NotNow):
    """The thread of message {id} has a message that is deleted or not accepted."""


class StatsNotReady(NotNow):
    """The statistics {name} have not been made yet."""


class UserNotSpecified(NotValid):
    """An acting user is needed: give `user` in the body, or the X-OASST-USER header."""


class EmptyId(NotValid):
    """`{field}` is empty; the frontend has to give an id of its own."""


class TextTooLong(NotValid):
    """`text` has {length} characters; at most {limit} are taken."""


class TextDuplicated(NotValid):
    """`text` is the same as one that this user sent within the last {minutes} minutes."""


class DuplicateReply(NotValid):
    """The user {id} has already replied to this message."""


class PostIdTaken(NotValid):
    """`user_message_id` {id} is already the id of another message of this API client."""


class WrongAnswer(NotValid):
    """A {answer} does not answer the task {id} of kind {kind}."""


class UnexpectedText(NotValid):
    """The task {id} of kind {kind} is not answered by a text."""


class InvalidRanking(NotValid):
    """`ranking` has to hold each of 0 to {last} exactly once."""


class CorruptRanking(NotValid):
    """A candidate of task {id} is no longer a reply of the ranked message."""


class LabelsForAnotherPost(NotValid):
    """`message_id` {id} is not the message that the task is for."""


class LabelNotInTask(NotValid):
    """`labels` holds {label}, which the task does not ask for."""


class MandatoryLabelMissing(NotValid):
    """`labels` lacks {label}, which the task requires."""


class SelfReview(NotValid):
    """The user {id} wrote this message and cannot review it."""


class ReviewedBefore(NotValid):
    """The user {id} has already reviewed this message."""


class InvalidCursor(NotValid):
    """The cursor's value {value} is not a date and time."""


class IncompleteCursor(NotValid):
    """The cursor {id}$ has an id but no value."""


class SortKeyUnsupported(NotValid):
    """`sort_key` is {key}; users are sorted by {known}."""


class IdWithoutName(NotValid):
    """`{id}` bounds nothing by itself; it needs `{name}`."""


class AuthAndUsernameRequired(NotValid):
    """`auth_method` and `username` name a user together: give both or neither."""


class DoorBusy(NotNow):
    """{limit} statements of analysts are at work already; ask again when one has ended."""


class DoorClosed(NotNow):
    """A statement of this client was told to stop and still runs; ask again when it has ended."""


class StatementNotAllowed(NotValid):
    """The statement is not taken: {why} (line {line}, column {column})."""


class StatementTooLarge(NotValid):
    """The statement has {what} {found}; at most {limit} are taken."""


class ParameterNotTaken(NotValid):
    """`parameters` cannot be sent: {why}."""


class StatementTooSlow(NotValid):
    """The statement was given up after {seconds} seconds; ask for less, or work on a clone of the database."""


class StatementTooHungry(NotValid):
    """The statement needs more memory than the database gives it; ask for less, or work on a clone of the database."""


class StatementFailed(NotValid):
    """The graph database does not take the statement: {why}"""


class AnswerTooLarge(NotValid):
    """The answer has more than {limit} {what}; this is the beginning of it."""


class ServerTooOld(Setup):
    """The server at {uri} does not take Cypher 25 as Neo4j 2026.08 does, which oa-graph needs: {why}."""


class SchemaChanged(Setup):
    """The schema file {name} was changed after it was applied; add a new file instead."""


class SchemaTooNew(Setup):
    """The graph has schema {found}, this program knows only {known}; use a newer oa-graph."""


class StillChanging(NotNow):
    """The figures of {what} kept changing while they were counted; try again when less is going on."""


class InvalidFile(Setup):
    """{file}, line {line}: {why}."""


class CannotExport(Setup):
    """This cannot be exported: {why}."""


class NoSuchQuery(Setup):
    """There is no query {name}; `oa-graph query` lists all saved queries."""


class NoSuchParameter(Setup):
    """{query} has no parameter {name}; it takes {known}."""


class MissingParameter(Setup):
    """{query} needs the parameter {name}: {meaning}."""


class WrongParameter(Setup):
    """The parameter {name} is {type}, which {value} is not{why}."""


class PackageMissing(Setup):
    """The package {package} is not installed; in a checkout: make install, or pip install -e '.[{extra}]'"""


class ClientNotFound(Setup):
    """There is no API client {id}; `oa-graph client list` shows those there are."""


class OwnClient(Setup):
    """{id} is the installation's own client: each start lets it in, by OA_GRAPH_API_KEY or the key file."""
