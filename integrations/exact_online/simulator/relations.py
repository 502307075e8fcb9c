"""Relations to begin with, from a file: what a bookkeeper entered before anybody connected.

JSON, `{"1204501": [{"Code": "1", "Name": "Jan de Vries", "EndDate": "2020-12-31"}, ...], ...}`: per division the fields of each
relation, as the API names them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .fields import ACCOUNT
from .ledger import Row

SETTABLE = {field.name for field in ACCOUNT.fields.values() if "P" in field.flags}


def read(path: Path) -> dict[int, list[Row]]:
    """Division -> the values of its relations. Raises OSError, or ValueError for what is not of the shape above."""
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise ValueError(f"{path} holds no JSON.") from None
    if not isinstance(listed, dict) or not all(division.isdecimal() for division in listed):
        raise ValueError(f"{path} must hold an object with the numbers of divisions as its names.")
    return {int(division): [_values(row, path) for row in _rows(rows, path)] for division, rows in listed.items()}


def _rows(rows: Any, path: Path) -> list[Any]:
    if not isinstance(rows, list):
        raise ValueError(f"{path} must hold a list of relations for each division.")
    return rows


def _values(row: Any, path: Path) -> Row:
    if not isinstance(row, dict) or not row.get("Name"):
        raise ValueError(f"{path} holds a relation without a Name.")
    unknown = sorted(row.keys() - SETTABLE)
    if unknown:
        raise ValueError(f"{path} names what is no field of a relation: {', '.join(unknown)}.")
    wrong = sorted(name for name, value in row.items() if ACCOUNT.fields[name].kind == "String" and not isinstance(value, str))
    if wrong:
        raise ValueError(f"{path} holds something else than a text for {', '.join(wrong)}.")
    return row
