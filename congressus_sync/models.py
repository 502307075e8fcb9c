"""Who may log in. Our own model from the first migration, so that a field can be added without replacing Django's."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    language = models.CharField(_("language"), max_length=10, blank=True)

    def __str__(self) -> str:
        return self.get_full_name() or self.username
