"""The webhook: how it is registered at Congressus, how a call is known to be real, and what is noted of it.

Congressus signs nothing. So the address holds a secret, and the call carries a second one: a header of our making, or the Basic key that
Congressus makes. Registering calls the address before that key can be known here; what comes then without it is answered and ignored.
What a call says is a hint: noted, answered, and the member is read again later. Nothing here asks Congressus, Exact Online or the broker.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations.arrivals.calls import Calls
from integrations.congressus import errors
from integrations.congressus.hints import MOST, Hint
from integrations.failures import ConnectionRests, Stopped
from integrations.models import CongressusConnection, CongressusMember
from integrations.models.secret import SecretUnreadable

logger = structlog.get_logger(__name__)

HEADER = "X-Congressus-Sync"
SIGNAL = "member"
REGISTERING = timedelta(seconds=60)
# When a worker tries once more to register it.
SOON, LATER = timedelta(seconds=30), timedelta(hours=1)
# A row that was only heard of may go in the very moment it is heard of again.
LOOKS = 3
HEARD_EVERY = timedelta(minutes=1)


class WebhookRefused(Exception):
    """Congressus did not register it; its text says why, for people."""


@dataclass(frozen=True)
class ByHand:
    """What somebody needs to make the webhook in Congressus himself. Secrets: shown once, never stored elsewhere."""

    url: str = field(repr=False)
    header: str
    value: str = field(repr=False)


# Registering --------------------------------------------------------------------------------------------------------------


def is_registered(connection: CongressusConnection) -> bool:
    return connection.webhook_id is not None


def is_wanted(connection: CongressusConnection, now: datetime) -> bool:
    """To be registered by a worker, which can wait for the web server to be there."""
    try_at = connection.webhook_next_try_at
    return connection.webhook_wanted and not is_registered(connection) and (try_at is None or try_at <= now)


def register(connection: CongressusConnection) -> None:
    """Ask Congressus to call us. Raises WebhookRefused; then everything is as it was."""
    try:
        _register(Calls(connection, timezone.now))
    except (errors.WrongKey, errors.NoRights):
        raise WebhookRefused(
            _(
                "The API key may not register webhooks. That is safe and fine: choose “Register by hand”, or leave it; changes are then "
                "found by looking for them."
            )
        ) from None
    except errors.BadRequest as error:
        raise WebhookRefused(
            _(
                "Congressus did not accept the webhook, most likely because it cannot reach %(address)s from outside. It says: %(said)s"
            )
            % {"address": settings.PUBLIC_URL, "said": error.said or "?"}
        ) from None
    except SecretUnreadable as error:
        raise WebhookRefused(str(error)) from None
    except (errors.CongressusError, ConnectionRests, Stopped):
        raise WebhookRefused(_("Congressus could not be asked just now. Try again in a few minutes.")) from None


def register_if_wanted(calls: Calls) -> None:
    """By a worker. That it does not succeed stops nothing: a refusal ends the wish, and the page offers it again."""
    is_first = calls.connection.webhook_next_try_at is None
    calls.note(webhook_next_try_at=calls.now() + (SOON if is_first else LATER))
    try:
        _register(calls)
    except (errors.NoRights, errors.NotThere) as error:
        logger.info("webhook_refused", error=str(error))
        calls.note(webhook_wanted=False)
    except (errors.Unavailable, errors.Unreachable, errors.BadRequest, errors.Unexpected) as error:
        # Our own web server may not be there yet.
        logger.info("webhook_not_registered", error=str(error))


def unregister(connection: CongressusConnection) -> None:
    """Congressus need not call any more, and from now on is not believed. Raises WebhookRefused where it cannot be told."""
    if connection.webhook_id is not None:
        try:
            Calls(connection, timezone.now).client(single=True).remove_webhook(connection.webhook_id)
        except (errors.CongressusError, ConnectionRests, SecretUnreadable, Stopped):
            raise WebhookRefused(
                _("Congressus could not be told, so it would go on calling. Try again, or remove the webhook there first.")
            ) from None
    forget()


def forget() -> None:
    secrets_of_it = dict.fromkeys(("webhook_secret", "webhook_header", "webhook_basic"), "")
    times = dict.fromkeys(("webhook_id", "webhook_heard_at", "webhook_next_try_at"))
    CongressusConnection.objects.update(webhook_wanted=False, **secrets_of_it, **times)


def by_hand(connection: CongressusConnection) -> ByHand:
    """Raises SecretUnreadable, and Stopped where the connection was removed meanwhile."""
    _make_secrets(connection)
    return ByHand(_url(connection), HEADER, connection.webhook_header.reveal())


def _register(calls: Calls) -> None:
    connection = calls.connection
    _make_secrets(connection)
    calls.note(registering_until=calls.now() + REGISTERING)
    client = calls.client(single=True)
    try:
        for webhook in client.webhooks():
            if webhook.url == _url(connection):  # of an earlier try, whose answer was lost
                client.remove_webhook(webhook.id)
        made = client.register_webhook(_url(connection), SIGNAL, {HEADER: connection.webhook_header.reveal()})
    finally:
        calls.learn(client)
    calls.note(webhook_id=made.id, webhook_basic=made.basic_key, webhook_wanted=False, registering_until=None)


def _make_secrets(connection: CongressusConnection) -> None:
    """Once: whoever registers while another does the same must not make that one's useless."""
    with transaction.atomic():
        if not CongressusConnection.objects.select_for_update().filter(pk=connection.pk).exists():
            raise Stopped
        lacking = CongressusConnection.objects.filter(pk=connection.pk, webhook_secret="")
        lacking.update(webhook_secret=secrets.token_urlsafe(32), webhook_header=secrets.token_urlsafe(32))
    connection.refresh_from_db(fields=("webhook_secret", "webhook_header"))


