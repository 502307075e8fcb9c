"""What Exact says about our budget: two windows, told in the headers of every answer.

- Missing is unknown, never 0. The answer to a call over the minute's limit carries the minute's headers only, over the day's
  limit the day's only, and addresses outside a division may carry none; who reads those as 0 waits until 1970 or for ever.
- Waits are `reset` minus the `Date` of the same answer: no clock but Exact's own, ours may be minutes off.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from integrations import wire


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
        date = wire.moment(told.get("date"))
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


def _window(told: Mapping[str, str], prefix: str, date: datetime | None) -> Window:
    return Window(
        limit=wire.number(told.get(prefix + "limit")),
        remaining=wire.number(told.get(prefix + "remaining")),
        reset=_reset(told.get(prefix + "reset"), date),
    )


def _reset(value: str | None, date: datetime | None) -> datetime | None:
    """Milliseconds since 1970."""
    milliseconds = wire.number(value)
    return wire.reset(None if milliseconds is None else milliseconds / 1000, date)
