"""Every call that reached the API or the token endpoint, for tests that count.

A call is entered when it starts and completed before its answer leaves, so that "another one was in flight" is never
the fault of a slow log. No token and no secret is ever entered: of a token request only the grant type.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from .messages import Request, Response

KEPT = 50_000


@dataclass
class Call:
    """One request. `status` is None while it runs; `delivered` False when a fault kept the answer from arriving."""

    n: int
    at: float  # seconds since the epoch, by the simulator's clock
    method: str
    endpoint: str  # such as crm/Accounts, oauth2/token
    division: int | None
    guid: str | None
    query: dict[str, str]
    body: Any  # the JSON of a write
    client: str
    user: str
    status: int | None = None
    delivered: bool = True
    fault: str = ""
    overlapped: bool = False  # another call of the same client and division was in flight meanwhile
    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic, repr=False)


class Log:
    def __init__(self) -> None:
        self._lock = Lock()
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._running: dict[int, Call] = {}
        self._number = 0

    def begin(
        self, request: Request, at: float, endpoint: str, *, division: int | None = None, guid: str | None = None,
        client: str = "", user: str = "", query: dict[str, str] | None = None,
    ) -> Call:  # fmt: skip
        body = _body(request) if request.method in ("POST", "PUT") and endpoint != "oauth2/token" else None
        with self._lock:
            self._number += 1
            call = Call(
                self._number, at, request.method, endpoint, division, guid,
                request.options() if query is None else query, body, client, user,
            )  # fmt: skip
            self._mark_overlap(call)
            self._running[call.n] = call
            self._calls.append(call)
        return call

    def finish(self, call: Call, response: Response) -> None:
        with self._lock:
            self._running.pop(call.n, None)
            call.status, call.delivered = response.status, response.delivery == "whole"
            call.seconds = time.monotonic() - call.started

    def calls(self, method: str | None = None, endpoint: str | None = None, division: int | None = None) -> list[Call]:
        """The calls so far, oldest first; None means any."""
        with self._lock:
            return [
                call
                for call in self._calls
                if method in (None, call.method) and endpoint in (None, call.endpoint) and division in (None, call.division)
            ]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def _mark_overlap(self, call: Call) -> None:
        if call.division is None:
            return
        for other in self._running.values():
            if (other.client, other.division) == (call.client, call.division):
                call.overlapped = other.overlapped = True


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return None