def _url(connection: CongressusConnection) -> str:
    return settings.PUBLIC_URL + reverse("congressus-webhook", args=[connection.webhook_secret.reveal()])


# Receiving ----------------------------------------------------------------------------------------------------------------


def is_ours(connection: CongressusConnection | None, secret: str) -> bool:
    """Whether the address is the one we gave to Congressus; in constant time."""
    return connection is not None and _same(secret, _revealed(connection, "webhook_secret"))


def is_from_congressus(connection: CongressusConnection, headers: Mapping[str, str]) -> bool:
    """Whether the call carries our header, or the Basic key; in constant time."""
    by_header = _same(headers.get(HEADER, ""), _revealed(connection, "webhook_header"))
    by_basic = [_same(word, _revealed(connection, "webhook_basic")) for word in _basic(headers.get("Authorization", ""))]
    return by_header or any(by_basic)


def is_unverified(connection: CongressusConnection, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """A call that proves nothing and asks nothing, as when a webhook is registered: it is answered, and nothing is done."""
    if connection.registering_until is not None and connection.registering_until > now:
        return True
    return not body.strip() and HEADER not in headers and "Authorization" not in headers


def hear(hints: Sequence[Hint], now: datetime) -> bool:
    """Note whom the call was about; a call about nobody we can make out means: look. Tells whether that is news."""
    # Not at each of a thousand calls: the row is that of the worker too.
    CongressusConnection.objects.exclude(webhook_heard_at__gt=now - HEARD_EVERY).update(webhook_heard_at=now)
    if not hints or len(hints) >= MOST:
        _look_soon(now)
    lacking = {hint.congressus_id for hint in hints}
    is_news = not hints
    for _look in range(LOOKS):
        with transaction.atomic():
            # First those that are known: whoever takes in a page holds them too, and adds new ones after.
            rows = CongressusMember.objects.filter(pk__in=lacking).order_by("pk").select_for_update()
            found = {row.pk: row for row in rows}
            is_news |= any(row.heard == row.read for row in found.values())
            # The pause after a failure ends; the one between two readings does not.
            pause = Case(When(attempts__gt=0, then=None), default="not_before")
            CongressusMember.objects.filter(pk__in=found).update(heard=F("heard") + 1, heard_at=now, not_before=pause)
        lacking -= found.keys()
        if not lacking:
            break
        CongressusMember.objects.bulk_create(
            [CongressusMember(congressus_id=pk) for pk in sorted(lacking)], ignore_conflicts=True
        )
    return is_news


def _look_soon(now: datetime) -> None:
    """In a minute: calls that say nothing we can read must not spend our share."""
    for connection in CongressusConnection.objects.filter(polled_at__isnull=False):
        soon = now - timedelta(minutes=connection.every) + HEARD_EVERY
        CongressusConnection.objects.filter(pk=connection.pk, polled_at__gt=soon).update(polled_at=soon)


def _same(told: str, secret: str) -> bool:
    return bool(secret) and compare_digest(told.encode(), secret.encode())


def _revealed(connection: CongressusConnection, name: str) -> str:
    try:
        revealed: str = getattr(connection, name).reveal()
    except SecretUnreadable:
        return ""
    return revealed


def _basic(authorization: str) -> list[str]:
    """User name and password of a Basic header: which of the two the key is, is not documented."""
    scheme, _blank, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        return base64.b64decode(encoded, validate=True).decode().split(":", 1)
    except (binascii.Error, ValueError):
        return []
