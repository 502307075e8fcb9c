"""Everything about the simulated Exact Online that a test may want different from the real one.

Lifetimes and limits are dials, not constants: a test that wants to see a minute limit turns the minute into half a
second instead of moving a worker's clock. Defaults are the values of the real service.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

CHOICES: dict[str, tuple[object, ...]] = {"over_length": ("refuse", "truncate"), "unknown_guid_status": (404, 403)}


@dataclass
class Dials:
    """Plain attributes: set them directly, or through `turn`, which refuses unknown names and wrong types."""

    clock_offset: float = 0.0  # seconds the simulator's own clock is ahead of the real one
    date_skew: float = 0.0  # seconds the Date header is off from the simulator's clock
    latency_ms: float = 0.0  # every API answer takes this much longer

    access_token_seconds: float = 600.0  # lifetime of an access token
    refresh_minimum_age: float = 570.0  # a refresh sooner after the last token is refused
    refresh_idle_seconds: float = 30.0 * 86400  # an unused refresh token dies after this
    refresh_grace: bool = False  # the previous refresh token works until the new access token is used
    code_seconds: float = 180.0  # lifetime of an authorization code
    token_calls_per_day: int = 200  # per app and user

    minute_limit: int = 60
    minute_seconds: float = 60.0
    day_limit: int = 5000
    day_seconds: float = 86400.0

    error_limit: int = 10  # counted errors per key, user, division, endpoint and error window
    error_seconds: float = 3600.0
    block_seconds: float = 3600.0  # doubles with every further block

    page_size: int = 60
    sync_page_size: int = 1000
    deletion_seconds: float = 60.0 * 86400  # a deletion is listed this long: "two months", and here never longer
    query_limit: int = 2048  # characters of the query string as sent
    body_limit: int = 10 * 1024 * 1024
    over_length: str = "refuse"  # or "truncate": what becomes of a text that is too long
    unknown_guid_status: int = 404  # or 403: what a PUT to an unknown guid is answered

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
        kind = type(getattr(Dials, name))
        fits = isinstance(value, bool) if kind is bool else _is_like(value, kind)
        if not fits or value not in CHOICES.get(name, (value,)):
            raise ValueError(f"unfit value for dial {name}: {value!r}")
        return value


def _is_like(value: object, kind: type) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)
