"""One person or organisation the association knows.

A member carries `revision`, a number that every write raises: save, update, bulk_update, update_or_create. Whoever keeps a
copy somewhere else compares levels (which revision did I copy?) instead of listening for edges, so a lost message loses nothing.
A write that does not come through this model or its queryset (raw SQL, loaddata) is therefore invisible to the links.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import models, router, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from members import signals
from members.models.status import MemberStatus


class ChangedVia(models.TextChoices):
    PERSON = "person", _("a person")
    IMPORT = "import", _("an import")
    CONGRESSUS = "congressus", _("Congressus")
    COMMAND = "command", _("a command")


class MemberQuerySet(models.QuerySet["Member"]):
    """Every verb that writes raises the revision and rings once, however many rows it writes."""

    def present(self) -> MemberQuerySet:
        """Not deleted where they are kept."""
        return self.filter(gone_at__isnull=True)

    def update(self, **values: Any) -> int:
        values.setdefault("revision", F("revision") + 1)
        values.setdefault("changed_at", Now())
        if "changed_via" not in values:
            # Whoever wrote before did not write this.
            values |= {"changed_via": ChangedVia.COMMAND, "changed_by": values.get("changed_by")}
        # In a transaction, or on_commit would ring at once: before the write it tells of.
        with transaction.atomic(using=self.db, savepoint=False):
            written = super().update(**values)
            if written:
                signals.ring_on_commit(self.db)
        return written

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Django writes the rows through update() above; who and by what way are written along."""
        with transaction.atomic(using=self.db, savepoint=False), signals.one_ring(self.db):
            return super().bulk_update(objs, {*fields, "changed_via", "changed_by"}, batch_size)

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if kwargs.get("update_conflicts"):
            raise TypeError("update_conflicts would overwrite members without raising their revision; look them up instead.")
        with transaction.atomic(using=self.db, savepoint=False):
            created = super().bulk_create(objs, *args, **kwargs)
            if created:
                signals.ring_on_commit(self.db)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]


class Member(models.Model):
    """Empty text means "we do not know one"; country is ISO 3166 alpha-2, phone E.164, IBAN without blanks."""

    member_number = models.CharField(_("member number"), max_length=50, unique=True)
    # Whom Congressus knows by this number of its own is kept there: here only read, and written by what arrives from it.
    congressus_id = models.PositiveBigIntegerField(_("id in Congressus"), unique=True, null=True, blank=True, editable=False)
    # Deleted there: takes part in nothing until it is restored there. Nobody is ever deleted here for it.
    gone_at = models.DateTimeField(_("deleted in Congressus"), null=True, blank=True, editable=False)
    status = models.ForeignKey(MemberStatus, on_delete=models.PROTECT, related_name="members", verbose_name=_("member status"))
    initials = models.CharField(_("initials"), max_length=50, blank=True)
    first_name = models.CharField(_("called name"), max_length=100, blank=True)
    infix = models.CharField(_("infix"), max_length=50, blank=True, help_text=_("van, de, van der ..."))
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    organisation = models.CharField(_("organisation"), max_length=150, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True, help_text=_("Street and house number"))
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True)
    language = models.CharField(_("language"), max_length=2, blank=True)
    iban = models.CharField(_("IBAN"), max_length=34, blank=True)
    bic = models.CharField(_("BIC"), max_length=11, blank=True)

    revision = models.PositiveBigIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now, editable=False)
    changed_via = models.CharField(
        _("changed by way of"), max_length=20, choices=ChangedVia, default=ChangedVia.PERSON, editable=False
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects = MemberQuerySet.as_manager()

    class Meta:
        ordering = ("last_name", "first_name", "member_number")
        verbose_name = _("member")
        verbose_name_plural = _("members")
        indexes = (
            models.Index(fields=("last_name", "first_name", "member_number"), name="member_by_name"),
            models.Index(fields=("email",), name="member_by_email"),
            models.Index(fields=("changed_at",), name="member_by_change"),
            models.Index(fields=("changed_via", "changed_at"), name="member_by_way_of_change"),
        )
        permissions = (("import_member", "Can import members"),)

    def __str__(self) -> str:
        return f"{self.display_name} ({self.member_number})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        update_fields = kwargs.get("update_fields")
        if update_fields is not None:
            if not update_fields:
                return
            kwargs["update_fields"] = {*update_fields, "revision", "changed_at", "changed_via", "changed_by"}
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        self.changed_at = timezone.now()
        with transaction.atomic(using=using), self._raised_revision(using):
            super().save(*args, **kwargs)
            signals.ring_on_commit(using)

    def get_absolute_url(self) -> str:
        return reverse("member", args=[self.pk])

    @contextmanager
    def _raised_revision(self, using: str) -> Iterator[None]:
        """By the database, so that two writers at once cannot end on the same number. A key given by hand may exist already."""
        rows = type(self)._base_manager.using(using).filter(pk=self.pk)
        if self.pk is None or (self._state.adding and not rows.exists()):
            yield
            return
        before, self.revision = self.revision, F("revision") + 1
        try:
            yield
        except BaseException:
            self.revision = before
            raise
        self.revision = rows.values_list("revision", flat=True).get()

    @property
    def is_from_congressus(self) -> bool:
        return self.congressus_id is not None

    @property
    def display_name(self) -> str:
        """Called name, infix and last name as people say it; an organisation by its own name."""
        person = " ".join(part for part in (self.first_name or self.initials, self.infix, self.last_name) if part)
        return self.organisation or person or self.member_number
