"""From Connect to a stored consent: to Exact Online with a one-time state, and back with a code that is valid once, for 3 minutes.

A `state` belongs to one session, one connection and one app; several may be under way at once (two tabs), and each is taken out
once, also by two requests at the same moment. The pair that comes for the code is committed before anything else is asked with it.
Then it moves to the row of (app, Exact user): the exchange ended that user's chain before, so every connection of that app and user
lives by the new pair from now on, whatever becomes of this connection. Who is new gets a row only where that is of use: somebody
who does not see the administration of this connection does not replace somebody who does.
"""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import administrations, clients, connections, failures, problems, tokens
from integrations.exact_online import errors, oauth
from integrations.exact_online.divisions import Me
from integrations.failures import ConnectionNeedsAttention, ConnectionRests
from integrations.models import ExactOnlineApp, ExactOnlineConnection, ExactOnlineToken
from integrations.models.secret import SecretUnreadable
from integrations.problems import ConnectionProblem

logger = structlog.get_logger(__name__)

PENDING = "exact_online_consents"
AT_ONCE = 10
VALID = timedelta(minutes=30)
# A consent that was cut off halfway leaves a pair that nobody will use.
HALFWAY = timedelta(hours=1)

Session = MutableMapping[str, Any]


class ConsentFailed(Exception):
    """Nothing came of it; the text says why and what to do, to whoever tried."""


@dataclass(frozen=True)
class Consent:
    """`warning`: what the person should know although it worked; "" if nothing."""

    token: ExactOnlineToken
    warning: str = ""


def redirect_url() -> str:
    """The Redirect URL to register at Exact; compared there letter by letter."""
    return settings.PUBLIC_URL + reverse("exact-online-authorize")


# There and back -----------------------------------------------------------------------------------------------------------


def begin(session: Session, connection: ExactOnlineConnection, now: datetime) -> str:
    """The address at Exact where a person consents. Remembers in the session what the answer will be about."""
    app = _app_of(connection)
    app.tokens.filter(exact_user=None, issued_at__lt=now - HALFWAY).delete()
    state = secrets.token_urlsafe(32)
    pending = _pending(session, now)
    latest = dict(list(pending.items())[-(AT_ONCE - 1) :])
    session[PENDING] = latest | {state: {"connection": connection.pk, "app": app.pk, "at": now.timestamp(), "used": False}}
    return oauth.authorization_url(app.base_url(), app.client_id, redirect_url(), state, force_login=True)


def take(session: Session, state: str, now: datetime) -> ExactOnlineConnection:
    """The connection this answer is about; works once. Raises ConsentFailed."""
    pending = _pending(session, now)
    asked = pending.get(state)
    if asked is None:
        raise ConsentFailed(
            _(
                "This answer of Exact Online does not belong to a Connect of yours, or that was more than half an hour ago. "
                "Nothing was changed. Open the connection and choose Connect."
            )
        )
    # The session alone cannot tell two requests at the same moment apart.
    if asked["used"] or not cache.add(f"exact-online-state-{state}", True, VALID.total_seconds()):
        raise ConsentFailed(
            _(
                "This answer of Exact Online was used already; the page was probably loaded twice. Look below whether it is connected."
            )
        )
    session[PENDING] = pending | {state: asked | {"used": True}}
    connection = ExactOnlineConnection.objects.live().select_related("app", "token").filter(pk=asked["connection"]).first()
    if connection is None or connection.app_id != asked["app"]:
        raise ConsentFailed(
            _("The connection was removed, or got another Client ID, while you were at Exact Online. The consent was not used.")
        )
    return connection


def connection_of(session: Session, state: str) -> int | None:
    """Which connection an answer was about, used or not."""
    asked = session.get(PENDING, {}).get(state)
    return asked["connection"] if asked else None


def _pending(session: Session, now: datetime) -> dict[str, dict[str, Any]]:
    oldest = (now - VALID).timestamp()
    return {state: asked for state, asked in session.get(PENDING, {}).items() if asked["at"] > oldest}


