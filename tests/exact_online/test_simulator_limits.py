"""The simulated limits: two windows per key and division, and the block for making errors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.exact_online.simulator import Simulator

from .simulated import DIVISION, OTHER, Bench, eventually

ALL = {"filter": "Blocked eq false", "select": "ID"}
DAY = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
MINUTE = {"X-RateLimit-Minutely-Limit", "X-RateLimit-Minutely-Remaining", "X-RateLimit-Minutely-Reset"}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        # A minute and a day that do not end while a test looks at them.
        sim.dials.turn(minute_seconds=1e6, day_seconds=1e7)
        yield Bench(sim)


def limit_headers(response: object) -> set[str]:
    return {name for name in response.headers if name.startswith("X-RateLimit")}  # type: ignore[attr-defined]


def test_every_answer_of_a_division_tells_both_windows(bench: Bench) -> None:
    first, second = bench.get(**ALL), bench.get(**ALL)
    assert limit_headers(first) == DAY | MINUTE
    assert first.headers["X-RateLimit-Limit"] == "5000"
    assert second.headers["X-RateLimit-Remaining"] == "4998"
    assert second.headers["X-RateLimit-Minutely-Remaining"] == "58"


def test_windows_end_on_the_clock_in_milliseconds(bench: Bench) -> None:
    bench.sim.dials.turn(minute_seconds=60, day_seconds=86400)
    answer = bench.get(**ALL)
    now = bench.sim.clock.milliseconds()
    minute, day = int(answer.headers["X-RateLimit-Minutely-Reset"]), int(answer.headers["X-RateLimit-Reset"])
    assert minute % 60_000 == 0
    assert day % 86_400_000 == 0
    assert -1000 < minute - now <= 60_000
    assert -1000 < day - now <= 86_400_000


def test_the_minute_is_refused_with_its_own_headers_and_no_body(bench: Bench) -> None:
    bench.sim.dials.minute_limit = 2
    bench.get(**ALL), bench.get(**ALL)
    over = bench.get(**ALL)
    assert (over.status_code, over.content) == (429, b"")
    assert limit_headers(over) == MINUTE
    assert over.headers["X-RateLimit-Minutely-Remaining"] == "0"
    assert bench.get(division=OTHER, **ALL).status_code == 200, "another division has its own budget"


def test_the_day_is_refused_with_its_own_headers(bench: Bench) -> None:
    bench.sim.use_up(bench.app, DIVISION, day=4999)
    assert bench.get(**ALL).headers["X-RateLimit-Remaining"] == "0"
    over = bench.get(**ALL)
    assert (over.status_code, limit_headers(over)) == (429, DAY)


def test_the_next_window_is_full_again(bench: Bench) -> None:
    bench.sim.dials.turn(minute_limit=1, minute_seconds=0.3)
    assert eventually(lambda: bench.get(**ALL).status_code == 429)
    assert eventually(lambda: bench.get(**ALL).status_code == 200)


def test_the_budget_belongs_to_the_key_not_to_the_user(bench: Bench) -> None:
    bench.sim.dials.minute_limit = 1
    assert bench.get(**ALL).status_code == 200
    bench.sim.add_user("second")
    bench.login("second")
    assert bench.get(**ALL).status_code == 429
    bench.app = bench.sim.add_app("Other")
    bench.login()
    assert bench.get(**ALL).status_code == 200


def test_refused_and_failed_calls_count_and_me_does_not(bench: Bench) -> None:
    bench.get(select="ID")  # 400, no filter
    bench.post()  # 500, no name
    me = bench.call("GET", "current/Me")
    assert limit_headers(me) == set()
    assert bench.get(**ALL).headers["X-RateLimit-Minutely-Remaining"] == "57"


def test_eleven_errors_close_an_endpoint_for_an_hour(bench: Bench) -> None:
    statuses = [bench.get(select="ID").status_code for _ in range(12)]
    assert statuses == [400] * 11 + [429]
    blocked = bench.get(**ALL)
    assert (blocked.status_code, blocked.content, limit_headers(blocked)) == (429, b"", set())
    assert bench.get(division=OTHER, **ALL).status_code == 200
    assert bench.call("GET", f"{DIVISION}/system/Divisions", params={"$select": "Code"}).status_code == 200
    bench.sim.dials.clock_offset = 3500
    bench.login()
    assert bench.get(**ALL).status_code == 429
    bench.sim.dials.clock_offset = 3601
    bench.login()
    assert bench.get(**ALL).status_code == 200


def test_the_block_grows_when_the_errors_go_on(bench: Bench) -> None:
    bench.sim.dials.turn(error_limit=1, minute_limit=1000)
    bench.get(select="ID"), bench.get(select="ID")
    bench.sim.dials.clock_offset = 3601
    bench.login()
    assert [bench.get(select="ID").status_code for _ in range(3)] == [400, 400, 429]
    bench.sim.dials.clock_offset = 3601 + 3700
    bench.login()
    assert bench.get(**ALL).status_code == 429
    bench.sim.dials.clock_offset = 3601 + 7300
    bench.login()
    assert bench.get(**ALL).status_code == 200


def test_validation_errors_do_not_count_but_missing_rights_and_expired_tokens_do(bench: Bench) -> None:
    bench.sim.dials.turn(error_limit=2, error_seconds=1e7)
    assert {bench.post().status_code for _ in range(6)} == {500}
    guid = "11111111-1111-4111-8111-111111111111"
    bench.get(f"(guid'{guid}')", select="ID")  # 404
    bench.sim.change_user("treasurer", divisions=[OTHER])
    bench.get(**ALL)  # 403
    bench.sim.dials.clock_offset = 601
    assert bench.get(**ALL).status_code == 401
    assert bench.get(**ALL).status_code == 429


def test_fresh_limits_forget_it_all(bench: Bench) -> None:
    bench.sim.dials.turn(error_limit=0, minute_limit=1)
    bench.get(select="ID")
    assert bench.get(**ALL).status_code == 429
    bench.sim.fresh_limits()
    assert bench.get(**ALL).status_code == 200


def test_the_date_header_follows_the_simulators_clock_and_its_skew(bench: Bench) -> None:
    from datetime import UTC, datetime, timedelta
    from email.utils import parsedate_to_datetime

    bench.sim.dials.turn(clock_offset=86400.0, date_skew=-245.0)
    bench.login()
    ahead = parsedate_to_datetime(bench.get(**ALL).headers["Date"]) - datetime.now(UTC)
    assert abs(ahead - timedelta(seconds=86400 - 245)) < timedelta(seconds=5)
