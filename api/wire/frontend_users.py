"""Users, as the service knows them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from oa_graph.api.wire.base import Id, Moment, Out, moment
from oa_graph.domain.users import AuthMethod, User


class FrontEndUser(Out):
    """A user of a frontend."""

    id: str
    """The frontend's own name for the user, as in requests; not `user_id`."""
    display_name: str
    auth_method: AuthMethod
    user_id: Id
    """The service's own id of the user."""
    enabled: bool
    deleted: bool
    notes: str
    created_date: Moment | None
    show_on_leaderboard: bool
    streak_days: int | None
    streak_last_day_date: Moment | None
    last_activity_date: Moment | None
    tos_acceptance_date: Moment | None


def user(value: User, *, now: datetime) -> FrontEndUser:
    return FrontEndUser(
        id=value.name,
        display_name=value.display_name,
        auth_method=value.method,
        user_id=value.id,
        enabled=value.enabled,
        deleted=value.deleted,
        notes=value.notes,
        created_date=moment(value.created),
        show_on_leaderboard=value.show_on_leaderboard,
        streak_days=streak_days(value, now=now),
        streak_last_day_date=moment(value.streak_start),
        last_activity_date=moment(value.last_activity),
        tos_acceptance_date=moment(value.terms_accepted),
    )


def users(values: Iterable[User], *, now: datetime) -> list[FrontEndUser]:
    return [user(value, now=now) for value in values]


def streak_days(value: User, *, now: datetime) -> int | None:
    """Whole calendar days (UTC) since the streak began; 0 once a day has passed without work."""
    if value.streak_start is None or value.last_activity is None:
        return None
    last = value.last_activity.astimezone(UTC).date()
    if (now.astimezone(UTC).date() - last).days > 1:
        return 0
    return max(0, (last - value.streak_start.astimezone(UTC).date()).days)


class FrontEndUserPage(Out):
    """Some users out of a long list."""

    prev: str | None
    """Send it as `before` for the page before; null: there is none."""
    next: str | None
    """Send it as `after` for the page after; null: there is none."""
    sort_key: str
    items: list[FrontEndUser]
    order: Literal["asc", "desc"]