def code_in(answer: MutableMapping[str, str]) -> str:
    """The code in Exact's answer. Raises ConsentFailed where there is none."""
    error, code = answer.get("error", ""), answer.get("code", "")
    if error == "access_denied":
        raise ConsentFailed(
            _(
                "Access was not allowed at Exact Online, so nothing was changed. Choose Connect to try again, and there Allow "
                "(Toestaan)."
            )
        )
    if error or not code:
        logger.warning("consent_without_code", error=error[:50])
        raise ConsentFailed(
            _(
                "Exact Online sent you back without a consent and without a reason that is known here. Nothing was changed. "
                "Choose Connect to try again."
            )
        )
    return code


# The code becomes a token -------------------------------------------------------------------------------------------------


def receive(connection: ExactOnlineConnection, code: str) -> Consent:
    """Exchange the code, find out who consented, and let the connection live by it. Raises ConsentFailed."""
    fresh = _exchange(_app_of(connection), code)
    me = _who(fresh)
    token = _kept(fresh, me)
    warning = _check_reach(token, connection)
    try:
        ExactOnlineConnection.objects.live().filter(pk=connection.pk, app=token.app).update(token=token)
    except IntegrityError:  # whoever else used this row was removed this moment, and the row with it
        raise ConsentFailed(_("The connection was changed while you were at Exact Online. Choose Connect again.")) from None
    if connection.token_id != token.pk:
        connections.forget_if_unused(app_id=None, token_id=connection.token_id)
    connections.settle_after_consent(token)
    logger.info("consent_received", connection=connection.pk, token=token.pk)
    return Consent(token, warning)


def _app_of(connection: ExactOnlineConnection) -> ExactOnlineApp:
    if connection.app is None:
        raise ConsentFailed(_("This connection has no Client ID. Enter it with Actions > Edit first."))
    return connection.app


def _exchange(app: ExactOnlineApp, code: str) -> ExactOnlineToken:
    """The pair for this code, committed in a row that nobody uses yet."""
    try:
        pair = oauth.exchange_code(app.base_url(), tokens.credentials(app), code, redirect_url())
    except SecretUnreadable:
        raise ConsentFailed(ConnectionProblem.SECRET_UNREADABLE.sentence({})) from None
    except errors.ExactError as error:
        logger.warning("consent_refused", app=app.pk, error=str(error))
        raise ConsentFailed(_not_exchanged(error)) from error
    today = timezone.now().astimezone(UTC).date()
    values = cast(dict[str, Any], tokens.pair_values(pair))
    row = ExactOnlineToken.objects.create(app=app, exact_user=None, calls_day=today, calls=1, **values)
    return ExactOnlineToken.objects.select_related("app").get(pk=row.pk)  # read back, secrets are sealed


def _not_exchanged(error: errors.ExactError) -> str:
    match error:
        case errors.WrongCredentials():
            return _(
                "You allowed access, but Exact Online does not accept the Client ID, the Client secret or the Redirect URL of this "
                "connection. Compare them with the app in the Exact App Center (Beheer mijn apps), correct them with Actions > Edit, "
                "then choose Connect again."
            )
        case errors.ConsentLost() | errors.OldRefreshToken():
            return _(
                "You allowed access, but Exact Online no longer accepts its own code: it is valid once, and for three minutes. "
                "Choose Connect, and Allow (Toestaan) within three minutes."
            )
        case errors.TokenLimitReached():
            return _(
                "You allowed access, but the access tokens Exact Online gives this app and user in one day are spent. "
                "Choose Connect again tomorrow."
            )
        case errors.TokenServiceUnavailable():
            return _(
                "You allowed access, but the token service of Exact Online cannot be reached or is out of order. "
                "Choose Connect again in a few minutes."
            )
    return _(
        "You allowed access, but what Exact Online answered then is not understood, and holds no usable token. Choose Connect to try "
        "once more; if it keeps happening, tell whoever looks after this installation."
    )


def _who(token: ExactOnlineToken) -> Me:
    try:
        return clients.for_token(token).call(lambda client: client.me())
    except (errors.ExactError, ConnectionRests, ConnectionNeedsAttention) as error:
        logger.warning("consent_of_nobody", token=token.pk, error=str(error))
        token.delete()
        raise ConsentFailed(_not_told(error)) from error


