"""The calls to webhooks, made by a thread of their own after each change, and again until the answer is 200 or ten retries have failed.

A retry waits, and others go before it: nothing is promised about the order, as in the real one. A payload is what was true at the
change, not at the call. What waits is kept in memory only; while the simulator is stopped, nothing is called.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from . import calling
from .webhooks import Webhook

RETRIES = 10
KEPT = 1000  # calls per webhook
TICK = 1.0  # seconds


@dataclass
class Response:
    """One attempt. `status_code` None where nobody answered; `duration` in milliseconds."""

    id: int
    status_code: int | None
    duration: int
    requested_at: str


@dataclass
class Delivery:
    """One call to a webhook with all its attempts. `status` is pending, success or failed."""

    id: int
    webhook: Webhook
    signal: str
    object_id: int | None
    created: str
    body: bytes = field(repr=False)
    status: str = "pending"
    responses: list[Response] = field(default_factory=list)


class Deliveries:
    """`tick` is called about once a second while the thread runs."""

    def __init__(
        self, retry_seconds: Callable[[], float], now: Callable[[], str], number: Callable[[str], int], tick: Callable[[], None]
    ) -> None:  # fmt: skip
        self._retry_seconds, self._now, self._number, self._tick = retry_seconds, now, number, tick
        self._changed = threading.Condition()
        self._kept: dict[int, list[Delivery]] = {}
        self._waiting: list[tuple[float, int, Delivery]] = []  # a heap: when it is due (monotonic), and its id
        self._under_way = 0
        self._held = False
        self._round: object | None = None  # of the thread that may work; another one leaves

    def start(self) -> None:
        self._round = mine = object()
        threading.Thread(target=self._work, args=(mine,), daemon=True).start()

    def stop(self) -> None:
        with self._changed:
            self._round = None
            self._changed.notify_all()

    def add(self, delivery: Delivery) -> None:
        with self._changed:
            self._keep(delivery)
            self._wait(delivery, 0.0)
            self._changed.notify_all()

    def attempt(self, delivery: Delivery) -> bool:
        """Calls at once, and notes what was answered. True for 200."""
        requested_at = self._now()
        called = calling.call(delivery.webhook.url, delivery.webhook.call_headers(), delivery.body)
        response = Response(self._number("response"), called.status, round(called.seconds * 1000), requested_at)
        with self._changed:
            delivery.responses.append(response)
        return called.status == 200

    def keep(self, delivery: Delivery) -> None:
        """One that was made already."""
        with self._changed:
            self._keep(delivery)

    def of(self, webhook_id: int) -> list[Delivery]:
        """Newest first."""
        with self._changed:
            return list(reversed(self._kept.get(webhook_id, [])))

    def forget(self, webhook_id: int) -> None:
        with self._changed:
            self._kept.pop(webhook_id, None)
            self._waiting = [waiting for waiting in self._waiting if waiting[2].webhook.id != webhook_id]
            heapq.heapify(self._waiting)
            self._changed.notify_all()

    def hold(self, held: bool) -> None:
        with self._changed:
            self._held = held
            self._changed.notify_all()

    def idle(self, timeout: float) -> bool:
        """True as soon as all were delivered or given up; False when that took longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._under_way, timeout)

    def _keep(self, delivery: Delivery) -> None:
        kept = self._kept.setdefault(delivery.webhook.id, [])
        kept.append(delivery)
        del kept[:-KEPT]

    def _work(self, mine: object) -> None:
        while self._round is mine:
            delivery = self._next(mine)
            if delivery is None:
                self._tick()
                continue
            is_done = self.attempt(delivery)
            with self._changed:
                self._conclude(delivery, is_done)
                self._under_way -= 1
                self._changed.notify_all()

    def _next(self, mine: object) -> Delivery | None:
        """The next that is due, after waiting for it a moment at most."""
        with self._changed:
            wait = self._waiting[0][0] - time.monotonic() if self._waiting and not self._held else TICK
            if wait <= 0:
                self._under_way += 1
                return heapq.heappop(self._waiting)[2]
            if self._round is mine:
                self._changed.wait(min(wait, TICK))
            return None

    def _conclude(self, delivery: Delivery, is_done: bool) -> None:
        failed = len(delivery.responses)
        if is_done:
            delivery.status = "success"
        elif failed > RETRIES or not self._may_retry(delivery.webhook):
            delivery.status = "failed"
        else:
            self._wait(delivery, self._retry_seconds() * 2 ** (failed - 1))

    def _wait(self, delivery: Delivery, seconds: float) -> None:
        heapq.heappush(self._waiting, (time.monotonic() + seconds, delivery.id, delivery))

    def _may_retry(self, webhook: Webhook) -> bool:
        """Neither removed meanwhile, nor at an address that is never called."""
        return webhook.id in self._kept and calling.is_near(webhook.url)


def call_row(delivery: Delivery, webhook_row: dict[str, Any]) -> dict[str, Any]:
    """As the API shows a call."""
    return {
        "id": delivery.id,
        "status": delivery.status,
        "object_id": delivery.object_id,
        "object_type": "member" if delivery.object_id is not None else None,
        "triggered_signal": delivery.signal,
        "created": delivery.created,
        "webhook": webhook_row,
        "responses": [
            {
                "id": response.id,
                "status_code": response.status_code,
                "duration": response.duration,
                "payload": delivery.body.decode(),
                "urlversion": "v30",
                "signal": delivery.signal,
                "requested_at": response.requested_at,
                "headers": None,
            }
            for response in list(delivery.responses)
        ],
    }
