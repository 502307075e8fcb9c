"""What can be asked of a row, once a $filter has been read.

Texts compare as the database does it: blanks at the end do not count, blanks in front do, which is why a Code that was not
padded to 18 finds nothing. `keys` tells which guids or Codes can match at all, so that the common look-ups need no walk over
ten thousand rows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .fields import Field

Row = Mapping[str, Any]
Key = tuple[str, str]  # ("ID" or "Code", the value looked for)

INDEXED = ("ID", "Code")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le
}  # fmt: skip


class Condition(Protocol):
    def holds(self, row: Row) -> bool: ...
    def keys(self) -> set[Key] | None: ...
    def names(self) -> set[str]: ...


@dataclass(frozen=True)
class Operand:
    """A field, possibly within trim()."""

    field: Field
    trimmed: bool = False

    def value(self, row: Row) -> Any:
        value = row.get(self.field.name, self.field.empty)
        return value.strip() if self.trimmed and isinstance(value, str) else value


@dataclass(frozen=True)
class Literal:
    kind: str  # String, Guid, DateTime, Boolean, Number, Int64, Null
    value: Any


@dataclass(frozen=True)
class Comparison:
    operand: Operand
    sign: str
    literal: Literal

    def holds(self, row: Row) -> bool:
        left, right = _bare(self.operand.value(row)), _bare(self.literal.value)
        if self.sign in ("eq", "ne"):
            return bool(left == right) is (self.sign == "eq")
        return left is not None and right is not None and COMPARE[self.sign](left, right)

    def keys(self) -> set[Key] | None:
        name = self.operand.field.name
        usable = self.sign == "eq" and name in INDEXED and not self.operand.trimmed and self.literal.value is not None
        return {(name, _bare(self.literal.value))} if usable else None

    def names(self) -> set[str]:
        return {self.operand.field.name}


@dataclass(frozen=True)
class TextTest:
    """substringof('part',Field), startswith(Field,'part'), endswith(Field,'part')."""

    function: str
    operand: Operand
    part: str

    def holds(self, row: Row) -> bool:
        text = self.operand.value(row)
        if not isinstance(text, str):
            return False
        tests = {"substringof": text.__contains__, "startswith": text.startswith, "endswith": text.endswith}
        return tests[self.function](self.part)

    def keys(self) -> set[Key] | None:
        return None

    def names(self) -> set[str]:
        return {self.operand.field.name}


@dataclass(frozen=True)
class Every:
    parts: tuple[Condition, ...]

    def holds(self, row: Row) -> bool:
        return all(part.holds(row) for part in self.parts)

    def keys(self) -> set[Key] | None:
        return next((keys for keys in (part.keys() for part in self.parts) if keys is not None), None)

    def names(self) -> set[str]:
        return {name for part in self.parts for name in part.names()}


@dataclass(frozen=True)
class Either:
    parts: tuple[Condition, ...]

    def holds(self, row: Row) -> bool:
        return any(part.holds(row) for part in self.parts)

    def keys(self) -> set[Key] | None:
        sets = [part.keys() for part in self.parts]
        return None if None in sets else {key for keys in sets if keys for key in keys}

    def names(self) -> set[str]:
        return {name for part in self.parts for name in part.names()}


@dataclass(frozen=True)
class Negation:
    part: Condition

    def holds(self, row: Row) -> bool:
        return not self.part.holds(row)

    def keys(self) -> set[Key] | None:
        return None

    def names(self) -> set[str]:
        return self.part.names()


def _bare(value: Any) -> Any:
    return value.rstrip(" ") if isinstance(value, str) else value
