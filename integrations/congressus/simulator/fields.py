"""What a member consists of, and how what is told of one becomes what is held.

Objects within a member (address, phones, bank account) are merged: who tells a city changes the city. Told as None they are gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .countries import NETHERLANDS, country_id

Row = dict[str, Any]

TEXTS = (
    "username", "prefix", "initials", "nickname", "given_name", "first_name", "primary_last_name_main", "primary_last_name_prefix",
    "secondary_last_name_main", "secondary_last_name_prefix", "last_name_display", "suffix", "email",
)  # fmt: skip
FLAGS = (
    "receive_sms", "receive_mailings", "show_almanac", "show_almanac_addresses", "show_almanac_phonenumbers", "show_almanac_email",
    "show_almanac_date_of_birth", "show_almanac_custom_fields",
)  # fmt: skip
PICTURES = ("profile_picture_id", "formal_picture_id")
OBJECTS: dict[str, tuple[str, ...]] = {
    "address": ("address", "zip", "city", "province", "lat", "lng", "location"),
    "phone_mobile": ("number", "number_full", "number_full_MSISDN", "number_formatted"),
    "phone_home": ("number", "number_full", "number_full_MSISDN", "number_formatted"),
    "bank_account": ("iban", "bic", "iban_formatted", "iban_masked", "sdd_mandates"),
}
# What Congressus derives from a value; where it was told itself it stands, until that value is told again.
NUMBER = ("number", ("number_full", "number_full_MSISDN", "number_formatted"))
DERIVED: dict[str, tuple[str, tuple[str, ...]]] = {
    "phone_mobile": NUMBER,
    "phone_home": NUMBER,
    "bank_account": ("iban", ("iban_formatted", "iban_masked")),
}
SETTABLE = (*TEXTS, "gender", "date_of_birth", "memo", "custom_field_data", "locked", *FLAGS, *PICTURES, *OBJECTS)

BLANK: Row = dict.fromkeys(SETTABLE) | dict.fromkeys(FLAGS, False) | {"locked": False, "custom_field_data": {}}
ORDINARY: Row = BLANK | {
    "gender": "m",
    "initials": "J.W.",
    "given_name": "Jan",
    "first_name": "Jan Willem",
    "primary_last_name_prefix": "de",
    "primary_last_name_main": "Vries",
    "last_name_display": "own",
    "date_of_birth": "2001-03-14",
    "phone_mobile": {"number": "0612345678", "country_id": NETHERLANDS},
    "address": {
        "address": "Dorpsstraat 1", "zip": "1234 AB", "city": "Delft", "province": "Zuid-Holland", "country_id": NETHERLANDS,
        "lat": 52.0116, "lng": 4.3571, "location": "52.0116,4.3571",
    },
    "profile_picture_id": 88001,
    "receive_mailings": True,
    "show_almanac": True,
    "show_almanac_email": True,
    "memo": "Betaalt de contributie in twee termijnen, zie bestuursmap.",
    "bank_account": {"iban": "NL91ABNA0417164300", "bic": "ABNANL2A", "sdd_mandates": []},
    "custom_field_data": {
        "field_preference_birthday": True,
        "field_study": "Technische Natuurkunde",
        "field_shirt_size": "M",
        "field_committees": ["Borrelcommissie", "Redactie"],
        "field_extra_donation": 12.5,
        "field_first_aid_until": "2027-05-01",
        "field_emergency_contact": "Moeder, 015-2000001",
        "field_diet": None,
    },
}  # fmt: skip


def put_together(held: Mapping[str, Any], told: Mapping[str, Any]) -> Row:
    """`held` with what is told. Raises ValueError for what is no field of a member, and for a country that is not listed."""
    unknown = sorted(set(told) - set(SETTABLE))
    if unknown:
        raise ValueError(f"a member has no {', '.join(unknown)}")
    return {**held, **{name: _value(name, held.get(name), value) for name, value in told.items()}}


def _value(name: str, held: Any, told: Any) -> Any:
    if name not in OBJECTS or told is None:
        return told
    if isinstance(told, str) and name.startswith("phone_"):
        told = {"number": told}
    if not isinstance(told, Mapping):
        raise ValueError(f"{name} must be an object")
    return _merged(name, held or _without(name), told)


def _without(name: str) -> Row:
    """One that nothing is known of yet; the country is the association's own."""
    return {} if name == "bank_account" else {"country_id": NETHERLANDS}


def _merged(name: str, held: Mapping[str, Any], told: Mapping[str, Any]) -> Row:
    places = () if name == "bank_account" else ("country", "country_id")
    unknown = sorted(set(told) - {*OBJECTS[name], *places})
    if unknown:
        raise ValueError(f"{name} has no {', '.join(unknown)}")
    source, derived = DERIVED.get(name, ("", ()))
    stale = derived if source in told else ()
    merged = {part: value for part, value in held.items() if part not in stale}
    merged |= {part: value for part, value in told.items() if part not in places}
    place = next((part for part in places if part in told), None)
    return merged | ({"country_id": country_id(told[place])} if place else {})
