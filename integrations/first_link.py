"""The first link: what people decide about members who may have a relation in Exact Online already, and undoing that.

Everything here changes our own rows only. Undoing forgets that a relation belongs to a member; in Exact it stays as it is.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Now, NullIf
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import bell, mirror
from integrations.exact_online.accounts import Account
from integrations.mapping import map_member, relation_code
from integrations.models import ExactOnlineConnection, Match, Mirror, MirroredRelation, RelationLink
from integrations.models.link import UNLINKED, Held, RelationLinkQuerySet
from integrations.models.match import CONFIRMABLE, Verdict
from integrations.plan import Planner
from integrations.push import known_fields

LINKED_AT_ONCE = 10_000


# Looking ------------------------------------------------------------------------------------------------------------------


class Decision(models.TextChoices):
    """What was decided about a member, as the link tells it."""

    OPEN = "open", gettext_lazy("to be decided")
    LINKED = "linked", gettext_lazy("linked")
    CREATE = "create", gettext_lazy("new relation")
    LEFT_OUT = "left_out", gettext_lazy("left out")

    @property
    def badge(self) -> str:
        return {"linked": "ok", "create": "info", "left_out": "muted"}.get(self.value, "waiting")


def decision(link: RelationLink) -> Decision:
    if link.guid is not None:
        return Decision.LINKED
    if link.left_out:
        return Decision.LEFT_OUT
    return Decision.OPEN if link.held in UNLINKED else Decision.CREATE


def table(connection: ExactOnlineConnection) -> RelationLinkQuerySet:
    """Everybody who takes part and was compared, with member and match."""
    links = RelationLink.objects.kept_by(connection).filter(match__isnull=False)
    return links.select_related("member", "match__decided_by")


def undecided(connection: ExactOnlineConnection) -> RelationLinkQuerySet:
    """Of these those that still wait for a decision."""
    return table(connection).filter(held__in=UNLINKED, guid__isnull=True, left_out=False)


def counts(connection: ExactOnlineConnection) -> dict[Verdict, int]:
    grouped = table(connection).order_by().values("match__verdict").annotate(n=Count("pk"))
    counted = {row["match__verdict"]: row["n"] for row in grouped}
    return {verdict: counted.get(verdict.value, 0) for verdict in Verdict}


def open_counts(connection: ExactOnlineConnection) -> dict[Verdict, int]:
    """Of each verdict those that still wait for a decision."""
    grouped = undecided(connection).order_by().values("match__verdict").annotate(n=Count("pk"))
    counted = {row["match__verdict"]: row["n"] for row in grouped}
    return {verdict: counted.get(verdict.value, 0) for verdict in Verdict}


def version(link: RelationLink) -> str:
    """Changes with every decision about the link; `link` comes with its match."""
    seen = (link.guid, link.creating_since, link.left_out, link.held, link.match.decided_at)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]


# Deciding -----------------------------------------------------------------------------------------------------------------


class Refused(Exception):
    """This decision cannot be taken; `sentence` says to people why, and what to do. Nothing was changed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Choice(models.TextChoices):
    LINK = "link", gettext_lazy("Link")
    CREATE = "create", gettext_lazy("Create new")
    LEAVE_OUT = "leave_out", gettext_lazy("Leave out")
    UNDO = "undo", gettext_lazy("Undo")


def decide(link_pk: int, choice: Choice, person_id: int | None, *, seen: str | None = None, guid: str = "") -> RelationLink:
    """Write one decision. `seen` is the version the person saw, None to not mind. Raises Refused."""
    with transaction.atomic():
        # The lock is on the link alone: PostgreSQL refuses to lock what an outer join may lack.
        RelationLink.objects.select_for_update().get(pk=link_pk)
        link = RelationLink.objects.select_related("member", "match__decided_by", "connection").get(pk=link_pk)
        if not hasattr(link, "match"):
            raise Refused(
                _(
                    "Another administration was chosen since, so what was found no longer counts. Choose Compare with Exact once more."
                )
            )
        if seen is not None and seen != version(link):
            raise Refused(_meanwhile(link))
        match choice:
            case Choice.LINK:
                _link(link, guid)
            case Choice.CREATE:
                _create(link)
            case Choice.LEAVE_OUT:
                RelationLink.objects.filter(pk=link.pk).leave_out()
            case Choice.UNDO:
                _undo(link)
        # An undone link counts as decided: Enable does not make again what somebody took back.
        Match.objects.filter(link=link).update(**_decided(person_id))
        link = RelationLink.objects.select_related("member", "match__decided_by", "connection").get(pk=link_pk)
        Planner(link.connection).store([link])
        transaction.on_commit(bell.ring, robust=True)
    return link


def _decided(person_id: int | None) -> dict[str, Any]:
    return {"decided_at": timezone.now(), "decided_by": person_id}


