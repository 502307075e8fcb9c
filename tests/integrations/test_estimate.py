"""How long so many calls take, in words that do not promise too much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from integrations import estimate
from integrations.models import ExactOnlineConnection

NOW = datetime(2026, 11, 22, 14, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def told(calls: int, **limits: object) -> str:
    return estimate.duration(calls, ExactOnlineConnection(**limits), NOW)


def today(left: int, limit: int = 5000) -> dict[str, object]:
    return {"day_limit": limit, "day_left": left, "day_resets_at": MIDNIGHT}


@pytest.mark.parametrize(
    ("calls", "words"),
    [
        (0, "less than a minute"),
        (55, "less than a minute"),
        (60, "about 1 minute"),
        (660, "about 12 minutes"),
        (4500, "about 82 minutes"),
        (4501, "about 1.0 days"),
        (10_000, "about 2.2 days"),
    ],
)
def test_until_exact_tells_its_usual_limits_are_taken(calls: int, words: str) -> None:
    assert told(calls) == words


def test_what_exact_told_counts_and_a_part_of_it_is_kept_for_people() -> None:
    assert told(600, minute_limit=305) == "about 2 minutes"
    assert told(6000, minute_limit=60, **today(10_000, limit=10_000)) == "about 2 hours"


def test_what_is_left_today_counts_first() -> None:
    assert told(500, **today(1000)) == "about 9 minutes"
    # Of these five hundred are kept for people: the rest has to wait for the day that begins in ten hours.
    assert told(501, **today(1000)) == "about 10 hours"
    assert told(4500, **today(500)) == "about 1.4 days"


def test_a_window_that_has_ended_is_whole_again() -> None:
    yesterday = {"day_limit": 5000, "day_left": 0, "day_resets_at": NOW - timedelta(hours=1)}
    assert told(600, **yesterday) == "about 11 minutes"


def test_more_than_today_allows_is_the_same_whatever_the_hour() -> None:
    spans = {estimate.duration(10_000, ExactOnlineConnection(), NOW + timedelta(hours=hour)) for hour in range(24)}
    assert spans == {"about 2.2 days"}


def test_a_limit_our_share_would_swallow_whole_still_ends() -> None:
    assert told(3, minute_limit=1, day_limit=1) == "about 3.0 days"


def test_the_sum_behind_it_is_told() -> None:
    connection = ExactOnlineConnection()
    assert estimate.arithmetic(10_000, connection, NOW) == "10,000 calls at 4,500 a day"
    assert estimate.arithmetic(1, connection, NOW) == "1 call at 55 a minute"


def test_numbers_are_written_as_the_reader_writes_them() -> None:
    with translation.override("nl"):
        assert "2,2" in told(10_000)
