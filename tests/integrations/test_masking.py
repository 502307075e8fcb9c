"""What Exact quotes of a member does not stay readable."""

import pytest

from integrations.masking import masked


@pytest.mark.parametrize(
    ("said", "kept", "gone"),
    [
        ("Ongeldig: E-mail [jan@example.nl]", "Ongeldig: E-mail [", "jan@example.nl"),
        ("Ongeldig: IBAN NL91ABNA0417164300.", "Ongeldig: IBAN NL91", "NL91ABNA0417164300"),
        ("nl91 abna 0417 1643 00 is niet geldig", "is niet geldig", "0417 1643"),
        ("Verplicht: Naam\nOngeldig: Land []", "Verplicht: Naam\nOngeldig: Land []", "@"),
    ],
)
def test_masked(said: str, kept: str, gone: str) -> None:
    assert kept in masked(said)
    assert gone not in masked(said)


def test_what_is_endless_is_cut() -> None:
    assert len(masked("x " * 5000)) == 1000
