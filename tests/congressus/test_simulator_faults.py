"""What can be made to go wrong at the simulated Congressus, and what of it is common to all simulators."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from integrations.congressus.simulator import Gate, Simulator

from .simulated import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        bench = Bench(sim)
        sim.add_members([{} for _ in range(5)])
        yield bench


def test_a_list_that_leaves_somebody_out_and_does_not_say_so(bench: Bench) -> None:
    bench.sim.add_fault("short", endpoint="members", left_out=2)
    short = bench.get().json()
    assert (short["total"], len(short["data"]), short["has_next"]) == (5, 3, False)
    assert len(bench.rows()) == 5, "a fault strikes once unless told otherwise"


def test_a_list_that_says_there_is_nothing(bench: Bench) -> None:
    bench.sim.add_fault("empty", count=0)
    nothing = bench.get(page=1).json()
    assert nothing == {"total": 0, "has_prev": False, "prev_num": None, "has_next": False, "next_num": None, "data": []}
    id = bench.sim.members()[0]["id"]
    assert bench.get(f"members/{id}").json()["id"] == id, "one member is no list"


def test_fields_that_are_missing(bench: Bench) -> None:
    id = bench.sim.members()[0]["id"]
    bench.sim.add_fault("missing", names=["email", "address.country.country_code", "bank_account.nothing.there"], count=2)
    for row in (*bench.rows(), bench.get(f"members/{id}").json()):
        assert "email" not in row
        assert "country_code" not in row["address"]["country"]
        assert row["address"]["country"]["name"] == "Netherlands"
    assert bench.rows()[0]["address"]["country"]["country_code"] == "NL", "only the answer lacked it"


def test_what_goes_wrong_anywhere_goes_wrong_here(bench: Bench) -> None:
    bench.sim.add_fault("status", status=503, headers={"Retry-After": "7"})
    bench.sim.add_fault("html", status=200)
    bench.sim.add_fault("redirect")
    bench.sim.add_fault("truncated")
    bench.sim.add_fault("drop")
    bench.sim.add_fault("cut")
    busy = bench.get()
    assert (busy.status_code, busy.headers["Retry-After"], busy.headers["X-RateLimit-Remaining"]) == (503, "7", "59")
    assert bench.get().headers["Content-Type"].startswith("text/html")
    assert bench.get().headers["Location"] == "/login"
    with pytest.raises(requests.JSONDecodeError):
        bench.get().json()
    with pytest.raises(requests.ConnectionError):
        bench.get()
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        bench.get()
    assert [call.fault for call in bench.sim.calls()] == ["status", "html", "redirect", "truncated", "drop", "cut"]
    assert bench.get().status_code == 200


def test_a_fault_waits_for_its_page_and_its_member(bench: Bench) -> None:
    one, two = (row["id"] for row in bench.sim.members()[:2])
    bench.sim.add_fault("status", status=502, endpoint="members", query={"page": "2"})
    bench.sim.add_fault("status", status=500, object_id=two)
    assert [bench.get(page=page, page_size=2).status_code for page in (1, 2, 2)] == [200, 502, 200]
    assert [bench.get(f"members/{id}").status_code for id in (one, two, two)] == [200, 500, 200]
    with pytest.raises(ValueError, match="no such fault: wrong_division"):
        bench.sim.add_fault("wrong_division")


def test_a_gate_holds_a_page_while_the_secretary_works(bench: Bench) -> None:
    gate = bench.sim.add_fault("gate", query={"page": "2"})
    assert isinstance(gate, Gate)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(bench.ids, page=2, page_size=2)
        assert gate.wait()
        bench.sim.delete_member(bench.sim.members()[0]["id"])
        gate.release()
        assert answer.result(timeout=5) == [row["id"] for row in bench.sim.members()[2:]]


def test_slow_answers(bench: Bench) -> None:
    bench.sim.turn(latency_ms=60)
    start = time.monotonic()
    bench.get()
    assert time.monotonic() - start >= 0.06


def test_dials_refuse_what_they_do_not_know(bench: Bench) -> None:
    for wrong in (
        {"minutes": 1},
        {"minute_limit": "60"},
        {"deleted_member": "shrug"},
        {"dated_status_fires": 1},
        {"CHOICES": {}},
    ):
        with pytest.raises(ValueError, match="dial"):
            bench.sim.turn(hour_limit=5, **wrong)
    assert bench.sim.dials.hour_limit == 1000, "one wrong dial turns none"


def test_stopped_and_started_again_it_is_at_the_same_address(bench: Bench) -> None:
    address = bench.sim.base_url
    bench.sim.stop()
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=1)
    bench.sim.start()
    assert bench.sim.base_url == address
    assert len(bench.rows()) == 5
