"""Comparing: which relations in Exact Online could be which members, against the mirror as it was read last.

It decides nothing. Who may have a relation waits (`held`) until somebody says so, or until Enable confirms those that are certain; what a
person decided before stays. Newcomers are looked at in the same way before they are sent, so that a relation somebody made by hand is not
made a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from integrations import matching, plan
from integrations.exact_online.accounts import differences
from integrations.mapping import Mapped, map_member, relation_code
from integrations.matching import Candidate, Confidence, Contradiction, Person, Relation
from integrations.models import ExactOnlineConnection, Match, Mirror, MirroredRelation, RelationLink
from integrations.models.link import DECLINED, UNLINKED, Held, RelationLinkQuerySet
from integrations.models.match import CONFIRMABLE, Verdict
from integrations.models.mirror import name_key, phone_key
from integrations.plan import PLAN_FIELDS, Planner, in_use_facts, plainly_against
from integrations.problems import LinkProblem
from integrations.push import known_fields

BATCH = 500
FOUND_FIELDS = ("verdict", "guid", "known", "candidates", "compared_revision", "row_version", *PLAN_FIELDS)
# Of so few newcomers only the relations that could be one of them are looked at.
FEW = 20


class Comparison:
    """Members of one connection against the mirror, as it is now."""

    def __init__(self, connection: ExactOnlineConnection, today: date) -> None:
        self.connection = connection
        self.today = today
        self._planner = Planner(connection)
        self._settings = connection.mapping_settings

    def steps(self) -> Iterator[tuple[int, int]]:
        """Compare; after each batch how many members were done, of how many."""
        for _made in RelationLink.objects.ensure(self.connection):
            yield 0, 0
        links = RelationLink.objects.kept_by(self.connection).order_by("pk")
        total = links.count()
        yield 0, total
        found = matching.match(self._people(links.filter(guid__isnull=True)), self._free_relations())
        yield 0, total
        done = 0
        for batch in _batches(_with_decision(links).iterator(chunk_size=BATCH)):
            self._store(batch, found)
            done += len(batch)
            yield done, total
        self._hold(RelationLink.objects.filter(connection=self.connection))
        Mirror.objects.filter(connection=self.connection).update(compared_at=timezone.now())

    def newcomers(self) -> Iterator[int]:
        """Who came since the comparison, against what was read last: a relation somebody made by hand is not made a second time.

        Tells before each batch how many it looks at.
        """
        if not Mirror.objects.filter(connection=self.connection, compared_at__isnull=False).exists():
            return
        # Also who changed since it was compared: with a name, or another e-mail, more may be found.
        unseen = Q(match__isnull=True) | Q(
            match__decided_at__isnull=True, pushed_at__isnull=True, member__revision__gt=F("match__compared_revision")
        )
        newcomers = RelationLink.objects.kept_by(self.connection).filter(unseen, guid__isnull=True, creating_since__isnull=True)
        while pks := list(newcomers.order_by("pk").values_list("pk", flat=True)[:BATCH]):
            yield len(pks)
            links = RelationLink.objects.filter(pk__in=pks)
            people = self._people(links)
            found = matching.match(people, self._free_relations(_near(people) if len(people) <= FEW else None))
            self._store(list(_with_decision(links)), found)
            self._hold(links)
            ask_about_certain(self.connection)

    def _people(self, links: RelationLinkQuerySet) -> list[Person]:
        start = self.connection.code_start
        columns = ("pk", "member__member_number", *(f"member__{name}" for name in _PERSON))
        return [
            Person(pk, relation_code(number, start) or "", *fields)
            for pk, number, *fields in links.values_list(*columns).iterator(chunk_size=2000)
        ]

    def _free_relations(self, near: Q | None = None) -> list[Relation]:
        """Those that no member has yet."""
        taken = RelationLink.objects.filter(connection=self.connection, guid=OuterRef("guid"))
        free = MirroredRelation.objects.of(self.connection).filter(near or Q()).exclude(Exists(taken))
        columns = ("guid", "code", "name", "email", "phone", "address", "postcode", "is_supplier", "blocked", "end_date")
        return [
            Relation(str(row.pop("guid")), ended=_is_past(row.pop("end_date"), self.today), **row)
            for row in free.values(*columns).iterator(chunk_size=2000)
        ]

    def _store(self, links: Sequence[RelationLink], found: dict[int, tuple[Candidate, ...]]) -> None:
        began = timezone.now()
        candidates = {link.pk: found.get(link.pk, ()) for link in links if link.guid is None}
        wanted = {candidate.guid for of_link in candidates.values() for candidate in of_link[:1]}
        wanted |= {str(link.guid) for link in links if link.guid and link.pushed_at is None}
        relations = {str(row.guid): row for row in MirroredRelation.objects.of(self.connection).filter(guid__in=wanted)}
        self._know_anew([link for link in links if link.guid and link.pushed_at is None], relations)
        matches = [self._match(link, candidates.get(link.pk, ()), relations) for link in links]
        # Planned as if the holds below were there already.
        for link, match in zip(links, matches, strict=True):
            link.held = _hold_of(link, match)
        self._planner.plan(list(zip(links, matches, strict=True)))
        self._write(matches)
        # What somebody decided while this was looked at is planned as it was decided.
        decided = plan.lines(self.connection).filter(pk__in=[link.pk for link in links], match__decided_at__gte=began)
        if late := list(decided):
            self._planner.store(late)

    def _write(self, matches: Sequence[Match]) -> None:
        try:
            with transaction.atomic():
                _upsert(matches)
        except IntegrityError:  # somebody deleted a member meanwhile
            alive = set(RelationLink.objects.filter(pk__in=[match.link_id for match in matches]).values_list("pk", flat=True))
            _upsert([match for match in matches if match.link_id in alive])

    def _know_anew(self, links: Sequence[RelationLink], relations: Mapping[str, MirroredRelation]) -> None:
        """Who was linked and never sent: what the bookkeeper changed since is known too."""
        for link in links:
            if (relation := relations.get(str(link.guid))) and not link.unconfirmed:
                link.confirmed = known_fields(relation.account(), map_member(link.member, self._settings))
                RelationLink.objects.filter(pk=link.pk, guid=link.guid, pushed_at=None).update(confirmed=link.confirmed)

    def _match(self, link: RelationLink, candidates: tuple[Candidate, ...], relations: dict[str, MirroredRelation]) -> Match:
        match = Match(link=link, candidates=[asdict(found) for found in candidates], compared_revision=link.member.revision)
        mapped = map_member(link.member, self._settings)
        if link.guid is not None:
            match.verdict = Verdict.LINKED
        elif mapped.missing:
            match.verdict = Verdict.INCOMPLETE
        elif not candidates:
            match.verdict = Verdict.NEW
        elif candidates[0].confidence == Confidence.CERTAIN:
            self._fill_certain(match, relations[candidates[0].guid], mapped)
        else:
            self._fill_doubtful(match, candidates[0], relations[candidates[0].guid], link)
        return match

    def _fill_certain(self, match: Match, relation: MirroredRelation, mapped: Mapped) -> None:
        match.guid, match.code, match.row_version = relation.guid, relation.code, relation.row_version
        match.known = known_fields(relation.account(), mapped)
        match.verdict = Verdict.CERTAIN if differences(mapped.fields, match.known) else Verdict.SAME

    def _fill_doubtful(self, match: Match, best: Candidate, relation: MirroredRelation, link: RelationLink) -> None:
        """A conflict is what no choice among relations solves: the wanted code is in use, or the relation may not be used."""
        plainly = plainly_against(best.against)
        wanted = relation_code(link.member.member_number, self.connection.code_start)
        if plainly is None and not (relation.code == wanted and Contradiction.NAME in best.against):
            match.verdict = Verdict.DECIDE
            return
        match.verdict = Verdict.CONFLICT
        if relation.code == wanted:
            match.problem = LinkProblem.CODE_IN_USE
            match.problem_details = in_use_facts(relation, plainly)

    def _hold(self, links: RelationLinkQuerySet) -> None:
        """Who may have a relation waits for a decision; who no longer has a candidate does not. What was decided stays."""
        undecided = links.not_declined().filter(guid__isnull=True, creating_since__isnull=True, match__decided_at__isnull=True)
        waits = Q(match__verdict__in=_WAITS)
        certain = Q(match__verdict__in=CONFIRMABLE) & ~Q(problem=LinkProblem.VANISHED)
        undecided.filter(waits & ~certain).exclude(held=Held.DECISION).update_by_key(held=Held.DECISION)
        undecided.filter(certain).exclude(held=Held.CERTAIN).update_by_key(held=Held.CERTAIN)
        # Whose relation was deleted in Exact is not given a new one unasked.
        nothing_found = undecided.filter(~waits, held__in=UNLINKED).exclude(problem=LinkProblem.VANISHED)
        nothing_found.update_by_key(held=Held.NOT)


_PERSON = ("initials", "first_name", "infix", "last_name", "organisation", "email", "phone", "address", "postcode")
_WAITS = (*CONFIRMABLE, Verdict.DECIDE, Verdict.CONFLICT)


def _upsert(matches: Sequence[Match]) -> None:
    Match.objects.bulk_create(matches, update_conflicts=True, unique_fields=["link"], update_fields=FOUND_FIELDS)


def _is_past(day: date | None, today: date) -> bool:
    return day is not None and day < today


def _with_decision(links: RelationLinkQuerySet) -> RelationLinkQuerySet:
    return links.select_related("member").annotate(decided_at=F("match__decided_at")).order_by("pk")


def _near(people: Sequence[Person]) -> Q:
    """Relations that could be one of these few: every likeness begins with a code, an e-mail, a phone, or a last name."""
    near = Q(code__in={person.code for person in people} - {""})
    near |= Q(phone_key__in={phone_key(person.phone) for person in people} - {""})
    for person in people:
        if person.email:
            near |= Q(email__iexact=person.email)
        for word in (person.last_name, person.organisation):
            # One half of a double name is enough to look; names are compared later.
            halves = (name_key(half) for half in word.replace("-", " ").split())
            for half in halves:
                if len(half) > 2:
                    near |= Q(name_key__contains=half)
    return near


def _hold_of(link: RelationLink, match: Match) -> str:
    """As `_hold` will set it."""
    is_declined = link.problem == DECLINED and link.parked_revision == link.member.revision
    if link.guid is not None or link.creating_since or is_declined or link.decided_at:  # type: ignore[attr-defined]
        return link.held
    if link.problem == LinkProblem.VANISHED:
        return Held.DECISION
    if match.verdict in CONFIRMABLE:
        return Held.CERTAIN
    return Held.DECISION if match.verdict in _WAITS else Held.NOT


def _batches(links: Iterable[RelationLink]) -> Iterator[list[RelationLink]]:
    rest = iter(links)
    while batch := list(islice(rest, BATCH)):
        yield batch


def ask_about_certain(connection: ExactOnlineConnection) -> None:
    """Where no Enable is to come that links them, also those who are certain wait for somebody to say so."""
    certain = RelationLink.objects.filter(connection=connection, held=Held.CERTAIN, connection__enabled=True)
    certain.update_by_key(held=Held.DECISION)
