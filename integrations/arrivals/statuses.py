"""The member statuses of Congressus are taken over: known by their number there, so a renamed one stays the one that was selected.

One that is gone there stays here for whoever still names it, and is flagged; a new one is never selected by anybody but a person. A
status made here by hand, or by an import, that bears the name of one in Congressus becomes that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from integrations.congressus.records import Status
from integrations.failures import Stopped
from integrations.models import CongressusConnection
from members import cleaning
from members.models import MemberStatus

LOOKED_FOR_AGAIN = timedelta(hours=2)
LONGEST = MemberStatus._meta.get_field("name").max_length or 0


def take_over(found: Sequence[Status], now: datetime) -> None:
    """Afterwards ours are as Congressus has them. An empty list is no news: an association has statuses.

    Raises Stopped where the connection was removed meanwhile.
    """
    if found:
        with transaction.atomic():
            # Two at once would both add a new one.
            if CongressusConnection.objects.select_for_update().first() is None:
                raise Stopped
            taking = _Statuses()
            knew_none, has_new = not taking.known, any(told.id not in taking.known for told in found)
            taking.take(found, now)
        CongressusConnection.objects.update(statuses_read_at=now)
        if has_new and not knew_none:
            # Looking for changes asks for statuses by number: whoever got this one before it was known is looked for again.
            CongressusConnection.objects.exclude(newest_change=None).update(newest_change=F("newest_change") - LOOKED_FOR_AGAIN)


class _Statuses:
    def __init__(self) -> None:
        self.ours = list(MemberStatus.objects.order_by("pk"))
        self.known = {status.congressus_id: status for status in self.ours if status.is_from_congressus}

    def take(self, found: Sequence[Status], now: datetime) -> None:
        by_name = {_folded(status.name): status for status in self.ours if not status.is_from_congressus}
        for told in found:
            status = self.known.get(told.id) or by_name.pop(_folded(told.name), None) or MemberStatus(name="")
            self.known[told.id] = status
        self._make_room(found)
        for told in found:
            self._take(self.known[told.id], told)
        gone = MemberStatus.objects.exclude(congressus_id=None).exclude(congressus_id__in=[told.id for told in found])
        gone.filter(gone_at=None).update(gone_at=now)

    def _make_room(self, found: Sequence[Status]) -> None:
        """Two that swapped their names would each find the other's taken."""
        for told in found:
            status = self.known[told.id]
            if status.pk and status.name != told.name and status.is_from_congressus:
                MemberStatus.objects.filter(pk=status.pk).update(name=f"{told.id} ↻")

    def _take(self, status: MemberStatus, told: Status) -> None:
        values = {"name": self._free_name(status, told), "kind": _kind(told), "congressus_id": told.id, "gone_at": None}
        stored = MemberStatus.objects.filter(pk=status.pk).values(*values).first() if status.pk else None
        if stored == values:
            return
        for name, value in values.items():
            setattr(status, name, value)
        status.save()

    def _free_name(self, status: MemberStatus, told: Status) -> str:
        """Two of one name can be told apart here by the number of Congressus."""
        name = cleaning.text(told.name) or str(told.id)
        others = {_folded(other) for other in MemberStatus.objects.exclude(pk=status.pk).values_list("name", flat=True)}
        if len(name) <= LONGEST and _folded(name) not in others:
            return name
        suffix = f" ({told.id})"
        return name[: LONGEST - len(suffix)] + suffix


def _folded(name: str) -> str:
    return cleaning.text(name).casefold()


def _kind(told: Status) -> MemberStatus.Kind:
    if told.deceased:
        return MemberStatus.Kind.DECEASED
    if told.archived:
        return MemberStatus.Kind.ARCHIVED
    return MemberStatus.Kind.HIDDEN if told.hidden else MemberStatus.Kind.ACTIVE
