"""How much a client may ask: two fixed windows per API key and division, and the block for making errors.

Both windows stand on the clock (whole minutes, UTC days), failed calls count too, and a refusal names only the window
that was hit. More than ten answers of 400, 401, 403 or 404 in an hour, per key, user, division and endpoint, close
that endpoint for an hour: answered 429 without any window header. Each further block lasts twice as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from .clock import Clock
from .dials import Dials

COUNTED = (400, 401, 403, 404)
FORGIVEN_AFTER = 24  # error windows without a block, after which the next block is a first one again

Spot = tuple[str, str, int, str]  # client id, username, division (0 for none), endpoint


@dataclass
class Window:
    """One fixed window: when it ends and how many calls were made in it."""

    limit: int
    used: int
    ends_at: float

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)

    def headers(self, prefix: str) -> dict[str, str]:
        return {
            f"{prefix}Limit": str(self.limit),
            f"{prefix}Remaining": str(self.remaining),
            f"{prefix}Reset": str(round(self.ends_at * 1000)),
        }


class Budget:
    """The calls of each API key in each division."""

    def __init__(self, dials: Dials, clock: Clock) -> None:
        self._dials, self._clock, self._lock = dials, clock, Lock()
        self._used: dict[tuple[str, int, str], tuple[float, int]] = {}

    def spend(self, client_id: str, division: int) -> tuple[bool, dict[str, str]]:
        """Whether the call may go on, and the headers of its answer."""
        with self._lock:
            day, minute = self._windows(client_id, division)
            if not day.remaining:
                return False, day.headers("X-RateLimit-")
            if not minute.remaining:
                return False, minute.headers("X-RateLimit-Minutely-")
            for name, window in (("day", day), ("minute", minute)):
                window.used += 1
                self._used[client_id, division, name] = (window.ends_at, window.used)
            return True, day.headers("X-RateLimit-") | minute.headers("X-RateLimit-Minutely-")

    def left(self, client_id: str, division: int) -> tuple[Window, Window]:
        """The windows of the day and of the minute, as they stand."""
        with self._lock:
            return self._windows(client_id, division)

    def use_up(self, client_id: str, division: int, minute: int = 0, day: int = 0) -> None:
        """As if that many calls more had been made in the current windows."""
        with self._lock:
            windows = self._windows(client_id, division)
            for name, window, calls in zip(("day", "minute"), windows, (day, minute), strict=True):
                self._used[client_id, division, name] = (window.ends_at, window.used + calls)

    def reset(self) -> None:
        with self._lock:
            self._used.clear()

    def _windows(self, client_id: str, division: int) -> tuple[Window, Window]:
        dials = self._dials
        return (
            self._window((client_id, division, "day"), dials.day_limit, dials.day_seconds),
            self._window((client_id, division, "minute"), dials.minute_limit, dials.minute_seconds),
        )

    def _window(self, key: tuple[str, int, str], limit: int, seconds: float) -> Window:
        ends_at = (self._clock.now() // seconds + 1) * seconds
        ended, used = self._used.get(key, (ends_at, 0))
        return Window(limit, used if ended == ends_at else 0, ends_at)


@dataclass
class Errors:
    """The counted errors at one spot."""

    hour: int = -1
    count: int = 0
    blocks: int = 0
    closed_until: float = 0.0


class ErrorBlock:
    def __init__(self, dials: Dials, clock: Clock) -> None:
        self._dials, self._clock, self._lock = dials, clock, Lock()
        self._spots: dict[Spot, Errors] = {}

    def is_closed(self, spot: Spot) -> bool:
        with self._lock:
            return spot in self._spots and self._clock.now() < self._spots[spot].closed_until

    def note(self, spot: Spot, status: int) -> None:
        """Counts an answer; one too many closes the spot."""
        if status not in COUNTED:
            return
        with self._lock:
            errors = self._spots.setdefault(spot, Errors())
            self._turn_hour(errors)
            errors.count += 1
            if errors.count > self._dials.error_limit:
                self._close(errors)

    def reset(self) -> None:
        with self._lock:
            self._spots.clear()

    def _turn_hour(self, errors: Errors) -> None:
        hour = int(self._clock.now() // self._dials.error_seconds)
        if errors.hour == hour:
            return
        if self._clock.now() > errors.closed_until + FORGIVEN_AFTER * self._dials.error_seconds:
            errors.blocks = 0
        errors.hour, errors.count = hour, 0

    def _close(self, errors: Errors) -> None:
        errors.closed_until = self._clock.now() + self._dials.block_seconds * 2**errors.blocks
        errors.blocks += 1
        errors.count = 0
