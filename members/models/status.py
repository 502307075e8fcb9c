"""What a member is to the association, in the association's own words; the kind is what we must know about it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MemberStatus(models.Model):
    class Kind(models.TextChoices):
        ACTIVE = "active", _("active")
        ARCHIVED = "archived", _("archived")
        DECEASED = "deceased", _("deceased")

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.ACTIVE)

    class Meta:
        ordering = ("name",)
        verbose_name = _("member status")
        verbose_name_plural = _("member statuses")

    def __str__(self) -> str:
        return self.name