def _meanwhile(link: RelationLink) -> str:
    facts = {
        "member": link.member.display_name,
        "decision": decision(link).label,
        "person": link.match.decided_by or _("somebody else"),
    }
    return (
        _("%(member)s was dealt with meanwhile by %(person)s: %(decision)s. Your decision was not applied; look once more.")
        % facts
    )


def _link(link: RelationLink, guid: str) -> None:
    relation = _relation(link, guid)
    _demand_unlinked(link)
    if relation.is_supplier:
        raise Refused(
            _("%(relation)s is a supplier in Exact Online. A supplier is never linked, for that would change the books.")
            % {"relation": relation}
        )
    other = RelationLink.objects.filter(connection=link.connection, guid=relation.guid).select_related("member").first()
    if other is not None:
        raise Refused(
            _("%(relation)s is linked to %(other)s already. One relation is one member: undo that link first, or choose another.")
            % {"relation": relation, "other": other.member}
        )
    mapped = map_member(link.member, link.connection.mapping_settings)
    known = known_fields(relation.account(), mapped)
    values = {"guid": relation.guid, "code": relation.code or None, "confirmed": known, "left_out": False, **_SETTLED}
    _free_codes(link.connection)
    try:
        with transaction.atomic():
            RelationLink.objects.filter(pk=link.pk).update(**values)
    except IntegrityError as error:
        raise Refused(
            _("The code of %(relation)s is reserved for another member, who is being sent. Try again in a minute.")
            % {"relation": relation}
        ) from error


def _demand_unlinked(link: RelationLink) -> None:
    facts = {"member": link.member.display_name}
    if link.guid is not None:
        raise Refused(_("%(member)s is linked already. Undo that first.") % facts)
    if link.creating_since:
        raise Refused(_on_its_way(link))


def _on_its_way(link: RelationLink) -> str:
    facts = {"member": link.member.display_name}
    return _("A new relation for %(member)s is on its way to Exact Online. Look again in a minute.") % facts


def _relation(link: RelationLink, guid: str) -> MirroredRelation:
    try:
        return MirroredRelation.objects.of(link.connection).get(guid=guid)
    except (MirroredRelation.DoesNotExist, ValidationError) as error:
        raise Refused(
            _(
                "That relation no longer exists in Exact Online: somebody deleted or merged it since the comparison. %(member)s was not "
                "linked; choose another relation, or create a new one."
            )
            % {"member": link.member.display_name}
        ) from error


def _create(link: RelationLink) -> None:
    _demand_unlinked(link)
    code = relation_code(link.member.member_number, link.connection.code_start)
    in_use = MirroredRelation.objects.of(link.connection).filter(code=code or "-").first()
    if in_use is not None:
        raise Refused(
            _(
                "Relation code %(code)s is in use in Exact Online by %(relation)s, so no new relation can have it. Link the member to that "
                "relation, give the member another number, or leave the member out."
            )
            % {"code": code, "relation": in_use.name}
        )
    RelationLink.objects.filter(pk=link.pk).update(left_out=False, **_SETTLED)


def _undo(link: RelationLink) -> None:
    """Back to undecided. The relation stays in Exact as it is; the member waits, for it must not be made a second time by itself."""
    if link.creating_since:
        raise Refused(_on_its_way(link))
    if link.guid is not None:
        if _is_being_sent(link.connection):
            raise Refused(
                _("This connection is sending right now. Disable it, or try again when it is done; nothing was changed.")
            )
        _remember(link)
    nothing_found = link.match.verdict in (Verdict.NEW, Verdict.INCOMPLETE)
    waits = link.guid is not None or link.held in UNLINKED or not nothing_found
    RelationLink.objects.filter(pk=link.pk).update(**_UNLINKED | {"held": Held.DECISION if waits else Held.NOT})


def _remember(link: RelationLink) -> None:
    """A relation of ours, made after the last reading, is in Exact: its code is in use, and it may be linked again."""
    mirror_of = Mirror.objects.filter(connection=link.connection).first()
    if link.guid is None or mirror_of is None or mirror_of.relations.filter(guid=link.guid).exists():
        return
    fields = {name: value or "" for name, value in link.confirmed.items()}
    mirror_of.store([Account(guid=str(link.guid), code=link.code or "", fields=fields)])


def _free_codes(connection: ExactOnlineConnection) -> None:
    """A code that was reserved and never became a relation binds nobody, and may be that of a relation of somebody else."""
    unbound = RelationLink.objects.filter(
        connection=connection, guid__isnull=True, creating_since__isnull=True, pushed_at__isnull=True, code__isnull=False
    )
    unbound.update(code=None)


