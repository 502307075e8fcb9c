"""What comparing found about one member, as a person reads it: which relations it may be, what speaks for each and what against.

The words of matching stand here and nowhere else. A relation is shown as Exact held it at the last reading, or as it has confirmed since;
beside each value that is another here stands what we have, for that is what tells a brother from the member.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import first_link
from integrations.exact_online import hosts
from integrations.first_link import Decision
from integrations.mapping import NameStyle, relation_code, styled_name
from integrations.matching import Confidence, Contradiction, Reason, spelled_alike
from integrations.models import ExactOnlineConnection, Match, MirroredRelation, RelationLink
from integrations.models.match import CONFIRMABLE, Verdict
from integrations.models.mirror import COLUMNS
from integrations.problems import LinkProblem
from members.models import Member

CONFIDENCES = {
    Confidence.CERTAIN: gettext_lazy("certain"),
    Confidence.LIKELY: gettext_lazy("likely"),
    Confidence.POSSIBLE: gettext_lazy("possible"),
}
_BADGES = {Confidence.CERTAIN: "ok", Confidence.LIKELY: "info", Confidence.POSSIBLE: "muted"}

REASONS = {
    Reason.CODE: gettext_lazy("same relation code"),
    Reason.EMAIL: gettext_lazy("same e-mail"),
    Reason.NAME_AND_POSTCODE: gettext_lazy("same name and postcode"),
    Reason.ADDRESS: gettext_lazy("same address"),
    Reason.PHONE: gettext_lazy("same phone"),
    Reason.NAME: gettext_lazy("same name"),
}

AGAINST = {
    Contradiction.NAME: gettext_lazy("other name"),
    Contradiction.SUPPLIER: gettext_lazy("supplier"),
    Contradiction.BLOCKED: gettext_lazy("blocked"),
    Contradiction.ENDED: gettext_lazy("ended"),
    Contradiction.TAKEN: gettext_lazy("linked to another member"),
    Contradiction.SHARED: gettext_lazy("fits another member too"),
    Contradiction.SEVERAL: gettext_lazy("fits several relations"),
}


@dataclass(frozen=True)
class Fact:
    """One value of a relation. `here`: the member's own, where that is another; "" where the member has none, None where it is the same."""

    theirs: str
    here: str | None
    lacking: str | Promise  # said where Exact has no value


class Shown:
    """One relation beside one member. `found`: what matching says of the two, as stored, where it says anything."""

    def __init__(
        self,
        relation: MirroredRelation,
        link: RelationLink,
        today: date,
        holder: Member | None = None,
        found: Mapping[str, Any] | None = None,
    ) -> None:
        self.relation = relation
        self.link = link
        self.holder = holder
        self._today = today
        self._found = found or {}

    @property
    def guid(self) -> str:
        return str(self.relation.guid)

    @property
    def confidence(self) -> str | Promise:
        return CONFIDENCES[Confidence(self._found["confidence"])] if "confidence" in self._found else ""

    @property
    def badge(self) -> str:
        return _BADGES[Confidence(self._found["confidence"])] if "confidence" in self._found else "muted"

    @property
    def reasons(self) -> list[str]:
        return [str(REASONS[Reason(reason)]) for reason in self._found.get("reasons", ())]

    @cached_property
    def against(self) -> list[str]:
        """What matching saw, and what has become of the relation since."""
        now = {
            Contradiction.SUPPLIER: self.relation.is_supplier,
            Contradiction.BLOCKED: self.relation.blocked,
            Contradiction.ENDED: bool(self.relation.end_date and self.relation.end_date < self._today),
            Contradiction.TAKEN: self.holder is not None,
        }
        seen = {Contradiction(reason) for reason in self._found.get("against", ())} - now.keys()
        words = [str(AGAINST[reason]) for reason in Contradiction if reason in seen or now.get(reason)]
        return [f"{word}: {self.holder}" if self.holder and word == AGAINST[Contradiction.TAKEN] else word for word in words]

    @property
    def may_link(self) -> bool:
        """A supplier is never linked, and one relation is one member. What else speaks against it is for people to weigh."""
        return not self.relation.is_supplier and self.holder is None

    @property
    def is_another(self) -> bool:
        """Somebody else as far as can be seen, of whom it says nothing that all is different."""
        return self.relation.is_supplier or Contradiction.NAME in self._found.get("against", (Contradiction.NAME,))

    @property
    def name(self) -> Fact:
        member = self.link.member
        ours = {member.display_name, *(styled_name(member, style) for style in NameStyle)}
        alike = self.is_another or any(spelled_alike("Name", name, self.relation.name) for name in ours)
        return Fact(self.relation.name, None if alike else member.display_name, gettext_lazy("no name"))

    @property
    def facts(self) -> list[Fact]:
        """Address and e-mail; what neither side has is left out."""
        member, relation = self.link.member, self.relation
        pairs = (("AddressLine1", member.address), ("Postcode", member.postcode), ("City", member.city))
        lived = self.is_another or all(spelled_alike(name, ours, getattr(relation, COLUMNS[name])) for name, ours in pairs)
        written = self.is_another or spelled_alike("Email", member.email, relation.email)
        facts = (
            Fact(_place(relation), None if lived else _place(member), gettext_lazy("no address")),
            Fact(relation.email, None if written else member.email, gettext_lazy("no e-mail")),
        )
        return [fact for fact in facts if fact.theirs or fact.here]

    @property
    def url(self) -> str:
        """The relation in Exact, for people; "" where there is no way there."""
        connection = self.link.connection
        if not (connection.app and connection.division):
            return ""
        return hosts.relation_url(connection.app.base_url(), connection.division, self.guid)


