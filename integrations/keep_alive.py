"""A refresh token that is not used for 30 days is dead, also that of a connection which is disabled for the summer."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from integrations import attention, notify, tokens
from integrations.failures import ConnectionNeedsAttention, ConnectionRests
from integrations.models import ExactOnlineToken
from integrations.models.secret import SecretUnreadable
from integrations.models.token import REFRESH_TOKEN_LIFE

logger = structlog.get_logger(__name__)

IDLE = timedelta(days=7)
WARN_DAYS_LEFT = (10, 3)


def refresh_idle_tokens(now: datetime) -> None:
    """Refresh every token that was not refreshed for 7 days. One that fails does not stop the others."""
    for token in ExactOnlineToken.objects.idle_since(now - IDLE):
        try:
            tokens.access_token(token.pk, lambda: now)
        except ConnectionRests as rests:
            logger.info("token_not_refreshed", token=token.pk, reason=rests.reason)
        except ConnectionNeedsAttention as problem:
            _ask_for_attention(token, problem, now)
        except SecretUnreadable:
            _ask_for_attention(token, ConnectionNeedsAttention("secret_unreadable"), now)


def warn_of_ending_consents(now: datetime) -> None:
    """Mail 10 and 3 days before a consent that could not be renewed ends; each of them once."""
    for token in ExactOnlineToken.objects.idle_since(now - REFRESH_TOKEN_LIFE + timedelta(days=WARN_DAYS_LEFT[0])):
        due = [days for days in WARN_DAYS_LEFT if token.days_left(now) <= days]
        if due and _claims_warning(token.pk, due[-1]):
            notify.consent_runs_out(token, token.days_left(now))


def _claims_warning(pk: int, days: int) -> bool:
    """Whether this mail is ours to send: by a conditional UPDATE, because a task may be handed out twice."""
    unwarned = ExactOnlineToken.objects.filter(pk=pk).exclude(warned_days_left=days)
    return bool(unwarned.update(warned_days_left=days))


def _ask_for_attention(token: ExactOnlineToken, problem: ConnectionNeedsAttention, now: datetime) -> None:
    for pk in token.connections.live().values_list("pk", flat=True):
        attention.ask(pk, problem, now)
