"""One line of the dry run in words, for the page and for the file: what would be done with a member, and where nothing would, why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Length
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import plan, problems
from integrations.models import ExactOnlineConnection, RelationLink
from integrations.models.match import Planned
from integrations.problems import LinkProblem
from members.models import Member

NOT_COMPARED = "not_compared"
NOT_COMPARED_LABEL = gettext_lazy("not compared yet")
# Of one member as of many.
_TOLD = {
    Planned.CREATE: gettext_lazy("created"),
    Planned.CHANGE: gettext_lazy("changed"),
    Planned.NOTHING: gettext_lazy("unchanged"),
    Planned.UNDECIDED: gettext_lazy("to be decided, waiting for you"),
    Planned.CONFLICT: gettext_lazy("in conflict, waiting for you"),
    Planned.INCOMPLETE: gettext_lazy("incomplete, waiting until that is mended"),
    Planned.WAITS: gettext_lazy("needing attention"),
    Planned.LEFT_OUT: gettext_lazy("left out"),
}
# As people count: 9 before 10.
BY_NUMBER = (Length("member_number"), "member_number")


@dataclass(frozen=True)
class Line:
    """`planned` None: the member was not compared with Exact Online yet. `link` comes with its match where it was."""

    member: Member
    link: RelationLink | None = None
    planned: Planned | None = None

    @classmethod
    def of(cls, link: RelationLink) -> Line:
        """Of a link as `plan.lines` gives it."""
        would: str = link.would  # type: ignore[attr-defined]
        return cls(link.member, link, Planned(would) if would else None)

    @property
    def label(self) -> str | Promise:
        return self.planned.label if self.planned else NOT_COMPARED_LABEL

    @property
    def badge(self) -> str:
        return self.planned.badge if self.planned else "muted"

    @property
    def code(self) -> str:
        """Of the relation the member has, would be linked to, or would get; "" where that is not known."""
        if self.link is None:
            return ""
        if self.link.guid is not None or self.planned is None:
            return self.link.code or ""
        return self.link.match.code if self._is_sent or self.planned == Planned.NOTHING else ""

    @property
    def changes(self) -> Iterator[tuple[str, str | None, str]]:
        """Our word for a field, what Exact holds (None: not known), what it would get."""
        if self.link is not None and self._is_sent:
            for field, (old, new) in self.link.match.changes.items():
                yield problems.field_label(field), old, new

    @property
    def is_held(self) -> bool:
        """It would be sent, but waits for a word about a whole import."""
        return bool(self.link and self.link.is_held_back and self._is_sent)

    @property
    def needs_decision(self) -> bool:
        return self.planned in (Planned.UNDECIDED, Planned.CONFLICT)

    @property
    def sentence(self) -> str:
        """Why nothing is sent, and what to do; "" where there is nothing to say."""
        match self.planned:
            case Planned.CREATE | Planned.CHANGE:
                return LinkProblem.HELD_BACK.sentence({}) if self.is_held else ""
            case Planned.UNDECIDED:
                return LinkProblem.TO_BE_DECIDED.sentence({})
            case Planned.CONFLICT | Planned.INCOMPLETE:
                return self._found
            case Planned.WAITS | Planned.LEFT_OUT:
                return self._noted
        return ""

    @property
    def _is_sent(self) -> bool:
        return self.planned in (Planned.CREATE, Planned.CHANGE)

    @property
    def _found(self) -> str:
        """What comparing or planning found."""
        match = self.link.match if self.link else None
        if match is not None and match.problem:
            return LinkProblem(match.problem).sentence(match.problem_details)
        return _(
            "The relation in Exact Online that is most like this member cannot simply be linked: it is a supplier, blocked, ended, or "
            "somebody else's. Decide in the match table."
        )

    @property
    def _noted(self) -> str:
        """What stands noted on the link."""
        link = self.link
        if link is None or link.left_out or not link.reason:
            return ""
        return LinkProblem(link.reason).sentence(link.problem_details)


def told(tally: plan.Tally, to_link: int) -> list[tuple[int, str | Promise]]:
    """What a plan comes to: number and word, of all that is not zero. `to_link`: members who are linked by it."""
    found: list[tuple[int, str | Promise]] = [(tally.counts[kind], word) for kind, word in _TOLD.items()]
    found.insert(3, (to_link, gettext_lazy("linked to the relation found for them")))
    found.append((tally.unknown, gettext_lazy("not compared yet, which is done first")))
    return [(number, word) for number, word in found if number]


def links(connection: ExactOnlineConnection, kind: str = "") -> QuerySet[RelationLink]:
    """The links of all lines that were compared (of one Planned), by member number."""
    found = plan.lines(connection).exclude(would="")  # type: ignore[misc]
    if kind:
        found = found.filter(would=kind)  # type: ignore[misc]
    number = "member__member_number"
    return found.order_by(Length(number), number)


def not_compared(connection: ExactOnlineConnection) -> QuerySet[Member]:
    """Who takes part and came since the comparison, or was never compared."""
    linked = plan.lines(connection).filter(would="").values("member")  # type: ignore[misc]
    return Member.objects.filter(Q(pk__in=linked) | Q(pk__in=connection.members_without_link().values("pk"))).order_by(*BY_NUMBER)


def lines(connection: ExactOnlineConnection) -> Iterator[Line]:
    """The whole plan."""
    for link in links(connection).iterator(chunk_size=1000):
        yield Line.of(link)
    for member in not_compared(connection).iterator(chunk_size=1000):
        yield Line(member)
