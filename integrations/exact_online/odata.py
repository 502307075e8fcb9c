"""The dialect of OData version 2 that Exact Online speaks: literals for filters, pages, dates, padding.

Three rules shaped this room. A wrong literal is a 400, and ten of those block the key for an hour: so literals are made here
and nowhere else. A filter on an unpadded Code finds nothing and says nothing, which ends in a relation twice. And `d` holds a
list, an object with `results`, or one single object, depending on the query, so all three are read.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from datetime import date as Date
from typing import Any
from urllib.parse import SplitResult, urlsplit
from uuid import UUID

CODE_WIDTH = 18
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICKS = re.compile(r"/Date\((-?\d{1,18})(?:[+-]\d{4})?\)/", re.ASCII)
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_PORTS = {"http": 80, "https": 443}


def canonical_guid(value: str | UUID) -> str:
    """`value` as 8-4-4-4-12 in lower case; ValueError when it is no guid."""
    return str(UUID(str(value).strip()))


def guid(value: str | UUID) -> str:
    """The literal `guid'…'`; ValueError when `value` is no guid."""
    return f"guid'{canonical_guid(value)}'"


def text(value: str) -> str:
    """The literal `'…'`, quotes inside doubled."""
    return "'" + value.replace("'", "''") + "'"


def code(value: str) -> str:
    """The literal of a Code, padded on the left to the 18 places Exact stores; ValueError when empty or longer."""
    bare = value.strip()
    if not 0 < len(bare) <= CODE_WIDTH:
        raise ValueError(f"a Code has 1 to {CODE_WIDTH} characters")
    return text(bare.rjust(CODE_WIDTH))


def int64(value: int) -> str:
    """The literal `123L`: without its suffix Exact reads a number of 32 bits. ValueError when it has more than 64."""
    if not -(2**63) <= value < 2**63:
        raise ValueError("a whole number of 64 bits at most")
    return f"{value:d}L"


def rows(payload: Any) -> list[dict[str, Any]]:
    """The rows of an answer, whichever of its three shapes it has; ValueError when it is no OData."""
    found = payload.get("d") if isinstance(payload, dict) else None
    if isinstance(found, dict):
        found = found.get("results", [found])
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise ValueError("the answer holds no rows")
    return found


def next_url(payload: Any, base_url: str, path: str = "") -> str | None:
    """The address of the next page, None on the last; ValueError where `page_url` has it."""
    found = payload.get("d") if isinstance(payload, dict) else None
    address = found.get("__next") if isinstance(found, dict) else None
    return page_url(str(address), base_url, path) if address else None


def page_url(address: str, base_url: str, path: str = "") -> str:
    """`address` itself; ValueError when it leads away from the site or, if one is given, from `path`, case aside.

    It is followed verbatim and with our access token, so it may lead to the site's own scheme, host and port only.
    """
    parts = urlsplit(address)
    # A user part, a backslash or a control character is where URL parsers disagree: none is ever in an address of Exact's.
    plain = address.isprintable() and _PLAIN_HOST.fullmatch(parts.netloc)
    if not plain or _origin(parts) != _origin(urlsplit(base_url)):
        raise ValueError("the next page lies outside the site")
    if path and parts.path.casefold() != path.casefold():
        raise ValueError("the next page is one of another list")
    return address


def date(value: str | None) -> Date | None:
    """The calendar day in `/Date(ms)/` (ms may be negative) or an ISO text; None for null or ''; ValueError for else.

    Exact writes the day of its books as midnight UTC, so the UTC day is taken and nothing is converted to local time.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("not a date")
    ticks = _TICKS.fullmatch(value.strip())
    return _day(int(ticks[1])) if ticks else datetime.fromisoformat(value.strip()).date()


def trimmed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `row` with all its texts stripped: Exact pads codes on the left, countries and languages on the right."""
    return {name: value.strip() if isinstance(value, str) else value for name, value in row.items()}


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _day(milliseconds: int) -> Date:
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).date()
    except OverflowError:  # "for ever" in somebody's books lies beyond what a date can hold
        return Date.max if milliseconds > 0 else Date.min
