"""What people do with a connection. Pages are door handles on these.

Nothing here talks to Exact and nothing waits for a drain: a drain reads the connection before every call and demands that it is
enabled and live, so Disable and Remove act within the call that is under way. Only the columns that were changed are written,
because a drain writes its own in the same row. A client secret belongs to the app, and an app may serve several connections:
a secret typed at one of them is never taken for the others unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations import attention, bell, brake, first_link, runs
from integrations.models import ExactOnlineApp, ExactOnlineConnection, ExactOnlineToken, RelationLink, SyncRun
from integrations.models.link import Held
from integrations.models.secret import SecretUnreadable
from integrations.problems import ConnectionProblem, LinkProblem
from members.models import MemberStatus

# A change of these would write something else for the same member.
MAPPING_FIELDS = ("name_style", "code_start", "send_name", "send_address", "send_email", "send_phone", "emptied")
# Over as soon as somebody consents anew; what the Exact user may do is another matter.
SOLVED_BY_CONSENT = (
    ConnectionProblem.CONSENT_LOST,
    ConnectionProblem.WRONG_CREDENTIALS,
    ConnectionProblem.UNAUTHORIZED,
    ConnectionProblem.SECRET_UNREADABLE,
)
SOLVED_BY_SECRET = (ConnectionProblem.WRONG_CREDENTIALS, ConnectionProblem.SECRET_UNREADABLE)


class OtherSecret(Exception):
    """A live connection has a consent by another secret of this app."""

    def __init__(self, connection: ExactOnlineConnection) -> None:
        super().__init__("the app is in use with another secret")
        self.connection = connection


class SecretLacking(Exception):
    """This app is new here, or its secret cannot be read: without a secret it is of no use."""


class SavedMeanwhile(Exception):
    """The settings are not those the person saw."""


class Lacking(StrEnum):
    """What a connection needs before it can be enabled."""

    CONSENT = "consent"
    FINANCIAL_ADMINISTRATION = "financial_administration"
    ADMINISTRATION = "administration"
    STATUSES = "statuses"


# Adding and credentials ---------------------------------------------------------------------------------------------------


def add(site: str, client_id: str, client_secret: str, person_id: int | None) -> ExactOnlineConnection:
    """A new, disconnected connection; a second click gets the one of the first. Raises OtherSecret, SecretLacking."""
    with transaction.atomic():
        app = _app(site, client_id, client_secret)
        untouched = ExactOnlineConnection.objects.live().filter(
            app=app, token=None, financial_administration=None, division=None, created_by_id=person_id
        )
        return untouched.first() or ExactOnlineConnection.objects.create(app=app, site=site, created_by_id=person_id)


def check_secret(site: str, client_id: str, client_secret: str, mine: ExactOnlineConnection | None = None) -> None:
    """Whether these credentials may be stored, for `mine` or for a new connection. Raises OtherSecret, SecretLacking."""
    app = ExactOnlineApp.objects.filter(site=site, client_id=client_id).first()
    if not client_secret and (app is None or not _is_readable(app)):
        raise SecretLacking
    if app is None or not client_secret or (mine and mine.app_id == app.pk) or _is_secret_of(app, client_secret):
        return
    # Who has no consent yet lives by no secret: what is typed now may well be what mends that one too.
    if (other := app.connections.live().exclude(token=None).first()) is not None:
        raise OtherSecret(other)


def change_credentials(connection: ExactOnlineConnection, site: str, client_id: str, client_secret: str) -> None:
    """A new secret keeps the consent. Another app ends it, and with it sending: links stay, and wait for Connect and Enable."""
    with transaction.atomic():
        app = _app(site, client_id, client_secret, mine=connection)
        if app.pk == connection.app_id:
            if client_secret:
                _settle(app.connections.live().filter(attention__in=SOLVED_BY_SECRET))
            return
        elsewhere = {"site": site, "division": None, "division_name": ""} if site != connection.site else {}
        ExactOnlineConnection.objects.filter(pk=connection.pk).update(app=app, token=None, enabled=False, **elsewhere)
        runs.end_with(connection)
        forget_if_unused(app_id=connection.app_id, token_id=connection.token_id)
    _settle(ExactOnlineConnection.objects.filter(pk=connection.pk))


def _app(site: str, client_id: str, client_secret: str, mine: ExactOnlineConnection | None = None) -> ExactOnlineApp:
    check_secret(site, client_id, client_secret, mine)
    apps = ExactOnlineApp.objects.select_for_update()
    app, is_new = apps.get_or_create(site=site, client_id=client_id, defaults={"client_secret": client_secret})
    if client_secret and not is_new and not _is_secret_of(app, client_secret):
        app.client_secret = client_secret
        app.save(update_fields=["client_secret"])
    return app


def _is_secret_of(app: ExactOnlineApp, client_secret: str) -> bool:
    return _is_readable(app) and app.client_secret.reveal() == client_secret


def _is_readable(app: ExactOnlineApp) -> bool:
    try:
        return bool(app.client_secret.reveal())
    except SecretUnreadable:
        return False


def forget_if_unused(*, app_id: int | None, token_id: int | None) -> None:
    """Where no live connection uses them any more, they go, and their secrets with them."""
    live = ExactOnlineConnection.objects.live()
    if token_id is not None and not live.filter(token=token_id).exists():
        ExactOnlineToken.objects.filter(pk=token_id).delete()
    if app_id is not None and not live.filter(app=app_id).exists():
        ExactOnlineApp.objects.filter(pk=app_id).delete()


# Settings -----------------------------------------------------------------------------------------------------------------


def settings_of(connection: ExactOnlineConnection) -> dict[str, Any]:
    """What the settings page shows and may change; statuses as a sorted list of keys."""
    app = connection.app
    return {
        "financial_administration": connection.financial_administration_id,
        "division": connection.division,
        "statuses": sorted(connection.statuses.values_list("pk", flat=True)),
        "site": connection.site,
        "client_id": app.client_id if app else "",
    } | {name: getattr(connection, name) for name in MAPPING_FIELDS}


def version(connection: ExactOnlineConnection) -> str:
    """Changes whenever any of the settings does."""
    return hashlib.sha256(json.dumps(settings_of(connection), sort_keys=True, default=str).encode()).hexdigest()[:16]


def save_settings(pk: int, seen: str, values: Mapping[str, Any], statuses: Iterable[MemberStatus]) -> bool:
    """Write what differs; False when nothing does. `seen` is the version the person saw, `values` column -> value.

    Raises SavedMeanwhile, and IntegrityError where another connection took one of the administrations meanwhile.
    """
    with transaction.atomic():
        connection = ExactOnlineConnection.objects.live().select_for_update().get(pk=pk)
        if version(connection) != seen:
            raise SavedMeanwhile
        changed = {name: value for name, value in values.items() if value != getattr(connection, name)}
        if changed:
            _write(connection, changed)
        before, after = set(connection.statuses.all()), set(statuses)
        if before != after:
            connection.statuses.set(after)
        transaction.on_commit(bell.ring, robust=True)
        return bool(changed) or before != after


def _write(connection: ExactOnlineConnection, changed: Mapping[str, Any]) -> None:
    values = dict(changed)
    if changed.keys() & {*MAPPING_FIELDS, "division"}:
        values["mapping_revision"] = F("mapping_revision") + 1
    ExactOnlineConnection.objects.filter(pk=connection.pk).update(**values)
    if "division" in changed:
        first_link.forget(connection)
    if "code_start" in changed:
        # A code that was reserved but never became a relation gives way to the new numbering; one on its way does not.
        connection.links.filter(guid__isnull=True, creating_since__isnull=True).update(code=None)


# Enable, disable, sync now, remove ----------------------------------------------------------------------------------------


def lacking(connection: ExactOnlineConnection) -> list[Lacking]:
    """What has to be done before Enable, in the order in which it can be done."""
    token = connection.token
    lacks = {
        Lacking.CONSENT: token is None or token.consent_lost,
        Lacking.FINANCIAL_ADMINISTRATION: connection.financial_administration_id is None,
        Lacking.ADMINISTRATION: connection.division is None,
        Lacking.STATUSES: not connection.statuses.exists(),
    }
    return [what for what, is_lacking in lacks.items() if is_lacking]


def enable(connection: ExactOnlineConnection, person_id: int | None = None) -> bool:
    """From now on members go out, what waited first: once they were compared with what Exact holds now.

    Whoever enables saw what would be done, so the brake lets go. False when something lacks, or it is enabled already.
    """
    with transaction.atomic():
        fresh = ExactOnlineConnection.objects.live().select_for_update().get(pk=connection.pk)
        if fresh.enabled or lacking(fresh):
            return False
        now = timezone.now()
        ExactOnlineConnection.objects.filter(pk=fresh.pk).update(enabled=True, enabled_at=now, was_enabled=True)
        brake.approve(fresh)
        runs.start(fresh, SyncRun.Kind.ENABLE, person_id)
    return True


def disable(connection: ExactOnlineConnection) -> bool:
    """Nothing is sent any more, from the next call on; links and settings stay, and a run under way ends."""
    with transaction.atomic():
        disabled = ExactOnlineConnection.objects.live().filter(pk=connection.pk, enabled=True).update(enabled=False)
        if disabled:
            runs.end_with(connection)
    return bool(disabled)


def sync_now(connection: ExactOnlineConnection) -> None:
    """Somebody did something about it, or does not want to wait: try what waits. What is parked stays parked."""
    with transaction.atomic():
        attention.settle(connection.pk)
        in_doubt = Q(unconfirmed=True) | Q(creating_since__isnull=False)
        # A request whose answer was lost may still be running at Exact: that pause is not ours to end.
        connection.links.exclude(in_doubt).update(not_before=None)
        transaction.on_commit(bell.ring, robust=True)


def remove(connection: ExactOnlineConnection) -> None:
    """Tokens and secrets are forgotten where nobody else uses them, and so is what was copied from Exact.

    Links and history stay, and so does all that Exact has.

    The financial administration is let go of, or it could never be deleted; the history goes by the name Exact has for it.
    """
    with transaction.atomic():
        ExactOnlineConnection.objects.live().filter(pk=connection.pk).update(
            removed_at=timezone.now(), enabled=False, token=None, app=None, financial_administration=None
        )
        runs.end_with(connection)
        first_link.forget(connection)
        forget_if_unused(app_id=connection.app_id, token_id=connection.token_id)


def settle_after_consent(token: ExactOnlineToken) -> None:
    """Whoever shares this consent goes on, unless it waits for something a consent does not solve."""
    _settle(token.connections.live().filter(attention__in=("", *SOLVED_BY_CONSENT)))


def _settle(connections: Iterable[ExactOnlineConnection]) -> None:
    for connection in connections:
        attention.settle(connection.pk)
    transaction.on_commit(bell.ring, robust=True)


# Links --------------------------------------------------------------------------------------------------------------------


def may_link(link: RelationLink) -> bool:
    """Whether a person may say "this is the same one": Exact has the code under another name, and nothing else speaks against it."""
    return link.problem == LinkProblem.CODE_IN_USE and link.problem_details.get("why") == "other_name"


def link_to_relation(link: RelationLink) -> bool:
    """Take the relation that has this member's code, and send all of our fields to it. False when either was dealt with meanwhile."""
    links = RelationLink.objects.filter(pk=link.pk)
    still_parked = links.filter(problem=LinkProblem.CODE_IN_USE, parked_revision=link.parked_revision, guid=None)
    try:
        with transaction.atomic():
            linked = still_parked.update(guid=link.problem_details["guid"], confirmed={}, creating_since=None, held=Held.NOT)
            if linked:
                links.try_again(timezone.now())
                # After that, for in doubt it would wait; nothing is on its way to a relation that was never ours.
                links.update(unconfirmed=True)
                transaction.on_commit(bell.ring, robust=True)
    except IntegrityError:  # another member has this relation by now
        return False
    return bool(linked)
