"""Lists come in pages, counted from 1; the number of a page is all it remembers, so what is deleted moves the rest up."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from .questions import Refused, page, page_size

PAGED = {"page": page, "page_size": page_size}
SIZE = 25
T = TypeVar("T")


def one_page(rows: Sequence[T], asked: Mapping[str, Any], show: Callable[[T], Any], past_end: str) -> dict[str, Any]:
    """The body of a list. `past_end` is the dial for a page behind the last. Raises Refused."""
    number, size = asked.get("page", 1), asked.get("page_size", SIZE)
    shown = rows[(number - 1) * size : number * size]
    if not shown and number > 1 and past_end == "missing":
        raise Refused(404, "There is no such page.")
    has_next = number * size < len(rows)
    return {
        "total": len(rows),
        "has_prev": number > 1,
        "prev_num": number - 1 if number > 1 else None,
        "has_next": has_next,
        "next_num": number + 1 if has_next else None,
        "data": [show(row) for row in shown],
    }


def arranged(rows: Sequence[dict[str, Any]], order: tuple[tuple[str, bool], ...]) -> list[dict[str, Any]]:
    """Rows in an order that was asked: ascending with nothing last, descending with nothing first."""
    found = list(rows)
    for name, falls in reversed(order):
        found.sort(key=lambda row: (row[name] is None, row[name] if row[name] is not None else 0), reverse=falls)
    return found
