"""A language model at work: it takes tasks over HTTP as any frontend does, and a chat endpoint writes the texts."""

from oa_graph.llm.chat import Chat, ChatOptions, Completion
from oa_graph.llm.run import Budget, Totals, run

__all__ = ["Budget", "Chat", "ChatOptions", "Completion", "Totals", "run"]
