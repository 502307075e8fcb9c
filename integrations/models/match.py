"""What comparing found about one member: which relation in Exact Online could be this member, and what Enable would do.

Only what was found is stored, and who decided. What was decided is told by the link itself: it has a relation, it is left out, or it no
longer waits for a decision and a relation is created.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.link import RelationLink


class Verdict(models.TextChoices):
    """What comparing says of a member, before anybody decided."""

    SAME = "same", _("already the same")
    CERTAIN = "certain", _("certain")
    DECIDE = "decide", _("to be decided")
    NEW = "new", _("new")
    CONFLICT = "conflict", _("conflict")
    INCOMPLETE = "incomplete", _("incomplete")
    LINKED = "linked", _("linked before")

    @property
    def badge(self) -> str:
        return {"same": "ok", "certain": "ok", "linked": "ok", "new": "info", "decide": "waiting"}.get(self.value, "attention")


CONFIRMABLE = (Verdict.SAME, Verdict.CERTAIN)


class Planned(models.TextChoices):
    """What Enable would do with a member."""

    CREATE = "create", _("create")
    CHANGE = "change", _("change")
    NOTHING = "nothing", _("unchanged")
    UNDECIDED = "undecided", _("to be decided")
    CONFLICT = "conflict", _("conflict")
    INCOMPLETE = "incomplete", _("incomplete")
    LEFT_OUT = "left_out", _("left out")
    WAITS = "waits", _("needs attention")

    @property
    def badge(self) -> str:
        return {"create": "info", "change": "info", "nothing": "ok", "undecided": "waiting", "left_out": "muted"}.get(
            self.value, "attention"
        )


class Match(models.Model):
    link = models.OneToOneField(RelationLink, on_delete=models.CASCADE, related_name="match")
    verdict = models.CharField(max_length=10, choices=Verdict)
    # The relation it would be linked to when confirmed: set where the verdict is same or certain.
    guid = models.UUIDField(null=True, blank=True)
    # What `confirmed` of the link becomes then.
    known = models.JSONField(default=dict, blank=True)
    # For which revision of the member, and which row version of that relation, this was found.
    compared_revision = models.PositiveBigIntegerField(default=0)
    row_version = models.PositiveBigIntegerField(default=0)
    # [{"guid", "confidence", "reasons": [...], "against": [...]}], the best first
    candidates = models.JSONField(default=list, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    # What Enable would do, as seen for this revision of the member and of the mapping.
    planned = models.CharField(max_length=10, choices=Planned, blank=True)
    planned_revision = models.PositiveBigIntegerField(default=0)
    planned_mapping = models.CharField(max_length=30, blank=True)
    # The code of that relation, or the one it would be created under.
    code = models.CharField(max_length=18, blank=True)
    # field -> [old, new], as in PushAttempt
    changes = models.JSONField(default=dict, blank=True)
    # a LinkProblem and the facts for its sentence, where something has to be mended first
    problem = models.CharField(max_length=30, blank=True)
    problem_details = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")

    def __str__(self) -> str:
        return f"{self.link_id} {self.verdict}"
