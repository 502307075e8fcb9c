"""Which fields each entity has: the data behind $select, $filter and what a write may set.

`fields.json` lists name, Edm type and flags per field, only of fields the service still offers: G readable, P settable
on POST, U settable on PUT, F good enough as the mandatory filter (at a sync endpoint: the only ones to filter on), K the key.
An entity `like` another reads all fields of that one and has its own beside them. Fields that were withdrawn are absent, so
naming one is refused as it would be there. The key is not settable: whether Exact takes a guid from the client is unknown, so
this one ignores it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRIMITIVES = {
    "String", "Guid", "Boolean", "Byte", "Int16", "Int32", "Int64", "Double", "DateTime", "Binary"
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    name: str
    kind: str
    flags: str

    @property
    def empty(self) -> bool | int | None:
        """What the field reads as when nothing was filled in."""
        return {"Boolean": False, "Byte": 0}.get(self.kind)

    @property
    def is_collection(self) -> bool:
        return self.kind not in PRIMITIVES


@dataclass(frozen=True)
class Entity:
    """One kind of thing the API lists; `endpoint` is as in the URL, such as `crm/Accounts`."""

    endpoint: str
    type_name: str
    fields: dict[str, Field]

    @property
    def key(self) -> Field:
        return next(field for field in self.fields.values() if "K" in field.flags)

    @property
    def filterable(self) -> list[str]:
        """Fields of which one must be filtered on; empty when the endpoint has no such rule."""
        return [field.name for field in self.fields.values() if "F" in field.flags]

    @property
    def is_sync(self) -> bool:
        """Whether it lists changes by row version, a thousand rows a page, and answers no other question."""
        return self.endpoint.startswith("sync/")


def _load() -> dict[str, Entity]:
    listed = json.loads(Path(__file__).with_name("fields.json").read_text(encoding="utf-8"))
    return {endpoint: Entity(endpoint, entry["type"], _fields(entry, listed)) for endpoint, entry in listed.items()}


def _fields(entry: dict[str, Any], listed: dict[str, dict[str, Any]]) -> dict[str, Field]:
    like = listed[entry["like"]]["fields"] if "like" in entry else []
    read = {name: Field(name, kind, "G") for name, kind, _ in like}
    return read | {name: Field(name, kind, flags) for name, kind, flags in entry["fields"]}


def key_literal(entity: Entity, row: Mapping[str, Any]) -> str:
    """The key of a row, as it stands in an address."""
    value = row[entity.key.name]
    return {"Guid": f"guid'{value}'", "Int64": f"{value}L"}.get(entity.key.kind, str(value))


ENTITIES = _load()
ACCOUNT = ENTITIES["crm/Accounts"]
DELETED = ENTITIES["sync/Deleted"]
DIVISION = ENTITIES["system/Divisions"]
ME = ENTITIES["current/Me"]
