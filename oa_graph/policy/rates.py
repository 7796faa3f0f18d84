"""How often tasks may be asked for: which requests are counted together, and up to which number."""

from __future__ import annotations

from hashlib import sha256

from oa_graph.model import Quota, Rate, Rates


def quotas(rates: Rates | None, *, client: str, user: str | None, kind: str) -> tuple[Quota, ...]:
    """What a request for a task of `kind` counts against; nothing when there are no rates.

    `user` is the client's own word for whoever asks, as it was sent; None: nobody is named. Random requests count as
    such, whatever they bring.
    """
    if rates is None:
        return ()
    if user is None:
        return (_quota("client", rates.client, client),)
    by_kind = {"assistant_reply": rates.assistant_reply, "prompter_reply": rates.prompter_reply}
    of_any = _quota("user", rates.user, client, user)
    return (of_any, _quota(kind, by_kind[kind], client, user)) if kind in by_kind else (of_any,)


def _quota(rule: str, rate: Rate, *who: str) -> Quota:
    """The id is a hash: the words may be of any length, and names of people shall not outlive the people."""
    words = "\0".join((rule, *who)).encode("utf-8", "surrogatepass")
    return Quota(sha256(words).hexdigest(), limit=rate.times, span_sec=60 * rate.minutes)
