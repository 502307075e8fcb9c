"""How much a client may ask: two fixed windows per API key and division, and the block for making errors.

Both windows stand on the clock (whole minutes, UTC days), failed calls count too, and a refusal names only the window
that was hit. More than ten answers of 400, 401, 403 or 404 in an hour, per key, user, division and endpoint, close
that endpoint for an hour: answered 429 without any window header. Each further block lasts twice as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from integrations.simulation.clock import Clock
from integrations.simulation.windows import Window, Windows

from .dials import Dials

COUNTED = (400, 401, 403, 404)
FORGIVEN_AFTER = 24  # error windows without a block, after which the next block is a first one again

Spot = tuple[str, str, int, str]  # client id, username, division (0 for none), endpoint


class Budget:
    """The calls of each API key in each division."""

    def __init__(self, dials: Dials, clock: Clock) -> None:
        self._dials, self._lock, self._used = dials, Lock(), Windows(clock)

    def spend(self, client_id: str, division: int) -> tuple[bool, dict[str, str]]:
        """Whether the call may go on, and the headers of its answer."""
        with self._lock:
            day, minute = self._windows(client_id, division)
            if not day.remaining:
                return False, _headers("X-RateLimit-", day)
            if not minute.remaining:
                return False, _headers("X-RateLimit-Minutely-", minute)
            for name, window in (("day", day), ("minute", minute)):
                self._used.spend((client_id, division, name), window)
            return True, _headers("X-RateLimit-", day) | _headers("X-RateLimit-Minutely-", minute)

    def left(self, client_id: str, division: int) -> tuple[Window, Window]:
        """The windows of the day and of the minute, as they stand."""
        with self._lock:
            return self._windows(client_id, division)

    def use_up(self, client_id: str, division: int, minute: int = 0, day: int = 0) -> None:
        """As if that many calls more had been made in the current windows."""
        with self._lock:
            windows = self._windows(client_id, division)
            for name, window, calls in zip(("day", "minute"), windows, (day, minute), strict=True):
                self._used.spend((client_id, division, name), window, calls)

    def reset(self) -> None:
        with self._lock:
            self._used.clear()

    def _windows(self, client_id: str, division: int) -> tuple[Window, Window]:
        dials = self._dials
        return (
            self._used.at((client_id, division, "day"), dials.day_limit, dials.day_seconds),
            self._used.at((client_id, division, "minute"), dials.minute_limit, dials.minute_seconds),
        )


def _headers(prefix: str, window: Window) -> dict[str, str]:
    return {
        f"{prefix}Limit": str(window.limit),
        f"{prefix}Remaining": str(window.remaining),
        f"{prefix}Reset": str(round(window.ends_at * 1000)),
    }


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
