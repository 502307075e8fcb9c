"""What a member is to the association, in the association's own words; the kind is what we must know about it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MemberStatus(models.Model):
    class Kind(models.TextChoices):
        ACTIVE = "active", _("active")
        ARCHIVED = "archived", _("archived")
        DECEASED = "deceased", _("deceased")
        HIDDEN = "hidden", _("hidden")

    name = models.CharField(_("name"), max_length=100, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.ACTIVE)

    # A status that Congressus keeps, by its number there: name and kind are taken over, and renamed it stays the same one.
    congressus_id = models.PositiveBigIntegerField(_("id in Congressus"), unique=True, null=True, blank=True, editable=False)
    # Congressus no longer has it. It stays here for the members and connections that still name it.
    gone_at = models.DateTimeField(_("removed in Congressus"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)
        verbose_name = _("member status")
        verbose_name_plural = _("member statuses")

    def __str__(self) -> str:
        return self.name

    @property
    def is_from_congressus(self) -> bool:
        return self.congressus_id is not None
