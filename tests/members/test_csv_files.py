"""Files as spreadsheets, exports and broken uploads really are."""

import csv
import io

import pytest

from members.csv_files import CsvFile, FileRefused, Row


def opened(content: str | bytes, encoding: str = "utf-8") -> CsvFile:
    return CsvFile(io.BytesIO(content if isinstance(content, bytes) else content.encode(encoding)))


ZOE = [Row(2, {"member_number": "1", "last_name": "Zoë"})]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encoding_separator_and_line_ends_are_found_out(encoding: str, separator: str, end: str) -> None:
    content = f"member_number{separator}last_name{end}1{separator}Zoë{end}"
    assert list(opened(content, encoding)) == ZOE


@pytest.mark.parametrize(
    "content",
    [
        "member_number;last_name\n1;Zoë",
        '"member_number";"last_name"\n"1";"Zoë"\n',
        "member_number;last_name;\n1;Zoë;\n",
    ],
)
def test_harmless_habits(content: str) -> None:
    assert list(opened(content)) == ZOE


def test_the_hint_excel_writes_for_itself_is_passed_over() -> None:
    assert [row.line for row in opened("sep=;\nmember_number;last_name\n1;Zoë\n")] == [3]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Lidnummer", "member_number"),
        ("LIDSTATUS", "status"),
        ("Voorletters", "initials"),
        ("roepnaam", "first_name"),
        ("Voornaam", "first_name"),
        ("Tussenvoegsel", "infix"),
        ("Achternaam", "last_name"),
        ("bedrijfsnaam", "organisation"),
        ("Organisatie", "organisation"),
        ("E-mail", "email"),
        ("e-mail adres", "email"),
        ("emailadres", "email"),
        ("Telefoon", "phone"),
        ("telefoon_nummer", "phone"),
        ("Mobiel", "phone"),
        ("Adres", "address"),
        ("post code", "postcode"),
        ("Woonplaats", "city"),
        ("plaats", "city"),
        ("Land", "country"),
        ("taal", "language"),
        ("IBAN", "iban"),
        ("Rekening-nummer", "iban"),
        ("BIC", "bic"),
        ("Member Number", "member_number"),
        ("last-name", "last_name"),
    ],
)
def test_names_of_columns(header: str, column: str) -> None:
    key = "" if column == "member_number" else "lidnummer;"
    assert column in opened(f"{key}{header}\n1;x\n" if key else f"{header}\n1\n").columns


def test_columns_we_do_not_know_are_named_and_left() -> None:
    file = opened("member_number;shoe size;last_name\n1;43;Zoë\n")
    assert file.ignored == ["shoe size"]
    assert list(file) == ZOE


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    content = 'member_number;address\n\n1;"Dorpsstraat 1\nachter"\n;\n2;Kerkstraat 2\n'
    assert [(row.line, row.values["member_number"]) for row in opened(content)] == [(3, "1"), (6, "2")]


def test_rows_are_counted_and_can_be_read_again() -> None:
    file = opened("member_number\n1\n2\n")
    assert file.rows == 2
    assert list(file) == list(file)


@pytest.mark.parametrize(
    ("line", "cells"),
    [("1;Jan", 2), ("1;Jan;Delft;Kerkstraat", 4)],
)
def test_a_row_with_other_cells_than_the_header_has_a_fault(line: str, cells: int) -> None:
    (row,) = opened(f"member_number;last_name;city\n{line}\n")
    assert str(cells) in row.fault


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"member_number;last_name\n", "no members"),
        (b"1;Jan;de;Vries\n2;Piet;;Jansen\n", "no column with the member number"),
        (b"first_name;last_name\nJan;Vries\n", "no column with the member number"),
        (b"member_number;telefoon;mobiel\n1;2;3\n", "mean the same"),
        ("member_number;last_name\n1;Vries\n".encode("utf-16"), "UTF-16"),
        ("member_number;last_name\n1;Vries\n".encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04\x14\x00\x06\x00", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"member_number;last_name\n1;Vries\x00\x00\x00", "binary"),
        (b"member_number;last_name\n1;Vr\x81es\n", "unknown encoding"),
        (b'member_number;last_name\n1;Vries\n2;"Jansen\n3;Smit\n', "From line 3"),
        (b'member_number;last_name\n1;"Vries" x\n', "From line 2"),
        (b'member_number;last_name\n1;"' + b"x" * csv.field_size_limit() + b'x"\n', "From line 2"),
        ("member_number;last_name\n1;Zoë\n2;Zo".encode() + b"\xc3", "cut off"),
        ("member_number;last_name\n1;Zoë\n2;".encode() + "Zoë\n".encode("cp1252"), "cut off"),
        (b"\xef\xbb\xbfmember_number;last_name\n1;Zo\xeb\n", "cut off"),
    ],
)
def test_what_is_no_file_of_members_is_refused_in_words(content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        opened(content)


def test_a_file_without_header_does_not_have_its_bank_accounts_repeated() -> None:
    with pytest.raises(FileRefused) as refusal:
        opened("1;Jan;NL91ABNA0417164300\n2;Piet;NL91ABNA0417164300\n")
    assert "0417" not in str(refusal.value)
