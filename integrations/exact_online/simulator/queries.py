"""Query options of a read, and the page of rows they select.

A list without $select is refused unless it asks for one row, crm/Accounts also wants a $filter on one of a fixed set
of fields, and a page never holds more than the page size: what is left is behind the next link, whose token the
server alone understands. Without $orderby rows come in the order of their key, and the token is the last one seen. At a sync
endpoint the key is the row version: a row that is changed between two pages moves behind the token, and is met again.

A sync endpoint wants $select always, and of $filter only `Timestamp gt 123L`, for sync/Deleted with `and EntityType eq 2`. What
the real service says to other questions is not known; here it is a 400.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .conditions import Comparison, Condition, Every, Row
from .fields import Entity, Field, key_literal
from .filters import SYNTAX, QueryError, parse

SEEKABLE = ("Guid", "Int64")  # kinds of keys that a token can point at
KNOWN = ("$select", "$filter", "$top", "$skip", "$skiptoken", "$orderby", "$inlinecount")
NO_SELECT = "Please add a $select or a $top=1 statement to the query string."
NO_FILTER = (
    "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter "
    "with one of the following fields in the url:"
)
SYNC_FILTER = "This endpoint can be filtered by row version only: Timestamp gt, with eq for the following fields:"


@dataclass(frozen=True)
class Query:
    select: tuple[Field, ...]  # all readable fields when nothing was selected
    where: Condition | None
    order: tuple[Field, bool] | None  # the field, and whether it falls
    top: int | None
    skip: int
    token: str
    counted: bool  # $inlinecount=allpages


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    token: str  # empty on the last page
    total: int


def read(options: dict[str, str], entity: Entity) -> Query:
    """The query of a list. Raises QueryError, with Exact's text."""
    unknown = next((name for name in options if name.startswith("$") and name not in KNOWN), None)
    if unknown:
        raise QueryError(f"The query parameter '{unknown}' begins with a system-reserved '$' character but is not recognized.")
    top = _number(options, "$top")
    if entity.endpoint != "current/Me" and "$select" not in options and (top != 1 or entity.is_sync):
        raise QueryError(NO_SELECT)
    if entity.is_sync and "$orderby" in options:
        raise QueryError(SYNTAX)
    inlinecount = options.get("$inlinecount", "none")
    if inlinecount not in ("none", "allpages"):
        raise QueryError(SYNTAX)
    return Query(
        select=selection(options, entity),
        where=condition(options, entity),
        order=_order(options.get("$orderby", ""), entity),
        top=top,
        skip=_number(options, "$skip") or 0,
        token=options.get("$skiptoken", ""),
        counted=inlinecount == "allpages",
    )


def selection(options: dict[str, str], entity: Entity) -> tuple[Field, ...]:
    if "$select" not in options:
        return tuple(entity.fields.values())
    names = [name.strip() for name in options["$select"].split(",")]
    unknown = next((name for name in names if name not in entity.fields), None)
    if unknown == "*":
        raise QueryError("The use of '*' in $select is not allowed.")
    if unknown is not None:
        raise QueryError(f"The type '{entity.type_name}' has no property named '{unknown}'.")
    return tuple(entity.fields[name] for name in dict.fromkeys(names))


def condition(options: dict[str, str], entity: Entity) -> Condition | None:
    where = parse(options["$filter"], entity) if "$filter" in options else None
    if entity.filterable and (where is None or not where.names() & set(entity.filterable)):
        raise QueryError(NO_FILTER + ",".join(entity.filterable))
    if entity.is_sync and not _asks_for_changes(where, entity):
        raise QueryError(SYNC_FILTER + ",".join(name for name in entity.filterable if name != entity.key.name))
    return where


def _asks_for_changes(where: Condition | None, entity: Entity) -> bool:
    parts = where.parts if isinstance(where, Every) else (where,)
    asked = {(part.operand.field.name, part.sign) for part in parts if isinstance(part, Comparison)}
    version = (entity.key.name, "gt")
    others = {(name, "eq") for name in entity.filterable if name != entity.key.name}
    return len(asked) == len(parts) and version in asked and asked <= {version} | others


def page(rows: Iterable[Row], query: Query, entity: Entity, size: int) -> Page:
    """The rows of one page. Raises QueryError for a token that is none of ours."""
    matching = [row for row in rows if query.where is None or query.where.holds(row)]
    ordered = sorted(matching, key=lambda row: _rank(row, entity.key))
    if query.order:
        field, falls = query.order
        ordered.sort(key=lambda row: _rank(row, field), reverse=falls)
    start = _start(query, ordered, entity)
    wanted = ordered[start:] if query.top is None else ordered[start : start + query.top]
    shown = wanted[:size]
    more = len(wanted) > len(shown)
    return Page(shown, _token(query, entity, shown, start) if more else "", len(matching))


def _start(query: Query, ordered: list[Row], entity: Entity) -> int:
    if not query.token:
        return query.skip
    if query.order or entity.key.kind not in SEEKABLE:
        return _offset(query.token)
    last = query.token.removeprefix("guid").strip("'") if entity.key.kind == "Guid" else _offset(query.token.removesuffix("L"))
    return next((at for at, row in enumerate(ordered) if row[entity.key.name] > last), len(ordered))


def _offset(token: str) -> int:
    if not token.isdecimal():
        raise QueryError(SYNTAX)
    return int(token)


def _token(query: Query, entity: Entity, shown: list[Row], start: int) -> str:
    if query.order or entity.key.kind not in SEEKABLE:
        return str(start + len(shown))
    return key_literal(entity, shown[-1]) if shown else ""


def _rank(row: Row, field: Field) -> tuple[bool, Any]:
    """Nothing sorts before something."""
    value = row.get(field.name)
    return (value is not None, value if value is not None else 0)


def _order(text: str, entity: Entity) -> tuple[Field, bool] | None:
    if not text:
        return None
    name, _, direction = text.strip().partition(" ")
    if name not in entity.fields or direction.strip() not in ("", "asc", "desc"):
        raise QueryError(SYNTAX)
    return entity.fields[name], direction.strip() == "desc"


def _number(options: dict[str, str], name: str) -> int | None:
    if name not in options:
        return None
    if not options[name].isdecimal():
        raise QueryError(f"Incorrect format for {name} argument '{options[name]}'.")
    return int(options[name])
