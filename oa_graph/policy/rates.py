"""Rate limits of task requests: which requests count together, and the limit of each count."""

from __future__ import annotations

from hashlib import sha256

from oa_graph.domain.limits import Quota, RateLimit, RateLimits
from oa_graph.domain.users import ApiClient


def quotas(rates: RateLimits | None, *, client: ApiClient, user: str | None, kind: str) -> tuple[Quota, ...]:
    """Return the quotas that a request for a task of `kind` counts against; none without rates.

    `user` is the client's id of the user, as it was sent; None: the request names no user. All requests of a model's
    client count together. A random request counts as random, whatever kind of task it gets.
    """
    if rates is None:
        return ()
    if user is None or client.writes_as_model:
        return (_quota("client", rates.client, client.id),)
    by_kind = {"assistant_reply": rates.assistant_reply, "prompter_reply": rates.prompter_reply}
    user_quota = _quota("user", rates.user, client.id, user)
    return (user_quota, _quota(kind, by_kind[kind], client.id, user)) if kind in by_kind else (user_quota,)


def _quota(rule: str, rate: RateLimit, *who: str) -> Quota:
    """The id is a hash: its parts have any length, and names of deleted users must not remain."""
    words = "\0".join((rule, *who)).encode("utf-8", "surrogatepass")
    return Quota(sha256(words).hexdigest(), limit=rate.times, span_sec=60 * rate.minutes)
