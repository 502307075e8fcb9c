"""What the headers of an answer tell of the window, and what must not be read into them."""

from datetime import UTC, datetime

import pytest

from integrations.congressus.limits import RateLimit

DATE = "Thu, 02 Dec 2021 12:15:30 GMT"
RESET = 1638447360  # 12:16:00
HEADERS = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "X-RateLimit-Reset": str(RESET), "Date": DATE}


def test_an_answer_tells_its_window():
    told = RateLimit.from_headers(HEADERS)
    assert told == RateLimit(60, 59, datetime(2021, 12, 2, 12, 16, tzinfo=UTC))
    assert told.known


def test_headers_are_found_in_whatever_case():
    assert RateLimit.from_headers({name.upper(): value for name, value in HEADERS.items()}).remaining == 59


def test_what_is_missing_is_unknown_and_not_zero():
    assert RateLimit.from_headers({"X-RateLimit-Limit": "60"}) == RateLimit(60, None, None)
    assert not RateLimit.from_headers({"Date": DATE}).known


def test_nothing_left_is_zero_and_known():
    assert RateLimit.from_headers({"X-RateLimit-Remaining": "0"}) == RateLimit(None, 0, None)


@pytest.mark.parametrize("nonsense", ["", "many", "-1", "4.5", "0x10", "٣", "9" * 40, "1,000"])
def test_nonsense_is_unknown(nonsense):
    assert not RateLimit.from_headers(dict.fromkeys(HEADERS, nonsense)).known


@pytest.mark.parametrize(
    ("reset", "date"),
    [
        pytest.param("0", DATE, id="1970"),
        pytest.param("0", "", id="1970, no date"),
        pytest.param("30", DATE, id="seconds from now"),
        pytest.param(str(RESET * 1000), DATE, id="milliseconds for seconds"),
        pytest.param(str(RESET + 11 * 86_400), DATE, id="in eleven days"),
    ],
)
def test_a_reset_outside_reason_is_unknown(reset, date):
    assert RateLimit.from_headers({"X-RateLimit-Reset": reset, "Date": date}).reset is None
