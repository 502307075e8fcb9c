"""The secretary brings a file: what do the members hold afterwards, and what is she told?"""

import io
from collections import deque
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from members import intake, signals
from members.csv_files import CsvFile
from members.intake import Report
from members.models import ChangedVia, Member, MemberStatus
from tests.people import make_member, make_status, make_user

pytestmark = pytest.mark.django_db

HEADER = "member_number;status;first_name;infix;last_name;email;phone;address;postcode;city;country;language;iban\n"
ROW = "1;Member;Jan;de;Vries;jan@example.org;06-12345678;Dorpsstraat 1;1234ab;Delft;;nl;NL91 ABNA 0417 1643 00\n"


@pytest.fixture(autouse=True)
def _statuses() -> None:
    make_status("Member")


def take_in(content: str, **options: Any) -> Report:
    return deque(intake.take_in(CsvFile(io.BytesIO(content.encode())), **options), maxlen=1).pop()


def counts(report: Report) -> tuple[int, int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.refused, report.warnings


def reasons(report: Report) -> list[tuple[int, str, str]]:
    return [(remark.line, remark.member_number, remark.column) for remark in report.remarks]


def test_a_new_member_comes_in_clean_and_says_who_brought_it() -> None:
    secretary = make_user()
    assert counts(take_in(HEADER + ROW, changed_by=secretary)) == (1, 0, 0, 0, 0)
    member = Member.objects.get()
    assert (member.phone, member.postcode, member.country, member.iban) == ("+31612345678", "1234 AB", "NL", "NL91ABNA0417164300")
    assert (member.changed_via, member.changed_by, member.revision) == (ChangedVia.IMPORT, secretary, 1)


def test_the_same_file_twice_writes_nothing() -> None:
    take_in(HEADER + ROW)
    before = Member.objects.values().get()
    assert counts(take_in(HEADER + ROW)) == (0, 0, 1, 0, 0)
    assert Member.objects.values().get() == before


def test_a_changed_cell_changes_that_field_and_raises_the_revision_once() -> None:
    take_in(HEADER + ROW)
    assert counts(take_in(HEADER + ROW.replace("Delft", "Leiden"))) == (0, 1, 0, 0, 0)
    member = Member.objects.get()
    assert (member.city, member.address, member.revision) == ("Leiden", "Dorpsstraat 1", 2)


def test_a_missing_column_leaves_and_an_empty_cell_clears() -> None:
    make_member(member_number="1", email="jan@example.org", city="Delft")
    take_in("member_number;city\n1;\n")
    member = Member.objects.get()
    assert (member.email, member.city) == ("jan@example.org", "")


def test_a_missing_country_column_leaves_the_country_unknown() -> None:
    make_member(member_number="1", country="", postcode="")
    take_in("member_number;postcode\n1;1234ab\n")
    assert Member.objects.values_list("postcode", "country").get() == ("1234 AB", "")


@pytest.mark.parametrize(
    ("postcode", "country", "expected"),
    [
        ("1234ab", "", ("1234 AB", "NL")),
        ("1000", "", ("1000", "")),
        ("1234ab", "België", ("1234ab", "BE")),
        ("1000", "BE", ("1000", "BE")),
        ("", "", ("", "")),
    ],
)
def test_an_empty_country_follows_a_dutch_postcode_only(postcode: str, country: str, expected: tuple[str, str]) -> None:
    take_in(f"member_number;status;postcode;country\n1;Member;{postcode};{country}\n")
    assert Member.objects.values_list("postcode", "country").get() == expected


def test_a_new_member_from_a_file_without_countries_gets_his_from_the_postcode() -> None:
    take_in("member_number;status;postcode\n1;Member;1234ab\n")
    assert Member.objects.get().country == "NL"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("iban", "NL91ABNA0417164301"),
        ("bic", "nonsense"),
        ("email", "jan at example.org"),
        ("phone", "112"),
        ("country", "Nederlnd"),
        ("postcode", "1234"),
        ("language", "Klingon"),
        ("last_name", "x" * 151),
        ("initials", "x" * 51),
    ],
)
def test_a_refused_value_leaves_what_was_stored_and_warns(column: str, value: str) -> None:
    before = make_member(member_number="1", city="Delft")
    report = take_in(f"member_number;{column};city\n1;{value};Leiden\n")
    member = Member.objects.get()
    assert getattr(member, column) == getattr(before, column)
    assert member.city == "Leiden"
    assert counts(report) == (0, 1, 0, 0, 1)
    assert reasons(report) == [(2, "1", column)]


