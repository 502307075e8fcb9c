"""One piece of work that somebody started and may watch: comparing with Exact Online, or sending what waited at Enable.

What became of it is counted from the facts (links, attempts) while it lasts, and written down when it ends.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connection import ExactOnlineConnection


class SyncRunQuerySet(models.QuerySet["SyncRun"]):
    def going(self) -> SyncRunQuerySet:
        return self.filter(ended_at__isnull=True)

    def comparing(self) -> SyncRunQuerySet:
        """Still reading or comparing; nothing is sent for these connections meanwhile."""
        return self.going().exclude(phase=SyncRun.Phase.SENDING)


class SyncRun(models.Model):
    class Kind(models.TextChoices):
        COMPARE = "compare", _("Compare with Exact")
        ENABLE = "enable", _("Sending after Enable")

    class Phase(models.TextChoices):
        READING = "reading", _("Reading the relations in Exact Online")
        COMPARING = "comparing", _("Comparing members with relations")
        SENDING = "sending", _("Sending")

    class Outcome(models.TextChoices):
        GOING = "", _("under way")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("did not succeed")

        @property
        def badge(self) -> str:
            return {"done": "ok", "stopped": "muted", "failed": "attention"}.get(self.value, "waiting")

    connection = models.ForeignKey(ExactOnlineConnection, on_delete=models.CASCADE, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.READING)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.GOING, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # When sending began: what was sent since is this run's.
    sending_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Relations read, members compared, or members sent, and of how many; total 0 = not known yet.
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # word -> number, written at the end
    counts = models.JSONField(default=dict, blank=True)
    # a ConnectionProblem, where it did not succeed
    problem = models.CharField(max_length=30, blank=True)
    problem_details = models.JSONField(default=dict, blank=True)

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at", "-pk")
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = (
            models.UniqueConstraint(
                fields=("connection",), condition=models.Q(ended_at__isnull=True), name="one_run_at_a_time_per_connection"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("exact-online-run", args=[self.connection_id, self.pk])

    @property
    def is_going(self) -> bool:
        return self.ended_at is None
