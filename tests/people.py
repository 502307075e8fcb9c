"""Members, statuses and users for tests: each complete and unremarkable, apart from what a test says about it."""

from itertools import count
from typing import Any

from django.contrib.auth.models import Permission

from congressus_sync.demo import association
from congressus_sync.models import User
from finance.models import FinancialAdministration
from members.models import Member, MemberStatus

_numbers = count(1001)


def make_status(name: str = "Member", **fields: Any) -> MemberStatus:
    """The one with this name, made where it is not there yet."""
    status, _created = MemberStatus.objects.get_or_create(name=name, defaults=fields)
    return status


def make_member(**fields: Any) -> Member:
    ordinary = {
        "initials": "J.",
        "first_name": "Jan",
        "infix": "de",
        "last_name": "Vries",
        "email": "jan@example.org",
        "phone": "+31612345678",
        "address": "Dorpsstraat 1",
        "postcode": "1234 AB",
        "city": "Delft",
        "country": "NL",
        "language": "nl",
        "iban": "NL91ABNA0417164300",
    }
    ordinary |= {"member_number": str(next(_numbers))} | fields
    ordinary.setdefault("status", None)
    return Member.objects.create(**ordinary | {"status": ordinary["status"] or make_status()})


def make_user(username: str = "secretary", *permissions: str, **fields: Any) -> User:
    """`permissions` as "app.codename"."""
    user = User.objects.create_user(username=username, password="a long enough password", **fields)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return user


def make_association() -> None:
    """The people of the demonstration and its two financial administrations, kept here by hand."""
    for name in association.ADMINISTRATIONS:
        FinancialAdministration.objects.create(name=name)
    members = association.people()
    statuses = {name: MemberStatus.objects.create(name=name, kind=kind) for name, kind, _count in association.STATUSES}
    for member in members:
        member.status = statuses[member.status.name]
    Member.objects.bulk_create(members)
