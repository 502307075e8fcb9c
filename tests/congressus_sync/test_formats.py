"""How a time is written: by the 24-hour clock, in English too, so that no full stop of "p.m." ends a sentence twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils.formats import date_format, number_format

from integrations import waiting

AFTERNOON = datetime(2026, 11, 22, 14, 19, tzinfo=UTC)  # 15:19 in Amsterdam


@pytest.mark.parametrize(
    ("later", "said"),
    [(timedelta(), "15:19"), (timedelta(hours=12), "23 Nov 2026 03:19"), (timedelta(hours=9), "23 Nov 2026 00:19")],
)
def test_the_clock_in_a_sentence(later: timedelta, said: str) -> None:
    assert waiting.clock(AFTERNOON + later, AFTERNOON) == said


def test_the_exact_time_behind_how_long_ago() -> None:
    shown = Template("{% load times %}{% ago moment %}").render(Context({"moment": AFTERNOON}))

    assert 'title="22 November 2026 15:19"' in shown


def test_a_date_is_written_as_it_is_said_and_a_number_stays_english() -> None:
    assert date_format(AFTERNOON, "DATE_FORMAT") == "22 November 2026"
    assert date_format(AFTERNOON, "SHORT_DATE_FORMAT") == "22 Nov 2026"
    assert number_format(1234.5, use_l10n=True, force_grouping=True) == "1,234.5"
