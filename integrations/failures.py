"""What a failure means for a connection: it rests until some time, or it needs a person. What is unknown needs a person.

The sealed client tells what happened; this is the one place that decides what the connection does about it. Failures that concern
one relation only are handled where that relation is pushed.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations import budget
from integrations.exact_online import errors
from integrations.masking import masked

# Exact's windows end on the whole minute; a second too early costs a refusal.
MARGIN = timedelta(seconds=2)
UNKNOWN_LIMIT = timedelta(seconds=61)
BLOCK = timedelta(hours=1)
TROUBLE = timedelta(minutes=1)
MUCH_TROUBLE = timedelta(minutes=5)
TROUBLES_BEFORE_REST = 3
JUST_RESTED = timedelta(minutes=10)


class ConnectionRests(Exception):
    """Nothing goes to Exact for this connection before `until`; `bulk_only`: edits by people still do."""

    def __init__(self, until: datetime, reason: str, *, bulk_only: bool = False) -> None:
        super().__init__(f"rests until {until:%H:%M:%S} ({reason})")
        self.until = until
        self.reason = reason
        self.bulk_only = bulk_only


class ConnectionNeedsAttention(Exception):
    """A person has to do something first; `problem` is a ConnectionProblem, `details` what its sentence needs."""

    def __init__(self, problem: str, **details: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.details = details


class Stopped(Exception):
    """This drain may no longer write: disabled, removed, or the lease went to somebody else."""


def of_connection(error: errors.ExactError, now: datetime, *, rested_for: str = "", troubles: int = 0) -> Exception:
    """The ConnectionRests or ConnectionNeedsAttention that follows from an error.

    `rested_for` is why the connection rested last, `troubles` how many calls in a row found Exact unreachable or out of order.
    """
    match error:
        case errors.MinuteLimitReached():
            return ConnectionRests(now + _until_reset(error, "minute", UNKNOWN_LIMIT) + MARGIN, "minute_limit")
        case errors.DayLimitReached():
            return ConnectionRests(now + _until_reset(error, "day", budget.next_day(now) - now) + MARGIN, "day_limit")
        case errors.LimitUnknown():
            # Once it may be a minute; twice it is the block for too many errors, which grows when one goes on.
            wait = (
                timedelta(seconds=error.retry_after)
                if error.retry_after
                else BLOCK
                if rested_for == "unknown_limit"
                else UNKNOWN_LIMIT
            )
            return ConnectionRests(now + wait, "unknown_limit")
        case errors.Unreachable() | errors.Maintenance() | errors.RelationBusy():
            return ConnectionRests(now + (MUCH_TROUBLE if troubles >= TROUBLES_BEFORE_REST else TROUBLE), "unreachable")
    said = masked(error.said)
    match error:
        case errors.Unauthorized():
            return ConnectionNeedsAttention("unauthorized", said=said)
        case errors.Forbidden():
            return ConnectionNeedsAttention("forbidden", reason=error.reason, said=said)
        case errors.BadRequest():
            return ConnectionNeedsAttention("our_fault", said=said)
        case errors.WrongDivision():
            return ConnectionNeedsAttention("wrong_division")
    return ConnectionNeedsAttention("unexpected", said=said or str(error))


def rested_for(resume_at: datetime | None, reason: str, now: datetime) -> str:
    """Why a connection rested until just now, "" if it did not: the same trouble right after its rest weighs more."""
    return reason if resume_at is not None and resume_at > now - JUST_RESTED else ""


def _until_reset(error: errors.ExactError, window: str, otherwise: timedelta) -> timedelta:
    seconds = error.limits.seconds_until_reset(window) if error.limits else None  # type: ignore[arg-type]
    return otherwise if seconds is None else timedelta(seconds=seconds)
