"""Everything that can be wrong, in words: what was seen, why it matters, what to do. One place, so that pages and mails say the same.

What is stored is a code and the facts its sentence needs; the sentence is made when somebody reads it, in his language.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.mapping import Doubt
from integrations.matching import Contradiction

Facts = Mapping[str, str]


class LinkProblem(models.TextChoices):
    """Why one member waits for a person."""

    MISSING_NAME = "missing_name", gettext_lazy("No name")
    UNUSABLE_CODE = "unusable_code", gettext_lazy("No usable relation code")
    CODE_COLLISION = "code_collision", gettext_lazy("Two members, one relation code")
    CODE_IN_USE = "code_in_use", gettext_lazy("Relation code in use")
    REJECTED = "rejected", gettext_lazy("Refused by Exact Online")
    VANISHED = "vanished", gettext_lazy("Relation gone from Exact Online")
    OUR_MISTAKE = "our_mistake", gettext_lazy("Cannot be sent")
    BUSY_TOO_LONG = "busy_too_long", gettext_lazy("Exact Online keeps failing on this relation")
    TO_BE_DECIDED = "to_be_decided", gettext_lazy("To be decided")
    HELD_BACK = "held_back", gettext_lazy("Held back")
    DECLINED = "declined", gettext_lazy("Not sent, as you chose")

    def sentence(self, facts: Facts) -> str:
        return _LINK[self]() % _Facts(facts)


_LINK = {
    LinkProblem.MISSING_NAME: lambda: _(
        "This member has no name, and Exact Online takes no relation without one. Fill in a last name, a called name or an organisation."
    ),
    LinkProblem.UNUSABLE_CODE: lambda: _(
        "The member number has something other than digits, or is too long; a relation code in Exact Online is a number of at most "
        "18 digits. Give this member a number of digits only."
    ),
    LinkProblem.CODE_COLLISION: lambda: _(
        "Relation code %(code)s already belongs to another member here (007 and 7 give the same code). Change one of the member numbers."
    ),
    LinkProblem.CODE_IN_USE: lambda: _(
        "Relation code %(code)s is in use in Exact Online by “%(name)s”%(why)s. Nothing was changed there. %(advice)s"
    ),
    LinkProblem.REJECTED: lambda: _(
        "Exact Online refused what was sent. Its own words are below. Correct the member; it is then sent again."
    ),
    LinkProblem.VANISHED: lambda: _(
        "The relation of this member no longer exists in Exact Online: somebody deleted or merged it. Try again creates a new one; "
        "leave the member out if that is not wanted."
    ),
    LinkProblem.OUR_MISTAKE: lambda: _(
        "Something about this member cannot be handled here; the others go on. The log of the worker says what. Tell the person "
        "who maintains this installation."
    ),
    LinkProblem.BUSY_TOO_LONG: lambda: _(
        "Exact Online failed on this relation several times in a row, without saying why. Look at the relation there, then try again."
    ),
    LinkProblem.TO_BE_DECIDED: lambda: _(
        "There are relations in Exact Online that may be this member. Nothing is sent until somebody decides: link the member to one "
        "of them, create a new relation, or leave the member out."
    ),
    LinkProblem.HELD_BACK: lambda: _(
        "An import or the like changed unusually many members at once, so this change waits until somebody says whether it is meant."
    ),
    LinkProblem.DECLINED: lambda: _(
        "Somebody chose not to send this change. What is changed next of this member is sent again, and this change with it."
    ),
}


class ConnectionProblem(models.TextChoices):
    """Why a whole connection waits for a person."""

    CONSENT_LOST = "consent_lost", gettext_lazy("Consent ended")
    WRONG_CREDENTIALS = "wrong_credentials", gettext_lazy("Client ID or secret refused")
    UNAUTHORIZED = "unauthorized", gettext_lazy("Access refused")
    FORBIDDEN = "forbidden", gettext_lazy("No rights in this administration")
    OUR_FAULT = "our_fault", gettext_lazy("Request not understood")
    WRONG_DIVISION = "wrong_division", gettext_lazy("Answer from another administration")
    SECRET_UNREADABLE = "secret_unreadable", gettext_lazy("Stored secret unreadable")
    UNEXPECTED = "unexpected", gettext_lazy("Unexpected answer")

    def sentence(self, facts: Facts) -> str:
        return _CONNECTION[self]() % _Facts(facts)


_CONNECTION = {
    ConnectionProblem.CONSENT_LOST: lambda: _(
        "Exact Online no longer accepts the consent that was given: it was withdrawn, replaced, or not used for 30 days. "
        "Choose Actions > Connect again."
    ),
    ConnectionProblem.WRONG_CREDENTIALS: lambda: _(
        "Exact Online does not accept the Client ID, the Client secret or the Redirect URL. Compare them with the app in the "
        "Exact App Center, correct them with Actions > Edit, then choose Connect again."
    ),
    ConnectionProblem.UNAUTHORIZED: lambda: _(
        "Exact Online refuses even a new access token. Check that the Exact user may still log in, then choose Actions > Connect again."
    ),
    ConnectionProblem.FORBIDDEN: lambda: _(
        "The Exact user who gave consent may not work in this administration%(reason)s. Give that user rights in Exact Online, or "
        "connect again as another user; then choose Actions > Sync now."
    ),
    ConnectionProblem.OUR_FAULT: lambda: _(
        "Exact Online did not understand two requests in a row. Sending stopped before Exact would block the app. This needs the "
        "person who maintains this installation."
    ),
    ConnectionProblem.WRONG_DIVISION: lambda: _(
        "Exact Online answered from another administration than the one asked. Sending stopped to keep other books clean. Check the "
        "rights of the Exact user, look in Exact Online whether a relation appeared in the wrong administration, then choose Sync now."
    ),
    ConnectionProblem.SECRET_UNREADABLE: lambda: _(
        "The stored secret cannot be read with the keys of this installation (FIELD_ENCRYPTION_KEYS). The IT volunteer can put the "
        "old key back; otherwise enter the Client secret again and choose Connect again."
    ),
    ConnectionProblem.UNEXPECTED: lambda: _(
        "Exact Online gave an answer that is not understood. Choose Actions > Sync now to try once more."
    ),
}


class CongressusProblem(models.TextChoices):
    """Why nothing is asked of Congressus before a person did something."""

    WRONG_KEY = "wrong_key", gettext_lazy("API key refused")
    NO_RIGHTS = "no_rights", gettext_lazy("The API key has too few rights")
    OUR_FAULT = "our_fault", gettext_lazy("Request not understood")
    SECRET_UNREADABLE = "secret_unreadable", gettext_lazy("Stored secret unreadable")
    UNEXPECTED = "unexpected", gettext_lazy("Unexpected answer")

    def sentence(self, facts: Facts) -> str:
        return _CONGRESSUS[self]() % _Facts(facts)


_CONGRESSUS = {
    CongressusProblem.WRONG_KEY: lambda: _(
        "Congressus does not accept the API key: it was removed there, or replaced. Make a new one in Congressus (Settings > "
        "Integrations > Apps), enter it with Actions > Edit, then choose Fetch now."
    ),
    CongressusProblem.NO_RIGHTS: lambda: _(
        "The user group of the API key may not see members or their statuses. Give it the right to view both in Congressus, then "
        "choose Actions > Fetch now."
    ),
    CongressusProblem.OUR_FAULT: lambda: _(
        "Congressus did not understand what it was asked. Fetching stopped. This needs the person who maintains this installation."
    ),
    CongressusProblem.SECRET_UNREADABLE: lambda: _(
        "The stored API key cannot be read with the keys of this installation (FIELD_ENCRYPTION_KEYS). The IT volunteer can put the "
        "old key back; otherwise enter the API key again with Actions > Edit."
    ),
    CongressusProblem.UNEXPECTED: lambda: _(
        "Congressus gave an answer that is not understood. Choose Actions > Fetch now to try once more."
    ),
}


class ArrivalProblem(models.TextChoices):
    """Why one member of Congressus is not, or not wholly, taken over."""

    NUMBER_MISSING = "number_missing", gettext_lazy("No member number")
    NUMBER_TOO_LONG = "number_too_long", gettext_lazy("Member number too long")
    NUMBER_KEPT_HERE = "number_kept_here", gettext_lazy("A member kept here has this number")
    NUMBER_KEPT_APART = "number_kept_apart", gettext_lazy("Kept apart from a member here")
    NUMBER_TWICE = "number_twice", gettext_lazy("Two members, one number")
    STATUS_UNKNOWN = "status_unknown", gettext_lazy("No known member status")
    UNREADABLE = "unreadable", gettext_lazy("Cannot be read")
    OUR_MISTAKE = "our_mistake", gettext_lazy("Cannot be taken over")

    def sentence(self, facts: Facts) -> str:
        return _ARRIVAL[self]() % _Facts(facts)


_ARRIVAL = {
    ArrivalProblem.NUMBER_MISSING: lambda: _(
        "This member has no member ID in Congressus, so there is no number to know it by here. Fill it in there."
    ),
    ArrivalProblem.NUMBER_TOO_LONG: lambda: _(
        "The member ID of this member in Congressus is longer than the 50 characters there is room for. Shorten it there."
    ),
    ArrivalProblem.NUMBER_KEPT_HERE: lambda: _(
        "Number %(number)s belongs to a member that is kept here, not in Congressus. Say whether they are the same person."
    ),
    ArrivalProblem.NUMBER_KEPT_APART: lambda: _(
        "Number %(number)s belongs to a member that is kept here, and somebody said that they are not the same person. Give one of them "
        "another number, or choose “Ask again”."
    ),
    ArrivalProblem.NUMBER_TWICE: lambda: _(
        "Member ID %(number)s belongs to another member of Congressus too, and a number is one person's only. Give one of them another "
        "in Congressus."
    ),
    ArrivalProblem.STATUS_UNKNOWN: lambda: _(
        "Congressus tells no status of this member that it lists among its statuses, so it is unclear whether the member takes part. "
        "Give the member a status in Congressus."
    ),
    ArrivalProblem.UNREADABLE: lambda: _(
        "Congressus keeps failing when it is asked about this member. Look at the member there; it is asked again with the next walk."
    ),
    ArrivalProblem.OUR_MISTAKE: lambda: _(
        "Something about this member cannot be handled here; the others go on. The log of the worker says what. Tell the person "
        "who maintains this installation."
    ),
}

CONGRESSUS_RESTS = {
    "share": gettext_lazy("The share of the calls to Congressus that is ours is spent."),
    "limit": gettext_lazy("Congressus allows only so many calls; these are spent."),
    "unreachable": gettext_lazy("Congressus could not be reached, or is out of order."),
}

RESTS = {
    "minute_limit": gettext_lazy("Exact Online allows only so many calls a minute; these are spent."),
    "day_limit": gettext_lazy("Exact Online allows only so many calls a day; these are spent."),
    "unknown_limit": gettext_lazy("Exact Online asked for a pause."),
    "error_block": gettext_lazy("Exact Online refused several requests; a pause keeps it from blocking the app."),
    "unreachable": gettext_lazy("Exact Online could not be reached."),
    "token_rests": gettext_lazy("Exact Online gives no new access token at the moment."),
    "token_busy": gettext_lazy("Another process is renewing the access token."),
    "token_limit": gettext_lazy("The access tokens Exact Online allows for one day are spent."),
}

_WHY = {
    Contradiction.NAME: gettext_lazy(", which is another name"),
    Contradiction.SUPPLIER: gettext_lazy(", a supplier"),
    Contradiction.BLOCKED: gettext_lazy(", which is blocked"),
    Contradiction.ENDED: gettext_lazy(", which has ended"),
    Contradiction.TAKEN: gettext_lazy(", which is linked to another member"),
}

# What to do then: only another name can be a matter of spelling.
_ADVICE = {
    Contradiction.NAME: gettext_lazy("Link to this relation if it is the same person, or give the member another number."),
    Contradiction.SUPPLIER: gettext_lazy(
        "A supplier is never linked, for that would change the books. Give the member another number."
    ),
    Contradiction.BLOCKED: gettext_lazy("If it is this member, unblock the relation in Exact Online and try again."),
    Contradiction.ENDED: gettext_lazy("If it is this member, clear the end date of the relation in Exact Online and try again."),
    Contradiction.TAKEN: gettext_lazy("Perhaps two members are one person: leave one of them out, or give one another number."),
}

_REASONS = {
    "NoDivisionAccess": gettext_lazy(" (no access to the administration)"),
    "DivisionBlocked": gettext_lazy(" (the administration is blocked)"),
    "LicenseExpired": gettext_lazy(" (the licence has expired)"),
    "BlockedUser": gettext_lazy(" (the user is blocked)"),
    "InactiveUser": gettext_lazy(" (the user is inactive)"),
    "BlockedCustomer": gettext_lazy(" (the customer of Exact is blocked)"),
}

_FIELDS = {
    "Name": gettext_lazy("name"),
    "Email": gettext_lazy("e-mail"),
    "Phone": gettext_lazy("phone"),
    "AddressLine1": gettext_lazy("address"),
    "AddressLine2": gettext_lazy("attention line"),
    "Postcode": gettext_lazy("postcode"),
    "City": gettext_lazy("city"),
    "Country": gettext_lazy("country"),
    "Language": gettext_lazy("language"),
    "Status": gettext_lazy("status"),
    "Code": gettext_lazy("relation code"),
}


def field_label(field: str) -> str:
    """Our word for a field of a relation."""
    return str(_FIELDS.get(field, field))


def warning_sentence(doubt: str, field: str) -> str:
    """What went out shortened, or not at all."""
    match Doubt(doubt):
        case Doubt.NAME_SHORTENED:
            return _("The name is longer than the 50 characters of Exact Online and was sent with initials.")
        case Doubt.NAME_CUT:
            return _("The name is longer than the 50 characters of Exact Online and was cut.")
        case Doubt.TOO_LONG:
            return _("The %(field)s is too long for Exact Online and was not sent.") % {"field": field_label(field)}
        case Doubt.INVALID:
            return _("The %(field)s is not valid and was not sent.") % {"field": field_label(field)}


class _Facts(dict[str, str]):
    """Facts for a sentence; one that is lacking leaves a gap, not an error on the page that should explain one."""

    def __init__(self, facts: Facts) -> None:
        super().__init__(facts)
        self["why"] = str(_WHY.get(facts.get("why", ""), ""))  # type: ignore[call-overload]
        self["advice"] = str(_ADVICE.get(facts.get("why", ""), ""))  # type: ignore[call-overload]
        self["reason"] = str(_REASONS.get(facts.get("reason", ""), ""))

    def __missing__(self, key: str) -> str:
        return ""
