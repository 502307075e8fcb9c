"""Background work, thin: fetch by id, call one function. The work itself knows nothing of Celery."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from integrations import history, keep_alive, mirror, runs
from integrations.arrivals import turns, visit
from integrations.drain import COUNTDOWN_AT_MOST, Drain
from integrations.models import ExactOnlineConnection


@shared_task
def ring() -> None:
    """Every connection that may work gets a look. Rung after each commit of a member, and by beat each minute."""
    now = timezone.now()
    if visit.is_due(now):
        visit_congressus.apply_async(expires=600)
    for pk in runs.waiting_for_a_step(now):
        go_on_with_run.apply_async((pk,), expires=600)
    for pk in ExactOnlineConnection.objects.drainable(now).values_list("pk", flat=True):
        push_connection.apply_async((pk,), expires=600)
    runs.settle(now)


@shared_task
def go_on_with_run(pk: int) -> None:
    if runs.go_on(pk):
        go_on_with_run.apply_async((pk,))


@shared_task
def begin_statuses() -> None:
    """Each minute: whose status begins today, by the calendar of Amsterdam."""
    turns.take(timezone.now())


@shared_task
def visit_congressus() -> None:
    if not visit.Visit().run().claimed:
        return
    now = timezone.now()
    again = visit.next_at(now)
    if again is not None and again - now <= COUNTDOWN_AT_MOST:
        visit_congressus.apply_async(countdown=(again - now).total_seconds())


@shared_task
def push_connection(pk: int) -> None:
    drain = Drain(pk).run()
    if not drain.claimed:
        return
    runs.settle(timezone.now(), pk)
    again = drain.next_at()
    if again is None:
        return
    wait = max(again - timezone.now(), timedelta())
    if wait <= COUNTDOWN_AT_MOST:
        push_connection.apply_async((pk,), countdown=wait.total_seconds())


@shared_task
def refresh_mirrors() -> None:
    """Once a night: what the bookkeeper made or deleted by hand is known here in the morning, for three calls."""
    for connection in ExactOnlineConnection.objects.sending().filter(mirror__read_at__isnull=False):
        mirror.read_on(connection, seconds=120)


@shared_task
def keep_tokens_alive() -> None:
    keep_alive.refresh_idle_tokens(timezone.now())
    keep_alive.warn_of_ending_consents(timezone.now())


@shared_task
def prune() -> None:
    history.prune(timezone.now())
