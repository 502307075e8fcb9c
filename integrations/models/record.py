"""What we know of one member in Congressus besides the member: which status when, what was heard and not read yet, what is wrong.

Levels again: a member is to be read as long as `heard` is past `read`, so a thousand calls of a webhook for one member are one reading,
and a call during that reading is another. `status` and `gone` are what Congressus says; what the member here has may stay behind them
until somebody has said that so many endings are meant (see arrivals.endings).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from integrations.problems import ArrivalProblem
from members.models import Member, MemberStatus


class CongressusMemberQuerySet(models.QuerySet["CongressusMember"]):
    def to_read(self, now: datetime) -> CongressusMemberQuerySet:
        """Heard of since they were last read; who failed and waits comes later."""
        ready = Q(not_before__isnull=True) | Q(not_before__lte=now)
        return self.filter(ready, heard__gt=F("read")).order_by(F("not_before").asc(nulls_first=True), "heard_at", "pk")

    def to_end(self) -> CongressusMemberQuerySet:
        """Congressus says gone, or another status, and the member here is not told yet."""
        gone = Q(gone=True, member__gone_at__isnull=True)
        moved = Q(gone=False, status__isnull=False) & ~Q(status=F("member__status"))
        return self.filter(gone | moved, member__isnull=False, declined=False)

    def turning(self, today: date) -> CongressusMemberQuerySet:
        """Another status begins today, or did while nobody looked."""
        return self.filter(turns_on__lte=today)

    def to_adopt(self) -> CongressusMemberQuerySet:
        """A member kept here has the number of one in Congressus, and nobody said yet whether they are the same."""
        return self.filter(problem=ArrivalProblem.NUMBER_KEPT_HERE, member__isnull=True)

    def in_trouble(self) -> CongressusMemberQuerySet:
        return self.exclude(problem="")


class CongressusMember(models.Model):
    congressus_id = models.PositiveBigIntegerField(primary_key=True)
    # null: nothing of this one is kept here, because of `problem`, or because it was only heard of.
    member = models.OneToOneField(Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="congressus")
    number = models.CharField(max_length=50, blank=True)
    status = models.ForeignKey(MemberStatus, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    gone = models.BooleanField(default=False)
    # [status id in Congressus, first day or null, last day or null], days as YYYY-MM-DD
    periods = models.JSONField(default=list, blank=True)
    turns_on = models.DateField(null=True, blank=True, db_index=True)

    heard = models.PositiveBigIntegerField(default=0)
    heard_at = models.DateTimeField(null=True, blank=True)
    read = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    # The walk that did not find this one where it should have been; whether it is gone is asked one by one.
    missed_by = models.ForeignKey("CongressusWalk", on_delete=models.SET_NULL, null=True, blank=True, related_name="missed")

    problem = models.CharField(max_length=30, choices=ArrivalProblem, blank=True)
    problem_details = models.JSONField(default=dict, blank=True)
    # field -> why its value in Congressus could not be used
    warnings = models.JSONField(default=dict, blank=True)
    # A person said "not these" of an ending.
    declined = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = CongressusMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member in Congressus")
        verbose_name_plural = _("members in Congressus")
        default_permissions = ()
        constraints = (models.CheckConstraint(condition=Q(read__lte=F("heard")), name="read_not_past_heard"),)
        indexes = (
            models.Index(fields=("heard_at",), name="congressus_heard", condition=Q(heard__gt=F("read"))),
            models.Index(fields=("problem",), name="congressus_problem", condition=~Q(problem="")),
        )

    def __str__(self) -> str:
        return f"Congressus {self.congressus_id}"

    @property
    def sentence(self) -> str:
        """What is wrong and what to do; "" where nothing is."""
        return ArrivalProblem(self.problem).sentence(self.problem_details) if self.problem else ""
