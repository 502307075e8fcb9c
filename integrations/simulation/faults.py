"""What can go wrong on the way, dialled in by a test.

A fault waits for calls that match (method, endpoint, and what a service adds), lets the first `nth - 1` pass, and then
strikes `count` times. Those that strike before leave the world untouched; `lost`, `truncated`, `cut` and `drip` strike after
the call is executed, which is what makes them hard. A gate holds a call until it is released, so that a test can act while a
request is in flight. Kinds of its own a service carries out itself: `proceed` is handed the fault that struck.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Condition
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from .messages import Response, html_response, redirect

KINDS = (
    "status",  # answer `status` with `body` (empty by default), not executed
    "html",  # answer `status` with an HTML page, not executed
    "redirect",  # answer 302 to a login page, not executed
    "oversized",  # answer `size` bytes, not executed
    "drop",  # drop the connection, not executed
    "lost",  # execute, then drop the connection
    "truncated",  # execute, answer half of the body as if it were whole
    "cut",  # execute, drop the connection halfway through the body
    "drip",  # execute, send the body byte by byte, `seconds` apart
    "slow",  # wait `seconds`, then execute
    "gate",  # hold until released
)

LONGEST_HOLD = 120.0  # seconds a gate holds a call at most, so that no thread stays for ever


class Struck(Protocol):
    """What a fault looks at: the call it may strike."""

    method: str
    endpoint: str
    fault: str


@dataclass
class Fault:
    KINDS: ClassVar[tuple[str, ...]] = KINDS

    kind: str
    method: str | None = None
    endpoint: str | None = None
    nth: int = 1
    count: int = 1  # 0: for as long as it stays
    status: int = 500
    body: str = ""
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    size: int = 11 * 1024 * 1024
    location: str = "/login"  # redirect only
    after: bool = False  # gate only: hold the answer instead of the request
    number: int = 0
    seen: int = 0
    waiting: int = 0
    released: bool = False

    def matches(self, call: Any) -> bool:
        """Whether this call is of those it waits for; a service whose calls have more to look at adds that."""
        return self.method in (None, call.method) and self.endpoint in (None, call.endpoint)

    def strikes(self, call: Struck) -> bool:
        """Whether this call is hit; counts the ones that match."""
        if not self.matches(call):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.count == 0 or self.seen < self.nth + self.count)


F = TypeVar("F", bound=Fault)


class Gate:
    """Handle on a gate: wait until a call stands at it, then let it through."""

    def __init__(self, faults: Faults[Any], number: int) -> None:
        self._faults, self.number = faults, number

    def wait(self, timeout: float = 10.0) -> bool:
        """True as soon as a call is held; False when none came within `timeout` seconds."""
        return self._faults.wait_at(self.number, timeout)

    def release(self) -> None:
        self._faults.release(self.number)


class Faults(Generic[F]):
    def __init__(self) -> None:
        self._changed = Condition()
        self._faults: dict[int, F] = {}
        self._number = 0

    def add(self, fault: F) -> F:
        """Raises ValueError for a kind there is not."""
        if fault.kind not in fault.KINDS:
            raise ValueError(f"no such fault: {fault.kind}")
        with self._changed:
            self._number += 1
            fault.number = self._number
            self._faults[fault.number] = fault
        return fault

    def all(self) -> list[F]:
        with self._changed:
            return [replace(fault) for fault in self._faults.values()]

    def clear(self) -> None:
        """Takes all faults away and opens all gates."""
        with self._changed:
            for fault in self._faults.values():
                fault.released = True
            self._faults.clear()
            self._changed.notify_all()

    def wait_at(self, number: int, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._gate(number).waiting > 0, timeout)

    def release(self, number: int) -> None:
        with self._changed:
            self._gate(number).released = True
            self._changed.notify_all()

    def play(self, call: Struck, proceed: Callable[[F | None], Response]) -> Response:
        """Executes the call, or what the first fault that strikes makes of it."""
        with self._changed:
            fault = next((fault for fault in self._faults.values() if fault.strikes(call)), None)
        if fault is None:
            return proceed(None)
        call.fault = fault.kind
        return self._strike(fault, proceed)

    def _strike(self, fault: F, proceed: Callable[[F | None], Response]) -> Response:
        if fault.kind in INSTEAD:
            return INSTEAD[fault.kind](fault)
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        if fault.kind == "gate" and not fault.after:
            self._hold(fault)
        response = proceed(fault)
        if fault.kind == "gate" and fault.after:
            self._hold(fault)
        return _spoiled(response, fault)

    def _hold(self, fault: F) -> None:
        with self._changed:
            fault.waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: fault.released, LONGEST_HOLD)
            fault.waiting -= 1

    def _gate(self, number: int) -> F:
        fault = self._faults.get(number)
        if fault is None or fault.kind != "gate":
            raise ValueError(f"no such gate: {number}")
        return fault


def _login_page(fault: Fault) -> Response:
    page = "<html><head><title>Object moved</title></head><body><h2>Object moved to here</h2></body></html>"
    return replace(redirect(fault.location), body=page.encode(), content_type="text/html; charset=utf-8")


INSTEAD: dict[str, Callable[[Fault], Response]] = {
    "status": lambda fault: Response(fault.status, fault.body.encode(), fault.content_type, dict(fault.headers)),
    "html": lambda fault: html_response(fault.status, fault.body or "<html><body><h1>Service Unavailable</h1></body></html>"),
    "redirect": _login_page,
    "oversized": lambda fault: Response(200, b'{"d":"' + b"x" * fault.size + b'"}', "application/json; charset=utf-8"),
    "drop": lambda fault: Response(0, delivery="drop"),
}


def _spoiled(response: Response, fault: Fault) -> Response:
    if fault.kind == "lost":
        return replace(response, delivery="drop")
    if fault.kind == "truncated":
        return replace(response, body=response.body[: len(response.body) // 2])
    if fault.kind == "cut":
        return replace(response, delivery="cut")
    if fault.kind == "drip":
        return replace(response, delivery="drip", pause=fault.seconds)
    return response