# Whatever it waited for, a person decided; nor does the brake hold it.
_SETTLED: dict[str, Any] = {
    "held": Held.RELEASED,
    "parked_revision": None,
    "parked_mapping": "",
    "problem": "",
    "problem_details": {},
    "attempts": 0,
    "not_before": None,
}
_UNLINKED: dict[str, Any] = {
    **_SETTLED,
    "guid": None,
    "code": None,
    "confirmed": {},
    "creating_since": None,
    "unconfirmed": False,
    "left_out": False,
    "pushed_revision": 0,
    "pushed_mapping": "",
}


def _is_being_sent(connection: ExactOnlineConnection) -> bool:
    """Somebody holds the lease: what he settles in a moment would be written to a link that was undone."""
    return ExactOnlineConnection.objects.filter(pk=connection.pk, lease_until__gte=Now()).exists()


def confirm(connection: ExactOnlineConnection, person_id: int | None, pks: Collection[int] | None = None) -> int:
    """Link all that is certain and nobody decided about (or only these) to the relation that was found; how many were linked."""
    by = _decided(person_id)
    links, mine = RelationLink.objects.filter(connection=connection), Match.objects.filter(link=OuterRef("pk"))
    with transaction.atomic():
        _free_codes(connection)
        certain = _certain(connection, pks)
        for start in range(0, len(certain), LINKED_AT_ONCE):
            batch = certain[start : start + LINKED_AT_ONCE]
            # First the link, then its match: in the order of `decide`.
            list(links.filter(pk__in=batch).order_by("pk").select_for_update().values_list("pk"))
            Match.objects.filter(link__in=batch).update(**by)
            links.filter(pk__in=batch).update(
                guid=Subquery(mine.values("guid")),
                code=Subquery(mine.values(found_code=NullIf("code", Value("")))),
                confirmed=Subquery(mine.values("known")),
                **_SETTLED,
            )
        transaction.on_commit(bell.ring, robust=True)
    return len(certain)


def _certain(connection: ExactOnlineConnection, pks: Collection[int] | None) -> list[int]:
    """Keys of the links whose member and relation both are as they were when they were found, and fit nobody else."""
    kept = RelationLink.objects.kept_by(connection).filter(held__in=UNLINKED, guid__isnull=True, left_out=False)
    held = kept.not_declined().filter(match__verdict__in=CONFIRMABLE, member__revision=F("match__compared_revision"))
    held = held.filter(match__decided_at__isnull=True) if pks is None else held.filter(pk__in=pks)
    claims = Counter(kept.filter(match__guid__isnull=False).values_list("match__guid", flat=True))
    there = set(MirroredRelation.objects.of(connection).values_list("guid", "row_version"))
    linked = RelationLink.objects.filter(connection=connection).exclude(guid__isnull=True, code__isnull=True)
    guids, codes = set(), {}
    for pk, guid, code in linked.values_list("pk", "guid", "code"):
        guids.add(guid)
        codes[code] = pk
    return [
        pk
        for pk, guid, version, code in held.values_list("pk", "match__guid", "match__row_version", "match__code")
        if (guid, version) in there and claims[guid] == 1 and guid not in guids and codes.get(code, pk) == pk
    ]


def was_pushed(connection: ExactOnlineConnection) -> bool:
    """Something went to Exact for this connection, so that the first link is no longer only ours."""
    sent = Q(pushed_at__isnull=False) | Q(creating_since__isnull=False) | Q(unconfirmed=True)
    return RelationLink.objects.filter(sent, connection=connection).exists()


def undo_all(connection: ExactOnlineConnection) -> int:
    """Every decision of the first link, taken back; how many. Raises Refused once something was pushed."""
    decided = RelationLink.objects.filter(connection=connection, match__decided_at__isnull=False)
    with transaction.atomic():
        if was_pushed(connection) or _is_being_sent(connection):
            raise Refused(
                _(
                    "Something was sent to Exact Online since, so the first link is no longer undone as a whole. Undo links one by one."
                )
            )
        count = decided.count()
        waits = Q(guid__isnull=False) | Q(held__in=UNLINKED) | ~Q(match__verdict__in=(Verdict.NEW, Verdict.INCOMPLETE))
        decided.exclude(waits).update_by_key(**_UNLINKED | {"held": Held.NOT})
        decided.filter(waits).update_by_key(**_UNLINKED | {"held": Held.DECISION})
        certain = decided.filter(match__verdict__in=CONFIRMABLE)
        certain.update_by_key(held=Held.CERTAIN)
        Match.objects.filter(link__connection=connection).update(decided_at=None, decided_by=None)
    return count


def forget(connection: ExactOnlineConnection) -> None:
    """Another administration was chosen: what was found in the one before says nothing any more."""
    mirror.forget(connection)
    Match.objects.filter(link__connection=connection).delete()
    RelationLink.objects.filter(connection=connection, held__in=UNLINKED).update(held=Held.NOT)
