"""What is read of a member, what is not, and the difference between empty and unknown."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.congressus import records
from integrations.congressus.records import Period, Record, Status, Unreadable, Webhook

CANARY = "Kn4ry"
COUNTRY = {"id": 1, "name": "Nederland", "name_local": "Nederland", "name_locale_nl": "Nederland", "country_code": "NL"}
MEMBER = {
    "id": 7,
    "username": "2041",
    "initials": "A.",
    "given_name": "Ada",
    "first_name": "Augusta Ada",
    "primary_last_name_main": "Berg",
    "primary_last_name_prefix": "van der",
    "last_name": "van der Berg",
    "email": "ada@example.org",
    "phone_mobile": {"number": "0612345678", "number_full": "+31 6 12345678", "number_full_MSISDN": "31612345678"},
    "phone_home": None,
    "address": {"address": "Dorpsstraat 12-3 bis", "zip": "1234ab", "city": "Ons Dorp", "country": COUNTRY},
    "bank_account": {"iban": "NL91ABNA0417164300", "bic": "ABNANL2A", "iban_masked": "NL91 **** 4300"},
    "status": {"id": 70, "status_id": 3, "name": "Member", "member_from": "2020-09-01", "member_to": None},
    "statuses": [
        {"id": 70, "status_id": 3, "member_from": "2020-09-01", "member_to": None},
        {"id": 71, "status_id": 2, "member_from": "2019-09-01", "member_to": "2020-08-31"},
    ],
    "modified": "2026-11-22T12:00:00+01:00",
    "deleted": False,
}
TOLD = {
    "username": "2041",
    "initials": "A.",
    "given_name": "Ada",
    "first_name": "Augusta Ada",
    "primary_last_name_main": "Berg",
    "primary_last_name_prefix": "van der",
    "last_name": "van der Berg",
    "email": "ada@example.org",
    "phone_mobile": "+31612345678",
    "phone_home": "",
    "address": "Dorpsstraat 12-3 bis",
    "zip": "1234ab",
    "city": "Ons Dorp",
    "country": "NL",
    "iban": "NL91ABNA0417164300",
    "bic": "ABNANL2A",
}


def told(**row):
    return Record.from_row({"id": 7, **row}).told


def test_a_whole_member_is_read():
    record = Record.from_row(MEMBER)
    assert record.id == 7
    assert record.told == TOLD
    assert record.status == Period(3, date(2020, 9, 1), None)
    assert record.periods == (record.status, Period(2, date(2019, 9, 1), date(2020, 8, 31)))
    assert record.modified == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert not record.deleted


def test_a_number_is_all_that_is_needed_and_everything_else_is_unknown():
    assert Record.from_row({"id": 7}) == Record(7, {}, None, (), None, False)


def test_null_everywhere_is_empty_everywhere():
    record = Record.from_row(dict.fromkeys(MEMBER) | {"id": 7})
    assert record.told == dict.fromkeys(TOLD, "")
    assert (record.status, record.periods, record.modified, record.deleted) == (None, (), None, False)


@pytest.mark.parametrize("odd", [[], {}, 1.5, True, [{"address": "x"}], {"id": 1, "else": "x"}])
def test_values_of_another_type_are_unknown_everywhere(odd):
    record = Record.from_row(dict.fromkeys(MEMBER, odd) | {"id": 7})
    assert record.told == {}
    assert (record.status, record.modified) == (None, None)


@pytest.mark.parametrize(
    "row", [None, [], "7", 7, {}, {"id": None}, {"id": "7"}, {"id": 7.0}, {"id": True}, {"id": 0}, {"id": 2**63}]
)
@pytest.mark.parametrize("kind", [Record, Status, Webhook])
def test_whatever_has_no_number_of_its_own_is_unreadable(row, kind):
    with pytest.raises(Unreadable, match="no object with an id"):
        kind.from_row(row)


UNWANTED = (
    "date_of_birth",
    "memo",
    "gender",
    "prefix",
    "suffix",
    "nickname",
    "search_name",
    "secondary_last_name_main",
    "profile_picture",
    "formal_picture",
    "custom_fields",
    "something_new",
)


def test_what_nobody_asked_for_is_nowhere_in_a_record():
    row = MEMBER | dict.fromkeys(UNWANTED, CANARY)
    row["custom_field_data"] = {"field_preference_birthday": CANARY}
    row["address"] = MEMBER["address"] | {"province": CANARY, "location": CANARY}
    row["bank_account"] = MEMBER["bank_account"] | {"iban_masked": CANARY, "sdd_mandates": [{"reference": CANARY}]}
    row["status"] = MEMBER["status"] | {"name": CANARY}
    assert CANARY not in str(vars(Record.from_row(row)))
    assert Record.from_row(row) == Record.from_row(MEMBER)


def test_nothing_of_a_person_is_in_the_repr():
    record = Record.from_row(MEMBER)
    assert repr(record) == "Record(id=7)"
    assert "Ada" not in repr(records.Page([record], 1, False, 0))


@pytest.mark.parametrize("blank", [None, "", "   ", "\t\n", "\x00"])
def test_null_and_blank_are_empty_which_is_not_unknown(blank):
    assert told(email=blank) == {"email": ""}


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (" Ada ", "Ada"),
        (2041, "2041"),
        ("Zoë Süleyman-Łukasz", "Zoë Süleyman-Łukasz"),
        ("A\x00da", "Ada"),
        ("half \ud83d of a pair", "half ? of a pair"),
        ("x" * 1_000_000, "x" * records.LONGEST),
    ],
)
def test_text_is_taken_as_it_is_but_for_what_no_database_can_hold(value, read):
    assert told(username=value) == {"username": read}
    read.encode()


@pytest.mark.parametrize(
    ("address", "read"),
    [
        (None, {"address": "", "zip": "", "city": "", "country": ""}),
        ({}, {}),
        ({"city": "Ons Dorp"}, {"city": "Ons Dorp"}),
        ({"zip": 1234, "city": None}, {"zip": "1234", "city": ""}),
        ({"country": None}, {"country": ""}),
        ({"country": {}}, {}),
        ({"country": "NL"}, {}),
        ({"country": {"country_code": " BE "}}, {"country": "BE"}),
        ({"country": {"country_code": None}}, {"country": ""}),
        ({"country": {"country_code": "", "name": "België", "name_locale_nl": "België NL"}}, {"country": "België NL"}),
        ({"country": {"name_locale_nl": "Duitsland", "name_locale_en": "Germany", "name": "D"}}, {"country": "Germany"}),
        ({"country": {"name": "D", "name_local": "Deutschland"}}, {"country": "Deutschland"}),
        ({"country": {"name": "Frankrijk", "id": 4}}, {"country": "Frankrijk"}),
        ("Dorpsstraat 1", {}),
        ([], {}),
    ],
)
def test_of_an_address_only_what_is_told_is_told(address, read):
    assert told(address=address) == read


@pytest.mark.parametrize(
    ("phone", "read"),
    [
        (None, ""),
        ({"number_full_MSISDN": "31612345678", "number": "06-12345678"}, "+31612345678"),
        ({"number_full_MSISDN": "+31 6 1234", "number": "06"}, "+3161234"),
        ({"number_full_MSISDN": 31612345678}, "+31612345678"),
        ({"number_full_MSISDN": "none", "number_full": "+31612345678"}, "+31612345678"),
        ({"number_full_MSISDN": None, "number_full": "", "number_formatted": "06 1234", "number": "061234"}, "06 1234"),
        ({"number": "061234", "country": COUNTRY}, "061234"),
        ({"number": None, "number_full": None}, ""),
    ],
)
@pytest.mark.parametrize("kind", ["phone_mobile", "phone_home"])
def test_a_phone_number_is_taken_in_its_most_complete_form(kind, phone, read):
    assert told(**{kind: phone}) == {kind: read}


@pytest.mark.parametrize("phone", [{}, {"country": COUNTRY}, {"number": []}, "0612345678", [], 6])
def test_a_phone_without_any_number_is_unknown_and_not_empty(phone):
    assert told(phone_mobile=phone) == {}


@pytest.mark.parametrize(
    ("account", "read"),
    [
        (None, {"iban": "", "bic": ""}),
        ({}, {}),
        ({"iban": None, "bic": None}, {"iban": "", "bic": ""}),
        ({"iban": "NL91ABNA0417164300"}, {"iban": "NL91ABNA0417164300"}),
        ({"iban": "", "iban_formatted": "NL91 ABNA 0417 1643 00"}, {"iban": "NL91 ABNA 0417 1643 00"}),
        ({"iban_masked": "NL91 **** 4300"}, {}),
        ({"iban": None, "iban_masked": "NL91 **** 4300"}, {"iban": ""}),
        ("NL91ABNA0417164300", {}),
    ],
)
def test_an_account_is_its_iban_and_bic_and_never_the_masked_one(account, read):
    assert told(bank_account=account) == read


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-09-01", date(2026, 9, 1)),
        (" 2026-09-01 ", date(2026, 9, 1)),
        ("2026-09-01T00:00:00", date(2026, 9, 1)),
        ("2026-08-31T22:00:00Z", date(2026, 9, 1)),
        ("2026-08-31T23:30:00+02:00", date(2026, 8, 31)),
        ("2026-12-31T23:00:00+00:00", date(2027, 1, 1)),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("", None),
        ("2026-02-30", None),
        ("soon", None),
        ("\ud83d", None),
        (20260901, None),
        (None, None),
        ({}, None),
    ],
)
def test_a_day_is_one_in_amsterdam(written, day):
    record = Record.from_row({"id": 7, "status": {"status_id": 3, "member_from": written, "member_to": written}})
    assert record.status == Period(3, day, day)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-22T12:00:00Z", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T12:00:00", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2026-11-22T12:00:00.123456+01:00", datetime(2026, 11, 22, 11, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (1_700_000_000, None),
        (None, None),
    ],
)
def test_when_a_member_changed_is_a_moment_with_a_zone(written, moment):
    assert Record.from_row({"id": 7, "modified": written}).modified == moment


def test_periods_nobody_can_read_are_left_out():
    rows = [None, [], {}, {"status_id": "3"}, {"status_id": None}, {"id": 9, "member_from": "2020-01-01"}, {"status_id": 4}]
    assert Record.from_row({"id": 7, "statuses": rows}).periods == (Period(4, None, None),)


@pytest.mark.parametrize("statuses", [None, {}, "active", 3])
def test_periods_that_are_no_list_are_none(statuses):
    assert Record.from_row({"id": 7, "statuses": statuses}).periods == ()


@pytest.mark.parametrize(("written", "deleted"), [(True, True), (False, False), (None, False), ("true", False), (1, False)])
def test_deleted_is_only_who_is_plainly_said_to_be(written, deleted):
    assert Record.from_row({"id": 7, "deleted": written}).deleted is deleted


def test_a_status_is_read_with_its_kinds():
    row = {"id": 3, "name": " Member ", "archived": True, "hidden": None, "deceased": False, "order": 4, "new": {}}
    assert Status.from_row(row) == Status(3, "Member", archived=True, hidden=False, deceased=False)
    assert Status.from_row({"id": 3}) == Status(3, "", False, False, False)


def test_the_password_of_a_webhook_and_its_address_stay_out_of_the_repr():
    row = {
        "id": 5,
        "url": "https://sync.example.org/s3cret",
        "signal": "member",
        "http_basic_auth_key": "k3y",
        "headers": {"X": "y"},
    }
    hook = Webhook.from_row(row)
    assert (hook.url, hook.signal, hook.basic_key) == ("https://sync.example.org/s3cret", "member", "k3y")
    assert repr(hook) == "Webhook(id=5, signal='member')"


NAMES = [*MEMBER, "number_full_MSISDN", "number", "country", "country_code", "iban", "zip", "status_id", "member_from"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates().map(str) | st.datetimes().map(str)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=6),
    max_leaves=25,
)


@given(row=JSON)
def test_reading_arbitrary_json_never_stumbles(row):
    try:
        record = Record.from_row(row)
    except Unreadable:
        assert not isinstance(row, dict) or not isinstance(row.get("id"), int) or not 0 < row["id"] < 2**63 or row["id"] is True
    else:
        assert set(record.told) <= set(TOLD)


@given(values=st.dictionaries(st.sampled_from(list(MEMBER)), JSON), id=st.integers(1, 2**63 - 1))
def test_whatever_stands_in_the_fields_what_is_told_is_text_a_database_takes(values, id):
    record = Record.from_row(values | {"id": id})
    assert record.id == id
    assert set(record.told) <= set(TOLD)
    for value in record.told.values():
        assert "\0" not in value
        assert value == value.strip()
        value.encode()
    assert record.modified is None or record.modified.tzinfo is not None
