"""What Exact says about our budget: two windows, told in the headers of every answer.

- Missing is unknown, never 0. The answer to a call over the minute's limit carries the minute's headers only, over the day's
  limit the day's only, and addresses outside a division may carry none; who reads those as 0 waits until 1970 or for ever.
- Waits are `reset` minus the `Date` of the same answer: no clock but Exact's own, ours may be minutes off.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal, Self

_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_EARLIEST_RESET = datetime(2015, 1, 1, tzinfo=UTC)
_FARTHEST_RESET = timedelta(days=10)


@dataclass(frozen=True)
class Window:
    """One window: calls allowed, calls left, and when it starts anew (aware, UTC). None is unknown."""

    limit: int | None = None
    remaining: int | None = None
    reset: datetime | None = None

    @property
    def known(self) -> bool:
        return self != Window()


@dataclass(frozen=True)
class RateLimits:
    """Both windows as one answer told them, and the moment of that answer by Exact's clock (aware, UTC)."""

    minute: Window
    day: Window
    date: datetime | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self:
        """Reads `headers`, in whatever case they are written; what is missing or nonsense becomes None."""
        told = {name.lower(): value for name, value in headers.items()}
        date = _moment(told.get("date"))
        return cls(
            minute=_window(told, "x-ratelimit-minutely-", date),
            day=_window(told, "x-ratelimit-", date),
            date=date,
        )

    @property
    def known(self) -> bool:
        """Whether either window says anything."""
        return self.minute.known or self.day.known

    def over(self, older: "RateLimits | None") -> "RateLimits":
        """These limits, with a window that is missing here taken from `older`: missing means unchanged."""
        if older is None:
            return self
        return RateLimits(
            minute=self.minute if self.minute.known else older.minute,
            day=self.day if self.day.known else older.day,
            date=self.date or older.date,
        )

    def seconds_until_reset(self, window: Literal["minute", "day"]) -> float | None:
        """Seconds from this answer until the window starts anew, never negative; None when Exact did not say."""
        reset = self.minute.reset if window == "minute" else self.day.reset
        if reset is None or self.date is None:
            return None
        return max(0.0, (reset - self.date).total_seconds())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by `Retry-After`, None when absent or nonsense. Exact was never seen to send it; a proxy may."""
    told = {name.lower(): value for name, value in headers.items()}
    value = told.get("retry-after")
    seconds = _number(value)
    if seconds is None:
        until, date = _moment(value), _moment(told.get("date"))
        seconds = math.ceil((until - date).total_seconds()) if until and date else None
    return float(seconds) if seconds is not None and 0 <= seconds <= _FARTHEST_RESET.total_seconds() else None


def _window(told: Mapping[str, str], prefix: str, date: datetime | None) -> Window:
    return Window(
        limit=_number(told.get(prefix + "limit")),
        remaining=_number(told.get(prefix + "remaining")),
        reset=_reset(told.get(prefix + "reset"), date),
    )


def _number(value: str | None) -> int | None:
    return int(value) if value is not None and _NUMBER.fullmatch(value := value.strip()) else None


def _reset(value: str | None, date: datetime | None) -> datetime | None:
    """Milliseconds since 1970, UTC. Without a Date header our own clock serves, but only to tell sense from nonsense."""
    milliseconds = _number(value)
    if milliseconds is None:
        return None
    latest = (date or datetime.now(UTC)) + _FARTHEST_RESET
    if not _EARLIEST_RESET.timestamp() <= milliseconds / 1000 <= latest.timestamp():
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _moment(value: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
