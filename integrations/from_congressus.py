"""What Congressus tells of a member -> what a member holds here. Pure: no database, no network, and what was not told is not in it.

Congressus renders `last_name` from up to two surnames and the choice which of them are used, so it is taken as it stands and never put
together anew; only an infix in front of it is set apart, because members are sorted and recognised without it. `prefix` is a title in
Congressus, not an infix, and is not read.

A status lasts until the next one begins: a member has one at any moment. So only the first day of a period is looked at; whether its last
day (`ends`) is the one before the next begins, or that same day, is not documented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum

from integrations.congressus.records import Period, Record
from members import cleaning

# Congressus' word for what is taken over as it is, and ours.
AS_TOLD = {
    "initials": "initials",
    "email": "email",
    "address": "address",
    "zip": "postcode",
    "city": "city",
    "country": "country",
    "iban": "iban",
    "bic": "bic",
}


class NumberFrom(StrEnum):
    """Which number of Congressus is the member number: the association's own (Lid-ID), or the one Congressus gave."""

    USERNAME = "username"
    ID = "id"


def typed(record: Record, number_from: NumberFrom) -> dict[str, str]:
    """Our field -> text, for what was told: "member_number" and fields of `members.cleaning.FIELDS`, "" where Congressus has nothing.

    The text is as Congressus has it (the member number apart, which is cleaned): to be cleaned by `members.cleaning.member`, and not
    yet known to fit the columns of a member (`members.intake.LENGTHS`).
    """
    told = record.told
    same = {ours: told[theirs] for theirs, ours in AS_TOLD.items() if theirs in told}
    return _number(record, number_from) | same | _called(told) | _surname(told) | _phone(told)


def status_on(record_status: Period | None, periods: Sequence[Period], today: date) -> int | None:
    """The id of the status in force on `today` (a day in Amsterdam), or None where nothing says so.

    Of the periods that have begun the last to begin counts, of several that began that day the last in the list. `record_status`, what
    Congressus calls the status now, is one of them. It also answers where no period has begun, and where the periods do not know it.
    """
    begun = [period for period in (*periods, record_status) if period and _has_begun(period, today)]
    if record_status and (not begun or (record_status in begun and not _is_among(record_status, periods))):
        return record_status.status_id
    return max(reversed(begun), key=_first_day).status_id if begun else None


def next_turn(periods: Sequence[Period], today: date) -> date | None:
    """The first day after `today` on which another status begins."""
    now = status_on(None, periods, today)
    days = sorted({period.begins for period in periods if period.begins and period.begins > today})
    return next((day for day in days if status_on(None, periods, day) != now), None)


def _number(record: Record, number_from: NumberFrom) -> dict[str, str]:
    if number_from == NumberFrom.ID:
        return {"member_number": str(record.id)}
    return {"member_number": cleaning.text(record.told["username"])} if "username" in record.told else {}


def _called(told: Mapping[str, str]) -> dict[str, str]:
    """Whoever has neither a called name nor initials is called by the official names: better too many than none."""
    if "given_name" not in told:
        return {}
    return {"first_name": told["given_name"] or ("" if told.get("initials") else told.get("first_name", ""))}


def _surname(told: Mapping[str, str]) -> dict[str, str]:
    """Infix and last name go together: to keep one and replace the other would make up a name."""
    if "last_name" not in told:
        return {}
    infix, last_name = told.get("primary_last_name_prefix", "").strip(), told["last_name"]
    if last_name:
        infix, last_name = _set_apart(infix, last_name)
    else:
        last_name = told.get("primary_last_name_main", "")
    return {"infix": infix if last_name else "", "last_name": last_name}


def _set_apart(infix: str, rendered: str) -> tuple[str, str]:
    """("van der", "Berg") of "van der Berg", each as it is written there; ("", all of it) where it does not begin with this infix."""
    head, rest = rendered[: len(infix)], rendered[len(infix) :]
    if infix and head.casefold() == infix.casefold() and rest.startswith(" ") and rest.strip():
        return head, rest[1:]
    return "", rendered


def _phone(told: Mapping[str, str]) -> dict[str, str]:
    """Mobile before home. That there is none is known only where both were told."""
    numbers = [told[key] for key in ("phone_mobile", "phone_home") if key in told]
    found = next(filter(None, numbers), "")
    return {"phone": found} if found or len(numbers) == 2 else {}


def _has_begun(period: Period, day: date) -> bool:
    return period.begins is None or period.begins <= day


def _first_day(period: Period) -> date:
    return period.begins or date.min


def _is_among(status: Period, periods: Sequence[Period]) -> bool:
    return any(period.status_id == status.status_id for period in periods)
