"""What can be made to go wrong, the gate, and the log that tells what really happened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from integrations.exact_online.simulator import Simulator

from .simulated import DIVISION, OTHER, Bench

ALL = {"filter": "Blocked eq false", "select": "Name"}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


def held(bench: Bench, division: int = DIVISION) -> list[str]:
    return [row["Name"] for row in bench.sim.accounts(division)]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 599])
def test_a_status_without_execution(bench: Bench, status: int) -> None:
    bench.sim.add_fault("status", method="POST", status=status)
    refused = bench.post(Name="Jan")
    assert (refused.status_code, refused.content) == (status, b"")
    assert refused.headers["X-RateLimit-Minutely-Remaining"] == "59", "a failed call counts"
    assert held(bench) == []
    assert bench.post(Name="Jan").status_code == 201, "a fault strikes once unless told otherwise"


def test_a_status_can_carry_a_body_and_headers(bench: Bench) -> None:
    bench.sim.add_fault("status", status=403, body='{"a":1}', content_type="application/json", headers={"Reason": "BlockedUser"})
    refused = bench.get(**ALL)
    assert (refused.json(), refused.headers["Reason"]) == ({"a": 1}, "BlockedUser")


def test_html_redirect_and_too_much(bench: Bench) -> None:
    bench.sim.add_fault("html", status=503)
    bench.sim.add_fault("redirect")
    bench.sim.add_fault("oversized", size=3_000_000)
    page = bench.get(**ALL)
    assert (page.status_code, page.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    login = bench.get(**ALL)
    assert (login.status_code, login.headers["Location"]) == (302, "/docs/Login.aspx")
    assert "Object moved" in login.text
    assert len(bench.get(**ALL).content) > 3_000_000


def test_dropped_before_and_after_execution(bench: Bench) -> None:
    bench.sim.add_fault("drop", method="POST")
    with pytest.raises(requests.ConnectionError):
        bench.post(Name="Never arrived")
    assert held(bench) == []
    bench.sim.add_fault("lost", method="POST")
    with pytest.raises(requests.ConnectionError):
        bench.post(Name="Arrived")
    assert held(bench) == ["Arrived"]
    never, arrived = bench.sim.calls("POST")
    assert (never.status, never.delivered, never.fault) == (0, False, "drop")
    assert (arrived.status, arrived.delivered, arrived.fault) == (201, False, "lost")


def test_an_answer_that_comes_in_pieces(bench: Bench) -> None:
    bench.sim.add_fault("truncated", method="POST")
    half = bench.post(Name="Half")
    assert half.status_code == 201
    with pytest.raises(requests.JSONDecodeError):
        half.json()
    bench.sim.add_fault("cut", method="POST")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        bench.post(Name="Cut")
    bench.sim.add_fault("drip", method="GET", seconds=0.001)
    start = time.monotonic()
    dripping = bench.get(**ALL)
    assert len(dripping.json()["d"]["results"]) == 2
    assert time.monotonic() - start >= 0.001 * len(dripping.content)


def test_slow_answers(bench: Bench) -> None:
    bench.sim.add_fault("slow", seconds=0.2)
    with pytest.raises(requests.Timeout):
        bench.session.get(f"{bench.sim.base_url}/api/v1/{DIVISION}/crm/Accounts?$top=1", timeout=0.05)
    bench.sim.dials.latency_ms = 50
    start = time.monotonic()
    bench.get(**ALL)
    assert time.monotonic() - start >= 0.05


def test_written_into_another_division(bench: Bench) -> None:
    bench.sim.add_fault("wrong_division", method="POST", target=OTHER)
    assert bench.post(Name="Jan").json()["d"]["Division"] == OTHER
    assert (held(bench), held(bench, OTHER)) == ([], ["Jan"])


def test_the_third_and_the_fourth_call_of_one_kind(bench: Bench) -> None:
    bench.sim.add_fault("status", method="POST", endpoint="crm/Accounts", division=DIVISION, nth=3, count=2, status=503)
    bench.get(**ALL), bench.post(division=OTHER, Name="x")
    assert [bench.post(Name="x").status_code for _ in range(5)] == [201, 201, 503, 503, 201]
    bench.sim.add_fault("status", count=0, status=502)
    assert {bench.get(**ALL).status_code for _ in range(4)} == {502}
    bench.sim.clear_faults()
    assert bench.get(**ALL).status_code == 200


def test_a_fault_nobody_knows(bench: Bench) -> None:
    with pytest.raises(ValueError, match="no such fault: fire"):
        bench.sim.add_fault("fire")  # type: ignore[arg-type]


@pytest.mark.parametrize("after", [False, True])
def test_a_gate_holds_a_call_while_the_test_acts(bench: Bench, after: bool) -> None:
    row = bench.sim.add_account(DIVISION, Code="1", Name="Jan")
    gate = bench.sim.gate(method="PUT", after=after)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(bench.put, row["ID"], City="Utrecht")
        assert gate.wait()
        assert bench.sim.account(DIVISION, "1")["City"] == ("Utrecht" if after else None)
        assert bench.sim.calls("PUT")[0].status is None
        gate.release()
        assert answer.result(timeout=5).status_code == 204
    assert bench.sim.account(DIVISION, "1")["City"] == "Utrecht"
    assert bench.sim.gate(method="DELETE").wait(timeout=0.01) is False


def test_stopping_opens_the_gates_and_hangs_up(bench: Bench) -> None:
    gate = bench.sim.gate()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(bench.get, **ALL)
        assert gate.wait()
        address = bench.sim.base_url
        bench.sim.stop()
        with pytest.raises(requests.ConnectionError):
            answer.result(timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.get(address, timeout=1)
    bench.sim.start()
    assert bench.sim.base_url == address
    assert bench.get(**ALL).status_code == 200, "the world and its tokens are still there"


def test_the_log_tells_what_was_asked_and_by_whom(bench: Bench) -> None:
    bench.post(Name="Jan", Code="1")
    guid = bench.sim.account(DIVISION, "1")["ID"]
    bench.put(guid, City="Delft")
    bench.get(**ALL)
    bench.get(division=OTHER, **ALL)
    post, put, get = bench.sim.calls(division=DIVISION)
    assert (post.endpoint, post.status, post.body) == ("crm/Accounts", 201, {"Name": "Jan", "Code": "1"})
    assert (put.guid, put.body, put.status) == (f"guid'{guid}'", {"City": "Delft"}, 204)
    assert get.query == {"$filter": "Blocked eq false", "$select": "Name"}
    assert (get.client, get.user) == (bench.app.client_id, "treasurer")
    assert [call.n for call in bench.sim.calls(endpoint="crm/Accounts")] == [1, 2, 3, 4]
    bench.sim.clear_log()
    assert bench.sim.calls() == []


def test_the_log_sees_two_in_flight_of_one_division_only(bench: Bench) -> None:
    for _ in range(20):
        bench.get(**ALL)
    assert not any(call.overlapped for call in bench.sim.calls())
    bench.sim.clear_log()
    gate = bench.sim.gate(division=DIVISION)
    with ThreadPoolExecutor() as pool:
        held_call = pool.submit(bench.get, **ALL)
        assert gate.wait()
        headers = dict(bench.session.headers)
        for division in (OTHER, DIVISION):
            url = f"{bench.sim.base_url}/api/v1/{division}/crm/Accounts?$top=1"
            requests.get(url, headers=headers, timeout=5)  # type: ignore[arg-type]
        gate.release()
        held_call.result(timeout=5)
    assert [(call.division, call.overlapped) for call in bench.sim.calls()] == [
        (DIVISION, True), (OTHER, False), (DIVISION, True)
    ]  # fmt: skip


def test_dials_refuse_what_they_do_not_know(bench: Bench) -> None:
    for wrong in (
        {"minutes": 1}, {"minute_limit": "60"}, {"minute_limit": 1.5}, {"refresh_grace": 1}, {"over_length": "shrug"},
        {"clock_offset": True}, {"unknown_guid_status": 418},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="dial"):
            bench.sim.turn(minute_seconds=5, **wrong)
    assert bench.sim.dials.minute_seconds == 60, "one wrong dial turns none"


def test_a_defect_of_the_simulator_does_not_look_like_exact(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.sim.world.ledgers.pop(DIVISION)
    broken = bench.get(**ALL)
    assert (broken.status_code, broken.headers["Content-Type"]) == (500, "text/html; charset=utf-8")
    assert "The simulator failed" in broken.text
    assert "KeyError" in capsys.readouterr().err


def test_seeded_simulators_are_alike() -> None:
    def tokens() -> dict[str, str]:
        sim = Simulator(random_seed=7)
        sim.add_user("treasurer")
        return sim.consent("treasurer", sim.add_app())

    assert tokens() == tokens()
    assert Simulator().add_app().client_id != Simulator().add_app().client_id
