"""What the protocol promises about tasks, beyond the types of their fields. The crowd holds every task to it."""

from __future__ import annotations

from oa_graph.client.models import (
    EndTask,
    LabelTask,
    PromptRankingTask,
    PromptTask,
    RankingTask,
    ReplyTask,
    Task,
    thread,
)


def roots(task: Task) -> set[str]:
    """Return the ids of the trees that a task shows; the id of a tree is that of its root."""
    shown = task.prompt_messages if isinstance(task, PromptRankingTask) else thread(task)[:1]
    return {message.id for message in shown if message.id}


def violations(task: Task) -> list[str]:
    """Return the violations of the protocol in a task, beyond its types."""
    ends = {"prompter_reply": True, "assistant_reply": False}
    messages = thread(task)
    problems: list[str] = []
    if not messages and not isinstance(task, PromptTask | PromptRankingTask):
        return ["its conversation is empty"]
    match task:
        case ReplyTask() if messages[-1].is_assistant != ends[task.type]:
            problems.append("its conversation ends with the wrong role")
        case EndTask() if not messages[-1].is_assistant:
            problems.append("its conversation ends with the wrong role")
        case RankingTask() if task.replies != [reply.text for reply in task.reply_messages]:
            problems.append("`replies` differs from `reply_messages`")
        case PromptRankingTask() if task.prompts != [prompt.text for prompt in task.prompt_messages]:
            problems.append("`prompts` differs from `prompt_messages`")
        case LabelTask() if task.message_id != messages[-1].id:
            problems.append("its conversation does not end with the message to label")
        case LabelTask() if task.labels is None or [label.name for label in task.labels] != task.valid_labels:
            problems.append("`labels` is not in the order of `valid_labels`")
        case LabelTask() if not set(task.mandatory_labels or ()) <= set(task.valid_labels):
            problems.append("a mandatory label is not valid")
        case _:
            pass
    roles = [message.is_assistant for message in messages]
    if roles != [bool(place % 2) for place in range(len(roles))]:
        problems.append("the roles of its conversation do not alternate from the prompter's")
    return problems
