"""Is this relation plainly this member? In doubt: no."""

from datetime import date

import pytest

from integrations.exact_online.accounts import Account
from integrations.matching import Contradiction, contradiction, fold
from tests.integrations.test_mapping import JAN

TODAY = date(2026, 11, 22)


def relation(name: str, **facts: object) -> Account:
    return Account(guid="g", code="7", fields={"Name": name}, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["J. de Vries", "j.  de vries", "Jan de Vries", "Vries, J. de", "J. de Vriès", "J.DE VRIES"])
def test_the_same_written_otherwise(name: str) -> None:
    assert contradiction(relation(name), JAN, "J. de Vries", TODAY) is None


@pytest.mark.parametrize("name", ["", "P. de Vries", "Vries", "J. de Vries-Bakker", "Jansen"])
def test_another_name(name: str) -> None:
    assert contradiction(relation(name), JAN, "J. de Vries", TODAY) is Contradiction.NAME


@pytest.mark.parametrize(
    ("facts", "against"),
    [
        ({"is_supplier": True}, Contradiction.SUPPLIER),
        ({"blocked": True}, Contradiction.BLOCKED),
        ({"end_date": date(2026, 11, 21)}, Contradiction.ENDED),
        ({"end_date": date(2026, 11, 22)}, None),
    ],
)
def test_no_plain_customer(facts: dict, against: Contradiction | None) -> None:
    assert contradiction(relation("J. de Vries", **facts), JAN, "J. de Vries", TODAY) is against


@pytest.mark.parametrize(
    ("written", "folded"), [("Renée  de Boer", "reneedeboer"), ("Søren Ærø", "sorenaero"), ("STRASSE Straße", "strassestrasse")]
)
def test_folding(written: str, folded: str) -> None:
    assert fold(written) == folded
