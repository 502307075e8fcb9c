"""What can go wrong at this Exact Online: besides what can go wrong anywhere, a write into another division than was asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from integrations.simulation import faults


@dataclass
class Fault(faults.Fault):
    KINDS: ClassVar[tuple[str, ...]] = (*faults.KINDS, "wrong_division")  # which writes into division `target`

    location: str = "/docs/Login.aspx"
    division: int | None = None
    target: int = 0

    def matches(self, call: Any) -> bool:
        return super().matches(call) and self.division in (None, call.division)
