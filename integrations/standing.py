"""Where a member stands in each connection: the one reading of links that people see, in lists, on pages and in counts.

A link alone does not tell it. Who is in no selected status takes no part, whatever an older link says; who is in one but has no
link yet, is waiting for it. Lists, filters and counts all read it here, so that a number and the list behind it agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.models import ExactOnlineConnection, RelationLink
from integrations.models.link import SyncState
from members.models import Member

NOT_TAKING_PART = "not_taking_part"
NOT_TAKING_PART_LABEL = _("not taking part")
STATES = (*SyncState.choices, (NOT_TAKING_PART, NOT_TAKING_PART_LABEL))
WORST_FIRST = (SyncState.NEEDS_ATTENTION, SyncState.WAITING, SyncState.LEFT_OUT, SyncState.UP_TO_DATE, None)


@dataclass(frozen=True)
class Standing:
    """One member in one connection. `state` None: takes no part."""

    connection: ExactOnlineConnection
    member: Member
    link: RelationLink | None
    state: SyncState | None

    @property
    def label(self) -> str | Promise:
        return self.state.label if self.state else NOT_TAKING_PART_LABEL

    @property
    def badge(self) -> str:
        return self.state.badge if self.state else "muted"


def shown_connections() -> list[ExactOnlineConnection]:
    """Live ones that members can take part in, with their statuses; one still being set up says nothing about anybody."""
    live = ExactOnlineConnection.objects.live().filter(Q(enabled=True) | Q(statuses__isnull=False)).distinct()
    return list(live.select_related("financial_administration", "app").prefetch_related("statuses"))


def of_members(members: Collection[Member], connections: Sequence[ExactOnlineConnection]) -> dict[int, list[Standing]]:
    """Member pk -> where that member stands, the worst first. One query per connection, however many members."""
    standings: dict[int, list[Standing]] = defaultdict(list)
    for connection in connections:
        links, statuses = _links(connection, members), set(_statuses(connection))
        for member in members:
            link = links.get(member.pk)
            state = _state(link) if member.status_id in statuses and not member.gone_at else None
            standings[member.pk].append(Standing(connection, member, link, state))
    for found in standings.values():
        found.sort(key=lambda standing: WORST_FIRST.index(standing.state))
    return dict(standings)


def taking_part(connection: ExactOnlineConnection) -> Q:
    """Members in a status the connection sends, and not deleted where they are kept."""
    return Q(status__in=_statuses(connection), gone_at=None)


def in_state(connections: Sequence[ExactOnlineConnection], state: str) -> Q:
    """Members in this state in any of the connections; "not_taking_part" is in none of them."""
    found = Q()
    if state == NOT_TAKING_PART:
        for connection in connections:
            found &= ~taking_part(connection)
        return found
    for connection in connections:
        found |= taking_part(connection) & _in_state(connection, state)
    return found


def counts(connection: ExactOnlineConnection) -> dict[str, int]:
    """SyncState value -> number of members; who has no link yet is waiting."""
    counted = RelationLink.objects.counts(connection)
    unlinked = connection.members_without_link().count()
    return counted | {SyncState.WAITING.value: counted[SyncState.WAITING] + unlinked}


def _links(connection: ExactOnlineConnection, members: Collection[Member]) -> dict[int, RelationLink]:
    links = RelationLink.objects.filter(connection=connection, member__in=[member.pk for member in members])
    return {link.member_id: link for link in links.with_state(connection.mapping_key)}


def _state(link: Any) -> SyncState:
    """Of somebody who takes part; `link` comes with its `sync_state`."""
    return SyncState(link.sync_state) if link else SyncState.WAITING


def _statuses(connection: ExactOnlineConnection) -> list[int]:
    return [status.pk for status in connection.statuses.all()]


def _in_state(connection: ExactOnlineConnection, state: str) -> Q:
    links = RelationLink.objects.filter(connection=connection, member=OuterRef("pk"))
    found = Q(Exists(links.with_state(connection.mapping_key).filter(sync_state=state)))  # type: ignore[misc]
    return found | ~Q(Exists(links)) if state == SyncState.WAITING else found
