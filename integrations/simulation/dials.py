"""What can be turned about any simulated service; each service adds its own.

Limits and lifetimes are dials, not constants: a test that wants to see a minute limit turns the minute into half a second
instead of moving a worker's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass
class Dials:
    """Plain attributes: set them directly, or through `turn`, which refuses unknown names and wrong types."""

    CHOICES: ClassVar[dict[str, tuple[object, ...]]] = {}

    clock_offset: float = 0.0  # seconds the simulator's own clock is ahead of the real one
    date_skew: float = 0.0  # seconds the Date header is off from the simulator's clock
    latency_ms: float = 0.0  # every API answer takes this much longer
    body_limit: int = 10 * 1024 * 1024  # bytes a request may bring

    def turn(self, **values: object) -> None:
        """Set dials by name. Raises ValueError for an unknown dial or an unfit value, and then sets none."""
        fit = {name: self._fitting(name, value) for name, value in values.items()}
        for name, value in fit.items():
            setattr(self, name, value)

    def reset(self) -> None:
        for dial in fields(self):
            setattr(self, dial.name, dial.default)

    def _fitting(self, name: str, value: object) -> object:
        if name not in {dial.name for dial in fields(self)}:
            raise ValueError(f"no such dial: {name}")
        kind = type(getattr(type(self), name))
        fits = isinstance(value, bool) if kind is bool else _is_like(value, kind)
        if not fits or value not in self.CHOICES.get(name, (value,)):
            raise ValueError(f"unfit value for dial {name}: {value!r}")
        return value


def _is_like(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)
