"""What exists in this Congressus: one association with its statuses, members, API keys and webhooks.

One lock guards it all; whoever reads or changes something holds it. A key has the rights of the group its user is in, so lists may
be closed to it; the first may read everything and write nothing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from integrations.simulation.chance import Chance
from integrations.simulation.clock import Clock
from integrations.simulation.store import Store

from .deliveries import Deliveries, Delivery
from .dials import Dials
from .fields import Row
from .members import Members
from .numbers import Numbers
from .rows import iso
from .statuses import Statuses
from .webhooks import Webhook, Webhooks

ASSOCIATION = "Studievereniging De Kern"


@dataclass
class Key:
    """An API key and its rights: to see members and statuses, to change members, to see and register webhooks, to see invoices."""

    number: int
    key: str = field(repr=False)
    name: str
    write: bool = False
    members: bool = True
    webhooks: bool = True
    invoices: bool = True


class World:
    def __init__(self, store: Store, dials: Dials, clock: Clock, chance: Chance) -> None:
        self.lock = threading.RLock()
        self.store, self.dials, self.clock, self._chance = store, dials, clock, chance
        self._numbers = numbers = Numbers(store)
        self.association: str = next((body["name"] for body in store.all("association")), ASSOCIATION)
        keys = sorted((Key(**body) for body in store.all("key")), key=lambda key: key.number)
        self.keys = {key.key: key for key in keys}
        self.statuses = Statuses(store, numbers)
        self.members = Members(store, clock, numbers, self.statuses, self._tell)
        self.webhooks = Webhooks(store, chance, numbers)
        self.deliveries = Deliveries(lambda: dials.webhook_retry_seconds, self.now, self._number, self.turn_day)

    @property
    def is_empty(self) -> bool:
        return not (self.keys or self.statuses.known or self.members.listed())

    def now(self) -> str:
        return iso(int(self.clock.now() * 1_000_000))

    def rename(self, association: str) -> None:
        with self.lock:
            self.association = association
            self.store.keep("association", "association", {"name": association})

    def add_key(self, key: str = "", name: str = "", **rights: bool) -> Key:
        """Raises ValueError for a key that is taken, and for a right there is not."""
        with self.lock:
            if key in self.keys:
                raise ValueError("this key is there already")
            fit, number = _rights(rights), self._numbers.take("key")
            return self._put_key(Key(number, key or self._chance.token(32), name or f"Sleutel {number}", **fit))

    def change_key(self, key: str, **rights: bool) -> Key:
        """Raises KeyError for a key there is not, ValueError as `add_key`."""
        with self.lock:
            return self._put_key(replace(self._key(key), **_rights(rights)))

    def remove_key(self, key: str) -> None:
        with self.lock:
            self.store.forget("key", self._key(key).number)
            del self.keys[key]

    def turn_day(self) -> None:
        """Notices that it has become another day in Amsterdam."""
        with self.lock:
            self.members.turn_day(self.dials.dated_status_fires)

    def delivery(self, webhook: Webhook, signal: str, object_id: int | None, body: Any) -> Delivery:
        encoded = json.dumps(body).encode()
        return Delivery(self._number("webhook call"), webhook, signal, object_id, self.now(), encoded)

    def remove_webhook(self, id: int) -> None:
        """Raises KeyError."""
        with self.lock:
            self.webhooks.remove(id)
        self.deliveries.forget(id)

    def _tell(self, signal: str, member_id: int, payload: Callable[[], Row]) -> None:
        hearing = self.webhooks.hearing(signal)
        if not hearing:
            return
        data: Any = [payload()] if self.dials.webhook_data == "list" else {"member": payload()}
        for webhook in hearing:
            event = {"webhook_id": webhook.id, "webhook_event": webhook.signal, "webhook_event_trigger": signal}
            body = event | {"created": self.now(), "data": data}
            self.deliveries.add(self.delivery(webhook, signal, member_id, body))

    def _number(self, kind: str) -> int:
        with self.lock:
            return self._numbers.take(kind)

    def _put_key(self, key: Key) -> Key:
        self.keys[key.key] = key
        self.store.keep("key", key.number, asdict(key))
        return key

    def _key(self, key: str) -> Key:
        if key not in self.keys:
            raise KeyError("no such key")
        return self.keys[key]


def _rights(told: dict[str, bool]) -> dict[str, Any]:
    unknown = sorted(set(told) - {"write", "members", "webhooks", "invoices"})
    if unknown:
        raise ValueError(f"a key has no right to {', '.join(unknown)}")
    return told
