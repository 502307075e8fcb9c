"""The one association whose members arrive from Congressus: its key, what is fetched, and how far we are.

Facts only. One row at most, because members have no owner: two associations in one installation would mix. As with Exact Online a
lease on the database's clock makes one worker at a time talk to Congressus, and the calls we made are counted here, so that all
workers keep to one budget.
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

from integrations.models.secret import SecretField
from integrations.problems import CongressusProblem
from members.models import MemberStatus

LEASE = timedelta(seconds=90)


class CongressusState(models.TextChoices):
    CONNECTED = "connected", _("connected")
    ENABLED = "enabled", _("enabled")
    DISABLED = "disabled", _("disabled")

    @property
    def badge(self) -> str:
        return {"enabled": "ok", "connected": "info"}.get(self.value, "muted")


class NumberChoice(models.TextChoices):
    """Which of the two numbers of Congressus the association calls its member number."""

    USERNAME = "username", _("The member ID (Lid-ID, the user name)")
    ID = "id", _("The internal number of Congressus")


class Every(models.IntegerChoices):
    FIVE = 5, _("every 5 minutes")
    QUARTER = 15, _("every 15 minutes")
    HOUR = 60, _("every hour")
    NIGHT = 1440, _("once a night")


class CongressusConnectionQuerySet(models.QuerySet["CongressusConnection"]):
    def working(self) -> CongressusConnectionQuerySet:
        """Enabled and not waiting for a person."""
        return self.filter(enabled=True, attention="")

    def rested(self, now: datetime) -> CongressusConnectionQuerySet:
        return self.filter(Q(resume_at__isnull=True) | Q(resume_at__lte=now))

    def claim(self, holder: str) -> bool:
        """Become the one who calls Congressus for 90 s, by the database's clock; only if it is among these."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        return bool(self.filter(free).update(lease_holder=holder, lease_until=Now() + LEASE))

    def held(self, holder: str) -> CongressusConnectionQuerySet:
        return self.filter(lease_holder=holder, lease_until__gte=Now())


class CongressusConnection(models.Model):
    only = models.BooleanField(default=True, unique=True, editable=False)
    api_key = SecretField(_("API key"))
    # As Congressus tells it; "" where it does not.
    association = models.CharField(max_length=200, blank=True)
    statuses = models.ManyToManyField(MemberStatus, blank=True, related_name="+", verbose_name=_("Member statuses"))
    number_from = models.CharField(_("Member number"), max_length=10, choices=NumberChoice, default=NumberChoice.USERNAME)
    every = models.PositiveSmallIntegerField(_("How often"), choices=Every, default=Every.FIVE)
    # Per cent of what Congressus allows: the rest is for whatever else uses it.
    share = models.PositiveSmallIntegerField(_("Share of the calls"), default=70)

    enabled = models.BooleanField(default=False)
    was_enabled = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    lease_holder = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Congressus is asked nothing before resume_at; only single members are asked for before bulk_resume_at.
    resume_at = models.DateTimeField(null=True, blank=True)
    resume_reason = models.CharField(max_length=30, blank=True)
    bulk_resume_at = models.DateTimeField(null=True, blank=True)
    attention = models.CharField(max_length=30, blank=True)
    attention_details = models.JSONField(default=dict, blank=True)
    attention_since = models.DateTimeField(null=True, blank=True)
    troubles_in_a_row = models.PositiveSmallIntegerField(default=0)

    # What we asked since, in the minute and the hour that began then; and what Congressus last told of its own count.
    minute_began_at = models.DateTimeField(null=True, blank=True)
    minute_calls = models.PositiveIntegerField(default=0)
    hour_began_at = models.DateTimeField(null=True, blank=True)
    hour_calls = models.PositiveIntegerField(default=0)
    told_limit = models.PositiveIntegerField(null=True, blank=True)
    told_left = models.IntegerField(null=True, blank=True)
    told_resets_at = models.DateTimeField(null=True, blank=True)

    # Whether lists can be had with the last changed first; null = not tried yet.
    orders_by_modified = models.BooleanField(null=True, blank=True)
    statuses_read_at = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    # The latest change that polling has seen, on the clock of Congressus.
    newest_change = models.DateTimeField(null=True, blank=True)
    walked_at = models.DateTimeField(null=True, blank=True)
    walk_wanted = models.BooleanField(default=False)
    # Members who would no longer take part: up to here a person has said that it is meant.
    ends_approved_at = models.DateTimeField(null=True, blank=True)
    held_since = models.DateTimeField(null=True, blank=True)

    # The address Congressus calls holds one secret, a header of the call another; the Basic key is of Congressus' making.
    webhook_secret = SecretField(blank=True, default="")
    webhook_header = SecretField(blank=True, default="")
    webhook_basic = SecretField(blank=True, default="")
    webhook_id = models.PositiveBigIntegerField(null=True, blank=True)
    webhook_wanted = models.BooleanField(default=False)
    webhook_next_try_at = models.DateTimeField(null=True, blank=True)
    # Registering calls the address before we know the Basic key: until then such a call is answered, and nothing is done.
    registering_until = models.DateTimeField(null=True, blank=True)
    webhook_heard_at = models.DateTimeField(null=True, blank=True)

    objects = CongressusConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("connection with Congressus")
        verbose_name_plural = _("connections with Congressus")
        permissions = (("sync_congressusconnection", "Can fetch members now"),)

    def __str__(self) -> str:
        return self.association or "Congressus"

    def get_absolute_url(self) -> str:
        return reverse("congressus")

    @property
    def state(self) -> CongressusState:
        if self.enabled:
            return CongressusState.ENABLED
        return CongressusState.DISABLED if self.was_enabled else CongressusState.CONNECTED

    @property
    def problem(self) -> CongressusProblem | None:
        """Why it waits for a person; None while it does not."""
        return CongressusProblem(self.attention) if self.attention else None

    @property
    def problem_sentence(self) -> str:
        return self.problem.sentence(self.attention_details) if self.problem else ""
