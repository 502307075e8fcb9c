"""One financial administration of ours <-> one administration in Exact Online.

Facts are stored here, the state is derived from them. The lease makes one drainer at a time per connection, and with the
constraint on (site, division) one call in flight per Exact administration, which is what Exact asks of integrators.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from finance.models import FinancialAdministration
from integrations.mapping import MAPPING_VERSION, MappingSettings, NameStyle
from integrations.models.app import ExactOnlineApp, Site
from integrations.models.token import ExactOnlineToken
from integrations.problems import ConnectionProblem
from members.models import Member, MemberStatus

LEASE = timedelta(seconds=90)


class State(models.TextChoices):
    """What a connection is, for people. The colours are classes of the badge."""

    DISCONNECTED = "disconnected", _("disconnected")
    CONNECTED = "connected", _("connected")
    READY = "ready", _("ready")
    ENABLED = "enabled", _("enabled")
    DISABLED = "disabled", _("disabled")
    REMOVED = "removed", _("removed")

    @property
    def badge(self) -> str:
        return {"enabled": "ok", "ready": "info", "connected": "info", "disconnected": "waiting"}.get(self.value, "muted")


class ExactOnlineConnectionQuerySet(models.QuerySet["ExactOnlineConnection"]):
    def live(self) -> ExactOnlineConnectionQuerySet:
        return self.filter(removed_at__isnull=True)

    def working(self) -> ExactOnlineConnectionQuerySet:
        """Enabled and not waiting for a person."""
        return self.live().filter(enabled=True, attention="")

    def sending(self) -> ExactOnlineConnectionQuerySet:
        """Working, and not waiting for a comparison to be made first."""
        return self.working().filter(compare_first=False)

    def readable(self) -> ExactOnlineConnectionQuerySet:
        """Exact can be asked what it holds, enabled or not."""
        return self.live().filter(attention="", token__isnull=False, division__isnull=False)

    def rested(self, now: datetime) -> ExactOnlineConnectionQuerySet:
        return self.filter(Q(resume_at__isnull=True) | Q(resume_at__lte=now))

    def drainable(self, now: datetime) -> ExactOnlineConnectionQuerySet:
        return self.sending().rested(now)

    def claim(self, pk: int, holder: str) -> bool:
        """Become the one who calls Exact for this connection for 90 s, by the database's clock; only if it is among these."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        return bool(self.filter(free, pk=pk).update(lease_holder=holder, lease_until=Now() + LEASE))

    def held(self, pk: int, holder: str) -> ExactOnlineConnectionQuerySet:
        """This connection while it is among these and `holder` has it: so Disable and Remove end a drain at once."""
        return self.filter(pk=pk, lease_holder=holder, lease_until__gte=Now())

    def release(self, pk: int, holder: str, **values: object) -> None:
        """Give the lease back, writing `values` only if it was still ours."""
        self.filter(pk=pk, lease_holder=holder).update(lease_holder="", lease_until=None, **values)


