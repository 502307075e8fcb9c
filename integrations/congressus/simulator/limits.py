"""How much a key may ask: 60 calls a minute and 1,000 an hour, in windows that stand on the clock.

There is one set of headers for two windows; they tell of the one with the least left, which is the one that will refuse. Calls
that fail count too, a refusal does not.
"""

from __future__ import annotations

import math
from threading import Lock

from integrations.simulation.clock import Clock
from integrations.simulation.windows import Window, Windows

from .dials import Dials


class Budget:
    def __init__(self, dials: Dials, clock: Clock) -> None:
        self._dials, self._clock, self._lock, self._used = dials, clock, Lock(), Windows(clock)

    def spend(self, key: str) -> tuple[bool, dict[str, str]]:
        """Whether the call may go on, and the headers of its answer."""
        with self._lock:
            hour, minute = self._windows(key)
            refusing = next((window for window in (hour, minute) if not window.remaining), None)
            if refusing:
                wait = max(1, math.ceil(refusing.ends_at - self._clock.now()))
                return False, _headers(refusing) | {"Retry-After": str(wait)}
            self._used.spend((key, "hour"), hour)
            self._used.spend((key, "minute"), minute)
            return True, _headers(min(minute, hour, key=lambda window: window.remaining))

    def left(self, key: str) -> tuple[Window, Window]:
        """The windows of the hour and of the minute, as they stand."""
        with self._lock:
            return self._windows(key)

    def use_up(self, key: str, minute: int = 0, hour: int = 0) -> None:
        """As if that many calls more had been made in the current windows."""
        with self._lock:
            for name, window, calls in zip(("hour", "minute"), self._windows(key), (hour, minute), strict=True):
                self._used.spend((key, name), window, calls)

    def reset(self) -> None:
        with self._lock:
            self._used.clear()

    def _windows(self, key: str) -> tuple[Window, Window]:
        dials = self._dials
        hour = self._used.at((key, "hour"), dials.hour_limit, dials.hour_seconds)
        return hour, self._used.at((key, "minute"), dials.minute_limit, dials.minute_seconds)


def _headers(window: Window) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.remaining),
        "X-RateLimit-Reset": str(math.ceil(window.ends_at)),
    }
