"""De Kern in Congressus: the file the simulator begins with, and the connection that fetches its members from there.

The treasurer of the demonstration has connected Congressus already, so that members are there at the first look; Exact Online is left to
whoever tries.
"""

import json
from pathlib import Path
from typing import Any

from django.db import transaction

from congressus_sync.demo import association
from finance.models import FinancialAdministration
from integrations.models import CongressusConnection
from members.models import Member, MemberStatus

ASSOCIATION = association.ADMINISTRATIONS[0]
FIRST_ID = 30_000
SINCE = "2021-09-01"


def write(path: Path) -> None:
    """Write the file the simulator begins with, unless it is there already."""
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(drawn(), ensure_ascii=False, indent=1), encoding="utf-8")
        unfinished.replace(path)


def drawn() -> dict[str, Any]:
    """The association, its statuses and its members, in the words of Congressus."""
    return {
        "association": ASSOCIATION,
        "statuses": [{"id": number, "name": name, **_kind(kind)} for number, name, kind in _statuses()],
        "members": [_row(FIRST_ID + at, member) for at, member in enumerate(association.people())],
    }


@transaction.atomic
def connect(api_key: str) -> bool:
    """The connection, as the treasurer made it, where nothing is there yet; tells whether it did."""
    if MemberStatus.objects.exists() or Member.objects.exists() or CongressusConnection.objects.exists():
        return False
    for name in association.ADMINISTRATIONS:
        FinancialAdministration.objects.get_or_create(name=name)
    statuses = [MemberStatus.objects.create(congressus_id=number, name=name, kind=kind) for number, name, kind in _statuses()]
    connection = CongressusConnection.objects.create(
        api_key=api_key, association=ASSOCIATION, enabled=True, was_enabled=True, webhook_wanted=True
    )
    connection.statuses.set(statuses)
    return True


def _statuses() -> list[tuple[int, str, MemberStatus.Kind]]:
    return [(number, name, kind) for number, (name, kind, _count) in enumerate(association.STATUSES, start=1)]


def _kind(kind: MemberStatus.Kind) -> dict[str, bool]:
    return {"archived": kind == MemberStatus.Kind.ARCHIVED, "deceased": kind == MemberStatus.Kind.DECEASED, "hidden": False}


def _row(number: int, member: Member) -> dict[str, Any]:
    status = next(number for number, name, _kind in _statuses() if name == member.status.name)
    return {
        "id": number,
        "username": member.member_number,
        "status": status,
        "member_from": SINCE,
        "initials": member.initials,
        "given_name": member.first_name,
        "first_name": member.first_name,
        "primary_last_name_prefix": member.infix,
        "primary_last_name_main": member.last_name or member.organisation,
        "email": member.email,
        "phone_mobile": _phone(member.phone),
        "address": {
            "address": member.address,
            "zip": member.postcode,
            "city": member.city,
            "country": {"country_code": member.country},
        },
        "bank_account": {"iban": member.iban, "bic": member.bic} if member.iban else None,
    }


def _phone(number: str) -> dict[str, str] | None:
    return {"number": number, "number_full": number, "number_full_MSISDN": number.removeprefix("+")} if number else None
