"""What Congressus says of members and statuses, reduced to what may be kept.

A member there holds a date of birth, a memo, pictures, custom fields: none of it is wanted, and what never gets into a Record can
never get into a log, a page or the database. The rule for what does get in: `told` has only what the answer had. A missing key is
unknown and a null is empty, and whoever reads a missing key as empty clears the books of an association whose key lost a right.

Reading never stumbles: a value of another type than documented is unknown. Only an object without a number of its own is
`Unreadable`, for nobody could say whose values those are. Field names as in the document at https://api.congressus.nl/v30/docs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# Above every length Congressus allows (255), so that what is too long for us still shows to be.
LONGEST = 1000
HIGHEST_ID = 2**63 - 1
PLAIN = (
    "username",
    "initials",
    "given_name",
    "first_name",
    "primary_last_name_main",
    "primary_last_name_prefix",
    "last_name",
    "email",
)
PHONES = ("phone_mobile", "phone_home")
COUNTRY_NAMES = ("country_code", "name_locale_en", "name_locale_nl", "name_local", "name")


class Unreadable(ValueError):
    """No object with a number of its own. Its text quotes nothing."""


@dataclass(frozen=True)
class Status:
    """A member status as the association has set it up; `name` is '' where none is told."""

    id: int
    name: str
    archived: bool = False
    hidden: bool = False
    deceased: bool = False

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Raises Unreadable."""
        return cls(
            id=identity(row),
            name=text(row.get("name")) or "",
            archived=row.get("archived") is True,
            hidden=row.get("hidden") is True,
            deceased=row.get("deceased") is True,
        )


@dataclass(frozen=True)
class Period:
    """Somebody having a status. Days as Congressus writes them: `ends` is None while it is open, either is None where unknown."""

    status_id: int
    begins: date | None
    ends: date | None


@dataclass(frozen=True)
class Record:
    """A member, as far as we may know one; `modified` aware, None where unknown.

    `status` is the period in force, `periods` are all there are (past, and perhaps future), in Congressus' order. `told` holds the
    fields of PLAIN and PHONES, and address, zip, city, country, iban, bic: each only if the answer had it, '' for null or blank.
    """

    id: int
    told: Mapping[str, str] = field(default_factory=dict, repr=False)
    status: Period | None = field(default=None, repr=False)
    periods: tuple[Period, ...] = field(default=(), repr=False)
    modified: datetime | None = field(default=None, repr=False)
    deleted: bool = field(default=False, repr=False)

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Reads a member as lists, a single look-up and webhooks show one. Raises Unreadable."""
        periods = row.get("statuses") if isinstance(row, dict) else None
        return cls(
            id=identity(row),
            told=_told(row),
            status=_period(row.get("status")),
            periods=tuple(filter(None, map(_period, periods if isinstance(periods, list) else []))),
            modified=moment(row.get("modified")),
            deleted=row.get("deleted") is True,
        )


@dataclass(frozen=True)
class Page:
    """Members of one page; `total` is how many all pages have, None where unknown; `unreadable` counts rows that were left out."""

    rows: list[Record]
    total: int | None
    has_next: bool
    unreadable: int


@dataclass(frozen=True)
class Webhook:
    """A call that Congressus makes. `basic_key` is the password it made up for it, '' where untold; the address may hold a secret."""

    id: int
    url: str = field(repr=False)
    signal: str
    basic_key: str = field(default="", repr=False)

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Raises Unreadable."""
        return cls(
            id=identity(row),
            url=text(row.get("url")) or "",
            signal=text(row.get("signal")) or "",
            basic_key=text(row.get("http_basic_auth_key")) or "",
        )


@dataclass(frozen=True)
class Association:
    """Whose key this is; '' where Congressus does not tell."""

    name: str


def identity(row: Any) -> int:
    """The number of an object; Unreadable when it is no object, or has none (a number written as text is none)."""
    number = _number(row.get("id")) if isinstance(row, dict) else None
    if number is None:
        raise Unreadable("no object with an id")
    return number


def text(value: Any) -> str | None:
    """'' for null, None for what is no text; without NUL and half surrogates, which no database takes."""
    if value is None:
        return ""
    if isinstance(value, int) and _number(value) is not None:
        return str(value)
    if not isinstance(value, str):
        return None
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8").strip()[:LONGEST].rstrip()


def day(value: Any) -> date | None:
    """A day; of a moment with an offset the day it was in Amsterdam, for a midnight there is the day before in UTC."""
    read = _iso(value)
    if read is None or read.tzinfo is None:
        return read and read.date()
    try:
        return read.astimezone(AMSTERDAM).date()
    except OverflowError:
        return None


def moment(value: Any) -> datetime | None:
    """A moment, in UTC; one without an offset is taken for UTC."""
    read = _iso(value)
    try:
        return read and (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def _iso(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _number(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < value <= HIGHEST_ID else None


def _period(row: Any) -> Period | None:
    status_id = _number(row.get("status_id")) if isinstance(row, dict) else None
    return Period(status_id, day(row.get("member_from")), day(row.get("member_to"))) if status_id else None


def _told(row: Mapping[str, Any]) -> dict[str, str]:
    found = {name: text(row[name]) for name in PLAIN if name in row}
    found |= {name: _phone(row[name]) for name in PHONES if name in row}
    if "address" in row:
        found |= _address(row["address"])
    if "bank_account" in row:
        found |= _bank_account(row["bank_account"])
    return {name: value for name, value in found.items() if value is not None}


def _address(address: Any) -> dict[str, str | None]:
    if address is None:
        return dict.fromkeys(("address", "zip", "city", "country"), "")
    if not isinstance(address, dict):
        return {}
    lines = {name: text(address[name]) for name in ("address", "zip", "city") if name in address}
    return lines | ({"country": _first(address["country"], COUNTRY_NAMES)} if "country" in address else {})


def _bank_account(account: Any) -> dict[str, str | None]:
    # Never iban_masked: its asterisks would replace a good number in the books.
    return {"iban": _first(account, ("iban", "iban_formatted")), "bic": _first(account, ("bic",))}


def _phone(phone: Any) -> str | None:
    international = _first(phone, ("number_full_MSISDN",)) or ""
    digits = "".join(character for character in international if character in "0123456789")
    return f"+{digits}" if digits else _first(phone, ("number_full", "number_formatted", "number"))


def _first(holder: Any, names: Iterable[str]) -> str | None:
    """The first of these that says anything; '' when all that are told are empty; None when none is told."""
    if holder is None:
        return ""
    if not isinstance(holder, dict):
        return None
    told = [value for name in names if name in holder and (value := text(holder[name])) is not None]
    return next(filter(None, told), "") if told else None
