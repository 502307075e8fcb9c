"""Which administrations in Exact Online a consent reaches: what a person may choose from.

The list comes from Exact each time somebody needs it, by way of the administration the Exact user last looked at; nothing is
ever written there. Its answer is kept for two minutes, a refusal for one: Exact counts refusals, and a page is easily reloaded.
After those two minutes the list still serves while Exact cannot be asked, so that a form half filled in can be saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import clients, failures, problems
from integrations.exact_online import divisions, errors
from integrations.exact_online.client import ExactClient
from integrations.failures import ConnectionNeedsAttention, ConnectionRests
from integrations.models import ExactOnlineToken
from integrations.models.secret import SecretUnreadable

FRESH = timedelta(minutes=2)
FRESH_REFUSAL = timedelta(minutes=1)
KEPT = timedelta(hours=1)
NO_RIGHTS = ("none", "forbidden")


@dataclass(frozen=True)
class Administration:
    """`usable`: it has books to write to."""

    number: int
    name: str
    usable: bool


@dataclass(frozen=True)
class Listing:
    """`trouble` is a word for why Exact did not give the list; what is listed then is what it gave before, if anything."""

    administrations: tuple[Administration, ...] = ()
    trouble: str = ""
    details: Mapping[str, str] = field(default_factory=dict)

    def get(self, number: int | None) -> Administration | None:
        return next((found for found in self.administrations if found.number == number), None)

    @property
    def sentence(self) -> str:
        """What is the matter, in words; "" when nothing is."""
        return _sentence(self.trouble, self.details) if self.trouble else ""

    @property
    def is_unknown(self) -> bool:
        """Exact gave no answer about this user, for or against."""
        return self.trouble not in ("", *NO_RIGHTS)


def reached_by(token: ExactOnlineToken, *, refresh: bool = False) -> Listing:
    """The list as it was at most two minutes ago, or as it was given last, with the reason why not now."""
    found = cache.get(_key(token))
    at, listing = found or (None, Listing())
    kept_for = FRESH_REFUSAL if listing.trouble else FRESH
    if at is not None and not refresh and at > timezone.now() - kept_for:
        return listing
    asked = _ask(token)
    if asked.is_unknown:
        asked = replace(asked, administrations=listing.administrations)
    cache.set(_key(token), (timezone.now(), asked), KEPT.total_seconds())
    return asked


def known_of(token: ExactOnlineToken) -> Listing:
    """What a person was just shown, however old by now; asked only if there is nothing."""
    found = cache.get(_key(token))
    return found[1] if found else reached_by(token)


def _key(token: ExactOnlineToken) -> str:
    return f"exact-online-administrations-{token.pk}"


def _ask(token: ExactOnlineToken) -> Listing:
    def ask(client: ExactClient) -> list[divisions.Division]:
        return client.divisions(client.me().current_division)

    try:
        found = clients.for_token(token).call(ask)
    except errors.Forbidden:
        return Listing(trouble="forbidden")
    except errors.ExactError as error:
        return _troubled(failures.of_connection(error, timezone.now()))
    except (ConnectionRests, ConnectionNeedsAttention, SecretUnreadable) as trouble:
        return _troubled(trouble)
    if not found:
        return Listing(trouble="none")
    administrations = (Administration(one.code, one.description or one.customer_name, one.active) for one in found)
    return Listing(tuple(sorted(administrations, key=lambda one: (one.name.casefold(), one.number))))


def _troubled(trouble: Exception) -> Listing:
    match trouble:
        case ConnectionRests():
            return Listing(trouble=trouble.reason)
        case ConnectionNeedsAttention():
            return Listing(trouble=trouble.problem, details=trouble.details)
        case SecretUnreadable():
            return Listing(trouble="secret_unreadable")
    return Listing(trouble="unexpected")


def _sentence(trouble: str, details: Mapping[str, str]) -> str:
    if trouble == "none":
        return _(
            "The Exact user who gave consent sees no administration at all. Give that user rights in Exact Online, or connect again as "
            "another user; then refresh the list."
        )
    if trouble == "forbidden":
        return _(
            "Exact Online does not show the Exact user who gave consent which administrations there are. Give that user rights in "
            "Exact Online, or connect again as another user; then refresh the list."
        )
    if trouble in problems.RESTS:
        return _("%(reason)s Try again in a few minutes.") % {"reason": problems.RESTS[trouble]}
    return problems.ConnectionProblem(trouble).sentence(details)
