"""Worlds to begin with, and files of members that take their place.

`demo` is an association with the statuses associations have and a dozen members whose names, addresses and periods are of many
kinds. A file, `{"association": "...", "statuses": [{"id": 1, "name": "Lid", "archived": false, ...}], "members": [...]}`, takes the
place of what it names; its members are as `add_member` takes them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Begin = dict[str, Any]

MEMBER, DONOR, ALUMNUS, LEFT, DECEASED = 2101, 2102, 2103, 2104, 2105
STATUSES: list[dict[str, Any]] = [
    {"id": MEMBER, "name": "Lid"},
    {"id": DONOR, "name": "Donateur"},
    {"id": ALUMNUS, "name": "Alumnus", "archived": True},
    {"id": LEFT, "name": "Oud-lid", "archived": True, "hidden": True},
    {"id": DECEASED, "name": "Overleden", "archived": True, "deceased": True},
]
MEMBERS: list[dict[str, Any]] = [
    {"given_name": "Sanne", "initials": "S.", "first_name": "Sanne", "gender": "f", "primary_last_name_prefix": "van den",
     "primary_last_name_main": "Berg", "status": MEMBER, "email": "sanne@leden.example"},
    {"given_name": "Zoë", "initials": "Z.M.", "first_name": "Zoë Maria", "gender": "f", "primary_last_name_prefix": None,
     "primary_last_name_main": "Müller", "status": MEMBER, "bank_account": {"iban": "DE89370400440532013000", "bic": "COBADEFFXXX"},
     "address": {"address": "Lindenallee 12", "zip": "45127", "city": "Essen", "province": "Nordrhein-Westfalen", "country_id": 83},
     "phone_mobile": {"number": "015112345678", "country_id": 83}},
    {"given_name": "Fatima", "initials": "F.", "first_name": "Fatima", "gender": "f", "primary_last_name_prefix": "el",
     "primary_last_name_main": "Amrani", "secondary_last_name_prefix": "de", "secondary_last_name_main": "Jong",
     "last_name_display": "partner-own", "status": MEMBER, "address": {"address": "Kanaalstraat 12-3 bis", "zip": "3531CJ",
     "city": "Utrecht", "province": "Utrecht"}},
    {"given_name": "Pieter", "initials": "P.J.", "first_name": "Pieter Jan", "primary_last_name_prefix": "de",
     "primary_last_name_main": "Groot", "prefix": "Prof. dr.", "suffix": "MSc.", "status": DONOR, "email": None},
    {"given_name": "Bram", "initials": "B.", "first_name": "Bram", "primary_last_name_prefix": None,
     "primary_last_name_main": "Jansen", "status": MEMBER, "address": None, "bank_account": None, "phone_mobile": None},
    {"given_name": None, "initials": None, "first_name": None, "primary_last_name_prefix": None,
     "primary_last_name_main": "Dijkstra", "status": DONOR, "email": "dijkstra@leden.example"},
    {"given_name": "Loïc", "initials": "L.", "first_name": "Loïc", "primary_last_name_prefix": None,
     "primary_last_name_main": "Dubois", "status": MEMBER, "address": {"address": "Rue Haute 5", "zip": "1000", "city": "Bruxelles",
     "province": None, "country_id": 22}, "phone_mobile": {"number": "0470123456", "country_id": 22}},
    {"given_name": "Anna", "initials": "A.", "first_name": "Anna", "gender": "f", "primary_last_name_prefix": "de",
     "primary_last_name_main": "Wit", "statuses": [
         {"status_id": MEMBER, "member_from": "2018-09-01", "member_to": "2024-08-31"},
         {"status_id": ALUMNUS, "member_from": "2024-09-01"}]},
    {"given_name": "Kees", "initials": "C.", "first_name": "Cornelis", "primary_last_name_prefix": None,
     "primary_last_name_main": "Visser", "statuses": [
         {"status_id": MEMBER, "member_from": "2022-09-01", "member_to": "2030-08-31"},
         {"status_id": ALUMNUS, "member_from": "2030-09-01"}]},
    {"given_name": "Ilse", "initials": "I.", "first_name": "Ilse", "gender": "f", "primary_last_name_prefix": None,
     "primary_last_name_main": "Bakker", "statuses": [
         {"status_id": MEMBER, "member_from": "2015-09-01", "member_to": "2019-06-30"},
         {"status_id": LEFT, "member_from": "2019-07-01"}]},
    {"given_name": "Henk", "initials": "H.", "first_name": "Hendrik", "primary_last_name_prefix": "van",
     "primary_last_name_main": "Dam", "statuses": [
         {"status_id": DONOR, "member_from": "2001-01-01", "member_to": "2025-02-11"},
         {"status_id": DECEASED, "member_from": "2025-02-12"}]},
    {"given_name": "Noor", "initials": "N.", "first_name": "Noor", "gender": "f", "primary_last_name_prefix": "van 't",
     "primary_last_name_main": "Hof", "status": MEMBER, "phone_home": {"number": "030 200 00 12"}, "phone_mobile": None},
]  # fmt: skip

SEEDS: dict[str, Begin] = {"demo": {"association": "Studievereniging De Kern", "statuses": STATUSES, "members": MEMBERS}}


def read(path: Path) -> Begin:
    """What a file begins with. Raises OSError, or ValueError for what is not of the shape above."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} holds no JSON.") from None
    kinds = {"association": str, "statuses": list, "members": list}
    if not isinstance(listed, dict) or not all(isinstance(value, kinds.get(name, ())) for name, value in listed.items()):
        raise ValueError(f"{path} must hold an object with association, statuses and members.")
    rows = [row for name in ("statuses", "members") for row in listed.get(name, [])]
    if not all(isinstance(row, dict) and isinstance(row.get("id", 0), int) for row in rows):
        raise ValueError(f"{path} must hold lists of objects for statuses and members, their ids being numbers.")
    if not all(isinstance(status.get("name"), str) for status in listed.get("statuses", [])):
        raise ValueError(f"{path} holds a status without a name.")
    return listed
