"""Member -> the fields of a relation. Pure: the same member and settings give the same fields, always.

Exact Online refuses a whole record for one bad field, so what it would refuse never leaves: an invalid or over-long field is left out
with a warning, and the relation keeps what it had. Only two things stop a member: no name, and a number that makes no relation code.
Bump MAPPING_VERSION when this room would write something else for the same member: every link is then compared again.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import regex
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.exact_online.accounts import LENGTHS
from members import cleaning

MAPPING_VERSION = 1
MAX_CODE = 10 ** LENGTHS["Code"] - 1


class NameStyle(models.TextChoices):
    INITIALS = "initials", _("J. de Vries")
    FULL = "full", _("Jan de Vries")
    SORTED = "sorted", _("Vries, J. de")


@dataclass(frozen=True)
class MappingSettings:
    name_style: NameStyle = NameStyle.INITIALS
    code_start: int = 0
    send_name: bool = True
    send_address: bool = True
    send_email: bool = True
    send_phone: bool = True
    clear_emptied: bool = True


class MemberFields(Protocol):
    """The part of a member that is read here; "" is unknown."""

    member_number: str
    initials: str
    first_name: str
    infix: str
    last_name: str
    organisation: str
    email: str
    phone: str
    address: str
    postcode: str
    city: str
    country: str
    language: str


class Missing(StrEnum):
    NAME = "missing_name"
    CODE = "unusable_code"


class Doubt(StrEnum):
    """Why a field went out shortened, or not at all."""

    NAME_SHORTENED = "name_shortened"
    NAME_CUT = "name_cut"
    TOO_LONG = "too_long"
    INVALID = "invalid"


@dataclass(frozen=True)
class Warned:
    doubt: Doubt
    field: str


@dataclass(frozen=True)
class Mapped:
    """`fields`: what Exact should hold ("" = empty there). `name` is there also where names are not sent: creating needs one."""

    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""
    warnings: tuple[Warned, ...] = ()
    missing: tuple[Missing, ...] = ()


def relation_code(member_number: str, start: int) -> str | None:
    """Member number + start, or None where the number has anything but digits (it is never stripped) or leaves the 18 Exact has."""
    if not (member_number.isascii() and member_number.isdigit()):
        return None
    code = int(member_number) + start
    return str(code) if 0 < code <= MAX_CODE else None


def map_member(member: MemberFields, settings: MappingSettings) -> Mapped:
    name, name_warnings = _fitting_name(member, settings.name_style)
    if not name:
        return Mapped(missing=(Missing.NAME,))
    wanted = {"Status": "C"} | _name_fields(member, name, settings) | _address_fields(member, settings)
    if settings.send_email:
        wanted["Email"] = member.email.strip()
    if settings.send_phone:
        wanted["Phone"] = member.phone.strip()
    refused = [warning for warning in (_refusal(key, value) for key, value in wanted.items()) if warning]
    for warning in refused:
        del wanted[warning.field]
    if not settings.clear_emptied:
        wanted = {key: value for key, value in wanted.items() if value}
    return Mapped(fields=wanted, name=name, warnings=(*name_warnings, *refused))


def _name_fields(member: MemberFields, name: str, settings: MappingSettings) -> dict[str, str]:
    if not settings.send_name:
        return {}
    fields = {"Name": name}
    if member.language:  # an empty language is "we do not know", and Exact has a default of its own
        fields["Language"] = member.language.strip().upper()
    return fields


def _address_fields(member: MemberFields, settings: MappingSettings) -> dict[str, str]:
    if not settings.send_address:
        return {}
    return {
        "AddressLine1": _tidy(member.address),
        "AddressLine2": _attention(member),
        "Postcode": _tidy(member.postcode),
        "City": _tidy(member.city),
        "Country": member.country.strip().upper(),
    }


def _attention(member: MemberFields) -> str:
    """An organisation's post goes to the attention of the person on the same row."""
    return _person(member, NameStyle.FULL) if _tidy(member.organisation) else ""


# Names ------------------------------------------------------------------------------------------------------------------


def styled_name(member: MemberFields, style: NameStyle) -> str:
    """The name as the settings want it, however long; an organisation goes by its own. "" where there is none."""
    return _tidy(member.organisation) or _person(member, style)


def _person(member: MemberFields, style: NameStyle) -> str:
    initials, called = _dotted(_tidy(member.initials)), _tidy(member.first_name)
    infix, last = _tidy(member.infix), _tidy(member.last_name)
    given = called or initials if style is NameStyle.FULL else initials or called
    if style is NameStyle.SORTED and last and (given or infix):
        return f"{last}, {' '.join(filter(None, (given, infix)))}"
    return " ".join(filter(None, (given, infix, last)))


def _fitting_name(member: MemberFields, style: NameStyle) -> tuple[str, tuple[Warned, ...]]:
    full = styled_name(member, style)
    if _length(full) <= LENGTHS["Name"]:
        return full, ()
    short = full if _tidy(member.organisation) else _with_initials(member)
    if _length(short) <= LENGTHS["Name"]:
        return short, (Warned(Doubt.NAME_SHORTENED, "Name"),)
    return _cut(short, LENGTHS["Name"]), (Warned(Doubt.NAME_CUT, "Name"),)


def _with_initials(member: MemberFields) -> str:
    called = _tidy(member.first_name)
    initials = _dotted(_tidy(member.initials)) or "".join(f"{_graphemes(word)[0].upper()}." for word in called.split())
    return " ".join(filter(None, (initials, _tidy(member.infix), _tidy(member.last_name))))


def _dotted(initials: str) -> str:
    """JP -> J.P. ; what already has dots, blanks or small letters ("Th.") is as its owner writes it."""
    return "".join(f"{letter}." for letter in initials) if initials.isalpha() and initials.isupper() else initials


# Text -------------------------------------------------------------------------------------------------------------------


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _graphemes(text: str) -> list[str]:
    return [found[0] for found in regex.finditer(r"\X", text)]


def _length(text: str) -> int:
    """In UTF-16 units, as .NET counts: an emoji is two."""
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, longest: int) -> str:
    """Never inside a grapheme: an accent or a family emoji stays whole or goes whole."""
    kept = ""
    for grapheme in _graphemes(text):
        if _length(kept + grapheme) > longest:
            break
        kept += grapheme
    return kept.rstrip(" ,-")


def _refusal(key: str, value: str) -> Warned | None:
    if not value:
        return None
    if _length(value) > LENGTHS.get(key, 0):
        return Warned(Doubt.TOO_LONG, key)
    return None if _is_valid(key, value) else Warned(Doubt.INVALID, key)


def _is_valid(key: str, value: str) -> bool:
    check = {
        "Email": cleaning.is_email,
        "Phone": cleaning.is_phone,
        "Country": cleaning.is_country,
        "Language": cleaning.is_language,
    }.get(key)
    return check is None or check(value)
