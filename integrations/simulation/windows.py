"""Calls counted in fixed windows that stand on the clock: whole minutes, whole hours, UTC days."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from .clock import Clock


@dataclass
class Window:
    """One fixed window: when it ends (seconds since the epoch) and how many calls were made in it."""

    limit: int
    used: int
    ends_at: float

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class Windows:
    """Not thread-safe by itself: callers hold a lock of their own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._used: dict[Hashable, tuple[float, int]] = {}

    def at(self, key: Hashable, limit: int, seconds: float) -> Window:
        """The window of `key` that is open now."""
        ends_at = (self._clock.now() // seconds + 1) * seconds
        ended, used = self._used.get(key, (ends_at, 0))
        return Window(limit, used if ended == ends_at else 0, ends_at)

    def spend(self, key: Hashable, window: Window, calls: int = 1) -> None:
        window.used += calls
        self._used[key] = (window.ends_at, window.used)

    def clear(self) -> None:
        self._used.clear()
