"""The simulated limits: a minute and an hour per key, told in one set of headers."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from integrations.congressus.simulator import Simulator

from .simulated import Bench

TOLD = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        # A minute and an hour that do not end while a test looks at them.
        sim.dials.turn(minute_seconds=1e6, hour_seconds=1e7)
        yield Bench(sim)


def told(answer: requests.Response) -> tuple[str, str]:
    assert {name for name in answer.headers if name.startswith("X-RateLimit")} == TOLD
    return answer.headers["X-RateLimit-Limit"], answer.headers["X-RateLimit-Remaining"]


def test_every_answer_tells_what_is_left_also_one_that_fails(bench: Bench) -> None:
    assert told(bench.get()) == ("60", "59")
    assert told(bench.get("members/1")) == ("60", "58")
    assert told(bench.get(foo="x")) == ("60", "57")
    bench.use("unknown")
    assert not TOLD & bench.get().headers.keys()


def test_the_minute_is_refused_with_a_time_to_wait(bench: Bench) -> None:
    bench.sim.turn(minute_limit=2)
    bench.get(), bench.get()
    over = bench.get()
    assert (over.status_code, over.json()["status"]) == (429, "Too Many Requests")
    assert told(over) == ("2", "0")
    left = int(over.headers["X-RateLimit-Reset"]) - time.time()
    assert abs(left - int(over.headers["Retry-After"])) < 3
    assert bench.sim.calls(status=429)[0].endpoint == "members"


def test_the_hour_takes_over_where_it_has_less_left(bench: Bench) -> None:
    bench.sim.use_up(hour=950)
    assert told(bench.get()) == ("1000", "49")
    bench.sim.use_up(minute=55)
    assert told(bench.get()) == ("60", "3")
    bench.sim.fresh_limits()
    bench.sim.use_up(hour=1000)
    over = bench.get()
    assert (over.status_code, told(over)) == (429, ("1000", "0"))
    bench.sim.fresh_limits()
    assert bench.get().status_code == 200


def test_the_next_window_is_full_again_by_the_simulators_clock(bench: Bench) -> None:
    bench.sim.turn(minute_limit=1, minute_seconds=60)
    assert bench.get().status_code == 200
    bench.sim.turn(clock_offset=60)
    assert bench.get().status_code == 200


def test_each_key_has_its_own_limits(bench: Bench) -> None:
    bench.sim.turn(minute_limit=1)
    assert [bench.get().status_code for _ in range(2)] == [200, 429]
    bench.use(bench.sim.add_key())
    assert bench.get().status_code == 200
