"""Who has consented (Me) and which administrations that person may reach (Division).

`current_division` is whatever the person last looked at in Exact, and changes as they click: good for asking for the list of
divisions, never for writing to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from . import odata

ME_SELECT = ("UserID", "UserName", "FullName", "Email", "CurrentDivision", "Language")
SELECT = (
    "Code",
    "Hid",
    "Description",
    "CustomerName",
    "Country",
    "Status",
    "BlockingStatus",
    "IsDossierDivision",
    "IsPracticeDivision",
    "IsHRDivision",
    "DivisionMoveDate",
    "DivisionHRLinkUnlinkDate",
)


@dataclass(frozen=True)
class Me:
    """The Exact user behind an access token; `user_id` is a guid in lower case."""

    user_id: str
    user_name: str = field(repr=False)
    full_name: str = field(repr=False)
    email: str = field(repr=False)
    current_division: int
    language: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Reads a row of current/Me; ValueError when user or division are missing."""
        row = odata.trimmed(row)
        return cls(
            user_id=odata.canonical_guid(row.get("UserID") or ""),
            user_name=row.get("UserName") or "",
            full_name=row.get("FullName") or "",
            email=row.get("Email") or "",
            current_division=_number(row.get("CurrentDivision")),
            language=row.get("Language") or "",
        )


@dataclass(frozen=True)
class Division:
    """One administration. `code` is the number in addresses, `hid` the one people see; `status` 1 is active.

    `moved` says when the administration last moved, or was linked to another for HR, as Exact words it and at most 63 characters
    long; '' for never. Another value than before and its row versions began anew.
    """

    code: int
    hid: str
    description: str
    customer_name: str
    country: str
    status: int
    blocking_status: int
    is_dossier: bool = False
    is_practice: bool = False
    is_hr: bool = False
    moved: str = ""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Reads a row of system/Divisions; ValueError when its code is missing."""
        row = odata.trimmed(row)
        return cls(
            code=_number(row.get("Code")),
            hid=str(row.get("Hid") or ""),
            description=row.get("Description") or "",
            customer_name=row.get("CustomerName") or "",
            country=row.get("Country") or "",
            status=_number(row.get("Status") or 0),
            blocking_status=_number(row.get("BlockingStatus") or 0),
            is_dossier=bool(row.get("IsDossierDivision")),
            is_practice=bool(row.get("IsPracticeDivision")),
            is_hr=bool(row.get("IsHRDivision")),
            moved=_fingerprint(row.get("DivisionMoveDate"), row.get("DivisionHRLinkUnlinkDate")),
        )

    @property
    def active(self) -> bool:
        """Whether it has books to write to: in use, not blocked, and not one of the kinds that only look like one."""
        in_use = self.status == 1 and self.blocking_status == 0
        return in_use and not (self.is_dossier or self.is_practice or self.is_hr)


def _fingerprint(*moments: Any) -> str:
    # Not read as dates: two moves of one day must not look the same.
    return " ".join(str(moment or "never")[:31] for moment in moments) if any(moments) else ""


def _number(value: Any) -> int:
    if value is None:
        raise ValueError("a number is missing")
    return int(value)
