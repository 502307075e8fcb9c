"""What people do with the connection to Congressus. Pages are door handles on these.

The key is never shown again, so a new one is tried before it takes the place of one that works. Ids mean other people in another
association: a key that opens another one is refused as long as members of the first are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import bell
from integrations.arrivals import calls, statuses, walk, webhook
from integrations.arrivals.refusals import KeyRefused, refusing
from integrations.congressus.client import CongressusClient
from integrations.congressus.records import Record
from integrations.failures import Stopped
from integrations.from_congressus import NumberFrom, typed
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk
from members import cleaning
from members.models import Member, MemberStatus

# So many of the first and of the last members of ours are looked up to see whether a new key opens the same association.
LOOKED_UP = 5


class Lacking(StrEnum):
    STATUSES = "statuses"


def connect(api_key: str, person_id: int | None) -> CongressusConnection:
    """Try the key, keep it, and take the statuses over. Raises KeyRefused. Nothing is fetched before Enable."""
    with refusing():
        client = calls.client_for(api_key)
        found = client.statuses()
        client.members(1, page_size=1)
        association = client.association().name
    try:
        with transaction.atomic():
            connection = CongressusConnection.objects.create(
                api_key=api_key, association=association[:200], created_by_id=person_id
            )
    except IntegrityError:
        raise KeyRefused(_("Somebody connected Congressus this moment. Look at the page once more.")) from None
    statuses.take_over(found, timezone.now())
    return CongressusConnection.objects.get(pk=connection.pk)


def change_key(api_key: str) -> None:
    """Try the new key; only when it opens the same association it takes the place of the old. Raises KeyRefused."""
    connection = CongressusConnection.objects.first()
    if connection is None:
        raise KeyRefused(_("Somebody removed the connection this moment, so nothing was saved. Look at the page once more."))
    with refusing():
        client = calls.client_for(api_key)
        client.statuses()
        association = client.association().name
        if not _knows_our_members(client):
            raise KeyRefused(
                _(
                    "This API key opens another association (%(name)s), and its members would take the place of those that are here. "
                    "To link another association, remove this connection first."
                )
                % {"name": association or _("none of our members is known there")}
            )
    CongressusConnection.objects.filter(pk=connection.pk).update(
        api_key=api_key, association=(association or connection.association)[:200]
    )
    calls.settle()
    bell.ring()


def _knows_our_members(client: CongressusClient) -> bool:
    """By name too: the numbers of Congressus may well begin anew in each association."""
    present = Member.objects.present().exclude(congressus_id=None).order_by("pk")
    ours = {member.pk: member for member in [*present[:LOOKED_UP], *present.reverse()[:LOOKED_UP]]}
    return not ours or any(_is_same(member, client.member(member.congressus_id or 0)) for member in ours.values())


def _is_same(member: Member, record: Record | None) -> bool:
    if record is None:
        return False
    return cleaning.text(typed(record, NumberFrom.USERNAME).get("last_name", "")) == member.last_name


# Settings -----------------------------------------------------------------------------------------------------------------


def version(connection: CongressusConnection) -> str:
    """What the settings page showed, in one word: so that nobody overwrites what another saved meanwhile."""
    shown = [sorted(connection.statuses.values_list("pk", flat=True)), connection.number_from, connection.every, connection.share]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:16]


def save_settings(seen: str, *, statuses: Iterable[MemberStatus], number_from: str, every: int, share: int) -> bool:
    """False where somebody saved others since they were shown. What is fetched anew is fetched at once."""
    with transaction.atomic():
        connection = CongressusConnection.objects.select_for_update().first()
        if connection is None or version(connection) != seen:
            return False
        before, after = set(connection.statuses.all()), set(statuses)
        walk_wanted = connection.walk_wanted or bool(after - before) or number_from != connection.number_from
        connection.statuses.set(after)
        CongressusConnection.objects.filter(pk=connection.pk).update(
            number_from=number_from, every=every, share=share, walk_wanted=walk_wanted
        )
        transaction.on_commit(bell.ring, robust=True)
    return True


def lacking(connection: CongressusConnection) -> list[Lacking]:
    """What Enable still needs."""
    return [] if connection.statuses.exists() else [Lacking.STATUSES]


# Actions ------------------------------------------------------------------------------------------------------------------


def enable(connection: CongressusConnection) -> bool:
    """From now on members arrive. False where it is enabled already, or something lacks."""
    if lacking(connection):
        return False
    enabled = CongressusConnection.objects.filter(pk=connection.pk, enabled=False).update(
        enabled=True, was_enabled=True, walk_wanted=True
    )
    calls.settle()
    bell.ring()
    return bool(enabled)


def disable(connection: CongressusConnection) -> None:
    """Nothing is asked of Congressus any more; what its webhook says is noted, and Enable catches up."""
    CongressusConnection.objects.filter(pk=connection.pk).update(enabled=False)


def fetch_now(connection: CongressusConnection, person_id: int | None) -> CongressusWalk | None:
    """Walk through all members; None where the connection is not enabled, or was removed meanwhile."""
    calls.settle()
    CongressusConnection.objects.filter(pk=connection.pk).update(polled_at=None)
    with suppress(Stopped):
        return walk.start(connection, person_id) if connection.enabled else None
    return None


def remove(connection: CongressusConnection) -> None:
    """Forget the key and all ids of Congressus. The members stay, and are kept here from now on; whoever was gone stays away."""
    with suppress(webhook.WebhookRefused):  # its calls find nobody from now on
        webhook.unregister(connection)
    with transaction.atomic():
        # First the connection: a page that is being stored comes before, or finds none.
        CongressusConnection.objects.select_for_update().filter(pk=connection.pk).first()
        CongressusMember.objects.all().delete()
        # Nothing of what Exact Online holds changes by it, so no revision is raised.
        kept = {name: F(name) for name in ("revision", "changed_at", "changed_via", "changed_by")}
        Member.objects.exclude(congressus_id=None).update(congressus_id=None, **kept)
        MemberStatus.objects.exclude(congressus_id=None).update(congressus_id=None, gone_at=None)
        CongressusConnection.objects.filter(pk=connection.pk).delete()


def webhook_address_doubt() -> bool:
    """Whether PUBLIC_URL is one that Congressus surely cannot reach."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    if settings.CONGRESSUS_BASE_URL:
        return False
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or "." not in host
