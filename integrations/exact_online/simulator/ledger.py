"""The relations of one division, in the shape the database has them.

Code stands 18 wide with blanks in front, Country and Language carry blanks behind, dates are milliseconds: reading
and filtering see exactly this. Rows hold only what is filled in. Every change gets the next row version of the
division (`Timestamp`), which never falls, also not after a deletion, which takes one too. Only a move of the division begins
anew at 1: whoever remembers a version from before it then waits for numbers that were given already.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.simulation.store import Store

Row = dict[str, Any]

CODE_WIDTH = 18
PADDED = {"Country": 3, "Language": 3}
ACCOUNTS = 2  # the EntityType of relations in a list of deletions


class Ledger:
    def __init__(self, division: int, store: Store) -> None:
        self.rows: dict[str, Row] = {}
        self.version = 0
        self.used: set[str] = set()  # guids with transactions: these cannot be deleted
        self.deletions: list[Row] = []  # as sync/Deleted lists them, the oldest first
        self._division = division
        self._by_code: dict[str, str] = {}
        self._store = store

    def load(self, version: int, used: Iterable[str], rows: Iterable[Row], deletions: Iterable[Row]) -> None:
        self.version, self.used = version, set(used)
        self.deletions = sorted(deletions, key=_version)
        for row in rows:
            self._index(row)

    def by_code(self, code: str) -> Row | None:
        """`code` as stored, so padded; blanks behind do not count."""
        guid = self._by_code.get(code.rstrip(" "))
        return self.rows[guid] if guid else None

    def find(self, key: str) -> Row:
        """The relation with this guid or this (unpadded) Code. Raises KeyError."""
        row = self.rows.get(key.lower()) or self.by_code(str(key).strip().rjust(CODE_WIDTH))
        if row is None:
            raise KeyError(f"no relation {key} in division {self._division}")
        return row

    def matching(self, keys: set[tuple[str, str]]) -> list[Row]:
        found = (self.rows.get(value) if name == "ID" else self.by_code(value) for name, value in keys)
        return list({row["ID"]: row for row in found if row}.values())

    def next_code(self) -> str:
        return str(max((int(code) for code in self._by_code), default=0) + 1).rjust(CODE_WIDTH)

    def save(self, row: Row, changes: Mapping[str, Any], moment: int, actor: str) -> Row:
        """Puts `changes` (None clears) into `row`, new or known, and stamps it. `moment` in milliseconds."""
        self.version += 1
        after = {**row, **changes, "Modified": moment, "Modifier": actor, "Timestamp": self.version}
        after["IsSales"] = after.get("Status") == "C"
        self._unindex(row)
        kept = {name: value for name, value in after.items() if value is not None}
        self._index(kept)
        self._store.keep(f"account {self._division}", kept["ID"], kept)
        self._keep_version()
        return kept

    def remove(self, guid: str, deletion: str, moment: int, actor: str) -> None:
        """`deletion` is a guid for the deletion itself; `moment` in milliseconds."""
        self._unindex(self.rows[guid])
        self.used.discard(guid)
        self.version += 1
        gone = {"EntityKey": guid, "EntityType": ACCOUNTS, "DeletedDate": moment, "DeletedBy": actor}
        gone |= {"ID": deletion, "Division": self._division, "Timestamp": self.version}
        self.deletions.append(gone)
        self._store.forget(f"account {self._division}", guid)
        self._store.keep(f"deletion {self._division}", deletion, gone)
        self._keep_version()

    def renumber(self) -> None:
        """Row versions from 1 on, in the order they had; no deletion is remembered."""
        self.version = 0
        for row in sorted(self.rows.values(), key=_version):
            self.version += 1
            self._index({**row, "Timestamp": self.version})
            self._store.keep(f"account {self._division}", row["ID"], self.rows[row["ID"]])
        for deletion in self.deletions:
            self._store.forget(f"deletion {self._division}", deletion["ID"])
        self.deletions = []
        self._keep_version()

    def mark_used(self, guid: str) -> None:
        self.used.add(guid)
        self._keep_version()

    def _keep_version(self) -> None:
        body = {"division": self._division, "version": self.version, "used": sorted(self.used)}
        self._store.keep("ledger", self._division, body)

    def _index(self, row: Row) -> None:
        self.rows[row["ID"]] = row
        self._by_code[row["Code"]] = row["ID"]

    def _unindex(self, row: Row) -> None:
        if self.rows.pop(row.get("ID", ""), None):
            del self._by_code[row["Code"]]


def _version(row: Row) -> int:
    return int(row["Timestamp"])


def stored(name: str, value: Any) -> Any:
    """A value as the database holds it: padded where it pads, nothing instead of an empty text."""
    if value == "":
        return None
    if not isinstance(value, str):
        return value
    return value.strip().rjust(CODE_WIDTH) if name == "Code" else value.ljust(PADDED.get(name, 0))


def trimmed(row: Mapping[str, Any]) -> Row:
    """A row for people: without the padding."""
    return {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}