def _place(record: Member | MirroredRelation) -> str:
    town = " ".join(filter(None, (record.postcode, record.city)))
    return ", ".join(filter(None, (record.address, town)))


@dataclass(frozen=True)
class Finding:
    """One row of the match table. The link comes with its member, match and connection."""

    link: RelationLink
    today: date
    relations: Mapping[str, MirroredRelation] = field(repr=False)
    holders: Mapping[str, Member] = field(repr=False)

    @property
    def member(self) -> Member:
        return self.link.member

    @property
    def match(self) -> Match:
        return self.link.match

    @property
    def version(self) -> str:
        return first_link.version(self.link)

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.match.verdict)

    @property
    def decision(self) -> Decision:
        return first_link.decision(self.link)

    @property
    def state(self) -> Decision | Verdict:
        """What stands about this member. Of who is incomplete nothing is created, though nobody has to decide."""
        return self.verdict if self.is_incomplete else self.decision

    @property
    def is_incomplete(self) -> bool:
        return self.verdict == Verdict.INCOMPLETE and not self.is_decided

    @property
    def is_decided(self) -> bool:
        """There is something to undo. Who has no candidate gets a new relation, whether somebody said so or not."""
        if self.decision == Decision.CREATE:
            return self.verdict not in (Verdict.NEW, Verdict.INCOMPLETE)
        return self.decision != Decision.OPEN

    @cached_property
    def relation(self) -> Shown | None:
        """The one that was linked, as Exact has it now as far as we know."""
        if self.link.guid is None:
            return None
        read = self.relations.get(str(self.link.guid))
        known = {column: getattr(read, column) for column in COLUMNS.values()} if read else {}
        confirmed = {COLUMNS[name]: value for name, value in self.link.confirmed.items() if name in COLUMNS and value is not None}
        now = MirroredRelation(guid=self.link.guid, code=self.link.code or "", **known | confirmed)
        if read:
            now.is_supplier, now.blocked, now.end_date = read.is_supplier, read.blocked, read.end_date
        # Who else it might have been was weighed when it was linked.
        found = {"reasons": (), **self._found.get(str(self.link.guid), {}), "against": ()}
        return Shown(now, self.link, self.today, found=found)

    @cached_property
    def candidates(self) -> list[Shown]:
        """The best first. One that was deleted in Exact since is no choice."""
        there = ((self.relations[guid], found) for guid, found in self._found.items() if guid in self.relations)
        return [Shown(relation, self.link, self.today, self.holders.get(str(relation.guid)), found) for relation, found in there]

    @property
    def best(self) -> Shown | None:
        return next((candidate for candidate in self.candidates if candidate.may_link), None)

    @property
    def is_confirmable(self) -> bool:
        return self.verdict in CONFIRMABLE and self.decision == Decision.OPEN

    @property
    def may_create(self) -> bool:
        """No relation that was found stands on the code the new one is to have."""
        wanted = relation_code(self.member.member_number, self.link.connection.code_start)
        return self.decision == Decision.OPEN and all(shown.relation.code != wanted for shown in self.candidates)

    @property
    def problem(self) -> str:
        """What has to be mended first, in a sentence; "" where nothing has, or that was seen of another revision."""
        match = self.match
        if self.link.reason == LinkProblem.VANISHED:
            return _(
                "The relation of this member was deleted in Exact Online, or merged with another. Link the member to another relation, "
                "create a new one, or leave the member out."
            )
        planned_for = (match.planned_revision, match.planned_mapping)
        is_fresh = planned_for == (self.member.revision, self.link.connection.mapping_key)
        return LinkProblem(match.problem).sentence(match.problem_details) if match.problem and is_fresh else ""

    @cached_property
    def _found(self) -> dict[str, Mapping[str, Any]]:
        return {found["guid"]: found for found in self.match.candidates}


def of_links(connection: ExactOnlineConnection, links: Iterable[RelationLink], today: date) -> list[Finding]:
    """The rows of these links, in two queries however many there are."""
    links = list(links)
    guids = {found["guid"] for link in links for found in link.match.candidates}
    guids |= {str(link.guid) for link in links if link.guid}
    relations = {str(row.guid): row for row in MirroredRelation.objects.of(connection).filter(guid__in=guids)}
    holders = holders_of(connection, guids)
    for link in links:
        link.connection = connection  # not asked for once more
    return [Finding(link, today, relations, holders) for link in links]


def of_relations(link: RelationLink, relations: Sequence[MirroredRelation], today: date) -> list[Shown]:
    """Relations that somebody looks through for this link, which comes with its connection."""
    holders = holders_of(link.connection, [str(relation.guid) for relation in relations])
    return [Shown(relation, link, today, holders.get(str(relation.guid))) for relation in relations]


def holders_of(connection: ExactOnlineConnection, guids: Collection[str]) -> dict[str, Member]:
    """Relation guid -> the member who has it."""
    links = RelationLink.objects.filter(connection=connection, guid__in=guids).select_related("member")
    return {str(link.guid): link.member for link in links}
