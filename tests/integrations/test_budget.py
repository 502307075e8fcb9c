"""How many calls we allow ourselves, and when we try again: arithmetic, by tables."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations import backoff, budget
from integrations.budget import Window

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
MINUTE_END = NOW + timedelta(seconds=30)
MIDNIGHT = NOW + timedelta(hours=11, minutes=59, seconds=30)
UNKNOWN = Window(None, None, None)


@pytest.mark.parametrize(
    ("minute", "day", "bulk", "person"),
    [
        (UNKNOWN, UNKNOWN, None, None),
        (Window(60, 6, MINUTE_END), UNKNOWN, None, None),
        (Window(60, 5, MINUTE_END), UNKNOWN, MINUTE_END, None),
        (Window(60, 0, MINUTE_END), UNKNOWN, MINUTE_END, MINUTE_END),
        (Window(60, 0, NOW), UNKNOWN, None, None),  # a new minute has begun
        (UNKNOWN, Window(5000, 501, MIDNIGHT), None, None),
        (UNKNOWN, Window(5000, 500, MIDNIGHT), MIDNIGHT, None),
        (UNKNOWN, Window(5000, 0, MIDNIGHT), MIDNIGHT, MIDNIGHT),
        (Window(60, 0, MINUTE_END), Window(5000, 0, MIDNIGHT), MIDNIGHT, MIDNIGHT),
        (Window(3, 3, MINUTE_END), UNKNOWN, None, None),  # smaller than what is kept: one call goes through
        (Window(60, None, MINUTE_END), UNKNOWN, None, None),  # not told is not zero
        (Window(None, 3, MINUTE_END), UNKNOWN, MINUTE_END, None),
    ],
)
def test_not_before(minute: Window, day: Window, bulk: datetime | None, person: datetime | None) -> None:
    assert budget.not_before(minute, day, NOW, by_person=False) == bulk
    assert budget.not_before(minute, day, NOW, by_person=True) == person


def test_errors_are_counted_for_an_hour_and_eight_rest_the_endpoint() -> None:
    seen: list[float] = []
    for minute in range(7):
        seen = budget.with_error(seen, NOW + timedelta(minutes=minute))
    assert budget.error_rest(seen, NOW + timedelta(minutes=7)) is None
    seen = budget.with_error(seen, NOW + timedelta(minutes=7))
    assert budget.error_rest(seen, NOW + timedelta(minutes=7)) == NOW + timedelta(minutes=67)
    assert budget.error_rest(seen, NOW + timedelta(minutes=61)) is None


def test_pauses_grow_and_end() -> None:
    pauses = [backoff.for_relation(failures, spread=0.0) for failures in range(1, 9)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
    assert backoff.for_relation(1, spread=1.0) == pauses[0] * 1.2
    assert backoff.for_token_service(99) == timedelta(hours=24)
