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
from integrations.problems import ArrivalProblem
from members.models import Member

# More than these are quicker read by a walk: a hundred members a call.
READ_ONE_BY_ONE = 50
BATCH = 500
# Number in Congressus, key of the member here.
Pair = tuple[int, int]
NAME = ("initials", "first_name", "infix", "last_name")


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


def adopt(pairs: Iterable[Pair]) -> int:
    """Take these over, as they were shown; their values come from Congressus from now on. Tells how many were."""
    wanted = list(pairs)
    by_walk = len(wanted) > READ_ONE_BY_ONE
    adopted = sum(_adopt(dict(wanted[start : start + BATCH]), by_walk) for start in range(0, len(wanted), BATCH))
    if by_walk and adopted:
        CongressusConnection.objects.update(walk_wanted=True)
    bell.ring()
    return adopted


def adopt_all_that_look_same() -> int:
    """All whose name here is the name there. Tells how many were."""
    pks = list(offers().values_list("pk", flat=True))
    batches = (preview(CongressusMember.objects.filter(pk__in=pks[start : start + BATCH])) for start in range(0, len(pks), BATCH))
    return adopt([(offer.record.pk, offer.member.pk) for batch in batches for offer in batch if offer.looks_same])


def _adopt(pairs: dict[int, int], by_walk: bool) -> int:
    with transaction.atomic():
        rows = {row.number: row for row in offers().filter(pk__in=pairs).order_by("pk").select_for_update()}
        members = Member.objects.filter(congressus_id=None, member_number__in=rows).order_by("pk").select_for_update()
        # Somebody may have got another number since the two were shown side by side.
        shown = [member for member in members if pairs[rows[member.member_number].pk] == member.pk]
        for member in shown:
            row = rows[member.member_number]
            # The revision stays: what differs is written, and raises it, when the member is read.
            kept = {name: F(name) for name in ("revision", "changed_at", "changed_via", "changed_by")}
            Member.objects.filter(pk=member.pk).update(congressus_id=row.pk, **kept)
            CongressusMember.objects.filter(pk=row.pk).update(
                member=member, problem="", problem_details={}, heard=F("heard") + int(not by_walk), heard_at=timezone.now()
            )
    return len(shown)


def keep_apart(congressus_ids: Iterable[int]) -> int:
    """They are not the same: not offered again by itself. Tells how many."""
    pks = list(offers().filter(pk__in=list(congressus_ids)).values_list("pk", flat=True))
    return CongressusMember.objects.filter(pk__in=pks).update(problem=ArrivalProblem.NUMBER_KEPT_APART)


def ask_again(congressus_id: int) -> bool:
    """Whoever kept them apart may have been mistaken: it is offered once more."""
    apart = CongressusMember.objects.filter(pk=congressus_id, problem=ArrivalProblem.NUMBER_KEPT_APART, member=None)
    return bool(apart.update(problem=ArrivalProblem.NUMBER_KEPT_HERE))


def _offer(record: CongressusMember, member: Member) -> Offer:
    there = Member(**{name: record.problem_details.get(name, "") for name in NAME})
    return Offer(record, member, there.display_name, _look_same(there, member))


def _look_same(there: Member, here: Member) -> bool:
    """One last name, and no first name or initial that says otherwise."""
    if not there.last_name or fold(f"{there.infix} {there.last_name}") != fold(f"{here.infix} {here.last_name}"):
        return False
    if there.first_name and here.first_name:
        return fold(there.first_name) == fold(here.first_name)
    one, other = (member.initials or member.first_name for member in (there, here))
    return fold(one)[:1] == fold(other)[:1] or not (one and other)
