"""What the headers of real answers look like, and what must not be read into them."""

from datetime import UTC, datetime

import pytest

from integrations.exact_online.limits import RateLimits, Window

DATE = "Thu, 02 Dec 2021 12:15:30 GMT"
MINUTE_RESET = 1638447360000  # 12:16:00
DAY_RESET = 1638489600000  # midnight
DAY = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4321", "X-RateLimit-Reset": str(DAY_RESET)}
MINUTE = {
    "X-RateLimit-Minutely-Limit": "60",
    "X-RateLimit-Minutely-Remaining": "59",
    "X-RateLimit-Minutely-Reset": str(MINUTE_RESET),
}


def limits(*headers, date=DATE):
    told = {"Date": date} if date else {}
    return RateLimits.from_headers(told | {name: value for part in headers for name, value in part.items()})


def test_an_ordinary_answer_tells_both_windows():
    told = limits(DAY, MINUTE)
    assert told.minute == Window(60, 59, datetime(2021, 12, 2, 12, 16, tzinfo=UTC))
    assert told.day == Window(5000, 4321, datetime(2021, 12, 3, tzinfo=UTC))
    assert told.date == datetime(2021, 12, 2, 12, 15, 30, tzinfo=UTC)
    assert told.seconds_until_reset("minute") == 30
    assert told.seconds_until_reset("day") == 42270


def test_headers_are_found_in_whatever_case():
    assert limits({name.upper(): value for name, value in MINUTE.items()}).minute.remaining == 59


@pytest.mark.parametrize(("told", "other"), [(MINUTE, "day"), (DAY, "minute")])
def test_the_window_that_is_not_told_is_unknown_and_not_zero(told, other):
    answer = limits(told)
    assert getattr(answer, other) == Window(None, None, None)
    assert not getattr(answer, other).known
    assert answer.seconds_until_reset(other) is None
    assert answer.known


def test_no_headers_know_nothing():
    told = RateLimits.from_headers({})
    assert told == RateLimits(Window(), Window(), None)
    assert not told.known


@pytest.mark.parametrize("nonsense", ["", "many", "-1", "4.5", "0x10", "٣", "9" * 40, "1,000"])
def test_nonsense_is_unknown(nonsense):
    told = limits(dict.fromkeys(DAY, nonsense))
    assert told.day == Window()


def test_nothing_left_is_zero_and_known():
    assert limits(DAY | {"X-RateLimit-Remaining": "0"}).day.remaining == 0


@pytest.mark.parametrize(
    ("reset", "date"),
    [
        pytest.param("0", DATE, id="1970"),
        pytest.param("0", "", id="1970, no date"),
        pytest.param("1638489600", DATE, id="seconds for milliseconds"),
        pytest.param(str(DAY_RESET + 11 * 86_400_000), DATE, id="in eleven days"),
        pytest.param("253402300800000", "", id="in the year 10000, no date"),
    ],
)
def test_a_reset_outside_reason_is_ignored(reset, date):
    assert limits({"X-RateLimit-Reset": reset}, date=date).day.reset is None


def test_a_reset_that_has_passed_means_no_wait():
    assert limits({"X-RateLimit-Reset": str(DAY_RESET - 86_400_000)}).seconds_until_reset("day") == 0


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 99 Dec 2021 12:15:30 GMT"])
def test_without_a_date_of_exacts_no_wait_is_guessed(date):
    told = limits(DAY, date=date)
    assert told.date is None
    assert told.day.reset is not None
    assert told.seconds_until_reset("day") is None


@pytest.mark.parametrize("date", ["Thu, 02 Dec 2021 13:15:30 +0100", "Thu, 02 Dec 2021 12:15:30 -0000"])
def test_the_date_is_read_in_any_zone(date):
    assert limits(date=date).date == datetime(2021, 12, 2, 12, 15, 30, tzinfo=UTC)


def test_what_is_missing_is_unchanged():
    older, newer = limits(DAY, MINUTE), limits({"X-RateLimit-Minutely-Remaining": "0"}, date="")
    merged = newer.over(older)
    assert merged.day == older.day
    assert merged.minute == Window(None, 0, None)
    assert merged.date == older.date
    assert newer.over(None) == newer
