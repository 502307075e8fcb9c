"""Members kept here who are in Congressus too, by member number: offered once, with both names, and taken over only by a person.

A member number may have been given to somebody else meanwhile, so nothing is taken over unseen. Whoever is taken over is kept by Congressus
from then on, and keeps the relation in Exact Online.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations import bell
from integrations.models import CongressusConnection, CongressusMember
from integrations.models.record import CongressusMemberQuerySet
from integrations.names import fold
from members.models import Member

# More than these are quicker read by a walk: a hundred members a call.
READ_ONE_BY_ONE = 50


@dataclass(frozen=True)
class Offer:
    record: CongressusMember
    member: Member
    name_there: str
    looks_same: bool


def offers() -> CongressusMemberQuerySet:
    numbers = Member.objects.filter(congressus_id=None).values("member_number")
    return CongressusMember.objects.to_adopt().filter(number__in=numbers).order_by("number")


def count() -> int:
    return offers().count()


def preview(records: Iterable[CongressusMember]) -> list[Offer]:
    """Both sides of each. A record whose member got another number meanwhile is left out."""
    records = list(records)
    members = Member.objects.filter(congressus_id=None, member_number__in=[record.number for record in records])
    by_number = {member.member_number: member for member in members}
    return [_offer(record, by_number[record.number]) for record in records if record.number in by_number]


def adopt(congressus_ids: Iterable[int]) -> int:
    """Take these over; their values come from Congressus from now on. Tells how many were."""
    adopted = 0
    with transaction.atomic():
        rows = offers().filter(pk__in=list(congressus_ids)).order_by("pk").select_for_update()
        for row in rows:
            # The revision stays: what differs is written, and raises it, when the member is read.
            member = Member.objects.filter(congressus_id=None, member_number=row.number)
            adopted += member.update(
                congressus_id=row.pk,
                revision=F("revision"),
                changed_at=F("changed_at"),
                changed_via=F("changed_via"),
                changed_by=F("changed_by"),
            )
            CongressusMember.objects.filter(pk=row.pk).update(
                member=member_of(row), problem="", problem_details={}, declined=False, heard_at=timezone.now()
            )
            if len(rows) <= READ_ONE_BY_ONE:
                CongressusMember.objects.filter(pk=row.pk).update(heard=F("heard") + 1)
        if len(rows) > READ_ONE_BY_ONE:
            CongressusConnection.objects.update(walk_wanted=True)
        transaction.on_commit(bell.ring, robust=True)
    return adopted


def member_of(row: CongressusMember) -> Member | None:
    return Member.objects.filter(congressus_id=row.pk).first()


def keep_apart(congressus_ids: Iterable[int]) -> int:
    """They are not the same: not offered again. Tells how many."""
    pks = list(offers().filter(pk__in=list(congressus_ids)).values_list("pk", flat=True))
    return CongressusMember.objects.filter(pk__in=pks).update(declined=True)


def _offer(record: CongressusMember, member: Member) -> Offer:
    there = record.problem_details.get("name", "")
    return Offer(record, member, there, bool(there) and fold(there) == fold(member.display_name))