class ExactOnlineConnection(models.Model):
    class Emptied(models.TextChoices):
        CLEAR = "clear", _("Empty it in Exact Online too")
        LEAVE = "leave", _("Leave what Exact Online has")

    financial_administration = models.ForeignKey(
        FinancialAdministration, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("Financial administration")
    )
    app = models.ForeignKey(ExactOnlineApp, on_delete=models.PROTECT, null=True, blank=True, related_name="connections")
    token = models.ForeignKey(ExactOnlineToken, on_delete=models.SET_NULL, null=True, blank=True, related_name="connections")
    # A copy of app.site: the constraint below needs it in this table, and it outlives the app after Remove.
    site = models.CharField(_("Exact Online site"), max_length=3, choices=Site, default=Site.NL)
    division = models.PositiveIntegerField(_("Exact Online administration"), null=True, blank=True)
    division_name = models.CharField(max_length=200, blank=True)
    statuses = models.ManyToManyField(MemberStatus, blank=True, related_name="+", verbose_name=_("Member statuses"))

    name_style = models.CharField(_("How a name is written"), max_length=10, choices=NameStyle, default=NameStyle.INITIALS)
    code_start = models.PositiveBigIntegerField(_("Start number for relation codes"), default=0)
    send_name = models.BooleanField(_("Name"), default=True)
    send_address = models.BooleanField(_("Address"), default=True)
    send_email = models.BooleanField(_("E-mail"), default=True)
    send_phone = models.BooleanField(_("Phone"), default=True)
    emptied = models.CharField(_("When a field is emptied here"), max_length=5, choices=Emptied, default=Emptied.CLEAR)
    mapping_revision = models.PositiveIntegerField(default=1)

    enabled = models.BooleanField(default=False)
    enabled_at = models.DateTimeField(null=True, blank=True)
    was_enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    removed_at = models.DateTimeField(null=True, blank=True)
    # Set by Enable and Compare: nothing is sent before members were compared with what Exact holds.
    compare_first = models.BooleanField(default=False)
    # What imports and the like changed up to here, a person has approved: see brake.py.
    approved_at = models.DateTimeField(null=True, blank=True)
    held_since = models.DateTimeField(null=True, blank=True)

    lease_holder = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Nothing goes to Exact before resume_at; only edits by people before bulk_resume_at.
    resume_at = models.DateTimeField(null=True, blank=True)
    resume_reason = models.CharField(max_length=30, blank=True)
    bulk_resume_at = models.DateTimeField(null=True, blank=True)
    attention = models.CharField(max_length=30, blank=True)
    attention_details = models.JSONField(default=dict, blank=True)
    attention_since = models.DateTimeField(null=True, blank=True)

    # Limits as Exact last told them; null = not known. Resets are on our clock, computed from reset - Date of Exact's answer.
    minute_limit = models.PositiveIntegerField(null=True, blank=True)
    minute_left = models.IntegerField(null=True, blank=True)
    minute_resets_at = models.DateTimeField(null=True, blank=True)
    day_limit = models.PositiveIntegerField(null=True, blank=True)
    day_left = models.IntegerField(null=True, blank=True)
    day_resets_at = models.DateTimeField(null=True, blank=True)
    # endpoint -> instants (epoch seconds) of answers 400, 401, 403, 404 in the last hour
    endpoint_errors = models.JSONField(default=dict, blank=True)
    bad_requests_in_a_row = models.PositiveSmallIntegerField(default=0)
    troubles_in_a_row = models.PositiveSmallIntegerField(default=0)
    last_push_at = models.DateTimeField(null=True, blank=True)

    objects = ExactOnlineConnectionQuerySet.as_manager()

    class Meta:
        ordering = ("financial_administration__name", "pk")
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        constraints = (
            models.UniqueConstraint(
                fields=("site", "division"),
                condition=Q(removed_at__isnull=True),
                name="one_live_connection_per_exact_administration",
            ),
            models.UniqueConstraint(
                fields=("financial_administration",),
                condition=Q(removed_at__isnull=True),
                name="one_live_connection_per_financial_administration",
            ),
        )
        permissions = (("sync_exactonlineconnection", "Can sync now"),)

    def __str__(self) -> str:
        return str(self.financial_administration or self.division_name or _("New connection"))

    def get_absolute_url(self) -> str:
        return reverse("exact-online-connection", args=[self.pk])

    @property
    def state(self) -> State:
        if self.removed_at:
            return State.REMOVED
        if self.enabled:
            return State.ENABLED
        if self.token_id is None:
            return State.DISCONNECTED
        if not self.is_complete():
            return State.CONNECTED
        return State.DISABLED if self.was_enabled else State.READY

    def is_complete(self) -> bool:
        """Administration and statuses are chosen: what Enable needs."""
        return bool(self.financial_administration_id and self.division and self.statuses.exists())

    def is_linked(self) -> bool:
        """Relations in Exact belong to this connection, so site and administration can no longer change."""
        return self.links.filter(Q(guid__isnull=False) | Q(creating_since__isnull=False)).exists()

    @property
    def mapping_settings(self) -> MappingSettings:
        return MappingSettings(
            name_style=NameStyle(self.name_style),
            code_start=self.code_start,
            send_name=self.send_name,
            send_address=self.send_address,
            send_email=self.send_email,
            send_phone=self.send_phone,
            clear_emptied=self.emptied == self.Emptied.CLEAR,
        )

    @property
    def mapping_key(self) -> str:
        """Changes when settings, or the code of the mapping, would write something else."""
        return f"{self.mapping_revision}.{MAPPING_VERSION}"

    @property
    def problem(self) -> ConnectionProblem | None:
        """Why it waits for a person; None while it does not."""
        return ConnectionProblem(self.attention) if self.attention else None

    @property
    def problem_sentence(self) -> str:
        return self.problem.sentence(self.attention_details) if self.problem else ""

    def members_without_link(self) -> models.QuerySet[Member]:
        """Who takes part, and was not looked at yet."""
        return Member.objects.present().filter(status__in=self.statuses.all()).exclude(relation_links__connection=self)

    @property
    def calls_today(self) -> int | None:
        if self.day_limit is None or self.day_left is None or (self.day_resets_at and self.day_resets_at <= timezone.now()):
            return None
        return self.day_limit - self.day_left
