"""How many calls we allow ourselves. Pure: what Exact last said, and the time, in; yes or "not before" out.

Exact allows so many calls a minute and a day per app and administration, and blocks an endpoint for an hour (and longer each time) after
ten answers of 400, 401, 403 or 404 in one hour. We stay short of both, and keep a part for people: someone who corrects an address
while ten thousand members are being sent should not wait until tomorrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

KEPT_PER_MINUTE = 5
KEPT_SHARE_OF_DAY = 0.10
ERRORS_ALLOWED = 8
ERROR_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """One limit as last seen; None = Exact has not told. `left` holds until `resets_at`, then it is `limit` again."""

    limit: int | None
    left: int | None
    resets_at: datetime | None

    def left_at(self, now: datetime) -> int | None:
        return self.limit if self.resets_at is None or self.resets_at <= now else self.left


def not_before(minute: Window, day: Window, now: datetime, *, by_person: bool) -> datetime | None:
    """None: a call may be made now. Otherwise the instant from which it may."""
    waits = (
        _wait(minute, 0 if by_person else KEPT_PER_MINUTE, now),
        _wait(day, 0 if by_person else int((day.limit or 0) * KEPT_SHARE_OF_DAY), now),
    )
    return max((wait for wait in waits if wait), default=None)


def _wait(window: Window, kept: int, now: datetime) -> datetime | None:
    left = window.left_at(now)
    # A limit so small that our reserve would swallow it whole still lets one call through.
    kept = min(kept, (window.limit or kept + 1) - 1)
    return window.resets_at if left is not None and left <= kept and window.resets_at and window.resets_at > now else None


def next_day(now: datetime) -> datetime:
    """When Exact's next day begins: at midnight UTC."""
    return datetime.combine(now.astimezone(UTC).date(), time.min, UTC) + timedelta(days=1)


def with_error(seen: list[float], at: datetime) -> list[float]:
    """The counted errors of one endpoint within the hour, `at` added. Epoch seconds."""
    return [*recent(seen, at), at.timestamp()]


def recent(seen: list[float], now: datetime) -> list[float]:
    return [moment for moment in seen if moment > (now - ERROR_WINDOW).timestamp()]


def error_rest(seen: list[float], now: datetime) -> datetime | None:
    """Until when an endpoint rests; None while it may be called."""
    counted = recent(seen, now)
    return now + ERROR_WINDOW if len(counted) >= ERRORS_ALLOWED else None
