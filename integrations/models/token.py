"""The consent of one Exact user for one app.

A second consent of the same user for the same app ends the first chain of refresh tokens at Exact, so connections of that app and user
share this row. The refresh token works once: whoever spends it holds the lease, and `version` tells whether somebody else was first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from integrations.models.app import ExactOnlineApp
from integrations.models.secret import SecretField

# Exact forgets a refresh token that was not used for 30 days (180 before July 2021).
REFRESH_TOKEN_LIFE = timedelta(days=30)
LEASE = timedelta(seconds=60)


class ExactOnlineTokenQuerySet(models.QuerySet["ExactOnlineToken"]):
    def claim(self, pk: int, version: int, holder: str) -> bool:
        """Take the right to spend the refresh token of this version. By the database's clock; False = somebody else has it."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        return bool(self.filter(free, pk=pk, version=version).update(lease_holder=holder, lease_until=Now() + LEASE))

    def release(self, pk: int, holder: str, **values: object) -> bool:
        """Give the lease back, writing `values` only if it was still ours."""
        return bool(self.filter(pk=pk, lease_holder=holder).update(lease_holder="", lease_until=None, **values))

    def idle_since(self, moment: datetime) -> ExactOnlineTokenQuerySet:
        return self.filter(issued_at__lte=moment, consent_lost=False, exact_user__isnull=False)


class ExactOnlineToken(models.Model):
    app = models.ForeignKey(ExactOnlineApp, on_delete=models.CASCADE, related_name="tokens")
    # Empty only between the exchange of a code and the answer of current/Me, which says who consented.
    exact_user = models.CharField(max_length=50, null=True)  # noqa: DJ001  (null: unique, and not known yet)
    exact_user_name = models.CharField(max_length=200, blank=True)
    access_token = SecretField()
    refresh_token = SecretField()
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    refreshable_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    lease_holder = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Exact ended the chain: only a person's new consent helps.
    consent_lost = models.BooleanField(default=False)
    failures = models.PositiveSmallIntegerField(default=0)
    last_failure = models.CharField(max_length=40, blank=True)
    rest_until = models.DateTimeField(null=True, blank=True)
    forced_at = models.DateTimeField(null=True, blank=True)
    calls_day = models.DateField(null=True, blank=True)
    calls = models.PositiveSmallIntegerField(default=0)
    warned_days_left = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = ExactOnlineTokenQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("app", "exact_user"), name="one_token_per_app_and_exact_user"),)

    def __str__(self) -> str:
        return self.exact_user_name or str(self.exact_user or self.pk)

    @property
    def refresh_expires_at(self) -> datetime:
        return self.issued_at + REFRESH_TOKEN_LIFE

    def days_left(self, now: datetime | None = None) -> int:
        """Whole days until Exact forgets the refresh token, the last of them begun."""
        return max(ceil((self.refresh_expires_at - (now or timezone.now())) / timedelta(days=1)), 0)
