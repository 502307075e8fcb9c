"""Whether a change in Congressus would end somebody's taking part in Exact Online, as the enabled connections stand."""

from __future__ import annotations

from functools import cached_property

from integrations.models import ExactOnlineConnection
from members.models import Member


class Sending:
    """The statuses each enabled connection sends, read once."""

    @cached_property
    def statuses(self) -> list[set[int]]:
        enabled = ExactOnlineConnection.objects.live().filter(enabled=True).prefetch_related("statuses")
        return [{status.pk for status in connection.statuses.all()} for connection in enabled]

    @property
    def all(self) -> set[int]:
        return set().union(*self.statuses)

    def would_end(self, member: Member, status_id: int | None, *, gone: bool) -> bool:
        """Whether any connection sends this member now and would not with that status, or when it is gone."""
        if member.gone_at:
            return False
        return any(member.status_id in sent and (gone or status_id not in sent) for sent in self.statuses)
