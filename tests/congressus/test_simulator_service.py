"""The simulator as something other processes use: control door, state file, file of members, command line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.congressus.simulator import Simulator

from .simulated import Bench, listening

FILE = {
    "association": "Zeilvereniging 't Lij",
    "statuses": [{"id": 31, "name": "Zeiler"}, {"id": 32, "name": "Oud-zeiler", "archived": True}],
    "members": [
        {"id": 7, "username": "Z7", "primary_last_name_main": "Bos", "status": 31, "member_from": "2024-03-01"},
        {"id": 9, "username": "Z9", "primary_last_name_main": "Dam", "status": 32, "address": None},
    ],
}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


def control(base_url: str, verb: str, **arguments: Any) -> Any:
    answer = requests.post(f"{base_url}/_control/{verb}", json=arguments, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def written(folder: Path, content: Any) -> Path:
    path = folder / "members.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_every_verb_works_over_http(bench: Bench) -> None:
    url = bench.sim.base_url
    assert control(url, "key") == bench.sim.key
    control(url, "rename", association="Kern")
    assert control(url, "association") == "Kern"
    status = control(url, "add_status", name="Erelid")
    control(url, "change_status", id=status["id"], hidden=True)
    assert [row["hidden"] for row in control(url, "statuses")] == [False, False, True]
    member = control(url, "add_member", status=status["id"], member_from="2024-01-01", given_name="Anna")
    control(url, "change_member", id=member["id"], email=None)
    assert control(url, "move_member", id=member["id"], status_id=bench.lid)["status"]["status_id"] == bench.lid
    assert requests.get(f"{url}/_control/member?id={member['id']}", timeout=10).json()["result"]["email"] is None
    assert len(control(url, "add_members", members=[{}, {}])) == 2
    assert len(control(url, "members")) == 3
    control(url, "delete_member", id=member["id"])
    control(url, "restore_member", id=member["id"])
    control(url, "erase_member", id=member["id"])
    control(url, "remove_status", id=status["id"])
    key = control(url, "add_key", name="Second", invoices=False)
    control(url, "change_key", key=key, write=True)
    control(url, "turn", minute_limit=7)
    control(url, "use_up", key=key, minute=5)
    headers = {"Authorization": f"Bearer {key}"}
    assert requests.get(f"{url}/v30/members", headers=headers, timeout=10).headers["X-RateLimit-Remaining"] == "1"
    control(url, "fresh_limits")
    control(url, "remove_key", key=key)
    assert control(url, "dials")["minute_limit"] == 7
    with listening() as ear:
        webhook = control(url, "add_webhook", url=ear.url)
        control(url, "hold_webhooks")
        control(url, "add_member")
        control(url, "release_webhooks")
        assert control(url, "webhooks_idle", timeout=5) is True
    assert control(url, "webhook_calls", id=webhook["id"])[0]["status"] == "success"
    assert [row["id"] for row in control(url, "webhooks")] == [webhook["id"]]
    control(url, "remove_webhook", id=webhook["id"])
    control(url, "add_fault", kind="short", left_out=2)
    gate = control(url, "add_fault", kind="gate")["number"]
    assert control(url, "wait_at_gate", number=gate, timeout=0.01) is False
    control(url, "release", number=gate)
    assert [fault["kind"] for fault in control(url, "faults")] == ["short", "gate"]
    control(url, "clear_faults")
    assert control(url, "calls", method="GET", query={})[0]["endpoint"] == "members"
    control(url, "clear_calls")
    assert control(url, "calls") == []
    assert control(url, "base_url") == url


@pytest.mark.parametrize(
    ("verb", "arguments", "status"),
    [
        ("burn", {}, 404),
        ("stop", {}, 404),
        ("member", {"id": 1}, 404),
        ("move_member", {"id": 1, "status_id": 1}, 404),
        ("add_member", {"surname": "x"}, 400),
        ("add_status", {}, 400),
        ("add_key", {"rights": "all"}, 400),
        ("change_key", {"key": "x", "write": True}, 404),
        ("turn", {"minutes": 1}, 400),
    ],
)
def test_a_verb_that_cannot_be_done(bench: Bench, verb: str, arguments: dict[str, Any], status: int) -> None:
    assert requests.post(f"{bench.sim.base_url}/_control/{verb}", json=arguments, timeout=10).status_code == status


def test_looking_is_all_that_get_can_do(bench: Bench) -> None:
    assert requests.get(f"{bench.sim.base_url}/_control/add_member", timeout=10).status_code == 404
    assert bench.sim.members() == []


def test_the_demonstration_is_lively() -> None:
    with Simulator("demo") as sim:
        members = sim.members()
        assert {status["name"] for status in sim.statuses()} >= {"Lid", "Donateur", "Alumnus", "Overleden"}
        assert len(members) == 12
        assert len({member["username"] for member in members}) == 12
        assert {"de Jong-el Amrani", "Müller", "van 't Hof"} <= {member["last_name"] for member in members}
        assert any(member["address"] is None for member in members)
    with pytest.raises(ValueError, match="no such seed"):
        Simulator("elsewhere")


def test_a_file_takes_the_place_of_the_seed(tmp_path: Path) -> None:
    with Simulator("demo", members=written(tmp_path, FILE)) as sim:
        assert sim.association == "Zeilvereniging 't Lij"
        assert [(row["id"], row["name"]) for row in sim.statuses()] == [(31, "Zeiler"), (32, "Oud-zeiler")]
        assert [(row["id"], row["username"], row["status"]["name"]) for row in sim.members()] == [
            (7, "Z7", "Zeiler"), (9, "Z9", "Oud-zeiler")
        ]  # fmt: skip
        assert sim.add_member(status=31)["id"] > 9
    with Simulator("demo", members=written(tmp_path, {"association": "Kern"})) as sim:
        assert (sim.association, len(sim.members())) == ("Kern", 12)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "holds no JSON"),
        ([], "must hold an object"),
        ({"leden": []}, "must hold an object"),
        ({"members": {}}, "must hold an object"),
        ({"members": ["Jan"]}, "must hold lists of objects"),
        ({"members": [{"id": "7"}]}, "must hold lists of objects"),
        ({"statuses": [{"id": 5}]}, "a status without a name"),
        ({"statuses": [{"name": "Lid", "kleur": "rood"}]}, "a status has no kleur"),
        ({"members": [{"surname": "Bos"}]}, "a member has no surname"),
        ({"members": [{"id": 5}, {"id": 5}]}, "member 5 is there already"),
    ],
)
def test_a_file_that_cannot_be_put_in_leaves_nothing_behind(tmp_path: Path, content: Any, says: str) -> None:
    state = tmp_path / "congressus.sqlite"
    with pytest.raises(ValueError, match=re.escape(says)):
        Simulator("demo", state=state, members=written(tmp_path, content))
    with Simulator("demo", state=state, members=written(tmp_path, FILE)) as sim:
        assert len(sim.members()) == 2, "the next start begins at the beginning"


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "congressus.sqlite"
    with Simulator("demo", state=state, api_key="first-key") as sim, listening() as ear:
        sim.turn(minute_limit=7)
        sim.add_key("second-key", write=True)
        sim.add_webhook(ear.url)
        sim.rename("Kern")
        moved = sim.members()[0]["id"]
        sim.move_member(moved, sim.statuses()[2]["id"], "2090-01-01")
        sim.delete_member(sim.members()[1]["id"])
        erased = sim.add_member()["id"]
        sim.erase_member(erased)
        sim.remove_status(sim.statuses()[1]["id"])
        assert sim.webhooks_idle()
        before = (sim.members(), sim.statuses(), sim.webhooks(), sim.key, sim.association, sim.dials)
    with Simulator("demo", state=state, api_key="first-key") as sim:
        assert (sim.members(), sim.statuses(), sim.webhooks(), sim.key, sim.association, sim.dials) == before
        assert list(sim.world.keys) == ["first-key", "second-key"]
        assert sim.add_member()["id"] > erased
        assert sim.change_member(moved, nickname="x")["modified"] > before[0][0]["modified"]
    with Simulator(state=state, api_key="third-key") as sim:
        assert list(sim.world.keys) == ["first-key", "second-key", "third-key"]


def test_a_world_without_keys_is_still_a_world(tmp_path: Path) -> None:
    state = tmp_path / "congressus.sqlite"
    with Simulator("demo", state=state) as sim:
        sim.remove_key(sim.key)
        assert sim.key == ""
    with Simulator("demo", state=state) as sim:
        assert len(sim.members()) == 12


def test_made_up_keys_differ_unless_they_are_to_be_repeatable() -> None:
    assert Simulator().key != Simulator().key
    assert Simulator(random_seed=7).key == Simulator(random_seed=7).key


@contextmanager
def service(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    command = [sys.executable, "-m", "integrations.congressus.simulator", "--port", "0", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        try:
            yield process, re.findall(r"http://[\d.:]+", first)[0], second
        finally:
            process.kill()


def test_as_a_service_that_is_killed_and_started_again(tmp_path: Path) -> None:
    arguments = (
        "--seed", "demo", "--members", str(written(tmp_path, FILE)), "--state", str(tmp_path / "congressus.sqlite"),
        "--api-key", "the-key", "--dial", "minute_limit=7", "--dial", "deleted_member=gone",
    )  # fmt: skip
    headers = {"Authorization": "Bearer the-key"}
    with service(*arguments) as (process, url, told):
        assert "the-key" in told
        control(url, "change_member", id=7, email="bos@leden.example")
        process.kill()
        process.wait(timeout=10)
    with service(*arguments) as (process, url, _):
        answer = requests.get(f"{url}/v30/members/7", headers=headers, timeout=10)
        assert (answer.json()["email"], answer.headers["X-RateLimit-Limit"]) == ("bos@leden.example", "7")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_as_a_service_that_cannot_begin(tmp_path: Path) -> None:
    missing = ("--seed", "demo", "--members", str(tmp_path / "nothing.json"))
    unknown = ("--members", str(written(tmp_path, {"members": [{"status": 5}]})))
    for arguments in (missing, unknown):
        command = [sys.executable, "-m", "integrations.congressus.simulator", "--port", "0", *arguments]
        refused = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=30, check=False)
        assert refused.returncode == 1
        assert refused.stderr.startswith("The simulator has not started: ")
        assert "Traceback" not in refused.stderr
