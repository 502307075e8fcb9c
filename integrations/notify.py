"""Mails: to the people who can mend it, once for each time something breaks, in sentences, without personal data."""

from __future__ import annotations

from collections.abc import Iterable
from smtplib import SMTPRecipientsRefused

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from integrations import results
from integrations.models import CongressusConnection, ExactOnlineConnection, ExactOnlineToken, SyncRun

logger = structlog.get_logger(__name__)


def connection_needs_attention(connection: ExactOnlineConnection) -> None:
    """Tell the treasurers that a connection waits for a person."""
    with override(settings.LANGUAGE_CODE):
        lines = [
            _("The connection of %(connection)s with Exact Online needs attention.") % {"connection": connection},
            connection.problem_sentence,
            _("Nothing is lost: changes wait here and are sent when this is solved."),
            settings.PUBLIC_URL + connection.get_absolute_url(),
        ]
        _send(_("Exact Online connection of %(connection)s needs attention") % {"connection": connection}, lines)


def changes_held_back(connection: ExactOnlineConnection, created: int, changed: int) -> None:
    """Tell the treasurers that an import or the like waits for their word."""
    with override(settings.LANGUAGE_CODE):
        lines = [
            _("An import or the like changed unusually many members of %(connection)s at once, so these changes wait.")
            % {"connection": connection},
            _("It would create %(created)s relations in Exact Online and change %(changed)s.")
            % {"created": created, "changed": changed},
            _(
                "Open the connection and say whether it is meant: “Go on” or “Not these”. What people change themselves is sent meanwhile."
            ),
            settings.PUBLIC_URL + connection.get_absolute_url(),
        ]
        _send(_("Changes for %(connection)s are held back") % {"connection": connection}, lines)


def congressus_needs_attention(connection: CongressusConnection) -> None:
    """Tell the treasurers that fetching members waits for a person."""
    with override(settings.LANGUAGE_CODE):
        lines = [
            _("The connection with Congressus needs attention, so no changes of members arrive."),
            connection.problem_sentence,
            _("Nothing is lost: what changed meanwhile is fetched when this is solved."),
            settings.PUBLIC_URL + connection.get_absolute_url(),
        ]
        _send(_("The connection with Congressus needs attention"), lines)


def endings_held_back(connection: CongressusConnection, count: int) -> None:
    """Tell the treasurers that unusually many members would no longer take part."""
    with override(settings.LANGUAGE_CODE):
        lines = [
            ngettext(
                "In Congressus %(count)s member was deleted, or got a status that does not take part in Exact Online.",
                "In Congressus %(count)s members were deleted, or got a status that does not take part in Exact Online.",
                count,
            )
            % {"count": count},
            _("That is unusually much at once, so it waits. Open the page and say whether it is meant: “Go on” or “Not these”."),
            settings.PUBLIC_URL + connection.get_absolute_url(),
        ]
        _send(_("Changes from Congressus are held back"), lines)


def run_is_done(run: SyncRun) -> None:
    """Tell whoever started it that it is done; it took long enough to have left."""
    person = run.started_by
    if person is None or not (person.is_active and person.email):
        return
    with override(settings.LANGUAGE_CODE):
        match SyncRun.Kind(run.kind):
            case SyncRun.Kind.COMPARE:
                subject = _("The members of %(connection)s were compared with Exact Online")
                follows = _(
                    "Nothing was sent. Open the page to decide about the members that need it, and to see what would be sent."
                )
            case SyncRun.Kind.ENABLE:
                subject = _("The members of %(connection)s were sent to Exact Online")
                follows = _(
                    "From now on they are kept up to date there. Members who need attention are on the page of the connection."
                )
        subject %= {"connection": run.connection}
        lines = [f"{subject}.", results.sentence(run.counts), follows, settings.PUBLIC_URL + run.get_absolute_url()]
        _send_to([person.email], subject, [line for line in lines if line])


def consent_runs_out(token: ExactOnlineToken, days: int) -> None:
    """Tell the treasurers that a consent nobody could renew ends in so many days."""
    with override(settings.LANGUAGE_CODE):
        for connection in token.connections.live():
            lines = [
                ngettext(
                    "The consent at Exact Online for %(connection)s ends in %(days)s day, because it could not be renewed.",
                    "The consent at Exact Online for %(connection)s ends in %(days)s days, because it could not be renewed.",
                    days,
                )
                % {"connection": connection, "days": days},
                _("Open the connection and choose Actions > Connect again."),
                settings.PUBLIC_URL + connection.get_absolute_url(),
            ]
            _send(_("Consent at Exact Online for %(connection)s is about to end") % {"connection": connection}, lines)


def _send(subject: str, lines: list[str]) -> None:
    people = get_user_model().objects.filter(is_active=True, is_superuser=True).exclude(email="")
    _send_to(people.values_list("email", flat=True), subject, lines)


def _send_to(recipients: Iterable[str], subject: str, lines: list[str]) -> None:
    for recipient in recipients:
        try:
            send_mail(subject, "\n\n".join(lines), None, [recipient])
        except OSError as error:  # a mail server that is away must not stop the work; the page shows the same
            logger.warning("mail_not_sent", error=type(error).__name__)
            if not isinstance(error, SMTPRecipientsRefused):  # one stale address is no reason to leave the others unknowing
                return
