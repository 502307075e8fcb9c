"""Which rows of the match table somebody asks for: those of one verdict, or still open, in which some words occur.

The words may be the member's or those of a relation that was found for him, for people know one or the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations import first_link
from integrations.filters import SEARCHED
from integrations.models import ExactOnlineConnection, MirroredRelation, RelationLink
from integrations.models.link import RelationLinkQuerySet
from integrations.models.match import Verdict

OPEN = "open"
# The first are said also when there are none; the others would only raise a question.
ALWAYS = (Verdict.SAME, Verdict.CERTAIN, Verdict.DECIDE, Verdict.CONFLICT, Verdict.NEW)
SOMETIMES = (Verdict.INCOMPLETE, Verdict.LINKED)
ORDER = (
    Coalesce(NullIf(Lower("member__organisation"), Value("")), Lower("member__last_name")),
    Lower("member__first_name"),
    "member__member_number",
)


@dataclass(frozen=True)
class Narrowing:
    """`show`: a Verdict, "open", or "" for all of them."""

    show: str = ""
    typed: str = ""

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Self:
        show = query.get("show", "")
        return cls(show if show in (OPEN, *Verdict.values) else "", query.get("q", "").strip()[:100])

    def query(self) -> str:
        """As it stands in an address."""
        return urlencode({name: value for name, value in (("show", self.show), ("q", self.typed)) if value})

    def rows(self, connection: ExactOnlineConnection) -> RelationLinkQuerySet:
        links = first_link.undecided(connection) if self.show == OPEN else first_link.table(connection)
        if self.show and self.show != OPEN:
            links = links.filter(match__verdict=self.show)
        if self.typed:
            links = links.filter(_is_member(self.typed) | _has_relation(connection, self.typed))
        return links.order_by(*ORDER)


@dataclass(frozen=True)
class Chip:
    """A filter with its number, and how many of these still wait for a decision."""

    narrowing: Narrowing
    label: str | Promise
    number: int
    open: int
    is_chosen: bool


def chips(narrowing: Narrowing, counts: Mapping[Verdict, int], open_counts: Mapping[Verdict, int]) -> list[Chip]:
    def chip(show: str, label: str | Promise, number: int, waiting: int = 0) -> Chip:
        return Chip(replace(narrowing, show=show), label, number, waiting, narrowing.show == show)

    verdicts = [*ALWAYS, *(verdict for verdict in SOMETIMES if counts[verdict])]
    return [
        chip("", _("All"), sum(counts.values())),
        chip(OPEN, _("still open"), sum(open_counts.values())),
        *(chip(verdict.value, verdict.label, counts[verdict], open_counts[verdict]) for verdict in verdicts),
    ]


def _is_member(typed: str) -> Q:
    found = Q()
    for word in typed.split():
        somewhere = Q()
        for name in SEARCHED:
            somewhere |= Q(**{f"member__{name}__icontains": word})
        found &= somewhere
    return found


def _has_relation(connection: ExactOnlineConnection, typed: str) -> Q:
    guids = MirroredRelation.objects.of(connection).search(typed).values("guid")
    return Q(guid__in=guids) | Q(match__guid__in=guids) | Q(pk__in=_offered(connection, typed))


def _offered(connection: ExactOnlineConnection, typed: str) -> list[int]:
    """Those to whom one of these is offered among others. The candidates are told apart here: no database does it like another."""
    found = {str(guid) for guid in MirroredRelation.objects.of(connection).search(typed).values_list("guid", flat=True)}
    doubtful = RelationLink.objects.filter(connection=connection, match__guid__isnull=True).exclude(match__verdict=Verdict.NEW)
    candidates = doubtful.exclude(match__verdict=Verdict.LINKED).values_list("pk", "match__candidates")
    return [pk for pk, offered in candidates if any(one["guid"] in found for one in offered)]
