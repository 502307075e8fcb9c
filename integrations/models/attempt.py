"""What was sent to Exact Online, when, on whose account, and what Exact said. Only added to; pruned by age."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from integrations.models.connection import ExactOnlineConnection
from members.models import ChangedVia, Member


class PushAttempt(models.Model):
    class Action(models.TextChoices):
        CREATE = "create", _("created")
        UPDATE = "update", _("changed")
        ADOPT = "adopt", _("linked to an existing relation")

    class Outcome(models.TextChoices):
        DONE = "done", _("done")
        REFUSED = "refused", _("refused")
        UNKNOWN = "unknown", _("no answer, looked up next time")
        LATER = "later", _("tried again later")

        @property
        def badge(self) -> str:
            return {"done": "ok", "refused": "attention"}.get(self.value, "waiting")

    connection = models.ForeignKey(ExactOnlineConnection, on_delete=models.CASCADE, related_name="attempts")
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="push_attempts")
    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=10, choices=Action)
    outcome = models.CharField(max_length=10, choices=Outcome)
    # field -> [old, new]; old null = not known
    changes = models.JSONField(default=dict)
    via = models.CharField(max_length=20, choices=ChangedVia)
    revision = models.PositiveBigIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=("connection", "-at"), name="attempts_by_connection"),)

    def __str__(self) -> str:
        return f"{self.action} {self.outcome} {self.at:%Y-%m-%d %H:%M}"
