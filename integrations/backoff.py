"""When to try again. Pure: the number of failures in, a pause out."""

from __future__ import annotations

import random
from datetime import timedelta

_RELATION = [timedelta(seconds=20), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20), timedelta(hours=1)]
# Exact's token service answers nonsense during maintenance and works again in the morning.
_TOKEN_SERVICE = [
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
]

# A relation that was "busy" this often is not busy.
GIVE_UP_AFTER = 8
# A request whose answer was lost may still be running at Exact; looking it up sooner could miss it.
AFTER_A_LOST_ANSWER = timedelta(seconds=30)


def for_relation(failures: int, spread: float | None = None) -> timedelta:
    """Pause after the n-th failure in a row of one relation, spread by up to 20 % so that a crowd does not come back together."""
    pause = _RELATION[min(max(failures, 1), len(_RELATION)) - 1]
    return pause * (1 + 0.2 * (random.random() if spread is None else spread))  # noqa: S311  (no secret)


def for_token_service(failures: int) -> timedelta:
    """Pause after the n-th failure in a row of the token service."""
    return _TOKEN_SERVICE[min(max(failures, 1), len(_TOKEN_SERVICE)) - 1]
