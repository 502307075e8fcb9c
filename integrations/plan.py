"""The dry run: what Enable would do with each member, told by the same `decide` that the engine asks, and stored beside the match.

A stored plan holds for the revision of the member and of the mapping it was made for, and only while the link still waits: so what is
stale is found by arithmetic and planned anew when somebody looks. Nothing here calls Exact.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Value, When

from integrations import push
from integrations.mapping import Mapped, map_member, relation_code
from integrations.matching import Contradiction
from integrations.models import ExactOnlineConnection, Match, MirroredRelation, RelationLink
from integrations.models.link import UNLINKED, Held, RelationLinkQuerySet, SyncState, still_open
from integrations.models.match import CONFIRMABLE, Planned, Verdict
from integrations.problems import LinkProblem

BATCH = 500
PLAN_FIELDS = ("planned", "planned_revision", "planned_mapping", "code", "changes", "problem", "problem_details")


@dataclass(frozen=True)
class Tally:
    """`counts`: Planned -> members; `unknown`: members who were not compared yet; `stale`: whose plan is of before a change."""

    counts: dict[Planned, int]
    unknown: int
    stale: int

    @property
    def calls(self) -> int:
        """Calls needed: one for a relation that is created, one for each that changes."""
        return self.counts[Planned.CREATE] + self.counts[Planned.CHANGE]


# Reading the plan ---------------------------------------------------------------------------------------------------------


def lines(connection: ExactOnlineConnection) -> RelationLinkQuerySet:
    """The links taking part with `would`, the Planned of each ("" = not compared yet), member and match along."""
    links = RelationLink.objects.kept_by(connection).with_state(connection.mapping_key)
    return links.annotate(would=_would(connection.mapping_key)).select_related("member", "match")


def tally(connection: ExactOnlineConnection) -> Tally:
    grouped = lines(connection).order_by().values("would").annotate(n=Count("pk"))  # type: ignore[misc]  # (annotated in lines)
    counted = {row["would"]: row["n"] for row in grouped}
    unlinked = connection.members_without_link().count()
    counts = {planned: counted.get(planned.value, 0) for planned in Planned}
    return Tally(counts, counted.get("", 0) + unlinked, _stale(connection).count())


def _would(mapping_key: str) -> Case:
    """The stored plan counts only for what is open; of the others the link itself tells."""
    is_open = still_open(mapping_key)
    return Case(
        When(is_open & Q(match__isnull=True), then=Value("")),
        When(is_open, then=F("match__planned")),
        When(sync_state=SyncState.LEFT_OUT, then=Value(Planned.LEFT_OUT)),
        When(sync_state=SyncState.NEEDS_ATTENTION, then=Value(Planned.WAITS)),
        default=Value(Planned.NOTHING),
        output_field=CharField(),
    )


def _stale(connection: ExactOnlineConnection) -> RelationLinkQuerySet:
    """Whose plan is of another revision, or of before the relation was there."""
    key = connection.mapping_key
    old = (
        ~Q(match__planned_revision=F("member__revision"))
        | ~Q(match__planned_mapping=key)
        | Q(match__planned=Planned.CREATE, guid__isnull=False)
    )
    links = RelationLink.objects.kept_by(connection).filter(still_open(key), old, match__isnull=False)
    return links.select_related("member", "match")


# Making it ----------------------------------------------------------------------------------------------------------------


def refresh(connection: ExactOnlineConnection, seconds: float = 3.0) -> int:
    """Plan anew what is stale, for so long at most; how many are left."""
    deadline = time.monotonic() + seconds
    planner = Planner(connection)
    while links := list(_stale(connection).order_by("pk")[:BATCH]):
        planner.store(links)
        if time.monotonic() > deadline:
            return _stale(connection).count()
    return 0


@dataclass
class Planner:
    """Plans links of one connection. `first_of` tells, across batches, which link comes first for a code."""

    connection: ExactOnlineConnection
    first_of: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._settings = self.connection.mapping_settings
        self._key = self.connection.mapping_key

    def store(self, links: Sequence[RelationLink]) -> None:
        """Plan these links, which come with their member and match, and write it."""
        matches = self.plan([(link, link.match) for link in links])
        Match.objects.bulk_update(matches, PLAN_FIELDS, batch_size=BATCH)

    def plan(self, pairs: Sequence[tuple[RelationLink, Match]]) -> list[Match]:
        """Fill in the plan of each match; nothing is written."""
        mapped = [map_member(link.member, self._settings) for link, _ in pairs]
        decided = [self._decide(link, match, fields) for (link, match), fields in zip(pairs, mapped, strict=True)]
        creates = {found.code for found in decided if isinstance(found, push.Create)}
        in_use, wanted = self._in_use(creates), self._wanted(creates, [link.pk for link, _ in pairs])
        for (link, match), decision in zip(pairs, decided, strict=True):
            match.planned_revision, match.planned_mapping = link.member.revision, self._key
            match.changes = {}
            if decision is not None:  # why a person has to decide stays as comparing found it
                match.problem, match.problem_details = "", {}
            self._fill(link, match, decision, in_use, wanted)
        return [match for _, match in pairs]

    def _decide(self, link: RelationLink, match: Match, mapped: Mapped) -> push.Decision | None:
        """What the engine would do, once what is certain has been confirmed; None where a person has to say so first."""
        if link.left_out:
            return push.Nothing()
        if link.held in UNLINKED and not mapped.missing:
            if link.held != Held.CERTAIN or match.verdict not in CONFIRMABLE:
                return None
            link = copy.copy(link)
            link.guid, link.confirmed, link.unconfirmed = match.guid, match.known, False
        return push.decide(link, mapped, self.connection.code_start)

    def _fill(
        self,
        link: RelationLink,
        match: Match,
        decision: push.Decision | None,
        in_use: Mapping[str, MirroredRelation],
        wanted: Collection[str],
    ) -> None:
        match decision:
            case None if match.verdict == Verdict.CONFLICT:
                match.planned = Planned.CONFLICT
                if not match.problem:  # a decision was taken, and back
                    self._explain(link, match)
            case None:
                match.planned = Planned.UNDECIDED
            case push.Park(problem):
                match.planned, match.problem, match.problem_details = Planned.INCOMPLETE, problem, {}
            case push.Nothing():
                match.planned = Planned.LEFT_OUT if link.left_out else Planned.NOTHING
            case push.Change(fields):
                known = match.known if link.guid is None else link.confirmed
                match.planned = Planned.CHANGE
                match.changes = {name: [known.get(name, ""), value] for name, value in fields.items()}
            case push.Create(code, fields):
                match.code = code
                if code in in_use:
                    relation = in_use[code]
                    self._conflict(match, LinkProblem.CODE_IN_USE, **in_use_facts(relation, _why_not(relation)))
                elif code in wanted or self.first_of.setdefault(code, link.pk) != link.pk:
                    self._conflict(match, LinkProblem.CODE_COLLISION, code=code)
                else:
                    match.planned = Planned.CREATE
                    match.changes = {name: ["", value] for name, value in fields.items() if name != "Code"}

    def _explain(self, link: RelationLink, match: Match) -> None:
        best = match.candidates[0]
        relation = MirroredRelation.objects.of(self.connection).filter(guid=best["guid"]).first()
        if relation and relation.code == relation_code(link.member.member_number, self.connection.code_start):
            match.problem, match.problem_details = (
                LinkProblem.CODE_IN_USE,
                in_use_facts(relation, plainly_against(best["against"])),
            )

    def _conflict(self, match: Match, problem: LinkProblem, **facts: str) -> None:
        match.planned, match.problem, match.problem_details = Planned.CONFLICT, problem, facts

    def _in_use(self, codes: Collection[str]) -> dict[str, MirroredRelation]:
        """By code, each with `is_taken`: whether it is the relation of a member already."""
        taken = RelationLink.objects.filter(connection=self.connection, guid=OuterRef("guid"))
        found = MirroredRelation.objects.of(self.connection).filter(code__in=codes).annotate(is_taken=Exists(taken))
        return {relation.code: relation for relation in found}

    def _wanted(self, codes: Collection[str], pks: Collection[int]) -> set[str]:
        """Codes that another member has, or comes first for."""
        others = RelationLink.objects.filter(connection=self.connection).exclude(pk__in=pks)
        planned = others.filter(match__code__in=codes, match__planned=Planned.CREATE, guid__isnull=True, left_out=False)
        reserved = others.filter(code__in=codes)
        found = {*planned.values_list("match__code", flat=True), *reserved.values_list("code", flat=True)}
        return {code for code in found if code}


# What speaks against a relation so plainly that it is not a choice among several.
_PLAINLY = (Contradiction.SUPPLIER, Contradiction.BLOCKED, Contradiction.ENDED, Contradiction.TAKEN)


def _why_not(relation: MirroredRelation) -> Contradiction | None:
    if relation.is_supplier:
        return Contradiction.SUPPLIER
    if relation.blocked:
        return Contradiction.BLOCKED
    return Contradiction.TAKEN if relation.is_taken else None  # type: ignore[attr-defined]  # (annotated in _in_use)


def plainly_against(against: Collection[str]) -> Contradiction | None:
    return next((reason for reason in _PLAINLY if reason in against), None)


def in_use_facts(relation: MirroredRelation, why: Contradiction | None = None) -> dict[str, str]:
    """Facts for the sentence that a code is in use: by another name, where nothing plainer speaks against it."""
    why = why or Contradiction.NAME
    return {"code": relation.code, "name": relation.name, "guid": str(relation.guid), "why": why}
