"""Runs: what somebody started and may watch. Reading and comparing are done here, step by step; sending is the drain's, and only counted.

Nothing of a run lives in a process: a step goes on from what is stored, so a run survives whatever stops a worker. Beat finds a run that
lost its worker within a minute.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Count
from django.utils import timezone

from integrations import attention, bell, comparison, failures, first_link, notify, standing
from integrations.exact_online import errors
from integrations.failures import ConnectionNeedsAttention, ConnectionRests, Stopped
from integrations.lease import Lease
from integrations.mirror import Reading
from integrations.models import ExactOnlineConnection, PushAttempt, SyncRun
from integrations.models.link import SyncState
from integrations.models.secret import SecretUnreadable
from integrations.tokens import Clock

logger = structlog.get_logger(__name__)

Kind, Phase, Outcome = SyncRun.Kind, SyncRun.Phase, SyncRun.Outcome
# A mail for what ends while one looks on would be noise.
LONG = timedelta(minutes=10)
JUST_READ = timedelta(minutes=10)
AT_MOST = 60.0


def start(connection: ExactOnlineConnection, kind: SyncRun.Kind, person_id: int | None) -> SyncRun:
    """A new run, or the one under way; Enable takes over a comparison. Nothing is sent for the connection until it was compared."""
    with transaction.atomic():
        # One click after the other, not side by side.
        ExactOnlineConnection.objects.select_for_update().get(pk=connection.pk)
        run = SyncRun.objects.going().filter(connection=connection).first()
        if run is None:
            run = SyncRun.objects.create(connection=connection, kind=kind, started_by_id=person_id)
            ExactOnlineConnection.objects.filter(pk=connection.pk).update(compare_first=True)
        elif kind == Kind.ENABLE and run.kind != kind:
            SyncRun.objects.going().filter(pk=run.pk).update(kind=kind, started_by=person_id)
            run.refresh_from_db()
        transaction.on_commit(bell.ring, robust=True)
    return run


def stop(run: SyncRun) -> bool:
    """End it where it is; what was done stays. Stopping what Enable started disables the connection. False when it had ended."""
    with transaction.atomic():
        # Enable may have taken it over this moment; ended as a comparison, it would send without one.
        ExactOnlineConnection.objects.select_for_update().get(pk=run.connection_id)
        run = SyncRun.objects.select_related("connection").get(pk=run.pk)
        stopped = _end(run, Outcome.STOPPED, timezone.now())
        if stopped and run.kind == Kind.ENABLE:
            ExactOnlineConnection.objects.live().filter(pk=run.connection_id).update(enabled=False)
    return stopped


def end_with(connection: ExactOnlineConnection) -> None:
    """The connection was disabled or removed: what was under way ends with it."""
    for run in SyncRun.objects.going().filter(connection=connection):
        _end(run, Outcome.STOPPED, timezone.now())


# Going on -----------------------------------------------------------------------------------------------------------------


def waiting_for_a_step(now: datetime) -> list[int]:
    """Runs that a worker may take a step for."""
    readable = ExactOnlineConnection.objects.readable().rested(now)
    return list(SyncRun.objects.comparing().filter(connection__in=readable).values_list("pk", flat=True))


def go_on(pk: int, now: Clock = timezone.now, seconds: float = AT_MOST) -> bool:
    """Read and compare for at most so many seconds; True where there is more to do right now."""
    run = SyncRun.objects.comparing().select_related("connection").filter(pk=pk).first()
    if run is None:
        return False
    lease = Lease(run.connection_id, ExactOnlineConnection.objects.readable(), now)
    if not lease.claim():
        return False
    try:
        return _step(run, lease, time.monotonic() + seconds)
    except ConnectionRests as rests:
        lease.rest(rests)
    except (ConnectionNeedsAttention, SecretUnreadable) as problem:
        _fail(run, problem, now())
    except errors.ExactError as error:
        _after_error(run, lease, error)
    except Stopped:
        pass
    except Exception:
        before = lease.seen
        with suppress(Stopped):
            if _is_other(before, lease.look()):  # what was compared with was thrown away under our hands
                return True
        # Ours. Without a comparison nothing may be sent, so it is for a person to see.
        logger.exception("comparison_failed", run=run.pk)
        _fail(run, ConnectionNeedsAttention("unexpected"), now())
    finally:
        lease.release()
    return False


def _step(run: SyncRun, lease: Lease, deadline: float) -> bool:
    reading = Reading(lease)
    if run.phase == Phase.READING or not _is_fresh(reading, lease.now()):
        _note(run, phase=Phase.READING, done=0, total=0)
        for rows in reading.pages():
            _note(run, done=rows)
            if time.monotonic() > deadline:
                return True
        _note(run, phase=Phase.COMPARING, done=0, total=0)
    before = lease.seen
    compared = comparison.Comparison(before, timezone.localdate(lease.now()))
    for done, total in compared.steps():
        lease.renew()
        _note(run, done=done, total=total)
    if _is_other(before, lease.look()):
        _note(run, phase=Phase.READING)
        return True
    _compared(run, lease.now())
    return False


def _is_fresh(reading: Reading, now: datetime) -> bool:
    """What is compared with was read just now, not before whatever held the comparison up."""
    read_at = reading.mirror.read_at
    return read_at is not None and read_at > now - JUST_READ


def _is_other(before: ExactOnlineConnection, after: ExactOnlineConnection) -> bool:
    """Somebody saved other settings while it was compared."""
    return (before.division, before.mapping_key) != (after.division, after.mapping_key)


def _note(run: SyncRun, **values: object) -> None:
    """Progress; raises Stopped where somebody stopped the run."""
    if not SyncRun.objects.going().filter(pk=run.pk).update(**values):
        raise Stopped
    for name, value in values.items():
        setattr(run, name, value)


def _compared(run: SyncRun, now: datetime) -> None:
    with transaction.atomic():
        # First the connection, then the run: in the order in which `start` takes them.
        connection = ExactOnlineConnection.objects.select_for_update().get(pk=run.connection_id)
        run = SyncRun.objects.select_for_update().get(pk=run.pk)  # Enable may have taken it over
        if not run.is_going:
            raise Stopped
        if run.kind == Kind.ENABLE:
            first_link.confirm(connection, run.started_by_id)
        comparison.ask_about_certain(connection)
        if run.kind == Kind.COMPARE:
            _end(run, Outcome.DONE, now)
            return
        ExactOnlineConnection.objects.filter(pk=connection.pk).update(compare_first=False)
        total = standing.counts(connection)[SyncState.WAITING]
        _note(run, phase=Phase.SENDING, sending_since=now, done=0, total=total)
        transaction.on_commit(bell.ring, robust=True)
    settle(now, run.connection_id)


def _after_error(run: SyncRun, lease: Lease, error: errors.ExactError) -> None:
    seen, now = lease.seen, lease.now()
    troubles = seen.troubles_in_a_row + 1
    lease.note(troubles_in_a_row=troubles)
    rested_for = failures.rested_for(seen.resume_at, seen.resume_reason, now)
    follows = failures.of_connection(error, now, rested_for=rested_for, troubles=troubles)
    if isinstance(follows, ConnectionRests):
        lease.rest(follows)
    else:
        _fail(run, follows, now)


def _fail(run: SyncRun, problem: Exception, now: datetime) -> None:
    """A comparison somebody asked for has failed; what Enable started goes on when the connection works again."""
    asks = problem if isinstance(problem, ConnectionNeedsAttention) else ConnectionNeedsAttention("secret_unreadable")
    attention.ask(run.connection_id, asks, now)
    with transaction.atomic():
        ExactOnlineConnection.objects.select_for_update().get(pk=run.connection_id)
        run.refresh_from_db()  # Enable may have taken it over
        if run.kind == Kind.COMPARE:
            _end(run, Outcome.FAILED, now, problem=asks.problem, problem_details=asks.details)


# The end ------------------------------------------------------------------------------------------------------------------


def settle(now: datetime, connection_id: int | None = None) -> None:
    """End the runs of Enable (of one connection) for which nothing waits any more."""
    sending = SyncRun.objects.going().filter(phase=Phase.SENDING).select_related("connection")
    if connection_id is not None:
        sending = sending.filter(connection=connection_id)
    for run in sending:
        if not standing.counts(run.connection)[SyncState.WAITING]:
            _end(run, Outcome.DONE, now)


def _end(run: SyncRun, outcome: SyncRun.Outcome, now: datetime, **values: object) -> bool:
    """Write the end once; who writes it also tells."""
    counts = count(run)
    with transaction.atomic():
        # In the order of everybody: the connection, then the run.
        ExactOnlineConnection.objects.select_for_update().get(pk=run.connection_id)
        ended = SyncRun.objects.going().filter(pk=run.pk).update(ended_at=now, outcome=outcome, counts=counts, **values)
        if not ended:
            return False
        ExactOnlineConnection.objects.filter(pk=run.connection_id).update(compare_first=False)
        transaction.on_commit(bell.ring, robust=True)
        if outcome == Outcome.DONE and now - run.started_at > LONG:
            transaction.on_commit(lambda: _mail(run.pk), robust=True)
    return True


def _mail(pk: int) -> None:
    notify.run_is_done(SyncRun.objects.select_related("connection__financial_administration", "started_by").get(pk=pk))


def count(run: SyncRun) -> dict[str, int]:
    """Word -> number: the verdicts of a comparison, or what was created, changed and refused; as written once it ended."""
    if not run.is_going:
        return dict(run.counts)
    if run.sending_since is None:
        return {verdict.value: number for verdict, number in first_link.counts(run.connection).items()}
    attempts = PushAttempt.objects.filter(connection=run.connection_id, at__gte=run.sending_since).order_by()
    grouped = attempts.values("action", "outcome").annotate(n=Count("pk"))
    return {f"{row['action']}_{row['outcome']}": row["n"] for row in grouped}
