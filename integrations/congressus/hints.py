"""What a call from Congressus says: that somebody may have changed, and no more.

Such a call bears no signature, may come twice, late or in another order, and its form is documented in two ways. So whatever it says
of a member is not taken over; it names whom to ask Congressus about. A body nobody can read is no reason to fail: whoever is not
answered 200 is called ten times more.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .records import Unreadable, identity

LARGEST = 5_000_000  # bytes
MOST = 1_000


@dataclass(frozen=True)
class Hint:
    """A member to ask about. `deleted` is what the call said, which is to be confirmed as well."""

    congressus_id: int
    deleted: bool


def read(body: bytes) -> list[Hint]:
    """The members a call is about, each once; [] for an empty, foreign or unreadable one. Never raises."""
    payload = _payload(body)
    events = [str(payload.get(name) or "").strip().casefold() for name in ("webhook_event", "webhook_event_trigger")]
    if not next(filter(None, events), "").startswith("member"):
        return []
    removed = any(event.endswith("deleted") for event in events)
    hints: dict[int, Hint] = {}
    for row in _rows(payload.get("data")):
        if len(hints) == MOST:
            break
        if (hint := _hint(row, removed)) is not None:
            hints[hint.congressus_id] = hint
    return list(hints.values())


def _payload(body: bytes) -> dict[str, Any]:
    if len(body) > LARGEST:
        return {}
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return payload if isinstance(payload, dict) else {}


def _rows(data: Any) -> Iterator[Any]:
    """The members in {"member": {..}}, {"member": [..]}, a bare member, or a list of any of these."""
    for outer in data if isinstance(data, list) else [data]:
        inner = outer.get("member", outer.get("members", outer)) if isinstance(outer, dict) else None
        yield from inner if isinstance(inner, list) else [inner]


def _hint(row: Any, removed: bool) -> Hint | None:
    try:
        return Hint(identity(row), removed or row.get("deleted") is True)
    except Unreadable:
        return None
