"""What Congressus tells of a member -> what a member holds, by tables."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.congressus.records import Period, Record
from integrations.from_congressus import NumberFrom, next_turn, status_on, typed
from members import cleaning
from members.forms import KEPT_HERE

OURS = {"member_number", *cleaning.FIELDS} - {*KEPT_HERE}
TOLD = (
    "username",
    "initials",
    "given_name",
    "first_name",
    "primary_last_name_main",
    "primary_last_name_prefix",
    "last_name",
    "email",
    "phone_mobile",
    "phone_home",
    "address",
    "zip",
    "city",
    "country",
    "iban",
    "bic",
)


def record(**told: str) -> Record:
    return Record(id=17, told=told, status=None, periods=(), modified=None, deleted=False)


def ours(**told: str) -> dict[str, str]:
    return typed(record(**told), NumberFrom.USERNAME)


def arrived(known: dict[str, str] | None = None, **told: str) -> tuple[dict[str, str], dict[str, str]]:
    """As a member comes to hold it: cleaned, and what was refused."""
    values = ours(**told)
    return cleaning.member({name: value for name, value in values.items() if name in cleaning.FIELDS}, known or {})


def test_what_was_not_told_is_not_there() -> None:
    assert ours() == {}
    assert typed(record(), NumberFrom.ID) == {"member_number": "17"}


def test_all_that_was_told_is_there_and_nothing_else() -> None:
    values = ours(**dict.fromkeys(TOLD, ""))
    assert values == dict.fromkeys(OURS, "")


def test_what_we_have_no_use_for_is_not_even_looked_at() -> None:
    canaries = ("prefix", "suffix", "nickname", "gender", "date_of_birth", "memo", "search_name", "secondary_last_name_prefix")
    told = {name: f"canary {name}" for name in canaries} | dict.fromkeys(TOLD, "")
    assert set(ours(**told).values()) == {""}


def test_an_answer_of_congressus_arrives_without_what_is_not_for_the_books() -> None:
    answer = {
        "id": 17,
        "username": "1001",
        "prefix": "canary title",
        "given_name": "Anna",
        "nickname": "canary nickname",
        "primary_last_name_prefix": "van",
        "last_name": "van Voorbeeld",
        "date_of_birth": "1999-12-31",
        "memo": "canary memo",
        "phone_mobile": {"number_full_MSISDN": "31612345678"},
        "phone_home": None,
        "address": {"address": "Dorpsstraat 12-3 bis", "zip": "1234ab", "city": "Delft", "country": {"country_code": "NL"}},
        "bank_account": {"iban": "NL91ABNA0417164300", "bic": None, "sdd_mandates": [{"reference": "canary mandate"}]},
        "custom_field_data": {"field_diet": "canary diet"},
    }
    assert typed(Record.from_row(answer), NumberFrom.USERNAME) == {
        "member_number": "1001",
        "first_name": "Anna",
        "infix": "van",
        "last_name": "Voorbeeld",
        "phone": "+31612345678",
        "address": "Dorpsstraat 12-3 bis",
        "postcode": "1234ab",
        "city": "Delft",
        "country": "NL",
        "iban": "NL91ABNA0417164300",
        "bic": "",
    }


# The number ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "number"),
    [("1001", "1001"), (" 1001\t", "1001"), ("s 12 34", "s 12 34"), ("007", "007"), ("s1234\u200b", "s1234"), ("", "")],
)
def test_the_associations_own_number_is_kept_as_it_is_apart_from_blanks(username: str, number: str) -> None:
    assert ours(username=username) == {"member_number": number}


def test_or_the_number_is_the_one_congressus_gave() -> None:
    assert typed(record(username="s1234"), NumberFrom.ID) == {"member_number": "17"}


# Names --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "last_name", "infix", "rest"),
    [
        ("van der", "van der Berg", "van der", "Berg"),
        ("van der", "Van der Berg", "Van der", "Berg"),
        ("VAN DER", "van der Berg", "van der", "Berg"),
        (" van der ", "van der Berg", "van der", "Berg"),
        ("de", "de Vries-van Dam", "de", "Vries-van Dam"),
        ("", "De Vries-van Dam", "", "De Vries-van Dam"),
        ("van", "De Vries-van Dam", "", "De Vries-van Dam"),
        ("van den", "Jansen-van den Akker", "", "Jansen-van den Akker"),
        ("de", "Dekker", "", "Dekker"),
        ("de", "de", "", "de"),
        ("de", "de ", "", "de "),
        ("de", "de-Vries", "", "de-Vries"),
        ("'t", "'t Hart", "'t", "Hart"),
        ("\u2019t", "\u2019t Hart", "\u2019t", "Hart"),
        ("d'", "d'Hondt", "", "d'Hondt"),
        ("von der", "von der Straße", "von der", "Straße"),
        ("\u0130", "i\u0307 Berg", "", "i\u0307 Berg"),
        ("", "Süleyman", "", "Süleyman"),
        ("", " Berg", "", " Berg"),
        ("", "", "", ""),
        ("van der", "", "", ""),
    ],
)
def test_an_infix_is_set_apart_only_where_the_last_name_begins_with_it(
    prefix: str, last_name: str, infix: str, rest: str
) -> None:
    assert ours(primary_last_name_prefix=prefix, last_name=last_name) == {"infix": infix, "last_name": rest}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"primary_last_name_main": "Berg", "primary_last_name_prefix": "van der"}, {}),
        ({"last_name": "van der Berg"}, {"infix": "", "last_name": "van der Berg"}),
        (
            {"last_name": "", "primary_last_name_main": "Berg", "primary_last_name_prefix": "van der"},
            {"infix": "van der", "last_name": "Berg"},
        ),
        ({"last_name": "", "primary_last_name_main": "Berg"}, {"infix": "", "last_name": "Berg"}),
        ({"last_name": "", "primary_last_name_main": "", "primary_last_name_prefix": "de"}, {"infix": "", "last_name": ""}),
    ],
)
def test_the_last_name_that_congressus_renders_goes_before_its_parts(told: dict[str, str], expected: dict[str, str]) -> None:
    assert ours(**told) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"given_name": "Jan", "first_name": "Johannes Petrus", "initials": "J.P."}, {"initials": "J.P.", "first_name": "Jan"}),
        ({"given_name": "Jan"}, {"first_name": "Jan"}),
        ({"given_name": "", "first_name": "Johannes Petrus", "initials": "J.P."}, {"initials": "J.P.", "first_name": ""}),
        ({"given_name": "", "first_name": "Johannes Petrus", "initials": ""}, {"initials": "", "first_name": "Johannes Petrus"}),
        ({"given_name": "", "first_name": "Johannes Petrus"}, {"first_name": "Johannes Petrus"}),
        ({"given_name": "", "initials": ""}, {"initials": "", "first_name": ""}),
        ({"first_name": "Johannes Petrus", "initials": ""}, {"initials": ""}),
    ],
)
def test_people_are_called_by_their_called_name(told: dict[str, str], expected: dict[str, str]) -> None:
    assert ours(**told) == expected


# Phone, address, bank -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"phone_mobile": "+31612345678", "phone_home": "+31151234567"}, {"phone": "+31612345678"}),
        ({"phone_mobile": "", "phone_home": "+31151234567"}, {"phone": "+31151234567"}),
        ({"phone_mobile": "+31612345678", "phone_home": ""}, {"phone": "+31612345678"}),
        ({"phone_mobile": "", "phone_home": ""}, {"phone": ""}),
        ({"phone_mobile": "+31612345678"}, {"phone": "+31612345678"}),
        ({"phone_home": "+31151234567"}, {"phone": "+31151234567"}),
        ({"phone_mobile": ""}, {}),
        ({"phone_home": ""}, {}),
    ],
)
def test_the_mobile_number_goes_before_the_one_at_home(told: dict[str, str], expected: dict[str, str]) -> None:
    assert ours(**told) == expected


def test_an_address_without_its_country_says_nothing_of_the_country() -> None:
    assert ours(address="Dorpsstraat 1", zip="1234AB", city="Delft") == {
        "address": "Dorpsstraat 1",
        "postcode": "1234AB",
        "city": "Delft",
    }


# As members come to hold it -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "held"),
    [
        ({"primary_last_name_prefix": "van der", "last_name": "van der Berg"}, {"infix": "van der", "last_name": "Berg"}),
        ({"last_name": "De Vries-van Dam"}, {"infix": "", "last_name": "De Vries-van Dam"}),
        ({"given_name": "Loïc", "last_name": "Süleyman"}, {"first_name": "Loïc", "infix": "", "last_name": "Süleyman"}),
        ({"prefix": "Prof. dr.", "last_name": "Berg"}, {"infix": "", "last_name": "Berg"}),
        ({"zip": "1234ab", "country": "NL"}, {"postcode": "1234 AB", "country": "NL"}),
        ({"zip": "1234ab", "country": "Nederland"}, {"postcode": "1234 AB", "country": "NL"}),
        ({"zip": "1234ab", "country": ""}, {"postcode": "1234 AB", "country": "NL"}),
        ({"zip": "1000", "country": "Belgium"}, {"postcode": "1000", "country": "BE"}),
        ({"zip": "10115", "country": "DE"}, {"postcode": "10115", "country": "DE"}),
        ({"zip": "1000", "country": ""}, {"postcode": "1000", "country": ""}),
        ({"address": "Dorpsstraat 12-3 bis"}, {"address": "Dorpsstraat 12-3 bis"}),
        ({"phone_mobile": "", "phone_home": ""}, {"phone": ""}),
        ({"phone_mobile": "0612345678", "country": "NL"}, {"phone": "+31612345678", "country": "NL"}),
        ({"iban": "NL91 ABNA 0417 1643 00", "bic": "abnanl2a"}, {"iban": "NL91ABNA0417164300", "bic": "ABNANL2A"}),
    ],
)
def test_members_hold_byte_for_byte_what_is_in_congressus(told: dict[str, str], held: dict[str, str]) -> None:
    assert arrived(**told) == (held, {})


def test_an_unknown_country_does_not_become_the_netherlands() -> None:
    clean, refused = arrived(country="Atlantis", zip="1234 AB")
    assert "country" not in clean
    assert "country" in refused


def test_what_is_wrong_with_one_value_does_not_cost_the_others() -> None:
    clean, refused = arrived(email="jan@", iban="NL91ABNA0417164301", last_name="Vries", city="Delft")
    assert clean == {"infix": "", "last_name": "Vries", "city": "Delft"}
    assert set(refused) == {"email", "iban"}


def test_two_children_with_one_account_and_address_remain_two() -> None:
    shared = {"email": "ouders@example.org", "iban": "NL91ABNA0417164300", "last_name": "Vries"}
    jan, piet = ours(username="1", given_name="Jan", **shared), ours(username="2", given_name="Piet", **shared)
    assert (jan["member_number"], jan["first_name"]) != (piet["member_number"], piet["first_name"])
    assert jan["iban"] == piet["iban"]


# Statuses -----------------------------------------------------------------------------------------------------------------------

MEMBER, ALUMNUS, DONOR = 1, 2, 3
LONG_AGO, SEPTEMBER, JANUARY = date(2015, 9, 1), date(2026, 9, 1), date(2027, 1, 1)
TODAY = date(2026, 3, 1)


def period(status_id: int, begins: date | None = None, ends: date | None = None) -> Period:
    return Period(status_id, begins, ends)


@pytest.mark.parametrize(
    ("now", "periods", "today", "in_force"),
    [
        # one
        (None, [period(MEMBER, LONG_AGO)], TODAY, MEMBER),
        (None, [period(MEMBER)], TODAY, MEMBER),
        (period(MEMBER), [], TODAY, MEMBER),
        (None, [], TODAY, None),
        # the last to begin, in whatever order they are told
        (None, [period(MEMBER, LONG_AGO), period(ALUMNUS, SEPTEMBER)], date(2026, 8, 31), MEMBER),
        (None, [period(MEMBER, LONG_AGO), period(ALUMNUS, SEPTEMBER)], SEPTEMBER, ALUMNUS),
        (None, [period(ALUMNUS, SEPTEMBER), period(MEMBER, LONG_AGO)], SEPTEMBER, ALUMNUS),
        (None, [period(ALUMNUS, SEPTEMBER), period(MEMBER)], date(2026, 8, 31), MEMBER),
        # periods that adjoin, by either reading of the last day
        (None, [period(MEMBER, LONG_AGO, date(2026, 8, 31)), period(ALUMNUS, SEPTEMBER)], SEPTEMBER, ALUMNUS),
        (None, [period(MEMBER, LONG_AGO, SEPTEMBER), period(ALUMNUS, SEPTEMBER)], SEPTEMBER, ALUMNUS),
        (None, [period(MEMBER, LONG_AGO, SEPTEMBER), period(ALUMNUS, SEPTEMBER)], date(2026, 8, 31), MEMBER),
        # a gap: nobody is without a status
        (None, [period(MEMBER, LONG_AGO, date(2020, 1, 1)), period(ALUMNUS, SEPTEMBER)], TODAY, MEMBER),
        (None, [period(MEMBER, LONG_AGO, date(2020, 1, 1))], TODAY, MEMBER),
        # duplicates, and two that begin on one day
        (None, [period(MEMBER, LONG_AGO), period(MEMBER, LONG_AGO)], TODAY, MEMBER),
        (None, [period(MEMBER, LONG_AGO), period(ALUMNUS, LONG_AGO)], TODAY, ALUMNUS),
        (None, [period(ALUMNUS, LONG_AGO), period(MEMBER, LONG_AGO)], TODAY, MEMBER),
        # what Congressus calls the status now
        (period(MEMBER, LONG_AGO), [period(MEMBER, LONG_AGO), period(ALUMNUS, SEPTEMBER)], SEPTEMBER, ALUMNUS),
        (period(ALUMNUS, LONG_AGO), [period(MEMBER, LONG_AGO), period(ALUMNUS, LONG_AGO)], TODAY, ALUMNUS),
        (period(MEMBER, date(2020, 1, 1)), [period(ALUMNUS, LONG_AGO), period(MEMBER, SEPTEMBER)], TODAY, MEMBER),
        (period(DONOR), [period(MEMBER, LONG_AGO), period(ALUMNUS, SEPTEMBER)], SEPTEMBER, DONOR),
        (period(DONOR, LONG_AGO), [period(MEMBER, date(2020, 1, 1))], TODAY, DONOR),
        (period(DONOR, SEPTEMBER), [period(MEMBER, LONG_AGO)], TODAY, MEMBER),
        (period(DONOR, SEPTEMBER), [period(MEMBER, LONG_AGO)], SEPTEMBER, DONOR),
        (period(DONOR, SEPTEMBER), [period(MEMBER, JANUARY)], TODAY, DONOR),
        (period(DONOR, SEPTEMBER), [], TODAY, DONOR),
        # nothing has begun yet
        (period(MEMBER, SEPTEMBER), [period(MEMBER, SEPTEMBER)], TODAY, MEMBER),
        (None, [period(MEMBER, SEPTEMBER)], TODAY, None),
    ],
)
def test_the_status_in_force(now: Period | None, periods: list[Period], today: date, in_force: int | None) -> None:
    assert status_on(now, periods, today) == in_force


def test_a_period_that_was_cancelled_before_it_began_never_counts() -> None:
    planned, cancelled = [period(MEMBER, LONG_AGO), period(ALUMNUS, SEPTEMBER)], [period(MEMBER, LONG_AGO)]
    assert (next_turn(planned, TODAY), next_turn(cancelled, TODAY)) == (SEPTEMBER, None)
    assert status_on(period(MEMBER, LONG_AGO), cancelled, SEPTEMBER) == MEMBER


@pytest.mark.parametrize(
    ("moment", "in_force"),
    [
        (datetime(2026, 8, 31, 23, 30, tzinfo=ZoneInfo("Europe/Amsterdam")), MEMBER),
        (datetime(2026, 8, 31, 21, 59, tzinfo=ZoneInfo("UTC")), MEMBER),
        (datetime(2026, 8, 31, 22, 0, tzinfo=ZoneInfo("UTC")), ALUMNUS),
        (datetime(2026, 9, 1, 0, 0, tzinfo=ZoneInfo("Europe/Amsterdam")), ALUMNUS),
    ],
)
def test_a_status_begins_at_midnight_in_amsterdam(moment: datetime, in_force: int) -> None:
    today = moment.astimezone(ZoneInfo("Europe/Amsterdam")).date()
    assert status_on(None, [period(MEMBER, LONG_AGO, SEPTEMBER), period(ALUMNUS, SEPTEMBER)], today) == in_force


@pytest.mark.parametrize(
    ("periods", "turn"),
    [
        ([], None),
        ([period(MEMBER, LONG_AGO)], None),
        ([period(MEMBER, LONG_AGO), period(ALUMNUS, SEPTEMBER)], SEPTEMBER),
        ([period(ALUMNUS, JANUARY), period(DONOR, SEPTEMBER), period(MEMBER, LONG_AGO)], SEPTEMBER),
        ([period(MEMBER, LONG_AGO), period(MEMBER, SEPTEMBER), period(ALUMNUS, JANUARY)], JANUARY),
        ([period(MEMBER, LONG_AGO), period(MEMBER, SEPTEMBER)], None),
        ([period(MEMBER, SEPTEMBER)], SEPTEMBER),
        ([period(MEMBER, LONG_AGO), period(ALUMNUS, TODAY)], None),
        ([period(MEMBER, LONG_AGO, SEPTEMBER)], None),
    ],
)
def test_the_next_day_on_which_another_status_begins(periods: list[Period], turn: date | None) -> None:
    assert next_turn(periods, TODAY) == turn


# Whatever comes -----------------------------------------------------------------------------------------------------------------

texts = st.text(max_size=20) | st.sampled_from(["", " ", "van der", "van der Berg", "Van Der  Berg", "ß", "İ x"])
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9))
some_periods = st.lists(st.builds(Period, st.integers(1, 3), days, days), max_size=5)


@given(st.dictionaries(st.sampled_from(TOLD), texts), st.sampled_from(NumberFrom))
def test_only_known_fields_come_out_and_names_lose_nothing(told: dict[str, str], number_from: NumberFrom) -> None:
    values = typed(record(**told), number_from)
    assert values.keys() <= OURS
    assert ("infix" in values) == ("last_name" in values) == ("last_name" in told)
    if told.get("last_name"):
        assert " ".join(filter(None, (values["infix"], values["last_name"]))) == told["last_name"]
    cleaning.member({name: value for name, value in values.items() if name in cleaning.FIELDS}, {})


@given(st.none() | st.builds(Period, st.integers(1, 3), days, days), some_periods)
def test_the_status_is_one_of_those_told_and_stays_until_the_next_turn(now: Period | None, periods: list[Period]) -> None:
    today = date(2026, 1, 1)
    in_force = status_on(now, periods, today)
    assert in_force in {None, *(each.status_id for each in (*periods, now) if each)}
    assert in_force is not None or now is None
    turn, held = next_turn(periods, today), status_on(None, periods, today)
    for day in (date(2026, 1, number) for number in range(2, 10)):
        if turn is None or day < turn:
            assert status_on(None, periods, day) == held
    assert turn is None or status_on(None, periods, turn) != held
