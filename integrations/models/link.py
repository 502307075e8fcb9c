"""One member in one connection, and what Exact said yes to.

There is no dirty flag: a link is behind when the member's revision or the mapping is past what was pushed, or when an answer was lost.
Parked holds for exactly the revision and mapping it was parked at, so mending the member or the settings un-parks by arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.backoff import AFTER_A_LOST_ANSWER
from integrations.models.connection import ExactOnlineConnection
from members.models import ChangedVia, Member

# Older edits of people no longer jump the queue: whatever held them up, held up everything.
URGENT_FOR = timedelta(days=1)
# What is heard from Congressus is as urgent as an edit here, for a while, and as long as it is a few members.
HEARD_FOR = timedelta(minutes=10)
# The problem of a link of which a person said that this change is not to be sent; the next change of the member is.
DECLINED = "declined"


class SyncState(models.TextChoices):
    UP_TO_DATE = "up_to_date", _("up to date")
    WAITING = "waiting", _("waiting")
    NEEDS_ATTENTION = "needs_attention", _("needs attention")
    LEFT_OUT = "left_out", _("left out")

    @property
    def badge(self) -> str:
        return {"up_to_date": "ok", "waiting": "waiting", "needs_attention": "attention", "left_out": "muted"}[self.value]


class Held(models.TextChoices):
    """Why a link waits for a word of a person, who did nothing wrong."""

    NOT = "", _("not held")
    CERTAIN = "certain", _("certain, linked by Enable")
    DECISION = "decision", _("to be decided")
    BRAKE = "brake", _("held back")
    RELEASED = "released", _("let go by a person")


ASKING = (Held.DECISION, Held.BRAKE)
# Nothing is known for sure of which relation it is, so it never goes out, whoever changes the member.
UNLINKED = (Held.CERTAIN, Held.DECISION)


def _behind(mapping_key: str) -> Q:
    return (
        Q(member__revision__gt=F("pushed_revision"))
        | ~Q(pushed_mapping=mapping_key)
        | Q(unconfirmed=True)
        | Q(creating_since__isnull=False)
    )


def _parked(mapping_key: str) -> Q:
    """What was declined stays so when the settings change: of them nothing was said."""
    return Q(parked_revision=F("member__revision"), parked_mapping=mapping_key) | _declined()


def _vanished() -> Q:
    """Parked for it now: a member or mapping that was mended since has the engine look for itself."""
    return Q(problem="vanished", parked_revision=F("member__revision"))


def still_open(mapping_key: str) -> Q:
    """Enable would do something with it, or ask about it."""
    behind = _behind(mapping_key) & ~_parked(mapping_key)
    return Q(left_out=False) & (Q(held__in=(*ASKING, *UNLINKED)) | behind)


def held_back() -> Q:
    """By the brake, which is for imports and the like: what a person changed since goes on."""
    return Q(held=Held.BRAKE) & ~Q(member__changed_via=ChangedVia.PERSON)


def _declined() -> Q:
    return Q(problem=DECLINED, parked_revision=F("member__revision"))


class RelationLinkQuerySet(models.QuerySet["RelationLink"]):
    def kept_by(self, connection: ExactOnlineConnection) -> RelationLinkQuerySet:
        """The links whose member takes part now; a leaver's link rests, and wakes when the member returns."""
        return self.filter(connection=connection, member__status__in=connection.statuses.all(), member__gone_at=None)

    def behind(self, connection: ExactOnlineConnection) -> RelationLinkQuerySet:
        """What Exact does not have yet, and nobody has to decide about first; what the brake holds back is among it."""
        key = connection.mapping_key
        undecided = Q(held__in=UNLINKED)
        return self.kept_by(connection).filter(_behind(key), left_out=False).exclude(undecided).exclude(_parked(key))

    def parked(self, connection: ExactOnlineConnection) -> RelationLinkQuerySet:
        """What somebody has to mend; what somebody chose not to send is not among it."""
        of_connection = self.kept_by(connection).filter(_parked(connection.mapping_key), left_out=False)
        return of_connection.exclude(problem=DECLINED).exclude(held__in=UNLINKED)

    def held_back(self, connection: ExactOnlineConnection) -> RelationLinkQuerySet:
        """What waits for somebody to say that an import or the like was meant."""
        return self.kept_by(connection).filter(held_back(), left_out=False)

    def not_declined(self) -> RelationLinkQuerySet:
        return self.exclude(_declined())

    def due(self, connection: ExactOnlineConnection, now: datetime) -> RelationLinkQuerySet:
        """What may be pushed now; who waited longest comes first, so that one that keeps failing cannot block the head."""
        return self._ready(connection, now).exclude(held_back())

    def urgent(self, connection: ExactOnlineConnection, now: datetime) -> RelationLinkQuerySet:
        """Due because a person just changed the member, not because an import did or the connection was enabled.

        The brake is for imports and the like: it does not hold what a person did since.
        """
        since = max(filter(None, (connection.enabled_at, now - URGENT_FOR)))
        return self._ready(connection, now).filter(
            member__changed_via=ChangedVia.PERSON, member__changed_at__gte=since, member__revision__gt=F("pushed_revision")
        )

    def heard(self, connection: ExactOnlineConnection, now: datetime) -> RelationLinkQuerySet:
        """Due because somebody just changed the member in Congressus, whose webhook told so; not what the brake holds back."""
        since = max(filter(None, (connection.enabled_at, now - HEARD_FOR)))
        return self.due(connection, now).filter(
            member__congressus__heard_at__gte=since,
            member__changed_via=ChangedVia.CONGRESSUS,
            member__changed_at__gte=since,
            member__revision__gt=F("pushed_revision"),
        )

    def _ready(self, connection: ExactOnlineConnection, now: datetime) -> RelationLinkQuerySet:
        ready = self.behind(connection).filter(Q(not_before__isnull=True) | Q(not_before__lte=now))
        return ready.order_by(F("not_before").asc(nulls_first=True), "pk")

    def with_state(self, mapping_key: str) -> RelationLinkQuerySet:
        """Adds `sync_state`, the SyncState of each link."""
        return self.annotate(
            sync_state=Case(
                When(left_out=True, then=Value(SyncState.LEFT_OUT)),
                When(Q(held=Held.DECISION) | held_back(), then=Value(SyncState.NEEDS_ATTENTION)),
                When(held=Held.CERTAIN, then=Value(SyncState.WAITING)),
                When(_parked(mapping_key) & Q(problem=DECLINED), then=Value(SyncState.LEFT_OUT)),
                When(_parked(mapping_key), then=Value(SyncState.NEEDS_ATTENTION)),
                When(_behind(mapping_key), then=Value(SyncState.WAITING)),
                default=Value(SyncState.UP_TO_DATE),
            )
        )

    def counts(self, connection: ExactOnlineConnection) -> dict[str, int]:
        """SyncState value -> number of members taking part, in one query."""
        states = self.kept_by(connection).with_state(connection.mapping_key).order_by().values("sync_state")  # type: ignore[misc]
        counted = {row["sync_state"]: row["n"] for row in states.annotate(n=models.Count("pk"))}
        return {state.value: 0 for state in SyncState} | counted

    def ensure(self, connection: ExactOnlineConnection, since: datetime | None = None) -> Iterator[int]:
        """A link for every member who takes part (changed since) and has none; tells after each batch how many it made."""
        lacking = connection.members_without_link()
        if since is not None:
            lacking = lacking.filter(changed_at__gte=since)
        while pks := list(lacking.order_by("pk").values_list("pk", flat=True)[:1000]):
            yield len(pks)
            links = [RelationLink(connection=connection, member_id=pk) for pk in pks]
            RelationLink.objects.bulk_create(links, ignore_conflicts=True)

    def update_by_key(self, **values: object) -> int:
        """For a selection that joins: an UPDATE cannot look through a join."""
        return RelationLink.objects.filter(pk__in=self.values("pk")).update(**values)

    # What people decide about links. The drain reads a link right before each call, so these need no lease.

    def try_again(self, now: datetime) -> int:
        """Un-park, let go of the brake, and end the pause after a failure. What vanished from Exact is created anew, by the same code.

        Only a request whose answer was lost keeps half a minute of its pause, because it may still be running at Exact.
        """
        in_doubt = Q(Q(unconfirmed=True) | Q(creating_since__isnull=False), not_before__isnull=False)
        soon = Least("not_before", Value(now + AFTER_A_LOST_ANSWER), output_field=models.DateTimeField())
        with transaction.atomic(using=self.db):
            self.filter(_vanished()).update(guid=None, confirmed={}, unconfirmed=False)
            return self.update(
                not_before=Case(When(in_doubt, then=soon), default=None),
                parked_revision=None,
                parked_mapping="",
                problem="",
                problem_details={},
                attempts=0,
                held=Case(
                    When(held=Held.BRAKE, then=Value(Held.RELEASED)),
                    When(held=Held.DECISION, problem="vanished", then=Value(Held.NOT)),
                    default="held",
                ),
            )

    def leave_out(self) -> int:
        """Nothing more is sent for these members; their relations in Exact stay as they are."""
        return self.update(left_out=True)

    def take_part_again(self, now: datetime) -> int:
        """Also those of whom a change was declined: it is sent after all."""
        with transaction.atomic(using=self.db):
            self.filter(problem=DECLINED).try_again(now)
            return self.update(left_out=False)


