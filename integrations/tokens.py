"""The one-time refresh token, and how many processes share it without ever spending it twice.

Exact answers a refresh with a new pair and the old refresh token is dead. So: take the lease by a conditional UPDATE, commit, POST
outside any transaction, store the new pair under the version that was read, commit, and only then use it. A lease, not a transaction: on
SQLite an open write transaction stops every other writer for as long as Exact takes to answer. Who does not get the lease re-reads for
a few seconds. A refresh is never asked earlier than Exact allows, and "not expired" never costs a connection.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import timezone

from integrations import backoff, budget
from integrations.exact_online import errors, oauth
from integrations.failures import ConnectionNeedsAttention, ConnectionRests
from integrations.models import ExactOnlineApp, ExactOnlineToken

logger = structlog.get_logger(__name__)

# Exact counts token calls per app, user and day, and refuses above 200.
CALLS_A_DAY = 180
PATIENCE = 5.0
POLL = 0.1
BUSY = timedelta(seconds=10)
FORCED_REST = timedelta(minutes=10)
SECOND_THOUGHT = timedelta(minutes=5)

Clock = Callable[[], datetime]


def access_token(pk: int, now: Clock = timezone.now, just_read: ExactOnlineToken | None = None) -> str:
    """An access token that is valid now, refreshed if it must be; `just_read` spares reading the row once more.

    Raises ConnectionRests, ConnectionNeedsAttention, SecretUnreadable.
    """
    if just_read is not None and not just_read.consent_lost and now() < just_read.refreshable_at:
        return just_read.access_token.reveal()
    deadline = time.monotonic() + PATIENCE
    while True:
        token = _read(pk, now)
        if now() < token.refreshable_at:
            return token.access_token.reveal()
        if token.rest_until and now() < token.rest_until:
            if now() < token.expires_at:
                return token.access_token.reveal()
            raise ConnectionRests(token.rest_until, "token_rests")
        if (fresh := _refresh(token, now)) is not None:
            return fresh
        _wait_a_little(deadline, now)


def after_401(pk: int, refused: str, now: Clock = timezone.now) -> str:
    """Another access token than the one Exact refused: that of somebody who was quicker, else one forced refresh in ten minutes."""
    deadline = time.monotonic() + PATIENCE
    while True:
        token = _read(pk, now)
        stored = token.access_token.reveal()
        if stored != refused:
            return stored
        if token.rest_until and now() < token.rest_until:
            raise ConnectionRests(token.rest_until, "token_rests")
        if token.forced_at and now() < token.forced_at + FORCED_REST:
            raise ConnectionNeedsAttention("unauthorized")
        if (fresh := _refresh(token, now, forced=True)) is not None:
            return fresh
        _wait_a_little(deadline, now)


def credentials(app: ExactOnlineApp) -> oauth.AppCredentials:
    return oauth.AppCredentials(app.client_id, app.client_secret.reveal())


def pair_values(pair: oauth.Token) -> dict[str, object]:
    """What a pair that just arrived means for the row: everything that was held against the old one is forgotten."""
    return {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "issued_at": pair.issued_at,
        "expires_at": pair.expires_at,
        "refreshable_at": pair.refreshable_at,
        "consent_lost": False,
        "failures": 0,
        "last_failure": "",
        "rest_until": None,
        "warned_days_left": None,
    }


def _read(pk: int, now: Clock) -> ExactOnlineToken:
    token = ExactOnlineToken.objects.select_related("app").filter(pk=pk).first()
    if token is None:  # somebody else consented meanwhile, or the connection got another app: the next drain reads that
        raise ConnectionRests(now() + BUSY, "token_busy")
    if token.consent_lost:
        raise ConnectionNeedsAttention("consent_lost")
    return token


def _wait_a_little(deadline: float, now: Clock) -> None:
    if time.monotonic() > deadline:
        raise ConnectionRests(now() + BUSY, "token_busy")
    time.sleep(POLL)


def _refresh(token: ExactOnlineToken, now: Clock, *, forced: bool = False) -> str | None:
    """Spend the refresh token if we get the lease. None: somebody else is at it, or was; read again."""
    holder = uuid.uuid4().hex
    if not ExactOnlineToken.objects.claim(token.pk, token.version, holder):
        return None
    try:
        _count_call(token, holder, now())
        pair = oauth.refresh(token.app.base_url(), credentials(token.app), token.refresh_token.reveal(), now=now)
    except errors.ExactError as error:
        return _after_failure(token, holder, error, now(), forced=forced)
    except BaseException:
        ExactOnlineToken.objects.release(token.pk, holder)
        raise
    values = pair_values(pair) | {"version": token.version + 1} | ({"forced_at": now()} if forced else {})
    return pair.access_token if _store(token, holder, values) else None


def _store(token: ExactOnlineToken, holder: str, values: dict[str, object]) -> bool:
    """Whether the pair was stored, under the version that was read. A pair that is not stored is a consent that is lost."""
    mine = ExactOnlineToken.objects.filter(version=token.version)
    try:
        return mine.release(token.pk, holder, **values)
    except (OperationalError, InterfaceError):  # too busy, or gone while we waited for Exact
        connection.close_if_unusable_or_obsolete()
        return mine.release(token.pk, holder, **values)


def _count_call(token: ExactOnlineToken, holder: str, now: datetime) -> None:
    today = now.astimezone(UTC).date()
    if token.calls_day == today and token.calls >= CALLS_A_DAY:
        raise ConnectionRests(budget.next_day(now), "token_limit")
    calls = F("calls") + 1 if token.calls_day == today else 1
    ExactOnlineToken.objects.filter(pk=token.pk, lease_holder=holder).update(calls_day=today, calls=calls)


def _after_failure(token: ExactOnlineToken, holder: str, error: errors.ExactError, now: datetime, *, forced: bool) -> str | None:
    """Give the lease back and say what follows; None where the row meanwhile holds another pair."""
    logger.warning("token_refused", token=token.pk, error=str(error))
    if not ExactOnlineToken.objects.filter(pk=token.pk, version=token.version).exists():
        ExactOnlineToken.objects.release(token.pk, holder)
        return None
    failures = token.failures + 1
    # "In a row" means of the same kind: during maintenance the token service has many faces.
    again = token.last_failure == type(error).__name__
    match error:
        case errors.TokenNotExpired():
            rest = now + FORCED_REST
            _rest(token, holder, rest, error)
            if forced or now >= token.expires_at:
                raise ConnectionRests(rest, "token_rests") if not again else ConnectionNeedsAttention("unauthorized")
            return token.access_token.reveal()
        case errors.TokenLimitReached():
            rest = budget.next_day(now)
        case errors.TokenServiceUnavailable():
            rest = now + backoff.for_token_service(failures)
        case errors.ConsentLost() if not again:
            # During maintenance Exact says this of chains that are alive again later.
            rest = now + SECOND_THOUGHT
        case errors.ConsentLost() | errors.OldRefreshToken():
            ExactOnlineToken.objects.release(token.pk, holder, consent_lost=True, failures=failures)
            raise ConnectionNeedsAttention("consent_lost") from error
        case errors.WrongCredentials():
            ExactOnlineToken.objects.release(token.pk, holder)
            raise ConnectionNeedsAttention("wrong_credentials") from error
        case _:
            ExactOnlineToken.objects.release(token.pk, holder)
            raise ConnectionNeedsAttention("unexpected", said=str(error)) from error
    _rest(token, holder, rest, error)
    if now < token.expires_at and not forced:
        return token.access_token.reveal()
    raise ConnectionRests(rest, "token_rests") from error


def _rest(token: ExactOnlineToken, holder: str, until: datetime, error: errors.ExactError) -> None:
    failure = {"failures": token.failures + 1, "last_failure": type(error).__name__}
    ExactOnlineToken.objects.release(token.pk, holder, rest_until=until, **failure)
