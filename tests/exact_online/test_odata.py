"""Literals that mean what was meant, answers in all three shapes, and pages that stay at home."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from integrations.exact_online import odata

GUID = "6c1ab9dc-0e4b-4f3c-9a56-0f6b5e3a7d21"
SITE = "https://start.exactonline.nl"
NAMES = ["O'Brien", "''", "Jansen & Co", "100%", "a+b", "👩‍👩‍👧", "e\u0301", "مُحَمَّد", "null", "NULL", "None", "guid'x'", ""]


def read_literal(literal):
    """Reads a literal as the OData grammar does: a quote ends it unless another follows at once."""
    assert literal[0] == "'"
    value, rest = "", literal[1:]
    while not (rest.startswith("'") and not rest.startswith("''")):
        taken = 2 if rest.startswith("''") else 1
        value, rest = value + rest[0], rest[taken:]
    assert rest == "'", "something follows the literal"
    return value


def with_examples(test):
    for name in NAMES:
        test = example(name)(test)
    return test


@with_examples
@given(st.text())
def test_a_text_is_read_back_as_it_was(name):
    assert read_literal(odata.text(name)) == name


@given(st.text(min_size=1, max_size=18).filter(lambda value: len(value.strip()) > 0))
@example("O'Brien")
@example("00042")
def test_a_code_is_eighteen_wide_and_read_back_as_it_was(code):
    literal = read_literal(odata.code(code))
    assert len(literal) == 18
    assert literal.strip() == code.strip()
    assert literal.endswith(code.strip())


def test_a_code_is_padded_on_the_left():
    assert odata.code("1234") == "'              1234'"


@pytest.mark.parametrize("code", ["", "   ", "1" * 19])
def test_what_cannot_be_a_code_is_refused(code):
    with pytest.raises(ValueError, match="1 to 18"):
        odata.code(code)


@pytest.mark.parametrize("value", [GUID, GUID.upper(), "{" + GUID + "}", f" {GUID} ", UUID(GUID)])
def test_a_guid_is_written_one_way(value):
    assert odata.guid(value) == f"guid'{GUID}'"


@pytest.mark.parametrize("value", ["", "12", f"{GUID}' or 1 eq 1 or ID eq guid'{GUID}"])
def test_what_is_no_guid_is_refused(value):
    with pytest.raises(ValueError, match="hexadecimal"):
        odata.guid(value)


@pytest.mark.parametrize(
    ("payload", "rows"),
    [
        ({"d": {"results": [{"ID": 1}, {"ID": 2}], "__next": "x"}}, [{"ID": 1}, {"ID": 2}]),
        ({"d": [{"ID": 1}]}, [{"ID": 1}]),
        ({"d": {"ID": 1}}, [{"ID": 1}]),
        ({"d": []}, []),
        ({"d": {"results": []}}, []),
    ],
)
def test_rows_come_in_three_shapes(payload, rows):
    assert odata.rows(payload) == rows


@pytest.mark.parametrize("payload", [None, [], {}, {"d": None}, {"d": "x"}, {"d": [1]}, {"d": {"results": None}}])
def test_no_rows_is_not_an_empty_list(payload):
    with pytest.raises(ValueError, match="no rows"):
        odata.rows(payload)


def next_of(address, site=SITE):
    return odata.next_url({"d": {"results": [], "__next": address}}, site)


@pytest.mark.parametrize(
    ("address", "site"),
    [
        (f"{SITE}/api/v1/1/system/Divisions?$skiptoken=5", SITE),
        ("https://START.exactonline.nl:443/x?$filter=Code eq '  1'", SITE),
        ("http://127.0.0.1:8001/x", "http://127.0.0.1:8001"),
    ],
)
def test_the_next_page_is_followed_verbatim(address, site):
    assert next_of(address, site) == address


@pytest.mark.parametrize("payload", [{"d": {"results": []}}, {"d": {"__next": None}}, {"d": []}, {}, None])
def test_the_last_page_has_no_next(payload):
    assert odata.next_url(payload, SITE) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/x",
        "http://start.exactonline.nl/x",
        "https://start.exactonline.nl:8443/x",
        "https://start.exactonline.nl.evil.example/x",
        "https://start.exactonline.nl@evil.example/x",
        "https://ada:pw@start.exactonline.nl/x",
        "https://evil.example\\@start.exactonline.nl/x",
        "https://start.exactonline.nl:port/x",
        "https://start.exactonline.be/x",
        "//start.exactonline.nl/x",
        "/api/v1/1/system/Divisions",
        "javascript:alert(1)",
    ],
)
def test_a_next_page_anywhere_else_is_refused(address):
    with pytest.raises(ValueError):  # noqa: PT011 -- some are refused by the URL parser itself
        next_of(address)


@pytest.mark.parametrize("address", ["{}\n", "{}\t", "\x00{}", "{}\x85"])
def test_an_address_with_something_hidden_in_it_is_refused(address):
    with pytest.raises(ValueError, match="outside the site"):
        odata.page_url(address.format(f"{SITE}/x"), SITE)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        (None, None),
        ("", None),
        ("/Date(1661904000000)/", date(2022, 8, 31)),
        ("/Date(-86400000)/", date(1969, 12, 31)),
        ("/Date(-2208988800000)/", date(1900, 1, 1)),
        ("/Date(1661904000000+0200)/", date(2022, 8, 31)),
        ("/Date(0)/", date(1970, 1, 1)),
        ("/Date(253402300800000)/", date.max),
        ("/Date(-999999999999999)/", date.min),
        ("2026-11-22T00:00:00", date(2026, 11, 22)),
        ("2026-11-22", date(2026, 11, 22)),
    ],
)
def test_dates_in_the_ways_exact_writes_them(value, day):
    assert odata.date(value) == day


@pytest.mark.parametrize("value", ["soon", "/Date()/", "/Date(x)/", 1661904000000, 0])
def test_what_is_no_date_is_refused(value):
    with pytest.raises(ValueError):  # noqa: PT011 -- some texts are the standard library's
        odata.date(value)


def test_all_texts_are_trimmed_and_nothing_else():
    assert odata.trimmed({"Country": "NL ", "Code": "   12", "Email": None, "Blocked": False}) == {
        "Country": "NL",
        "Code": "12",
        "Email": None,
        "Blocked": False,
    }
