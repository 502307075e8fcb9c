"""Webhooks of the simulated Congressus: registering, what is called after which change, and what happens when nobody answers."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.congressus.simulator import Simulator
from integrations.congressus.simulator import calling as calling_room

from .simulated import Bench, Ear, listening


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        sim.turn(webhook_retry_seconds=0.001)
        yield Bench(sim)


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as ear:
        yield ear


def register(bench: Bench, url: str, **settings: Any) -> dict[str, Any]:
    answer = bench.call("POST", "webhooks", json={"url": url, "signal": "member", **settings})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def told(bench: Bench, ear: Ear) -> list[tuple[str, int]]:
    assert bench.sim.webhooks_idle()
    return ear.signals()


def test_registering_calls_the_address_once_with_what_the_calls_will_carry(bench: Bench, ear: Ear) -> None:
    made = register(
        bench, ear.url, headers={"X-Secret": "s4"}, http_basic_auth_enabled=True, technical_contact_email="ict@example.org"
    )
    (heard,) = ear.heard
    assert (heard.path, heard.body, heard.headers["X-Secret"]) == ("/hook?secret=s3", {}, "s4")
    pair = base64.b64decode(heard.headers["Authorization"].removeprefix("Basic ")).decode()
    assert pair == f"congressus:{made['http_basic_auth_key']}"
    assert len(made["http_basic_auth_key"]) > 20
    assert bench.rows("webhooks") == [made]
    assert bench.get(f"webhooks/{made['id']}").json() == made
    assert bench.sim.calls("POST", "webhooks")[0].body is None, "the log holds no secret"


@pytest.mark.parametrize("status", [201, 204, 302, 401, 404, 500])
def test_an_address_that_does_not_answer_200_is_not_registered(bench: Bench, ear: Ear, status: int) -> None:
    ear.answers = [status]
    refused = bench.call("POST", "webhooks", json={"url": ear.url, "signal": "member"})
    assert (refused.status_code, list(refused.json()["errors"]["json"])) == (400, ["url"])
    assert bench.sim.webhooks() == []
    assert len(ear.heard) == 1


def test_nobody_is_called_outside_the_machine(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(*arguments: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(calling_room, "_answered", connect)
    for url in ("http://sync.example.org/hook", "http://10.0.0.1/", "http://localhost.example.org/", "https://[2001:db8::1]/"):
        assert bench.call("POST", "webhooks", json={"url": url, "signal": "member"}).status_code == 400
    webhook = bench.sim.add_webhook("http://sync.example.org/hook")
    bench.sim.add_member()
    assert bench.sim.webhooks_idle()
    (call,) = bench.sim.webhook_calls(webhook["id"])
    assert (call["status"], [response["status_code"] for response in call["responses"]]) == ("failed", [None])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "hook"}, "url"), ({"url": "ftp://127.0.0.1/"}, "url"), ({"url": 5}, "url"), ({"url": "http://[x/"}, "url"),
        ({"url": "http://127.0.0.1/\r\nX: y"}, "url"), ({"signal": "members"}, "signal"), ({"signal": None}, "signal"),
        ({"headers": ["x"]}, "headers"), ({"headers": {"X": "a\r\nY: b"}}, "headers"), ({"headers": {"X y": "a"}}, "headers"),
        ({"headers": {"X": 5}}, "headers"), ({"technical_contact_email": "nobody"}, "technical_contact_email"),
        ({"http_basic_auth_enabled": "yes"}, "http_basic_auth_enabled"), ({"http_basic_auth_key": "mine"}, "http_basic_auth_key"),
    ],
)  # fmt: skip
def test_a_webhook_that_does_not_fit_is_refused_without_a_call(bench: Bench, ear: Ear, body: dict[str, Any], field: str) -> None:
    refused = bench.call("POST", "webhooks", json={"url": ear.url, "signal": "member"} | body)
    assert (refused.status_code, list(refused.json()["errors"]["json"])) == (422, [field])
    assert ear.heard == []


def test_every_change_is_told_and_each_with_its_signal(bench: Bench, ear: Ear) -> None:
    register(bench, ear.url)
    id = bench.sim.add_member()["id"]
    bench.sim.change_member(id, email="new@leden.example")
    bench.sim.move_member(id, bench.oud)
    bench.sim.delete_member(id)
    bench.sim.restore_member(id)
    bench.sim.erase_member(id)
    signals = ["added", "updated", "updated", "deleted", "updated", "deleted"]
    assert told(bench, ear) == [(f"member_{signal}", id) for signal in signals]
    bodies = [heard.body for heard in ear.heard[1:]]
    assert bodies[1].keys() == {"webhook_id", "webhook_event", "webhook_event_trigger", "created", "data"}
    assert bodies[1]["webhook_event"] == "member"
    assert bodies[1]["data"]["member"]["email"] == "new@leden.example"
    assert bodies[1]["data"]["member"]["memo"], "the whole member"
    assert bodies[3]["data"]["member"]["deleted"] is True
    assert bodies[5]["data"]["member"] == {"id": id}


def test_a_webhook_hears_its_own_signal_only(bench: Bench, ear: Ear) -> None:
    register(bench, ear.url, signal="member_deleted")
    register(bench, ear.url, signal="event")
    id = bench.sim.add_member()["id"]
    bench.sim.delete_member(id)
    assert told(bench, ear) == [("member_deleted", id)]


def test_changes_over_the_api_are_told_and_the_data_may_be_a_list(bench: Bench, ear: Ear) -> None:
    register(bench, ear.url)
    bench.sim.turn(webhook_data="list")
    bench.use(bench.sim.add_key(write=True))
    id = bench.call("POST", "members", json={"primary_last_name_main": "Bos", "status_id": bench.lid}).json()["id"]
    assert bench.sim.webhooks_idle()
    assert [member["id"] for member in ear.heard[1].body["data"]] == [id]


def test_a_dated_status_that_fires_is_told_on_the_day(bench: Bench, ear: Ear) -> None:
    register(bench, ear.url)
    id = bench.sim.add_member()["id"]
    bench.sim.move_member(id, bench.oud, "2090-01-01")
    assert len(told(bench, ear)) == 2
    bench.sim.turn(clock_offset=70 * 366 * 86400.0)
    assert len(told(bench, ear)) == 2, "by default nobody is told"
    bench.sim.turn(clock_offset=0.0)
    bench.sim.turn(dated_status_fires=True, clock_offset=70 * 366 * 86400.0)
    assert told(bench, ear)[2:] == [("member_updated", id)]


def test_another_answer_than_200_is_followed_by_retries(bench: Bench, ear: Ear) -> None:
    webhook = register(bench, ear.url)
    ear.answers = [500, 404, 301, 200]
    id = bench.sim.add_member()["id"]
    assert told(bench, ear) == [("member_added", id)] * 4
    (call, registered) = bench.rows(f"webhooks/{webhook['id']}/calls")
    assert (call["status"], call["object_id"], call["object_type"], call["triggered_signal"]) == (
        "success",
        id,
        "member",
        "member_added",
    )
    assert [response["status_code"] for response in call["responses"]] == [500, 404, 301, 200]
    assert call["webhook"] == webhook
    assert str(id) in call["responses"][0]["payload"]
    assert (registered["object_id"], registered["status"]) == (None, "success")
    assert [row["id"] for row in bench.rows(f"webhooks/{webhook['id']}/calls", status_code=404)] == [call["id"]]
    assert bench.rows(f"webhooks/{webhook['id']}/calls", status_code=503) == []


def test_after_ten_retries_it_is_given_up(bench: Bench, ear: Ear) -> None:
    webhook = register(bench, ear.url)
    ear.answers = [503]
    bench.sim.turn(webhook_retry_seconds=0.0)
    bench.sim.add_member()
    assert len(told(bench, ear)) == 11
    assert bench.sim.webhook_calls(webhook["id"])[0]["status"] == "failed"


def test_the_gaps_grow_and_others_go_before_a_retry(bench: Bench, ear: Ear) -> None:
    register(bench, ear.url)
    bench.sim.turn(webhook_retry_seconds=0.05)
    ear.answers = [500, 200]
    one = bench.sim.add_member()["id"]
    start = time.monotonic()
    two = bench.sim.add_member()["id"]
    assert [id for _, id in told(bench, ear)] == [one, two, one]
    assert time.monotonic() - start >= 0.03


def test_nobody_is_there(bench: Bench, ear: Ear) -> None:
    webhook = bench.sim.add_webhook("http://127.0.0.1:9/hook")
    bench.sim.turn(webhook_retry_seconds=0.0)
    bench.sim.add_member()
    assert bench.sim.webhooks_idle()
    assert {response["status_code"] for response in bench.sim.webhook_calls(webhook["id"])[0]["responses"]} == {None}


def test_held_calls_wait_and_say_what_was_true_then(bench: Bench, ear: Ear) -> None:
    register(bench, ear.url)
    bench.sim.hold_webhooks()
    id = bench.sim.add_member(email="first@leden.example")["id"]
    bench.sim.change_member(id, email="second@leden.example")
    assert bench.sim.webhooks_idle(timeout=0.05) is False
    assert ear.signals() == []
    bench.sim.release_webhooks()
    assert len(told(bench, ear)) == 2
    emails = [heard.body["data"]["member"]["email"] for heard in ear.heard[1:]]
    assert emails == ["first@leden.example", "second@leden.example"]


def test_a_webhook_is_changed_and_removed(bench: Bench, ear: Ear) -> None:
    webhook = register(bench, ear.url)
    path = f"webhooks/{webhook['id']}"
    changed = bench.call("PUT", path, json={"signal": "member_added"})
    assert (changed.status_code, changed.json()) == (202, webhook | {"signal": "member_added"})
    assert len(ear.heard) == 2, "a changed one is called again"
    ear.answers = [500]
    assert bench.call("PUT", path, json={"signal": "member"}).status_code == 400
    assert bench.get(path).json()["signal"] == "member_added"
    bench.sim.turn(webhook_retry_seconds=60)
    bench.sim.add_member()
    assert bench.sim.webhooks_idle(timeout=0.05) is False
    assert bench.call("DELETE", path).status_code == 204
    assert bench.sim.webhooks_idle(), "what waited is dropped"
    for answer in (bench.get(path), bench.get(f"{path}/calls"), bench.call("DELETE", path), bench.call("PUT", path, json={})):
        assert answer.status_code == 404


def test_while_it_is_stopped_nothing_is_called(bench: Bench, ear: Ear) -> None:
    register(bench, ear.url)
    bench.sim.stop()
    bench.sim.add_member()
    assert bench.sim.webhooks_idle(timeout=0.05) is False
    bench.sim.start()
    assert len(told(bench, ear)) == 1
