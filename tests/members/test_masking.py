import pytest

from members.masking import mask_accounts, mask_iban


@pytest.mark.parametrize(
    ("iban", "seen"),
    [
        ("NL91ABNA0417164300", "NL91 **** **** **43 00"),
        ("nl91 abna 0417 1643 00", "NL91 **** **** **43 00"),
        ("BE68539007547034", "BE68 **** **** 7034"),
        ("NL91ABNA", "**** ****"),
        ("", ""),
    ],
)
def test_an_iban_shows_its_ends_only(iban: str, seen: str) -> None:
    assert mask_iban(iban) == seen


@pytest.mark.parametrize(
    "text",
    [
        "NL91ABNA0417164300",
        "pay to NL91 ABNA 0417 1643 00 please",
        "1001;nl91abna0417164300;Jan",
        "NL91-ABNA-0417-1643-00",
    ],
)
def test_an_iban_in_the_wrong_place_is_hidden_too(text: str) -> None:
    assert "1716" not in mask_accounts(text)
    assert "0417" not in mask_accounts(text)


@pytest.mark.parametrize("text", ["jan12@example.org", "06 12345678", "Kerkstraat 12 bis te Amsterdam", "lid 1001"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert mask_accounts(text) == text
