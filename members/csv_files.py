"""A file of members, as spreadsheets write it: encoding, separator and column names are found out, never asked.

The whole file is read once before anything is stored: a file that is cut off, is no CSV, or lacks the member number is refused as
a whole, in words. What is left to go wrong afterwards concerns single rows. Rows are read one at a time, so a large file costs no
memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from django.utils.translation import gettext as _

from members import cleaning

SEPARATORS = (";", ",", "\t")
CHUNK = 1 << 16
KEY = "member_number"
COLUMNS = {
    KEY: ("lidnummer", "lidnr", "member no"),
    "status": ("lidstatus", "member status"),
    "initials": ("voorletters", "initialen"),
    "first_name": ("roepnaam", "voornaam", "called name", "given name"),
    "infix": ("tussenvoegsel", "tussenvoegsels", "voorvoegsel"),
    "last_name": ("achternaam", "surname", "family name"),
    "organisation": ("organisatie", "bedrijfsnaam", "bedrijf", "organization", "company"),
    "email": ("e-mail", "emailadres", "e-mailadres", "mail", "email address"),
    "phone": ("telefoon", "telefoonnummer", "mobiel", "mobiele telefoon", "mobiel nummer", "phone number", "mobile"),
    "address": ("adres", "straat en huisnummer", "street"),
    "postcode": ("postal code", "zip code", "zip"),
    "city": ("woonplaats", "plaats", "town"),
    "country": ("land", "country code", "landcode"),
    "language": ("taal", "taalcode"),
    "iban": ("rekeningnummer", "bankrekening", "bankrekeningnummer", "iban nummer", "bank account"),
    "bic": ("swift", "bic code"),
}
FOREIGN_FORMATS = (
    (b"PK\x03\x04", "Excel (.xlsx)"),
    (b"\xd0\xcf\x11\xe0", "Excel (.xls)"),
    (b"%PDF", "PDF"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


class FileRefused(Exception):
    """The file as a whole cannot be taken in; its text is a sentence for the person who brought it."""


@dataclass(frozen=True)
class Row:
    """One line of members. `values`: column -> what stands there; `fault`: why it cannot be read, or ""."""

    line: int
    values: dict[str, str]
    fault: str = ""


class CsvFile:
    """An opened file that has been checked from end to end. Raises FileRefused.

    `columns` are ours, in the order of the file ("" where it has one we do not know); `ignored` are the unknown ones as written;
    `rows` is how many there are.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encoding = _encoding(file)
        header, separator = self._find_header()
        self._separator = separator
        self.columns, self.ignored = _our_columns(header)
        self.rows = sum(1 for _row in self)
        if not self.rows:
            raise FileRefused(
                _("The file names columns and holds no members. Export the members again and check that it has rows.")
            )

    def __iter__(self) -> Iterator[Row]:
        records = self._records(self._separator)
        next(records)
        for line, cells in records:
            yield self._row(line, cells)

    def _row(self, line: int, cells: list[str]) -> Row:
        values = {column: cell for column, cell in zip(self.columns, cells, strict=False) if column}
        beyond = any(cell.strip() for cell in cells[len(self.columns) :])
        fault = _cells_differ(len(cells), len(self.columns)) if beyond or len(cells) < len(self.columns) else ""
        return Row(line, values, fault)

    def _find_header(self) -> tuple[list[str], str]:
        """The separator is the one under which the first line names most of our columns."""
        headers = {separator: self._first_record(separator) for separator in SEPARATORS}
        separator = max(headers, key=lambda each: (sum(map(bool, map(_column, headers[each]))), len(headers[each])))
        if not headers[separator]:
            raise FileRefused(_("The file is empty, or its first line cannot be read. Export the members again."))
        return headers[separator], separator

    def _first_record(self, separator: str) -> list[str]:
        try:
            return next(self._records(separator), (0, []))[1]
        except FileRefused:
            return []  # quotes that are right under one separator are wrong under another

    def _records(self, separator: str) -> Iterator[tuple[int, list[str]]]:
        """(line on which it begins, cells) of each record that is not blank. A quoted cell may hold line ends."""
        self._file.seek(0)
        lines = io.TextIOWrapper(self._file, encoding=self._encoding, newline="")
        reader = csv.reader(lines, delimiter=separator, strict=True)
        line = 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells) and not _is_separator_hint(line, cells):
                    yield line, cells
                line = reader.line_num + 1
        except csv.Error:
            raise FileRefused(
                _(
                    "From line %(line)d on the file cannot be read: a quotation mark is opened and never closed, or stands in "
                    "the middle of a cell. It may be half a file. Nothing was taken in; export it again and try once more."
                )
                % {"line": line}
            ) from None
        finally:
            lines.detach()


