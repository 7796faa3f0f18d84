"""Where our document differs from the original's, and why. `tests/unit/api/test_contract.py` holds it to the documents.

Patterns are those of `fnmatch` on the lines that `tests/unit/api/contract.py` writes. Each must match a difference,
and each difference exactly one reason.
"""

from __future__ import annotations

from collections.abc import Mapping

TABLE: Mapping[str, tuple[str, ...]] = {
    "for Prometheus, which reads no document": ("GET /metrics: only theirs",),
    "obsolete: no frontend calls it": (
        "GET /api/v1/auth/check: only theirs",
        "GET /api/v1/hf/text_toxicity: only theirs",
    ),
    "obsolete: a kind of task that is never handed out": (
        "POST /api/v1/tasks/: answers 200: or RateSummaryTask: only theirs",
        "POST /api/v1/tasks/: answers 200: or SummarizeStoryTask: only theirs",
    ),
    "only the base of other kinds; never handed out": (
        "POST /api/v1/tasks/: answers 200: or ReplyToConversationTask: only theirs",
        "POST /api/v1/tasks/: answers 200: or RankConversationRepliesTask: only theirs",
        "POST /api/v1/tasks/: answers 200: or LabelConversationReplyTask: only theirs",
        "POST /api/v1/tasks/: answers 200: or TaskDone: only theirs",
    ),
    "the original's document doubles /admin; the protocol's path has it once": (
        "POST /api/v1/admin/admin/flagged_messages/{message_id}/processed: only theirs",
    ),
    "for whoever runs the service": ("GET /health/*: only ours",),
    "for whoever runs a collection": (
        "GET /api/v1/stats/progress: only ours",
        "GET /api/v1/datasets/export: only ours",
        "GET /api/v1/admin/flagged_messages/complaints: only ours",
        "GET /api/v1/admin/contested_messages: only ours",
        "POST /api/v1/admin/contested_messages/{message_id}/settled: only ours",
        "GET /api/v1/admin/api_client: only ours",
        "POST /api/v1/admin/api_client/{client_id}/rotate: only ours",
    ),
    "for whoever studies what people said": ("GET /api/v1/stats/agreement: only ours",),
    "for votes on the end of a conversation, which the original does not know": (
        "PUT /api/v1/messages/{message_id}/end: only ours",
        "DELETE /api/v1/messages/{message_id}/end: only ours",
    ),
    "for users who look after their own messages": (
        "GET /api/v1/frontend_users/{auth_method}/{username}/messages/status: only ours",
        "PUT /api/v1/frontend_users/{auth_method}/{username}/messages/{message_id}: only ours",
        "DELETE /api/v1/frontend_users/{auth_method}/{username}/messages/{message_id}: only ours",
    ),
    "for guidelines, which the original keeps in its website": (
        "GET /api/v1/guidelines/*: only ours",
        "PUT /api/v1/admin/guidelines/{kind}/{lang}: only ours",
        "shown *Task.guideline: only ours",
    ),
    "for the explorer of trees, which the original does not have": (
        "GET /api/v1/trees/: only ours",
        "GET /api/v1/messages/{message_id}/reviews: only ours",
    ),
    "for the pages, whose users sign in by links": (
        "* /api/v1/admin/invites*: only ours",
        "GET /api/v1/admin/users/{user_id}/sessions: only ours",
        "DELETE /api/v1/admin/sessions/{session_id}: only ours",
    ),
    "for analysts, whom the original does not know": (
        "POST /api/v1/cypher: only ours",
        "* /api/v1/queries/*: only ours",
        "sent CreateApiClientRequest.analyst: only ours",
    ),
    "the original answers these too but does not say so": ("*: refuses with *: only ours",),
    "the original does not say what it answers": (
        "GET /api/v1/text_labels/*_labels: answers 200: type: object -> anything",
        "GET /api/v1/text_labels/*_labels: answers 200.valid_labels: only ours",
        "POST /api/v1/tasks/availability: answers 200.*: only ours",
        "POST /api/v1/messages/{message_id}/emoji: answers 202*: only ours",
        "POST /api/v1/messages/{message_id}/emoji: answers 202: type: object -> anything",
        "GET /api/v1/users/{user_id}/stats/{time_frame}/window: answers 200: may be null: True -> False",
    ),
    "the original says it may be missing, but always sends it": (
        "shown *Task.id: may be null: False -> True",
        "shown TaskDone.id: may be null: False -> True",
        "shown HTTPValidationError.detail: may be null: False -> True",
    ),
    "added; clients ignore what they do not know": (
        "shown Message.edited: only ours",
        "shown *Message.ended: only ours",
        "sent TextReplyToMessage.ends_conversation: only ours",
        "sent TaskRequestType: values: * -> *",
        "POST /api/v1/tasks/: answers 200: or DecideEndTask: only ours",
        "POST /api/v1/tasks/interaction: body: or EndVote: only ours",
        "shown HTTPValidationError.error_code: only ours",
        "shown *Task.lease_until: only ours",
        "shown *Task.expires: only ours",
        "sent TaskRequest.langs: only ours",
        "POST /api/v1/tasks/: header Idempotency-Key: only ours",
        "POST /api/v1/tasks/{task_id}/renew: only ours",
        "GET /api/v1/frontend_users/{auth_method}/{username}/tasks: only ours",
        "sent CreateApiClientRequest.capabilities: only ours",
        "sent CreateApiClientRequest.writes_as_model: only ours",
        "PATCH /api/v1/admin/api_client/{client_id}: only ours",
        "GET /api/v1/stats/tree_manager*: query max_count: only ours",
        "shown Settings.oa_graph: only ours",
    ),
    "an answer may name its task by its id, or by any of several message ids": (
        "sent TaskAck.message_ids: only ours",
        "sent MessageRanking.task_id: only ours",
        "sent TextReplyToMessage.task_id: only ours",
        "sent MessageRanking.message_id: required: *",
        "sent MessageRanking.message_id: may be null: *",
        "sent TextReplyToMessage.message_id: required: *",
        "sent TextReplyToMessage.message_id: may be null: *",
        "sent TextLabels.message_id: required: *",
        "sent TextLabels.message_id: may be null: *",
    ),
    "said more exactly: the original checks it, or never sends anything else": (
        "sent TaskNAck.reason: maxLength: 512 -> none",
        "sent TextLabels.labels: entries: m??imum: ? -> none",
        "shown LabelDescription.widget: values: flag likert yes_no -> none",
        "shown CachedStatsResponse.*",
        "shown TreeMessageCountStats.state: values: * -> none",
        "shown *Score.auth_method: values: * -> none",
        "shown *Page.sort_key: values: * -> none",
        "GET /api/v1/messages/*: query api_client_id: format: uuid -> none",
        "GET /api/v1/messages/cursor: query include_user: default: False -> none",
    ),
    "bounded, so that it can be stored and found by an index": (
        "sent CreateApiClientRequest.*: maxLength: 256 -> none",
        "sent *User*.display_name: maxLength: 256 -> none",
        "sent *User*.id: m??Length: * -> none",
        "sent CreateFrontendUserRequest.notes: maxLength: 1024 -> none",
        "sent *.*message_id: maxLength: 256 -> none",
        "sent MessageRanking.ranking: items: m??imum: * -> none",
        "sent *.lang: maxLength: 32 -> none",
        "*: query lang: maxLength: 32 -> none",
        "GET /api/v1/admin/flagged_messages: query max_count: m??imum: * -> none",
        "PUT /api/v1/users/{user_id}: query notes: *: * -> none",
    ),
    "named otherwise in the document; the name of a shape is not on the wire": (
        "shown LabelMode: name: LabelMode -> LabelTaskMode",
        "shown TreeState: name: TreeState -> State",
        "sent TimeFrame: name: TimeFrame -> UserStatsTimeFrame",
    ),
    "the protocol has it; the original's document is older than it": (
        "POST /api/v1/messages/{message_id}/edit: only ours",
        "GET /api/v1/messages/{message_id}/history: only ours",
        "GET /api/v1/messages/cursor: query search_query: only ours",
        "PUT /api/v1/users/{user_id}: query display_name: only ours",
        "GET /api/v1/admin/flagged_messages/cursor: only ours",
        "POST /api/v1/admin/merge_users: only ours",
        "POST /api/v1/admin/flagged_messages/{message_id}/processed: only ours",
    ),
    "shown only: what the original checks of its own environment": (
        "shown Settings.*: m??Length: none -> *",
        "shown Settings.BACKEND_CORS_ORIGINS_CSV: may be null: False -> True",
    ),
}
