"""Mails: to the people who can mend it, once for each time something breaks, in sentences, without personal data."""

from __future__ import annotations

from smtplib import SMTPRecipientsRefused

import structlog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from integrations.models import ExactOnlineConnection, ExactOnlineToken

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
    recipients = list(people.values_list("email", flat=True))
    for recipient in recipients:
        try:
            send_mail(subject, "\n\n".join(lines), None, [recipient])
        except OSError as error:  # a mail server that is away must not stop the work; the page shows the same
            logger.warning("mail_not_sent", error=type(error).__name__)
            if not isinstance(error, SMTPRecipientsRefused):  # one stale address is no reason to leave the others unknowing
                return
