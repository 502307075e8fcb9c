"""The dry run as a file: one line per member and field that would change, and one for each member of whom nothing would.

As spreadsheets here take it: separated by semicolons, with the mark by which they know UTF-8. A cell that a spreadsheet would take for a
formula is escaped, for what stands in it came from members and from Exact.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Protocol

from django.utils.translation import gettext as _

from integrations import planned
from integrations.models import ExactOnlineConnection
from integrations.planned import Line

MARK = "\ufeff"
SEPARATOR = ";"
# OWASP, "CSV Injection": what begins with one of these may be run.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class SupportsWrite(Protocol):
    def write(self, text: str, /) -> object: ...


def write(connection: ExactOnlineConnection, file: SupportsWrite) -> None:
    """Write the whole plan; a file on disk is opened as UTF-8, with newline=""."""
    file.write(MARK)
    writer = csv.writer(file, delimiter=SEPARATOR)
    for row in _rows(connection):
        writer.writerow([safe(cell) for cell in row])


def safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _rows(connection: ExactOnlineConnection) -> Iterator[list[str]]:
    yield [
        _("member number"),
        _("name"),
        _("what"),
        _("relation code"),
        _("field"),
        _("old"),
        _("new"),
        _("problem"),
    ]
    for line in planned.lines(connection):
        yield from _of(line)


def _of(line: Line) -> Iterator[list[str]]:
    told = [line.member.member_number, line.member.display_name, str(line.label), line.code]
    is_told = False
    for field, old, new in line.changes:
        yield [*told, field, _("not known") if old is None else old, new, line.sentence]
        is_told = True
    if not is_told:
        yield [*told, "", "", "", line.sentence]
