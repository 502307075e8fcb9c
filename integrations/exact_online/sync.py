"""What has changed in a division, by row version: changed relations and deleted ones, up to a thousand a page.

A row version ("Timestamp") is a number and no time: every change of a relation, also one of our own, and every deletion takes
the next one of the division, so the highest number seen is all a reader need remember. The rules for who reads:

- Begin after 0. Exact's documentation says `gt 1`, but row versions are positive, and only `gt 0` also finds the row with 1.
- The order of rows is not documented, so the highest number counts only once the last page has been read. A relation that is
  changed meanwhile comes again, with a higher number.
- A deletion is news only for a relation whose own number is lower, and Exact forgets it after two months.
- When a division moves the numbers begin anew, and rows would be missed for ever: compare `Division.moved` first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

from . import accounts, odata

ACCOUNTS_SELECT = (*accounts.SELECT, "Timestamp")
DELETED_SELECT = ("EntityKey", "Division", "Timestamp")
_ACCOUNT_TYPE = 2  # EntityType of relations

Change = TypeVar("Change")


@dataclass(frozen=True)
class Page(Generic[Change]):
    """`next_url` is where the next page is, '' on the last; it may be kept and followed later."""

    rows: list[Change]
    next_url: str = ""


@dataclass(frozen=True)
class Deletion:
    """A relation that is no more: `guid` is the relation's own, in lower case; `division` None if untold."""

    guid: str
    timestamp: int
    division: int | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Reads a row of sync/Deleted; ValueError when guid or row version are missing."""
        division = row.get("Division")
        return cls(
            guid=odata.canonical_guid(row.get("EntityKey") or ""),
            timestamp=_row_version(row),
            division=None if division is None else int(division),
        )


def changed_account(row: Mapping[str, Any]) -> accounts.Account:
    """Reads a row of sync/CRM/Accounts; ValueError when guid or row version are missing."""
    _row_version(row)
    return accounts.Account.from_row(row)


def changed_after(version: int) -> str:
    """The filter of sync/CRM/Accounts, which takes no other; ValueError for what is no row version."""
    if version < 0:
        raise ValueError("row versions are positive")
    return f"Timestamp gt {odata.int64(version)}"


def deleted_after(version: int) -> str:
    """The filter of sync/Deleted; ValueError for what is no row version."""
    return f"{changed_after(version)} and EntityType eq {_ACCOUNT_TYPE}"


def _row_version(row: Mapping[str, Any]) -> int:
    version = int(row.get("Timestamp") or 0)
    if version <= 0:
        raise ValueError("a change without its row version")
    return version