def test_a_file_with_refused_values_twice_changes_nothing_the_second_time() -> None:
    content = HEADER + ROW.replace("jan@example.org", "jan@")
    assert counts(take_in(content)) == (1, 0, 0, 0, 1)
    assert counts(take_in(content)) == (0, 0, 1, 0, 1)
    assert Member.objects.get().revision == 1


def test_a_refused_iban_is_not_repeated_in_the_report() -> None:
    report = take_in("member_number;status;iban\n1;Member;NL91ABNA0417164301\n")
    assert "0417" not in str(report.as_json())


@pytest.mark.parametrize("word", ["null", "NULL", "None"])
def test_some_people_have_unusual_names(word: str) -> None:
    take_in(f"member_number;status;last_name\n1;Member;{word}\n")
    assert Member.objects.get().last_name == word


@pytest.mark.parametrize("status", ["member", " MEMBER ", "Member"])
def test_names_of_statuses_are_compared_as_people_do(status: str) -> None:
    take_in(f"member_number;status\n1;{status}\n")
    assert Member.objects.get().status.name == "Member"


@pytest.mark.parametrize("status", ["", "Alumnus"])
def test_a_row_without_a_known_status_is_refused_and_the_others_go_on(status: str) -> None:
    report = take_in(f"member_number;status\n1;Member\n2;{status}\n3;Member\n")
    assert counts(report) == (2, 0, 0, 1, 0)
    assert reasons(report) == [(3, "2", "")]
    assert set(Member.objects.values_list("member_number", flat=True)) == {"1", "3"}


def test_a_refused_row_changes_nothing_of_that_member() -> None:
    make_member(member_number="1", city="Delft")
    take_in("member_number;status;city\n1;Alumnus;Leiden\n")
    assert Member.objects.values_list("city", "revision").get() == ("Delft", 1)


def test_new_statuses_are_made_when_asked_for_once_each() -> None:
    report = take_in("member_number;status\n1;Alumnus\n2;alumnus\n3;Member\n", create_statuses=True)
    assert report.created_statuses == ["Alumnus"]
    assert Member.objects.get(member_number="2").status.name == "Alumnus"
    assert MemberStatus.objects.count() == 2


def test_a_status_that_is_too_long_is_refused_with_its_row() -> None:
    report = take_in(f"member_number;status\n1;{'x' * 101}\n", create_statuses=True)
    assert counts(report) == (0, 0, 0, 1, 0)


def test_a_member_moves_to_another_status() -> None:
    make_member(member_number="1")
    make_status("Alumnus")
    assert counts(take_in("member_number;status\n1;Alumnus\n")) == (0, 1, 0, 0, 0)
    assert Member.objects.get().status.name == "Alumnus"


def test_a_new_member_needs_a_status_and_a_known_one_does_not() -> None:
    make_member(member_number="1", last_name="Vries")
    report = take_in("member_number;last_name\n1;Jansen\n2;Smit\n")
    assert counts(report) == (0, 1, 0, 1, 0)
    assert Member.objects.get().last_name == "Jansen"


def test_a_member_twice_in_a_file_counts_the_first_time() -> None:
    report = take_in("member_number;status;last_name\n1;Member;Vries\n 1 ;Member;Jansen\n")
    assert Member.objects.get().last_name == "Vries"
    assert reasons(report) == [(3, "1", "")]
    assert "line 2" in report.remarks[0].reason


def test_a_member_twice_in_a_file_is_seen_across_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 2)
    report = take_in("member_number;status\n1;Member\n2;Member\n3;Member\n1;Member\n")
    assert reasons(report) == [(5, "1", "")]


@pytest.mark.parametrize("number", ["", "  ", "9" * 51])
def test_a_row_without_a_usable_number_is_refused(number: str) -> None:
    assert counts(take_in(f"member_number;status\n{number};Member\n")) == (0, 0, 0, 1, 0)


def test_a_leading_zero_is_part_of_a_number() -> None:
    take_in("member_number;status\n007;Member\n7;Member\n")
    assert set(Member.objects.values_list("member_number", flat=True)) == {"007", "7"}


def test_half_a_row_at_the_end_clears_nothing() -> None:
    make_member(member_number="1", city="Delft", iban="NL91ABNA0417164300")
    report = take_in("member_number;city;iban\n1;Lei")
    assert counts(report) == (0, 0, 0, 1, 0)
    assert Member.objects.values_list("city", "iban").get() == ("Delft", "NL91ABNA0417164300")


