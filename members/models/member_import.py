"""A file of members on its way in.

The worker may run on another machine, so the file waits in the database; it is personal data and goes when it is not needed any
more. A lease on the database's clock makes one worker at a time take it in. How far it got is committed together with the members
of each batch, so whoever takes over from a killed worker goes on exactly there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LEASE = timedelta(seconds=90)
# A file that kills its worker each time must not kill workers for ever.
MAX_FRUITLESS_STARTS = 5


class MemberImportQuerySet(models.QuerySet["MemberImport"]):
    def waiting(self) -> MemberImportQuerySet:
        """Not taken yet, or left behind by a worker that died."""
        left_behind = Q(state=MemberImport.State.RUNNING, held_until__lt=Now())
        return self.filter(left_behind | Q(state=MemberImport.State.QUEUED))

    def claim(self, pk: int, holder: str) -> bool:
        """Become the one worker of this import, until a batch has not been committed for 90 s."""
        return bool(
            self.waiting()
            .filter(pk=pk)
            .update(
                state=MemberImport.State.RUNNING,
                holder=holder,
                held_until=Now() + LEASE,
                started_at=Coalesce("started_at", Now()),
                fruitless_starts=F("fruitless_starts") + 1,
            )
        )

    def held(self, pk: int, holder: str) -> MemberImportQuerySet:
        return self.filter(pk=pk, holder=holder, state=MemberImport.State.RUNNING)

    def finished_before(self, moment: datetime) -> MemberImportQuerySet:
        return self.filter(finished_at__lt=moment)


class MemberImport(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

        @property
        def badge(self) -> str:
            return {"done": "ok", "refused": "attention", "failed": "attention"}.get(self.value, "waiting")

    name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField(blank=True, default=b"")
    uploaded_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    create_statuses = models.BooleanField(default=False)
    dry_run = models.BooleanField(default=False)

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.QUEUED)
    reason = models.TextField(blank=True)
    total_rows = models.PositiveIntegerField(default=0)
    processed_rows = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    holder = models.CharField(max_length=40, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    fruitless_starts = models.PositiveSmallIntegerField(default=0)

    objects = MemberImportQuerySet.as_manager()

    class Meta:
        ordering = ("-uploaded_at", "-pk")
        verbose_name = _("member import")
        verbose_name_plural = _("member imports")
        default_permissions = ()  # Member.import_member says who may

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("member-import-progress", args=[self.pk])

    @property
    def is_moving(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)

    @property
    def seconds_left(self) -> int | None:
        """At the pace so far; None where there is no pace yet."""
        if not self.started_at or not self.processed_rows:
            return None
        pace = (timezone.now() - self.started_at).total_seconds() / self.processed_rows
        return max(1, round(pace * (self.total_rows - self.processed_rows)))

    @property
    def badge(self) -> str:
        return self.State(self.state).badge
