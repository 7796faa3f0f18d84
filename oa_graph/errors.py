"""The tree of errors. Its branches say what the caller can do.

    OaGraphError
    ├── NotFound        look again: the name is wrong or the thing is gone
    │   ├── PostNotFound · TaskNotFound · UserNotFound · AnswerWithoutTask · ClientNotFound
    │   └── GuidelineNotFound · InviteNotFound · SessionNotFound
    ├── NotAllowed      use another client or user
    │   ├── ClientNotAuthorized · RootTokenNotAuthorized · UserDisabled · TermsNotAccepted
    │   └── NotYourTask · NotCollective · OwnClient · InviteNotUsable
    ├── NotNow          try again later, or take another task
    │   ├── NoTask      ask again at `retry_at`: NothingToHandOut · TooManyPending · TooManyRequests
    │   ├── StoreUnavailable · StoreDiskFull · LoginRefused · StoreFailed · StoreBusy · RetriesExhausted
    │   ├── TaskNotAcknowledged · TaskAlreadyAcknowledged · TaskAlreadyDone · TaskExpired
    │   ├── TreeClosed · BrokenThread · NotEditable · StatsNotReady · StillChanging
    │   └── AdhocQueriesBusy · StatementStillRunning
    ├── NotValid        correct the request
    │   ├── EmptyId · UserNotSpecified · TextTooLong · TextDuplicated · DuplicateReply · PostIdTaken
    │   ├── WrongAnswer · UnexpectedText · InvalidRanking · CorruptRanking
    │   ├── LabelsForAnotherPost · LabelNotInTask · MandatoryLabelMissing · SelfReview · ReviewedBefore
    │   ├── IdempotencyKeyReused · InvalidCursor · IncompleteCursor
    │   ├── SortKeyUnsupported · IdWithoutName · AuthAndUsernameRequired · UnknownCapability
    │   ├── InvalidGuideline
    │   ├── StatementNotAllowed · StatementTooLarge · ParameterNotTaken
    │   └── StatementTooSlow · StatementTooHungry · StatementFailed · AnswerTooLarge
    └── Setup           an operator has to act; raised by commands, never on the wire
        ├── ServerTooOld · SchemaChanged · SchemaTooNew
        ├── InvalidFile · InvalidGuidelineFile · CannotExport
        ├── NoSuchQuery · NoSuchParameter · WrongParameter
        └── PackageMissing

The docstring of a leaf is its message; the names in braces are replaced by the values of the error. `api/errors.py`
defines the HTTP responses.
"""

from __future__ import annotations

import re
from typing import ClassVar

_END = re.compile(r"(?:\s*\.)+$")
"""The full stop of a message, after a quoted text that ends with one."""


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
    """Not found."""


class NotAllowed(OaGraphError):
    """This is not allowed."""


class NotNow(OaGraphError):
    """This is not possible now."""


class NotValid(OaGraphError):
    """The request is invalid."""


class Setup(OaGraphError):
    """The installation needs an operator."""


class PostNotFound(NotFound):
    """The message {id} does not exist."""


class TaskNotFound(NotFound):
    """The task {id} does not exist."""


class UserNotFound(NotFound):
    """The user {id} does not exist."""


class AnswerWithoutTask(NotFound):
    """No task was acknowledged with {id}."""


class ClientNotFound(NotFound):
    """The API client {id} does not exist; `oa-graph client list` lists all API clients."""


class InviteNotFound(NotFound):
    """The invite {id} does not exist; `oa-graph invite list` lists all invites."""


class SessionNotFound(NotFound):
    """The session {id} does not exist."""


class GuidelineNotFound(NotFound):
    """The guideline {id} does not exist."""


class ClientNotAuthorized(NotAllowed):
    """The API key does not allow this: {why}."""


class RootTokenNotAuthorized(NotAllowed):
    """The bearer token is not a root token."""


class UserDisabled(NotAllowed):
    """The user {id} is disabled or deleted."""


class TermsNotAccepted(NotAllowed):
    """The user {id} has not accepted the terms."""


class NotYourTask(NotAllowed):
    """The task {id} belongs to another user."""


class NotCollective(NotAllowed):
    """The task {id} is not collective; only collective tasks can be closed."""


class OwnClient(NotAllowed):
    """{id} is the client of the installation or of its pages: each start sets it right again."""


class InviteNotUsable(NotAllowed):
    """The invite cannot be used: {why}."""


class NoTask(NotNow):
    """There is no task for the user now.

    Its values `reason` and `retry_at` say why, as a `NoTaskReason`, and when to ask again; None: not known.
    """


class NothingToHandOut(NoTask):
    """No task of kind {kind} is available in language {lang}: {why}."""


class TooManyPending(NoTask):
    """The user {id} already holds {limit} open tasks; answer or skip some first."""


class TooManyRequests(NoTask):
    """Too many requests for tasks; ask again in {seconds} seconds."""


class StoreUnavailable(NotNow):
    """The graph database does not answer: {why}."""


class StoreDiskFull(NotNow):
    """The disk of the graph database is full."""


class LoginRefused(NotNow):
    """The graph database rejects the login of this service: {why}."""


class StoreFailed(NotNow):
    """The graph database has failed: {why}."""


class StoreBusy(NotNow):
    """The graph database did not answer in time: {why}."""


