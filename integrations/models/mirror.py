"""A copy of what Exact Online holds: of every relation the fields we own and what decides whether it may be linked, nothing else.

A reading goes page by page, each page stored together with where the next one is; the cursor moves only after the last page, so that a
crash, a limit or a stop never makes it pass rows that were not stored.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.exact_online.accounts import Account
from integrations.models.connection import ExactOnlineConnection
from integrations.names import fold

# Field at Exact -> column here.
COLUMNS = {
    "Name": "name",
    "Status": "status",
    "Email": "email",
    "Phone": "phone",
    "AddressLine1": "address",
    "AddressLine2": "attention_line",
    "Postcode": "postcode",
    "City": "city",
    "Country": "country",
    "Language": "language",
}
SEARCHED = ("code", "name", "email", "postcode", "city")


class Mirror(models.Model):
    """Where a reading of one administration is, and what was read. Cursors are Exact's row versions ("Timestamp"), not times."""

    class Phase(models.TextChoices):
        IDLE = "", _("idle")
        RELATIONS = "relations", _("relations")
        DELETIONS = "deletions", _("deletions")

    connection = models.OneToOneField(ExactOnlineConnection, on_delete=models.CASCADE, related_name="mirror")
    division = models.PositiveIntegerField()
    # What Exact says of moves of the administration: another value and its row versions began anew.
    moved = models.CharField(max_length=100, blank=True)
    relations_after = models.PositiveBigIntegerField(default=0)
    deletions_after = models.PositiveBigIntegerField(default=0)
    # Who gave consent may lack the right to see deletions; then only a full reading finds them.
    sees_deletions = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True, blank=True)
    compared_at = models.DateTimeField(null=True, blank=True)

    # The reading under way.
    stored_at = models.DateTimeField(null=True, blank=True)
    phase = models.CharField(max_length=10, choices=Phase, default=Phase.IDLE, blank=True)
    page_url = models.TextField(blank=True)
    highest = models.PositiveBigIntegerField(default=0)
    is_full = models.BooleanField(default=False)
    # Raised by every full reading: rows of an older one are no longer there.
    reading = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("mirror")
        verbose_name_plural = _("mirrors")

    def __str__(self) -> str:
        return f"{self.division}"

    def store(self, accounts: Iterable[Account]) -> None:
        """Write a page: what is new is added, what is known gets its new values."""
        # One of each: a database refuses to write one row twice in one statement.
        newest = {account.guid: account for account in sorted(accounts, key=lambda account: account.timestamp)}
        rows = [MirroredRelation.from_account(self, account) for account in newest.values()]
        columns = [field.name for field in MirroredRelation._meta.concrete_fields if field.name not in ("id", "mirror", "guid")]
        MirroredRelation.objects.bulk_create(
            rows, batch_size=500, update_conflicts=True, unique_fields=["mirror", "guid"], update_fields=columns
        )


class MirroredRelationQuerySet(models.QuerySet["MirroredRelation"]):
    def of(self, connection: ExactOnlineConnection) -> MirroredRelationQuerySet:
        return self.filter(mirror__connection=connection)

    def search(self, typed: str) -> MirroredRelationQuerySet:
        """Every word somewhere, as people type half a name and half an address."""
        found = self
        for word in typed.split():
            somewhere = Q()
            for column in SEARCHED:
                somewhere |= Q(**{f"{column}__icontains": word})
            found = found.filter(somewhere)
        return found


class MirroredRelation(models.Model):
    mirror = models.ForeignKey(Mirror, on_delete=models.CASCADE, related_name="relations")
    guid = models.UUIDField()
    code = models.CharField(max_length=18, blank=True)
    name = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=1, blank=True)
    email = models.CharField(max_length=500, blank=True)
    phone = models.CharField(max_length=100, blank=True)
    address = models.CharField(max_length=200, blank=True)
    attention_line = models.CharField(max_length=200, blank=True)
    postcode = models.CharField(max_length=50, blank=True)
    city = models.CharField(max_length=200, blank=True)
    country = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=20, blank=True)
    is_supplier = models.BooleanField(default=False)
    blocked = models.BooleanField(default=False)
    end_date = models.DateField(null=True, blank=True)
    # By which a few newcomers are found among many: the letters of the name, the last digits of the phone.
    name_key = models.CharField(max_length=400, blank=True)
    phone_key = models.CharField(max_length=9, blank=True)
    row_version = models.PositiveBigIntegerField(default=0)
    reading = models.PositiveIntegerField(default=0)

    objects = MirroredRelationQuerySet.as_manager()

    class Meta:
        verbose_name = _("relation in Exact Online")
        verbose_name_plural = _("relations in Exact Online")
        constraints = (models.UniqueConstraint(fields=("mirror", "guid"), name="one_mirrored_relation_per_guid"),)
        indexes = (models.Index(fields=("mirror", "code"), name="mirrored_relation_by_code"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"

    @classmethod
    def from_account(cls, mirror: Mirror, account: Account) -> MirroredRelation:
        columns = {column: _fitting(column, account.fields.get(field, "")) for field, column in COLUMNS.items()}
        return cls(
            mirror=mirror,
            guid=account.guid,
            code=account.code,
            is_supplier=account.is_supplier,
            blocked=account.blocked,
            end_date=account.end_date,
            row_version=account.timestamp,
            reading=mirror.reading,
            name_key=name_key(columns["name"]),
            phone_key=phone_key(columns["phone"]),
            **columns,
        )

    def account(self) -> Account:
        """As the client would have answered it."""
        return Account(
            guid=str(self.guid),
            code=self.code,
            fields={"Code": self.code} | {field: getattr(self, column) for field, column in COLUMNS.items()},
            is_supplier=self.is_supplier,
            blocked=self.blocked,
            end_date=self.end_date,
            timestamp=self.row_version,
        )


def name_key(name: str) -> str:
    return fold(name)[:400]


def phone_key(phone: str) -> str:
    """The last nine digits, "" where there are fewer: +31612345678 and 06-12345678 have the same."""
    digits = "".join(char for char in phone if char.isdecimal())
    return digits[-9:] if len(digits) >= 9 else ""


def _fitting(column: str, value: str) -> str:
    """Exact publishes no lengths: a value longer than ours is cut, not refused, or one odd relation would stop the reading."""
    longest: int = getattr(MirroredRelation._meta.get_field(column), "max_length")  # noqa: B009  (typed by the column, not the class)
    return value.replace("\0", "")[:longest]  # PostgreSQL keeps no NUL