class RelationLink(models.Model):
    connection = models.ForeignKey(ExactOnlineConnection, on_delete=models.CASCADE, related_name="links")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="relation_links")
    # Reserved before the relation is created and never changed after; null = not reserved yet.
    code = models.CharField(max_length=18, null=True, blank=True)  # noqa: DJ001  (null: unique, and not known yet)
    guid = models.UUIDField(null=True, blank=True)
    creating_since = models.DateTimeField(null=True, blank=True)
    unconfirmed = models.BooleanField(default=False)
    # field -> the value Exact said yes to; null = sent, and the answer was lost
    confirmed = models.JSONField(default=dict, blank=True)
    pushed_revision = models.PositiveBigIntegerField(default=0)
    pushed_mapping = models.CharField(max_length=30, blank=True)
    pushed_at = models.DateTimeField(null=True, blank=True)
    parked_revision = models.PositiveBigIntegerField(null=True, blank=True)
    parked_mapping = models.CharField(max_length=30, blank=True)
    problem = models.CharField(max_length=30, blank=True)
    problem_details = models.JSONField(default=dict, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    left_out = models.BooleanField(default=False)
    held = models.CharField(max_length=10, choices=Held, default=Held.NOT, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = RelationLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("relation")
        verbose_name_plural = _("relations")
        constraints = (
            models.UniqueConstraint(fields=("connection", "member"), name="one_link_per_member"),
            models.UniqueConstraint(fields=("connection", "code"), name="one_link_per_code"),
            models.UniqueConstraint(fields=("connection", "guid"), name="one_link_per_relation"),
        )

    def __str__(self) -> str:
        return f"{self.member} - {self.code or '?'}"

    @property
    def reason(self) -> str:
        """Why it waits for a person, as a LinkProblem; "" where nothing stands noted."""
        if self.held == Held.DECISION:
            return "vanished" if self.problem == "vanished" else "to_be_decided"
        return "held_back" if self.is_held_back else self.problem

    @property
    def is_held_back(self) -> bool:
        return self.held == Held.BRAKE and self.member.changed_via != ChangedVia.PERSON
