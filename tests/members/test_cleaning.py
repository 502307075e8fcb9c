"""What people type, what a member then holds, and what they are told when it cannot be."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from members import cleaning


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("  Jan   de\tVries ", "Jan de Vries"),
        ("Zoe\u0308", "Zoë"),
        ("Dorpsstraat\u00a01\r\nachter", "Dorpsstraat 1 achter"),
        ("\ufeffJan\u200b\x00", "Jan"),
        ("null", "null"),
        ("NULL", "NULL"),
        ("None", "None"),
        ("क्\u200dष", "क्\u200dष"),
        ("", ""),
    ],
)
def test_text(typed: str, held: str) -> None:
    assert cleaning.text(typed) == held


@given(st.text())
def test_clean_text_is_clean_already_and_on_one_line(typed: str) -> None:
    once = cleaning.text(typed)
    assert cleaning.text(once) == once
    assert "\n" not in once
    assert "\x00" not in once


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("nl91 abna 0417 1643 00", "NL91ABNA0417164300"),
        ("NL91.ABNA.0417.1643.00", "NL91ABNA0417164300"),
        ("BE68 5390 0754 7034", "BE68539007547034"),
        ("MT84MALT011000012345MTLCAST001S", "MT84MALT011000012345MTLCAST001S"),
        ("", ""),
    ],
)
def test_iban(typed: str, held: str) -> None:
    assert cleaning.iban(typed) == held


@pytest.mark.parametrize("typed", ["NL91ABNA0417164301", "417164300", "NL91ABNA04171643", "XX12ABCDEF123456", "null", "3,16E+10"])
def test_a_wrong_iban_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        cleaning.iban(typed)
    assert typed not in refusal.value.messages[0]


@pytest.mark.parametrize(("typed", "held"), [("abnanl2a", "ABNANL2A"), ("ABNA NL 2A XXX", "ABNANL2AXXX"), ("", "")])
def test_bic(typed: str, held: str) -> None:
    assert cleaning.bic(typed) == held


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        (" Jan@Example.ORG ", "Jan@Example.ORG"),
        ("jan+sport@example.org", "jan+sport@example.org"),
        ("a@münchen.de", "a@münchen.de"),
        ("", ""),
    ],
)
def test_an_email_address_is_kept_as_typed(typed: str, held: str) -> None:
    assert cleaning.email(typed) == held


@pytest.mark.parametrize(
    "typed", ["jan", "jan@", "jan@localhost", "jan @example.org", "Jan <jan@example.org>", "jan..x@example.org"]
)
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="is not an e-mail address"):
        cleaning.email(typed)


@pytest.mark.parametrize("typed", ["a@example.org; b@example.org", "a@example.org,b@example.org"])
def test_two_email_addresses_are_one_too_many(typed: str) -> None:
    with pytest.raises(ValidationError, match="more than one"):
        cleaning.email(typed)


def test_an_iban_in_the_email_column_is_not_repeated_either() -> None:
    with pytest.raises(ValidationError) as refusal:
        cleaning.email("NL91ABNA0417164300")
    assert "0417" not in refusal.value.messages[0]


@pytest.mark.parametrize(
    ("typed", "country", "held"),
    [
        ("06-12345678", "", "+31612345678"),
        ("06 12 34 56 78", "NL", "+31612345678"),
        ("612345678", "NL", "+31612345678"),
        ("0031612345678", "", "+31612345678"),
        ("+31 (0)6 12345678", "", "+31612345678"),
        ("0470 12 34 56", "BE", "+32470123456"),
        ("+49 30 901820", "NL", "+4930901820"),
        ("", "NL", ""),
    ],
)
def test_phone(typed: str, country: str, held: str) -> None:
    assert cleaning.phone(typed, country) == held


@pytest.mark.parametrize(
    "typed", ["112", "06-1234", "06-12345678 / 020-1234567", "06-12345678 (moeder)", "020-1234567 ext 12", "n.v.t."]
)
def test_what_is_not_one_phone_number_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError):
        cleaning.phone(typed)


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("nl", "NL"),
        ("NLD", "NL"),
        ("Nederland", "NL"),
        ("The Netherlands", "NL"),
        ("holland", "NL"),
        ("België", "BE"),
        ("belgie", "BE"),
        ("DUITSLAND", "DE"),
        ("UK", "GB"),
        ("Verenigd Koninkrijk", "GB"),
        ("Groot-Brittannië", "GB"),
        ("Curaçao", "CW"),
        ("USA", "US"),
        ("  ", ""),
    ],
)
def test_country(typed: str, held: str) -> None:
    assert cleaning.country(typed) == held


@pytest.mark.parametrize("typed", ["Nederlnd", "EN", "XX", "null", "Europa", "1234 AB", "²"])
def test_an_unknown_country_is_refused_and_never_becomes_the_netherlands(typed: str) -> None:
    with pytest.raises(ValidationError, match="not a country we know"):
        cleaning.country(typed)


@pytest.mark.parametrize(
    ("typed", "country", "held"),
    [
        ("1234ab", "NL", "1234 AB"),
        ("NL-1234AB", "NL", "1234 AB"),
        ("1234  AB", "", "1234 AB"),
        ("1000", "BE", "1000"),
        ("1234ab", "BE", "1234ab"),
        ("sw1a 1aa", "GB", "sw1a 1aa"),
        ("1000", "", "1000"),
        ("", "NL", ""),
    ],
)
def test_postcode(typed: str, country: str, held: str) -> None:
    assert cleaning.postcode(typed, country) == held


@pytest.mark.parametrize("typed", ["1234", "0123 AB", "1234 SS", "12345"])
def test_a_postcode_that_is_not_dutch_is_refused_in_the_netherlands(typed: str) -> None:
    with pytest.raises(ValidationError, match="not a Dutch postcode"):
        cleaning.postcode(typed, "NL")


@pytest.mark.parametrize(
    ("typed", "held"),
    [
        ("NL", "nl"),
        ("nl-NL", "nl"),
        ("nl_BE", "nl"),
        ("Nederlands", "nl"),
        ("dutch", "nl"),
        ("Engels", "en"),
        ("Deutsch", "de"),
        ("zh", "zh"),
        ("", ""),
    ],
)
def test_language(typed: str, held: str) -> None:
    assert cleaning.language(typed) == held


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValidationError, match="not a language we know"):
        cleaning.language("Klingon")


def test_yes_or_no_on_values_as_a_member_holds_them() -> None:
    assert cleaning.is_email("jan@example.org")
    assert not cleaning.is_email("jan")
    assert cleaning.is_phone("+31612345678")
    assert not cleaning.is_phone("112")
    assert cleaning.is_country("NL")
    assert not cleaning.is_country("Nederland")
    assert cleaning.is_language("NL")
    assert not cleaning.is_language("Nederlands")


def test_a_member_abroad_has_his_phone_and_postcode_read_as_of_there() -> None:
    clean, refused = cleaning.member({"country": "België", "postcode": "1000", "phone": "0470 12 34 56"}, {})
    assert clean == {"country": "BE", "postcode": "1000", "phone": "+32470123456"}
    assert refused == {}


def test_an_empty_country_follows_a_dutch_postcode_and_nothing_else() -> None:
    assert cleaning.member({"country": "", "postcode": "1234ab"}, {})[0] == {"country": "NL", "postcode": "1234 AB"}
    assert cleaning.member({"country": "", "postcode": "1000"}, {})[0] == {"country": "", "postcode": "1000"}


def test_a_country_that_was_not_given_is_not_made_up() -> None:
    assert cleaning.member({"postcode": "1234ab"}, {"country": ""})[0] == {"postcode": "1234 AB"}


def test_one_bad_value_does_not_cost_the_others() -> None:
    clean, refused = cleaning.member({"email": "jan", "last_name": " Vries "}, {})
    assert clean == {"last_name": "Vries"}
    assert list(refused) == ["email"]
