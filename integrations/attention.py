"""A connection that waits for a person: asked once, mailed once, and over as soon as somebody did something about it."""

from __future__ import annotations

from datetime import datetime

from integrations import notify
from integrations.failures import ConnectionNeedsAttention
from integrations.models import ExactOnlineConnection, ExactOnlineToken


def ask(pk: int, problem: ConnectionNeedsAttention, now: datetime) -> None:
    """Stop this connection and tell the treasurers; nothing happens where it is waiting for a person already."""
    calm = ExactOnlineConnection.objects.live().filter(pk=pk, attention="")
    if calm.update(attention=problem.problem, attention_details=problem.details, attention_since=now):
        notify.connection_needs_attention(ExactOnlineConnection.objects.get(pk=pk))


def settle(pk: int) -> None:
    """Somebody did something about it: try again, from a clean slate as far as it is ours. Exact's own limits stand."""
    ExactOnlineConnection.objects.filter(pk=pk).update(
        attention="", attention_details={}, attention_since=None, bad_requests_in_a_row=0, troubles_in_a_row=0
    )
    ExactOnlineConnection.objects.filter(
        pk=pk, resume_reason__in=("unreachable", "token_rests", "token_busy", "token_limit")
    ).update(resume_at=None)
    # Without this, Sync now would wait with the token: up to a day after a night of maintenance.
    ExactOnlineToken.objects.filter(connections=pk).update(rest_until=None, last_failure="")
