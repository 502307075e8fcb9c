"""What Congressus says about our budget: one window, 60 calls a minute or 1,000 an hour, whichever is the active one.

Its documents promise the headers with an answer 429 only, so missing is unknown, never 0. Source: https://api.congressus.nl/v30/docs,
"Rate limiting".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from integrations import wire


@dataclass(frozen=True)
class RateLimit:
    """Calls allowed, calls left, and when the window starts anew (aware, UTC). None is unknown."""

    limit: int | None = None
    remaining: int | None = None
    reset: datetime | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Self:
        """Reads `headers`, in whatever case they are written; the reset stands there in seconds since 1970."""
        told = {name.lower(): value for name, value in headers.items()}
        return cls(
            limit=wire.number(told.get("x-ratelimit-limit")),
            remaining=wire.number(told.get("x-ratelimit-remaining")),
            reset=wire.reset(wire.number(told.get("x-ratelimit-reset")), wire.moment(told.get("date"))),
        )

    @property
    def known(self) -> bool:
        return self != RateLimit()
