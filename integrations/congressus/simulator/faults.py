"""What can go wrong at this Congressus: besides what can go wrong anywhere, lists that do not tell the truth."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar

from integrations.simulation import faults


@dataclass
class Fault(faults.Fault):
    """`names` may reach into a row: "address", or "address.country"."""

    KINDS: ClassVar[tuple[str, ...]] = (
        *faults.KINDS,
        "short",  # a list leaves out its first `left_out` rows, and `total` still counts them
        "empty",  # a list says there is nothing: total 0, no rows
        "missing",  # each row, or the one object, lacks the fields `names`
    )

    object_id: int | None = None
    query: dict[str, str] = field(default_factory=dict)
    left_out: int = 1
    names: list[str] = field(default_factory=list)

    def matches(self, call: Any) -> bool:
        return super().matches(call) and self.object_id in (None, call.object_id) and call.asks(self.query)


def spoil(payload: Any, fault: Fault) -> Any:
    """What the fault makes of an answer; the payload itself stays as it was."""
    return SPOIL[fault.kind](payload, fault) if fault.kind in SPOIL else payload


def _shortened(payload: Any, fault: Fault) -> Any:
    return payload | {"data": payload["data"][fault.left_out :]} if _is_list(payload) else payload


def _emptied(payload: Any, fault: Fault) -> Any:
    nothing: dict[str, Any] = {"total": 0, "has_prev": False, "prev_num": None, "has_next": False, "next_num": None, "data": []}
    return nothing if _is_list(payload) else payload


def _stripped(payload: Any, fault: Fault) -> Any:
    payload = deepcopy(payload)
    for row in payload["data"] if _is_list(payload) else [payload]:
        for name in fault.names:
            _remove(row, name.split("."))
    return payload


def _remove(row: Any, path: list[str]) -> None:
    for name in path[:-1]:
        row = row.get(name) if isinstance(row, dict) else None
    if isinstance(row, dict):
        row.pop(path[-1], None)


def _is_list(payload: Any) -> bool:
    return isinstance(payload, dict) and isinstance(payload.get("data"), list)


SPOIL: dict[str, Callable[[Any, Fault], Any]] = {"short": _shortened, "empty": _emptied, "missing": _stripped}