# Encoding ----------------------------------------------------------------------------------------------------------------


def _encoding(file: BinaryIO) -> str:
    _refuse_other_formats(file)
    if _is_utf8(file):
        return "utf-8-sig"
    try:
        for _chunk in codecs.iterdecode(_chunks(file), "cp1252"):
            pass
    except UnicodeDecodeError:
        raise FileRefused(_not_csv(_("an unknown encoding"))) from None
    return "cp1252"


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def _refuse_other_formats(file: BinaryIO) -> None:
    for number, chunk in enumerate(_chunks(file)):
        if number == 0:
            for start, name in FOREIGN_FORMATS:
                if chunk.startswith(start):
                    raise FileRefused(_not_csv(name))
        if b"\0" in chunk:
            raise FileRefused(_not_csv(_("binary or UTF-16")))


def _not_csv(seen: str) -> str:
    return _(
        "This is not a CSV file that can be read (%(seen)s), so no member could be found in it. "
        "Choose “CSV UTF-8” where the spreadsheet asks for a file type, and upload that."
    ) % {"seen": seen}


def _is_utf8(file: BinaryIO) -> bool:
    """What began as UTF-8 and breaks later is refused: read as Windows-1252 every accent in it would turn to rubbish."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    accents_seen = False
    for chunk in chain(_chunks(file), [b""]):
        try:
            decoded = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as broken:
            if accents_seen or not broken.object[: broken.start].isascii():
                raise FileRefused(
                    _(
                        "The file begins as UTF-8 and stops being so: it was cut off, or put together from two files. "
                        "Nothing was taken in; export it again and try once more."
                    )
                ) from None
            return False
        accents_seen = accents_seen or not decoded.isascii()
    return True


# Columns -----------------------------------------------------------------------------------------------------------------


def _spelling(name: str) -> str:
    """Capitals, accents, blanks, hyphens, underscores and dots make no difference."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.sub(r"[\W_]+", "", "".join(letter for letter in letters if not unicodedata.combining(letter)))


_SPELLINGS = {_spelling(name): column for column, names in COLUMNS.items() for name in (column, *names)}


def _column(name: str) -> str:
    return _SPELLINGS.get(_spelling(name), "")


def _our_columns(header: list[str]) -> tuple[list[str], list[str]]:
    """(our name for each column, "" where we have none; the unknown ones as written)."""
    columns = [_column(name) for name in header]
    if KEY not in columns:
        raise FileRefused(
            _(
                "There is no column with the member number (member_number or lidnummer), so the rows cannot be matched with "
                "members. The first line must name the columns; it reads: %(seen)s."
            )
            % {"seen": cleaning.shown(", ".join(header))}
        )
    _refuse_doubles(columns, header)
    return columns, [cleaning.shown(name) for name, column in zip(header, columns, strict=True) if not column and name.strip()]


def _refuse_doubles(columns: list[str], header: list[str]) -> None:
    for column in filter(None, columns):
        same = [cleaning.shown(name) for name, ours in zip(header, columns, strict=True) if ours == column]
        if len(same) > 1:
            raise FileRefused(
                _("The columns %(names)s mean the same (%(column)s), and only one of them can be right. Remove the others.")
                % {"names": ", ".join(same), "column": column}
            )


def _is_separator_hint(line: int, cells: list[str]) -> bool:
    """Excel's own first line: sep=;"""
    return line == 1 and cells[0].lower().startswith("sep=")


def _cells_differ(found: int, expected: int) -> str:
    return _(
        "The row has %(found)d cells and the first line names %(expected)d columns, so it is unclear what stands where. "
        "A separator inside a cell needs quotes around that cell."
    ) % {"found": found, "expected": expected}
