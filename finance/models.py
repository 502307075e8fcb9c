"""The books of one legal person. An association may keep several."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class FinancialAdministration(models.Model):
    name = models.CharField(_("name"), max_length=100, unique=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("financial administration")
        verbose_name_plural = _("financial administrations")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("financial-administrations")