def _not_told(error: Exception) -> str:
    if isinstance(error, errors.ExactError):
        error = failures.of_connection(error, timezone.now())
    if isinstance(error, ConnectionRests):
        return _(
            "You allowed access, but Exact Online could not be asked who you are. %(reason)s Choose Connect again in a few minutes."
        ) % {"reason": problems.RESTS.get(error.reason, "")}
    return _(
        "You allowed access, but Exact Online does not let this user in. Check that the user may log in and has rights in an "
        "administration, then choose Connect again."
    )


def _kept(fresh: ExactOnlineToken, me: Me) -> ExactOnlineToken:
    """The row of this app and Exact user, holding the fresh pair. What anybody else was doing to it is void by its version."""
    try:
        return _place(fresh, me)
    except IntegrityError:  # the same user consented in another tab just now, so now there is such a row
        return _place(fresh, me)


def _place(fresh: ExactOnlineToken, me: Me) -> ExactOnlineToken:
    name = (me.full_name or me.user_name)[:200]
    with transaction.atomic():
        fresh = ExactOnlineToken.objects.select_for_update().get(pk=fresh.pk)
        rows = ExactOnlineToken.objects.filter(app=fresh.app_id, exact_user=me.user_id)
        known = rows.select_for_update().first()
        if known is None:
            ExactOnlineToken.objects.filter(pk=fresh.pk).update(exact_user=me.user_id, exact_user_name=name)
        else:
            rows.update(exact_user_name=name, **_moved(fresh, known))
            fresh.delete()
        return rows.select_related("app").get()


def _moved(fresh: ExactOnlineToken, known: ExactOnlineToken) -> dict[str, Any]:
    # The row holds the pair under the same names, and newer if it was refreshed since.
    pair = cast(dict[str, Any], tokens.pair_values(cast(oauth.Token, fresh)))
    calls = F("calls") + fresh.calls if known.calls_day == fresh.calls_day else fresh.calls
    return pair | {
        "version": F("version") + 1,
        "lease_holder": "",
        "lease_until": None,
        "forced_at": None,
        "calls_day": fresh.calls_day,
        "calls": calls,
    }


# May this user be the one? ------------------------------------------------------------------------------------------------


def _check_reach(token: ExactOnlineToken, connection: ExactOnlineConnection) -> str:
    """What to warn of, "" for nothing. Raises ConsentFailed where another user than before would be of no use."""
    listing = administrations.reached_by(token, refresh=True)
    if connection.division is None:
        problem = "" if listing.administrations or listing.is_unknown else _sees_nothing(token)
    elif listing.get(connection.division):
        problem = ""
    elif listing.is_unknown:
        problem = "" if token.pk == connection.token_id else _not_checked(token, listing)
    else:
        problem = _sees_another(token, connection)
    if problem and _must_refuse(token, connection):
        connections.forget_if_unused(app_id=None, token_id=token.pk)
        raise ConsentFailed(problem)
    return problem


def _must_refuse(token: ExactOnlineToken, connection: ExactOnlineConnection) -> bool:
    """The user it was already stays, and is warned. Where nobody was and nothing is linked, another administration can be chosen."""
    if token.pk == connection.token_id:
        return False
    return connection.token_id is not None or connection.division is None or connection.is_linked()


def _sees_nothing(token: ExactOnlineToken) -> str:
    return _(
        "The Exact user %(user)s sees no administration in Exact Online, so there is nothing to connect with. Give that user rights "
        "there, or choose Connect and log in as another user."
    ) % {"user": token}


def _sees_another(token: ExactOnlineToken, connection: ExactOnlineConnection) -> str:
    facts = {"user": token, "administration": connection.division_name, "number": connection.division}
    if token.pk == connection.token_id or not connection.token_id:
        return (
            _(
                "The Exact user %(user)s does not see the administration of this connection, %(administration)s (%(number)s). Give "
                "that user rights there, or choose Connect again and log in as another user."
            )
            % facts
        )
    return (
        _(
            "The Exact user %(user)s does not see the administration of this connection, %(administration)s (%(number)s), so the "
            "consent of the user before stays. Give %(user)s rights there, or choose Connect again and log in as another user."
        )
        % facts
    )


def _not_checked(token: ExactOnlineToken, listing: administrations.Listing) -> str:
    return _(
        "Whether the Exact user %(user)s may work in the administration of this connection could not be checked, so nothing was "
        "changed. %(reason)s"
    ) % {"user": token, "reason": listing.sentence}
