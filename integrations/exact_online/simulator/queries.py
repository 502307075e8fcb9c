"""Query options of a read, and the page of rows they select.

A list without $select is refused unless it asks for one row, crm/Accounts also wants a $filter on one of a fixed set
of fields, and a page never holds more than the page size: what is left is behind the next link, whose token the
server alone understands. Without $orderby rows come in the order of their guid, and the token is the last one seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .conditions import Condition, Row
from .fields import Entity, Field
from .filters import SYNTAX, QueryError, parse

KNOWN = ("$select", "$filter", "$top", "$skip", "$skiptoken", "$orderby", "$inlinecount")
NO_SELECT = "Please add a $select or a $top=1 statement to the query string."
NO_FILTER = (
    "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a $filter parameter "
    "with one of the following fields in the url:"
)


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
    if entity.endpoint != "current/Me" and "$select" not in options and top != 1:
        raise QueryError(NO_SELECT)
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
    return where


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
    if query.order or entity.key.kind != "Guid":
        if not query.token.isdecimal():
            raise QueryError(SYNTAX)
        return int(query.token)
    last = query.token.removeprefix("guid").strip("'")
    return next((at for at, row in enumerate(ordered) if row[entity.key.name] > last), len(ordered))


def _token(query: Query, entity: Entity, shown: list[Row], start: int) -> str:
    if query.order or entity.key.kind != "Guid":
        return str(start + len(shown))
    return f"guid'{shown[-1][entity.key.name]}'" if shown else ""


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
