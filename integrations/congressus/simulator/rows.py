"""A member as the API shows it: the fields of the schema in its order, with what Congressus derives from what is held."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .countries import COUNTRIES
from .fields import BLANK, FLAGS, Row
from .naming import called, last_name, surname
from .periods import Period
from .statuses import Statuses

# Fields a context hides, whatever the status of the member: what nobody but the board has any business with.
_BOARD_ONLY = ("memo", "locked", "deleted", "bank_account", "custom_field_data")
HIDDEN_IN: dict[str, tuple[str, ...]] = {
    "sign_up": (*_BOARD_ONLY, "profile_picture", "formal_picture", "statuses", "modified"),
    "profile_activate": (*_BOARD_ONLY, "formal_picture", "statuses"),
    "profile_edit": ("memo", "locked", "deleted"),
    "almanac": (*_BOARD_ONLY, "date_of_birth", "phone_home", "address", "initials", "first_name", "username", "modified"),
    "manager_add": ("modified", "deleted"),
    "manager_edit": (),
}


@dataclass
class Member:
    """`values` are those of fields.SETTABLE; `modified` in microseconds since the epoch."""

    id: int
    values: Row
    periods: list[Period] = field(default_factory=list)
    deleted: bool = False
    modified: int = 0
    current: Period | None = None  # the period in force today


def member_row(member: Member, statuses: Statuses) -> Row:
    """One row of a list."""
    told = BLANK | member.values
    return {
        "id": member.id,
        "username": told["username"],
        "status": period_row(member.current, statuses) if member.current else None,
        "statuses": [period_row(period, statuses) for period in member.periods],
        "gender": told["gender"],
        "prefix": told["prefix"],
        "initials": told["initials"],
        "nickname": told["nickname"],
        "given_name": told["given_name"],
        "first_name": told["first_name"],
        "primary_last_name_main": told["primary_last_name_main"],
        "primary_last_name_prefix": told["primary_last_name_prefix"],
        "primary_last_name": surname(told, "primary"),
        "secondary_last_name_main": told["secondary_last_name_main"],
        "secondary_last_name_prefix": told["secondary_last_name_prefix"],
        "secondary_last_name": surname(told, "secondary") or None,
        "last_name_display": told["last_name_display"],
        "last_name": last_name(told),
        "search_name": called(told),
        "suffix": told["suffix"],
        "date_of_birth": told["date_of_birth"],
        "email": told["email"],
        "phone_mobile": _phone(told["phone_mobile"]),
        "phone_home": _phone(told["phone_home"]),
        "address": _address(told["address"]),
        "profile_picture_id": told["profile_picture_id"],
        "profile_picture": _picture(told["profile_picture_id"]),
        "formal_picture_id": told["formal_picture_id"],
        "formal_picture": _picture(told["formal_picture_id"]),
        "deleted": member.deleted,
        "locked": told["locked"],
        **{name: told[name] for name in FLAGS},
        "modified": iso(member.modified),
        "memo": told["memo"],
        "bank_account": _bank_account(told["bank_account"]),
        "custom_field_data": dict(told["custom_field_data"] or {}),
    }


def one_row(member: Member, statuses: Statuses) -> Row:
    """A member asked for alone: with the custom fields once more, in their old shape."""
    row = member_row(member, statuses)
    custom = [{"ref": ref, "value": value} for ref, value in row["custom_field_data"].items()]
    return row | {"custom_fields": custom}


def seen_in(row: Row, contexts: Collection[str]) -> Row:
    """Without what these contexts hide."""
    hidden = {name for context in contexts for name in HIDDEN_IN[context]}
    return {name: value for name, value in row.items() if name not in hidden}


def period_row(period: Period, statuses: Statuses) -> Row:
    status = statuses.known[period.status_id]
    return {
        "id": period.id,
        "name": status.name,
        "status_id": period.status_id,
        "member_from": period.begins.isoformat() if period.begins else None,
        "member_to": period.ends.isoformat() if period.ends else None,
        "archived": status.archived,
        "deceased": status.deceased,
    }


def found_row(member: Member, statuses: Statuses) -> Row:
    """What searching shows of a member: flat, and short."""
    row = member_row(member, statuses)
    address, status, periods = row["address"] or {}, row["status"] or {}, row["statuses"]
    return {
        "_score": 1,
        "id": member.id,
        "value": member.id,
        "name": row["search_name"],
        "username": row["username"],
        "type": "member",
        "email": row["email"],
        "phone_mobile": (row["phone_mobile"] or {}).get("number_full"),
        "phone_home": (row["phone_home"] or {}).get("number_full"),
        **{name: address.get(name) for name in ("address", "zip", "city", "province")},
        "country_id": (address.get("country") or {}).get("id"),
        "country": (address.get("country") or {}).get("name"),
        "membership_start": periods[0]["member_from"] if periods else None,
        "membership_end": periods[-1]["member_to"] if periods else None,
        "current_member_status_name": status.get("name"),
        "current_member_status_id": status.get("status_id"),
        "manager_uri": f"/members/{member.id}",
    }


def iso(microseconds: int) -> str:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC).isoformat(timespec="microseconds")


def _address(held: Mapping[str, Any] | None) -> Row | None:
    if held is None:
        return None
    names = ("address", "zip", "city", "province")
    places = ("lat", "lng", "location")
    return {
        **{name: held.get(name) for name in names},
        "country": _country(held),
        **{name: held.get(name) for name in places},
    }


def _phone(held: Mapping[str, Any] | None) -> Row | None:
    """Derived: +31612345678, 31612345678 and +31 6 12345678 for the number 0612345678 in the Netherlands."""
    if held is None:
        return None
    number, country = str(held.get("number") or ""), _country(held)
    digits = "".join(character for character in number if character.isdecimal() and character.isascii())
    international = number.strip().startswith(("+", "00"))
    calling = country["calling_code"] if country and not international else ""
    msisdn = calling + digits.lstrip("0") if digits else ""
    derived = {
        "number": held.get("number"),
        "number_full": f"+{msisdn}" if msisdn else None,
        "number_full_MSISDN": msisdn or None,
        "number_formatted": " ".join(filter(None, (f"+{calling}" if calling else "", digits.lstrip("0")))) if msisdn else None,
    }
    return derived | {name: held[name] for name in derived if name in held} | {"country": country}


def _bank_account(held: Mapping[str, Any] | None) -> Row | None:
    if held is None:
        return None
    iban = "".join(str(held.get("iban") or "").split())
    derived = {
        "iban": held.get("iban"),
        "bic": held.get("bic"),
        "iban_formatted": _grouped(iban) or None,
        "iban_masked": _grouped(iban[:4] + "*" * (len(iban) - 8) + iban[-4:]) if len(iban) > 8 else None,
        "sdd_mandates": held.get("sdd_mandates") or [],
    }
    return derived | {name: held[name] for name in ("iban_formatted", "iban_masked") if name in held}


def _grouped(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def _country(held: Mapping[str, Any]) -> Row | None:
    number = held.get("country_id")
    return dict(COUNTRIES[number]) if number else None


def _picture(number: int | None) -> Row | None:
    if number is None:
        return None
    url = f"https://media.congressus.example/{number}.jpg"
    return {"id": number, "name": f"{number}.jpg", "content_type": "image/jpeg", "url": url, "url_sm": f"{url}?size=sm"}
