"""An Account as Exact Online keeps it: what the rest of the house calls a relation.

We own eleven of its 164 fields and write no others. Exact publishes no lengths; these are the safe ones reported by users, to
be kept by whoever fills the fields, for what Exact does with a longer value differs by field.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from . import odata

LENGTHS: dict[str, int] = {
    "Code": odata.CODE_WIDTH,
    "Name": 50,
    "Status": 1,
    "Email": 128,
    "Phone": 25,
    "AddressLine1": 80,
    "AddressLine2": 80,
    "Postcode": 10,
    "City": 30,
    "Country": 2,
    "Language": 2,
}
FIELDS: tuple[str, ...] = tuple(LENGTHS)
SELECT = ("ID", *FIELDS, "IsSupplier", "Blocked", "EndDate", "Division")


@dataclass(frozen=True)
class Account:
    """One relation. `guid` in lower case; `fields` holds all of FIELDS, trimmed, '' for null; `division` None if untold.

    `timestamp` is the row version, which only a list of changes tells, else 0.
    """

    guid: str
    code: str
    fields: dict[str, str] = field(repr=False)
    is_supplier: bool = False
    blocked: bool = False
    end_date: date | None = None
    division: int | None = None
    timestamp: int = 0

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Reads a row of crm/Accounts or sync/CRM/Accounts; ValueError when its ID is missing or a value cannot be read."""
        row = odata.trimmed(row)
        fields = {name: _text(row.get(name)) for name in FIELDS}
        division = row.get("Division")
        return cls(
            guid=odata.canonical_guid(row.get("ID") or ""),
            code=fields["Code"],
            fields=fields,
            is_supplier=bool(row.get("IsSupplier")),
            blocked=bool(row.get("Blocked")),
            end_date=odata.date(row.get("EndDate")),
            division=None if division is None else int(division),
            timestamp=int(row.get("Timestamp") or 0),
        )


def differences(wanted: Mapping[str, str], known: Mapping[str, str | None]) -> dict[str, str]:
    """The fields of `wanted` that Exact does not hold yet, blanks around a value aside.

    A field missing in `known` is empty there; one that is None is unknown and always differs. Never contains Code: Exact
    refuses it in every update, changed or not.
    """
    return {name: value for name, value in wanted.items() if name != "Code" and not _same(value, known.get(name, ""))}


def _same(wanted: str, known: str | None) -> bool:
    return known is not None and wanted.strip() == known.strip()


def _text(value: Any) -> str:
    return "" if value is None else str(value)
