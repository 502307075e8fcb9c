"""How many calls to Congressus we allow ourselves. Pure: what we asked, what Congressus last told, and the time in; "not before" out.

Congressus allows 60 calls a minute and 1,000 an hour. Whether that is for each key or for the whole association is not told, so a part is
left to whatever else may use it, and of our own part a little is kept for single members: who was just edited in Congressus should not
wait until a walk through a hundred thousand others has its share. A window of ours begins with the first call after the last one ended,
which never lets more through in a window of theirs than twice our share; at 70 % that may be too many, so 429 is obeyed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

PER_MINUTE = 60
PER_HOUR = 1000
PAGE = 100
# Of our share: what a walk leaves for single members.
KEPT = 0.10
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Window:
    """What we asked since `began_at`; None = nothing yet."""

    began_at: datetime | None
    calls: int
    length: timedelta

    def calls_at(self, now: datetime) -> int:
        return 0 if self.began_at is None or self.began_at + self.length <= now else self.calls


@dataclass(frozen=True)
class Told:
    """The window Congressus spoke of last. None = unknown, never 0."""

    limit: int | None = None
    left: int | None = None
    resets_at: datetime | None = None


def allowed(limit: int, share: int, *, single: bool) -> int:
    """Calls of a window that are ours, of which a walk leaves some; at least one."""
    ours = limit * share / 100
    return max(1, int(ours if single else ours * (1 - KEPT)))


def not_before(minute: Window, hour: Window, told: Told, share: int, now: datetime, *, single: bool) -> datetime | None:
    """None: a call may be made now. Otherwise the instant from which it may. `single`: for one member, not for a list."""
    waits = [
        window.began_at + window.length
        for window, limit in ((minute, PER_MINUTE), (hour, PER_HOUR))
        if window.began_at and window.calls_at(now) >= allowed(limit, share, single=single)
    ]
    if (
        told.resets_at
        and told.resets_at > now
        and told.left is not None
        and told.left <= _left_to_others(told, share, single=single)
    ):
        waits.append(told.resets_at)
    return max(waits, default=None)


def _left_to_others(told: Told, share: int, *, single: bool) -> int:
    """Whoever else uses the same allowance counts too: then less is left than we used."""
    return 0 if single or told.limit is None else int(told.limit * (100 - share) / 100)


def counted(window: Window, now: datetime) -> Window:
    """The window after one more call."""
    began = window.began_at if window.calls_at(now) else now
    return Window(began, window.calls_at(now) + 1, window.length)


def walk_takes(members: int, share: int) -> timedelta:
    """How long a walk takes: a call for each hundred members, at our pace."""
    calls = max(1, -(-members // PAGE))
    minutes, hours = (allowed(limit, share, single=False) for limit in (PER_MINUTE, PER_HOUR))
    return max(
        MINUTE * (calls / minutes) if calls > minutes else timedelta(), HOUR * (calls / hours) if calls > hours else timedelta()
    )
