"""One walk through all members in Congressus that are fetched: how far it is, and what it found.

Members come in the order of their number in Congressus, so all a walk must remember is the last number it saw: whoever should stand
between two numbers and does not is missed there, and nobody needs to remember a hundred thousand that were seen.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.congressus import CongressusConnection


class CongressusWalkQuerySet(models.QuerySet["CongressusWalk"]):
    def going(self) -> CongressusWalkQuerySet:
        return self.filter(ended_at__isnull=True)


class CongressusWalk(models.Model):
    class Phase(models.TextChoices):
        READING = "reading", _("Reading the members in Congressus")
        CONFIRMING = "confirming", _("Asking about members that were not in the list")

    class Outcome(models.TextChoices):
        GOING = "", _("under way")
        DONE = "done", _("done")
        INCOMPLETE = "incomplete", _("list incomplete")
        STOPPED = "stopped", _("stopped")
        FAILED = "failed", _("did not succeed")

        @property
        def badge(self) -> str:
            return {"done": "ok", "stopped": "muted", "failed": "attention", "incomplete": "attention"}.get(self.value, "waiting")

    connection = models.ForeignKey(CongressusConnection, on_delete=models.CASCADE, related_name="walks")
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.READING)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.GOING, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    # The statuses walked through, by their number in Congressus: another list halfway would shift the pages.
    status_ids = models.JSONField(default=list, blank=True)
    page = models.PositiveIntegerField(default=1)
    last_seen = models.PositiveBigIntegerField(default=0)
    in_order = models.BooleanField(default=True)
    # Members seen, and as Congressus counts them; null = not told.
    rows = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    # Answers in a row that brought nobody new, or no page at all.
    fruitless = models.PositiveSmallIntegerField(default=0)

    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)

    objects = CongressusWalkQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at", "-pk")
        verbose_name = _("walk through Congressus")
        verbose_name_plural = _("walks through Congressus")
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("connection",), condition=models.Q(ended_at__isnull=True), name="one_walk_at_a_time"),
        )

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("congressus-walk", args=[self.pk])

    @property
    def is_going(self) -> bool:
        return self.ended_at is None