class RetriesExhausted(NotNow):
    """The graph database failed {attempts} times: {why}."""


class TaskNotAcknowledged(NotNow):
    """The task {id} has to be acknowledged before it is answered; send the answer again after that."""


class TaskAlreadyAcknowledged(NotNow):
    """The task {id} cannot be acknowledged with {ack}: {why}."""


class TaskAlreadyDone(NotNow):
    """The task {id} no longer accepts an answer: {why}."""


class TaskExpired(NotNow):
    """The task {id} is no longer valid; it expired at {expired}."""


class TreeClosed(NotNow):
    """The tree {id} no longer accepts messages; its state is {state}."""


class BrokenThread(NotNow):
    """The thread of message {id} has a message that is deleted or not accepted."""


class NotEditable(NotNow):
    """The author can no longer change the message {id}: {why}."""


class StatsNotReady(NotNow):
    """The statistics {name} are not computed yet."""


class UserNotSpecified(NotValid):
    """An acting user is needed: give `user` in the body, or the X-OASST-USER header."""


class EmptyId(NotValid):
    """`{field}` is empty; the frontend has to give an id of its own."""


class TextTooLong(NotValid):
    """`text` has {length} characters; the maximum is {limit}."""


class TextDuplicated(NotValid):
    """`text` equals a text that this user sent within the last {minutes} minutes."""


class DuplicateReply(NotValid):
    """The user {id} has already replied to this message."""


class PostIdTaken(NotValid):
    """`user_message_id` {id} is already the id of another message of this API client."""


class WrongAnswer(NotValid):
    """The task {id} of kind {kind} does not accept a {answer}."""


class UnexpectedText(NotValid):
    """The task {id} of kind {kind} does not accept a text."""


class InvalidRanking(NotValid):
    """`ranking` must hold each of 0 to {last} exactly once."""


class CorruptRanking(NotValid):
    """A candidate of task {id} is no longer a reply of the ranked message."""


class LabelsForAnotherPost(NotValid):
    """`message_id` {id} is not the message of the task."""


class LabelNotInTask(NotValid):
    """`labels` holds {label}, which the task does not ask for."""


class MandatoryLabelMissing(NotValid):
    """`labels` lacks {label}, which the task requires."""


class SelfReview(NotValid):
    """The user {id} wrote this message and cannot review it."""


class ReviewedBefore(NotValid):
    """The user {id} has already reviewed this message."""


class IdempotencyKeyReused(NotValid):
    """This API client has already sent Idempotency-Key {key} with another request; a new request needs a new key."""


class InvalidCursor(NotValid):
    """The value {value} of the cursor is not a date and time."""


class IncompleteCursor(NotValid):
    """The cursor {id}$ has an id but no value."""


class SortKeyUnsupported(NotValid):
    """`sort_key` {key} is not supported; supported are {known}."""


class IdWithoutName(NotValid):
    """`{id}` needs `{name}`."""


class AuthAndUsernameRequired(NotValid):
    """`auth_method` and `username` name a user together: give both or neither."""


class UnknownCapability(NotValid):
    """There is no capability {name}; there is: {known}."""


class InvalidGuideline(NotValid):
    """`{field}` of the guideline {why}."""


class AdhocQueriesBusy(NotNow):
    """{limit} statements of analysts are already running; try again when one has ended."""


class StatementStillRunning(NotNow):
    """A cancelled statement of this client is still running; try again when it has ended."""


class StatementNotAllowed(NotValid):
    """The statement is not allowed: {why} (line {line}, column {column})."""


class StatementTooLarge(NotValid):
    """The statement has {what} {found}; the maximum is {limit}."""


class ParameterNotTaken(NotValid):
    """`parameters` are not supported: {why}."""


class StatementTooSlow(NotValid):
    """The statement exceeded {seconds} seconds; request less data, or use a clone of the database."""


class StatementTooHungry(NotValid):
    """The statement exceeded its memory limit; request less data, or use a clone of the database."""


class StatementFailed(NotValid):
    """The graph database rejects the statement: {why}"""


class AnswerTooLarge(NotValid):
    """The answer has more than {limit} {what}; this is its beginning."""


class ServerTooOld(Setup):
    """The server at {uri} does not support Cypher 25 of Neo4j 2026.08, which oa-graph needs: {why}."""


class SchemaChanged(Setup):
    """The schema file {name} was changed after it was applied; add a new file instead."""


class SchemaTooNew(Setup):
    """The graph has schema {found}, but this version supports only {known}; use a newer oa-graph."""


class StillChanging(NotNow):
    """The statistics of {what} kept changing during the count; try again when the service is less busy."""


class InvalidFile(Setup):
    """{file}, line {line}: {why}."""


class InvalidGuidelineFile(Setup):
    """{file}: {why}."""


class CannotExport(Setup):
    """This cannot be exported: {why}."""


class NoSuchQuery(NotFound):
    """The query {name} does not exist; `oa-graph query` lists all saved queries."""


class NoSuchParameter(NotValid):
    """{query} has no parameter {name}; its parameters are {known}."""


class MissingParameter(NotValid):
    """{query} needs the parameter {name}: {meaning}."""


class WrongParameter(NotValid):
    """The parameter {name} is {type}, which {value} is not{why}."""


class PackageMissing(Setup):
    """The package {package} is not installed; in a checkout: make install, or pip install -e '.[{extra}]'"""
