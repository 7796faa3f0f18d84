"""From the outcome of a statement to the error that says why a task or an answer was not taken."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from oa_graph.domain.limits import Limits
from oa_graph.domain.tasks import Answer, EndVoteAnswer, LabelAnswer, RankingAnswer, TextAnswer
from oa_graph.domain.users import User, UserIdentity
from oa_graph.errors import (
    AnswerWithoutTask,
    CorruptRanking,
    DuplicateReply,
    InvalidRanking,
    LabelNotInTask,
    LabelsForAnotherPost,
    MandatoryLabelMissing,
    NotYourTask,
    OaGraphError,
    ReviewedBefore,
    SelfReview,
    TaskAlreadyDone,
    TaskExpired,
    TaskNotAcknowledged,
    TextDuplicated,
    TextTooLong,
    TreeClosed,
    UnexpectedText,
    UserDisabled,
    WrongAnswer,
)
from oa_graph.graph.outcomes import TaskOutcome
from oa_graph.graph.tasks import TaskResult

_ANSWER_NAMES: dict[type, str] = {
    RankingAnswer: "ranking",
    LabelAnswer: "set of labels",
    EndVoteAnswer: "vote on the end",
}


def done_id(task: str | None, user: str | None) -> str:
    """Return the id of the `task_done` for a user's answer: the same whenever that answer is sent again."""
    return str(uuid5(NAMESPACE_URL, f"oa-graph:done:{task}:{user}"))


def task_error(result: TaskResult, id: str, user: User | None) -> OaGraphError:
    """Return the error for an outcome that any step in the life of a task can have."""
    match result.outcome:
        case TaskOutcome.EXPIRED:
            return TaskExpired(id=id, expired=result.expired)
        case TaskOutcome.DONE:
            return TaskAlreadyDone(id=id, why="it is done")
        case TaskOutcome.NOT_YOURS:
            return NotYourTask(id=id)
        case TaskOutcome.DISABLED:
            return UserDisabled(id=user.name if user else "")
        case outcome:
            raise AssertionError(f"outcome of another step: {outcome}")


def answer_error(result: TaskResult, answer: Answer, user: UserIdentity, limits: Limits) -> OaGraphError:
    """Return the error for an answer that was not stored."""
    task = result.task_id or ""
    named = answer.task or ("" if isinstance(answer, LabelAnswer) else answer.ack)
    match result.outcome:
        case TaskOutcome.NO_TASK:
            return AnswerWithoutTask(id=named)
        case TaskOutcome.NOT_ACKNOWLEDGED:
            return TaskNotAcknowledged(id=task)
        case TaskOutcome.DISABLED:
            return UserDisabled(id=user.name)
        case TaskOutcome.WRONG_KIND if isinstance(answer, TextAnswer):
            return UnexpectedText(id=task, kind=result.kind)
        case TaskOutcome.WRONG_KIND:
            return WrongAnswer(id=task, kind=result.kind, answer=_ANSWER_NAMES[type(answer)])
        case TaskOutcome.TOO_LONG if isinstance(answer, TextAnswer):
            return TextTooLong(length=len(answer.text), limit=limits.message_size_limit)
        case TaskOutcome.DUPLICATED:
            return TextDuplicated(minutes=limits.duplicate_window_sec // 60)
        case TaskOutcome.CLOSED:
            return TreeClosed(id=result.tree_id, state=result.state)
        case TaskOutcome.ANSWERED:
            return DuplicateReply(id=user.name)
        case TaskOutcome.PLACE_TAKEN:
            return TaskAlreadyDone(id=task, why="its place has been taken since")
        case TaskOutcome.RANKED:
            return TaskAlreadyDone(id=task, why="this user has already ranked these candidates")
        case TaskOutcome.VOTED:
            return TaskAlreadyDone(id=task, why="this user has already voted on the end of this conversation")
        case TaskOutcome.NOT_PERMUTED:
            return InvalidRanking(last=result.candidates - 1)
        case TaskOutcome.CORRUPT:
            return CorruptRanking(id=task)
        case TaskOutcome.OTHER_POST if isinstance(answer, LabelAnswer):
            return LabelsForAnotherPost(id=answer.post)
        case TaskOutcome.STRANGE_LABEL:
            return LabelNotInTask(label=result.label)
        case TaskOutcome.MISSING_LABEL:
            return MandatoryLabelMissing(label=result.label)
        case TaskOutcome.SELF:
            return SelfReview(id=user.name)
        case TaskOutcome.REVIEWED:
            return ReviewedBefore(id=user.name)
        case _:
            return task_error(result, task, None)
