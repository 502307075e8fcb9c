"""Every call that reached the API, for tests that count.

A call is entered when it starts and completed before its answer leaves, so that "another one was in flight" is never
the fault of a slow log. No token and no secret is ever entered.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any, Generic, TypeVar

from .messages import Request, Response

KEPT = 50_000


@dataclass(kw_only=True)
class Call:
    """One request. `status` is None while it runs; `delivered` False when a fault kept the answer from arriving."""

    n: int = 0
    at: float  # seconds since the epoch, by the simulator's clock
    method: str
    endpoint: str
    body: Any = None  # the JSON of a write
    status: int | None = None
    delivered: bool = True
    fault: str = ""
    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic, repr=False)


C = TypeVar("C", bound=Call)


class Log(Generic[C]):
    def __init__(self) -> None:
        self._lock = RLock()
        self._calls: deque[C] = deque(maxlen=KEPT)
        self._running: dict[int, C] = {}
        self._number = 0

    def enter(self, call: C) -> C:
        with self._lock:
            self._number += 1
            call.n = self._number
            self._running[call.n] = call
            self._calls.append(call)
        return call

    def finish(self, call: C, response: Response) -> None:
        with self._lock:
            self._running.pop(call.n, None)
            call.status, call.delivered = response.status, response.delivery == "whole"
            call.seconds = time.monotonic() - call.started

    def matching(self, is_wanted: Callable[[C], bool]) -> list[C]:
        """The calls so far, oldest first."""
        with self._lock:
            return [call for call in self._calls if is_wanted(call)]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()


def json_body(request: Request) -> Any:
    """What a request brought; None when that is no JSON."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None
