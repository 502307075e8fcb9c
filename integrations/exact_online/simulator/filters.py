"""Reads an OData v2 $filter into a condition.

Strict where Exact is: only a field against a literal, literals of the field's type, fields that exist, a boolean as a
whole. Everything else is a QueryError with the text the service gives.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from .conditions import COMPARE, Comparison, Condition, Either, Every, Literal, Negation, Operand, TextTest
from .fields import Entity, Field

SYNTAX = "Bad Request - Error in query syntax."
# Edm type -> kinds of literals it is compared with. A 64-bit field is documented with the suffix L, so nothing else will do.
NOTATIONS = dict.fromkeys(("Byte", "Int16", "Int32", "Double"), ("Number", "Int64")) | {"Int64": ("Int64",)}
TOKEN = re.compile(
    r"""\s*(?:(?P<guid>guid'[^']*')|(?P<datetime>datetime'[^']*')|(?P<text>'(?:[^']|'')*')
    |(?P<number>-?\d+(?:\.\d+)?[LlMmDdFf]?(?![\w.]))|(?P<word>[A-Za-z_][\w/]*)|(?P<mark>[(),]))""",
    re.VERBOSE,
)
GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class QueryError(Exception):
    """The query cannot be read; the message is what Exact would say, with status 400."""


def parse(text: str, entity: Entity) -> Condition:
    """The condition `text` stands for. Raises QueryError."""
    try:
        return _Parser(text, entity).whole()
    except RecursionError:
        raise QueryError(SYNTAX) from None


def parse_guid(text: str) -> str:
    """The guid within `guid'..'`, lower case. Raises QueryError."""
    inner = text.removeprefix("guid").strip("'")
    if not GUID.fullmatch(inner):
        raise QueryError(f"Unrecognized 'Edm.Guid' literal '{text}'.")
    return inner.lower()


class _Parser:
    def __init__(self, text: str, entity: Entity) -> None:
        self._entity = entity
        self._tokens = list(_tokens(text))
        self._at = 0

    def whole(self) -> Condition:
        condition = self._either()
        if self._peek()[0] != "end":
            raise QueryError(SYNTAX)
        return condition

    def _either(self) -> Condition:
        parts = [self._every()]
        while self._taken("word", "or"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _every(self) -> Condition:
        parts = [self._single()]
        while self._taken("word", "and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _single(self) -> Condition:
        if self._taken("word", "not"):
            return Negation(self._single())
        if self._taken("mark", "("):
            condition = self._either()
            self._demand(")")
            return condition
        kind, text = self._peek()
        if kind == "word" and text in ("substringof", "startswith", "endswith"):
            return self._text_test()
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._term()
        if self._peek()[1] not in ("eq", "ne", *COMPARE):
            return _as_condition(left)
        sign = self._next()[1]
        right = self._term()
        if isinstance(left, Literal) and isinstance(right, Operand):
            left, right, sign = right, left, {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}.get(sign, sign)
        if not isinstance(left, Operand) or not isinstance(right, Literal):
            raise QueryError(SYNTAX)
        _check_types(left.field, sign, right)
        return Comparison(left, sign, right)

    def _text_test(self) -> Condition:
        function = self._next()[1]
        self._demand("(")
        first = self._term()
        self._demand(",")
        second = self._term()
        self._demand(")")
        part, operand = (first, second) if function == "substringof" else (second, first)
        if not isinstance(part, Literal) or part.kind != "String" or not isinstance(operand, Operand):
            raise QueryError(SYNTAX)
        if operand.field.kind != "String":
            raise QueryError(f"No applicable function found for '{function}'.")
        test = TextTest(function, operand, part.value)
        if self._taken("word", "eq"):
            wanted = self._term()
            if not isinstance(wanted, Literal) or wanted.kind != "Boolean":
                raise QueryError(SYNTAX)
            return test if wanted.value else Negation(test)
        return test

    def _term(self) -> Operand | Literal:
        kind, text = self._next()
        if kind in ("guid", "datetime", "text", "number"):
            return _literal(kind, text)
        if kind != "word":
            raise QueryError(SYNTAX)
        if text in ("true", "false", "null"):
            return Literal("Null" if text == "null" else "Boolean", {"true": True, "false": False}.get(text))
        if text == "trim" and self._taken("mark", "("):
            inner = self._term()
            self._demand(")")
            if not isinstance(inner, Operand) or inner.field.kind != "String":
                raise QueryError(SYNTAX)
            return Operand(inner.field, trimmed=True)
        return Operand(self._field(text))

    def _field(self, name: str) -> Field:
        field = self._entity.fields.get(name)
        if field is None or field.is_collection:
            raise QueryError(f"No property '{name}' exists in type '{self._entity.type_name}' at position 0.")
        return field

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _taken(self, kind: str, text: str) -> bool:
        if self._peek() != (kind, text):
            return False
        self._next()
        return True

    def _demand(self, mark: str) -> None:
        if not self._taken("mark", mark):
            raise QueryError(SYNTAX)


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise QueryError(f"Syntax error at position {at}.")
        tokens.append((match.lastgroup, match.group(match.lastgroup)))
        at = match.end()
    return [*tokens, ("end", "")]


def _literal(kind: str, text: str) -> Literal:
    if kind == "guid":
        return Literal("Guid", parse_guid(text))
    if kind == "datetime":
        return Literal("DateTime", _milliseconds(text[len("datetime'") : -1]))
    if kind == "text":
        return Literal("String", text[1:-1].replace("''", "'"))
    if text.endswith("L"):
        return Literal("Int64", _int64(text))
    digits = text.rstrip("lMmDdFf")
    return Literal("Number", float(digits) if "." in digits else int(digits))


def _int64(text: str) -> int:
    digits = text.removesuffix("L")
    if "." in digits or not -(2**63) <= int(digits) < 2**63:
        raise QueryError(f"Unrecognized 'Edm.Int64' literal '{text}'.")
    return int(digits)


def _milliseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise QueryError(f"Unrecognized 'Edm.DateTime' literal 'datetime'{text}''.") from None
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _check_types(field: Field, sign: str, literal: Literal) -> None:
    if literal.kind not in ("Null", *NOTATIONS.get(field.kind, (field.kind,))):
        raise QueryError(
            f"Operator '{sign}' incompatible with operand types 'Edm.{field.kind}' and 'Edm.{literal.kind}' at position 0."
        )


def _as_condition(term: Operand | Literal) -> Condition:
    """A boolean field may stand alone; anything else is no question."""
    if isinstance(term, Operand) and term.field.kind == "Boolean":
        return Comparison(term, "eq", Literal("Boolean", True))
    raise QueryError("Expression of type 'System.Boolean' expected at position 0.")
