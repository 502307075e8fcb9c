from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.exact_online.accounts import FIELDS, LENGTHS, SELECT, Account, differences
from integrations.exact_online.divisions import Division, Me

GUID = "6c1ab9dc-0e4b-4f3c-9a56-0f6b5e3a7d21"
ROW = {
    "__metadata": {"uri": "x"},
    "ID": GUID.upper(),
    "Code": "            500012",
    "Name": "Ada Lovelace",
    "Country": "NL ",
    "Language": "EN   ",
    "Email": None,
    "IsSupplier": True,
    "Blocked": False,
    "EndDate": "/Date(1661904000000)/",
    "Division": 102030,
    "Unheard": {"__deferred": {}},
}


def test_a_row_is_read_trimmed_and_complete():
    account = Account.from_row(ROW)
    assert (account.guid, account.code, account.division) == (GUID, "500012", 102030)
    assert (account.is_supplier, account.blocked, account.end_date) == (True, False, date(2022, 8, 31))
    assert account.fields == dict.fromkeys(FIELDS, "") | {
        "Code": "500012",
        "Name": "Ada Lovelace",
        "Country": "NL",
        "Language": "EN",
    }


def test_a_sparse_row_says_what_it_does_not_know():
    account = Account.from_row({"ID": GUID})
    assert (account.code, account.is_supplier, account.end_date, account.division) == ("", False, None, None)
    assert account.timestamp == 0


def test_a_row_version_travels_as_text_and_exceeds_32_bits():
    assert Account.from_row(ROW | {"Timestamp": "8589934599"}).timestamp == 8_589_934_599


@pytest.mark.parametrize("row", [{}, {"ID": None}, {"ID": "12"}, {"ID": GUID, "EndDate": "soon"}])
def test_an_unreadable_row_is_refused(row):
    with pytest.raises(ValueError):  # noqa: PT011 -- the texts are of different parsers
        Account.from_row(row)


def test_the_repr_holds_nothing_of_a_person():
    assert "Ada" not in repr(Account.from_row(ROW))


def test_every_owned_field_has_a_length_and_is_selected():
    assert set(FIELDS) == set(LENGTHS)
    assert set(FIELDS) < set(SELECT)
    assert (LENGTHS["Name"], LENGTHS["Code"], LENGTHS["Country"]) == (50, 18, 2)


@pytest.mark.parametrize(
    ("wanted", "known", "out"),
    [
        ({"Name": "Ada", "City": "Delft"}, {"Name": "Ada", "City": "Leiden"}, {"City": "Delft"}),
        ({"Name": "Ada"}, {"Name": "Ada", "City": "Leiden"}, {}),
        ({"Email": ""}, {"Email": "a@b.nl"}, {"Email": ""}),
        ({"Email": ""}, {}, {}),
        ({"Email": ""}, {"Email": None}, {"Email": ""}),
        ({"Email": "a@b.nl"}, {}, {"Email": "a@b.nl"}),
        ({"Country": "NL"}, {"Country": "NL "}, {}),
        ({"Name": "ada"}, {"Name": "Ada"}, {"Name": "ada"}),
        ({"Code": "2", "Name": "Ada"}, {"Code": "1", "Name": "Ada"}, {}),
    ],
)
def test_only_what_differs_goes_out_and_never_the_code(wanted, known, out):
    assert differences(wanted, known) == out


values = st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=8))


@given(wanted=values, known=values)
def test_once_the_differences_are_written_nothing_differs(wanted, known):
    assert differences(wanted, known | differences(wanted, known)) == {}


def division(**changes):
    row = {"Code": 102030, "Hid": "7", "Description": " Club ", "Country": "NL ", "Status": 1, "BlockingStatus": 0}
    return Division.from_row(row | changes)


def test_a_division_is_read():
    found = division(CustomerName="Association", Hid=7)
    assert (found.code, found.hid, found.description, found.country) == (102030, "7", "Club", "NL")
    assert found.customer_name == "Association"
    assert found.active


@pytest.mark.parametrize(
    "changes",
    [
        {"Status": 0},
        {"Status": 2},
        {"Status": None},
        {"BlockingStatus": 1},
        {"IsDossierDivision": True},
        {"IsPracticeDivision": True},
        {"IsHRDivision": True},
    ],
)
def test_only_real_books_in_use_are_active(changes):
    assert not division(**changes).active


def test_a_division_that_is_not_said_to_be_blocked_is_not():
    assert division(BlockingStatus=None).active


MOVED, LATER = "/Date(1700000000000)/", "/Date(1700000001000)/"


def test_every_move_and_every_link_for_hr_looks_different():
    seen = [
        division(DivisionMoveDate=moved, DivisionHRLinkUnlinkDate=linked).moved
        for moved in (None, MOVED, LATER)
        for linked in (None, MOVED, LATER)
    ]
    assert seen[0] == division().moved == ""
    assert len(set(seen)) == 9
    assert all(len(moved) < 64 for moved in seen)
    assert len(division(DivisionMoveDate="x" * 500, DivisionHRLinkUnlinkDate="x" * 500).moved) == 63


def test_a_division_without_a_code_is_refused():
    with pytest.raises(ValueError, match="missing"):
        division(Code=None)


def test_who_consented_is_read_and_kept_out_of_the_repr():
    me = Me.from_row({"UserID": GUID, "UserName": "ada ", "FullName": "Ada", "Email": None, "CurrentDivision": "5"})
    assert (me.user_id, me.user_name, me.email, me.current_division, me.language) == (GUID, "ada", "", 5, "")
    assert "ada" not in repr(me).lower()