def test_who_is_not_in_the_file_is_left_alone() -> None:
    make_member(member_number="2")
    take_in(HEADER + ROW)
    assert Member.objects.get(member_number="2").revision == 1


def test_a_dry_run_reports_the_same_and_writes_nothing() -> None:
    make_member(member_number="2", city="Delft")
    content = "member_number;status;city;email\n1;Alumnus;Delft;\n2;Member;Leiden;jan@\n3;;;\n"
    dry = take_in(content, dry_run=True, create_statuses=True)
    assert list(Member.objects.values_list("member_number", "city", "revision")) == [("2", "Delft", 1)]
    assert not MemberStatus.objects.filter(name="Alumnus").exists()
    assert dry == take_in(content, create_statuses=True)


def test_a_report_is_for_reading_and_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MAX_REMARKS", 2)
    monkeypatch.setattr(intake, "BATCH", 2)
    report = take_in("member_number;status\n" + "".join(f"{number};Alumnus\n" for number in range(5)))
    assert (report.refused, len(report.remarks), report.more) == (5, 2, 3)


def test_a_report_survives_being_stored() -> None:
    report = take_in("member_number;status;shoe\n1;Member;43\n2;Alumnus;44\n")
    assert Report.from_json(report.as_json()) == report


def test_what_another_saved_in_the_meantime_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """A person corrects a phone number between two batches; the file says nothing of phones."""
    monkeypatch.setattr(intake, "BATCH", 1)
    make_member(member_number="1")
    make_member(member_number="2", phone="+31612345678")
    batches = intake.take_in(CsvFile(io.BytesIO(b"member_number;city\n1;Leiden\n2;Leiden\n")))
    next(batches)
    Member.objects.filter(member_number="2").update(phone="+31687654321")
    list(batches)
    assert Member.objects.values_list("city", "phone").get(member_number="2") == ("Leiden", "+31687654321")


def test_what_another_created_in_the_same_moment_is_seen_at_the_second_look(monkeypatch: pytest.MonkeyPatch) -> None:
    real = intake._Intake._members
    make_member(member_number="1", city="Delft")
    first_look_blind = iter([True])

    def members(self: intake._Intake, rows: list[Any]) -> dict[str, Member]:
        return {} if next(first_look_blind, False) else real(self, rows)

    monkeypatch.setattr(intake._Intake, "_members", members)
    assert counts(take_in("member_number;status;city\n1;Member;Leiden\n")) == (0, 1, 0, 0, 0)
    assert Member.objects.get().city == "Leiden"


def test_a_batch_that_cannot_be_recorded_is_not_kept_either() -> None:
    def record(report: Report) -> None:
        raise IntegrityError("the import is gone")

    with pytest.raises(IntegrityError):
        take_in(HEADER + ROW, record=record)
    assert not Member.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_batch_rings_once_and_a_batch_without_changes_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 2)
    rings: list[int] = []

    def listen(**kwargs: object) -> None:
        rings.append(Member.objects.filter(city="Leiden").count())

    for number in range(1, 6):
        make_member(member_number=str(number), city="Leiden" if number > 4 else "Delft")
    signals.members_changed.connect(listen)
    try:
        take_in("member_number;city\n1;Leiden\n2;Leiden\n3;Leiden\n4;Leiden\n5;Leiden\n")
    finally:
        signals.members_changed.disconnect(listen)
    assert rings == [3, 5]


# From the command line --------------------------------------------------------------------------------------------------------


def command(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("import_members", str(path), *options, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_report(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("lidnummer;lidstatus;achternaam;schoenmaat;e-mail\n1;Alumnus;Vries;43;jan@\n2;;Smit;44;\n")
    printed = command(path, "--create-statuses")
    assert "1 created, 0 updated, 0 unchanged, 1 refused, 1 warnings" in printed
    assert "New member statuses: Alumnus" in printed
    assert "ignored: schoenmaat" in printed
    assert "line 2, member 1: warning (email)" in printed
    assert "line 3, member 2: refused" in printed
    assert Member.objects.get().changed_via == ChangedVia.IMPORT


def test_the_command_can_only_look(tmp_path: Path) -> None:
    path = tmp_path / "members.csv"
    path.write_text("lidnummer;lidstatus\n1;Member\n")
    assert "nothing was written" in command(path, "--dry-run")
    assert not Member.objects.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"naam\nVries\n"])
def test_the_command_refuses_what_is_no_file_of_members(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "members.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError) as refusal:
        command(path)
    assert refusal.value.returncode == 1


def test_the_command_says_it_when_there_is_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        command(tmp_path / "nothing.csv")
