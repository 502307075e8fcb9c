"""The simulator as something people and other processes use: pages, control door, state file, command line."""

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

from integrations.exact_online.simulator import Simulator

from .simulated import DIVISION, REDIRECT, Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


def control(base_url: str, verb: str, **arguments: Any) -> Any:
    answer = requests.post(f"{base_url}/_control/{verb}", json=arguments, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


def page(bench: Bench, path: str = "/") -> str:
    answer = requests.get(bench.sim.base_url + path, timeout=10)
    assert answer.status_code == 200
    return answer.text


def test_the_overview_shows_what_exact_holds_newest_change_first(bench: Bench) -> None:
    bench.sim.dials.minute_seconds = 1e7
    for number in range(20):
        bench.sim.add_account(DIVISION, Code=str(100 + number), Name=f"Lid {number:02}", City="Delft")
    bench.sim.edit_account(DIVISION, "104", Name="<b>Jan & co</b>")
    bench.get(select="ID", filter="Blocked eq false")
    text = page(bench)
    assert "Simulator — not Exact Online" in text
    assert "20 relations" in text
    assert "&lt;b&gt;Jan &amp; co&lt;/b&gt;" in text
    assert text.index("Jan &amp;") < text.index("Lid 19") < text.index("Lid 18")
    assert "Lid 00" not in text, "the overview is short"
    assert "Lid 00" in page(bench, f"/division/{DIVISION}")
    assert "59 of 60 calls left this minute, 4999 of 5000 today" in text
    assert "class=fresh" in text
    bench.sim.dials.clock_offset = 60
    assert "class=fresh" not in page(bench)


def test_a_long_division_has_pages_and_a_relation_has_a_card(bench: Bench) -> None:
    for number in range(120):
        bench.sim.add_account(DIVISION, Code=str(number + 1), Name=f"Lid {number:03}", Email=f"{number}@leden.example")
    assert "Lid 019" in page(bench, f"/division/{DIVISION}?page=2")
    assert "Lid 119" not in page(bench, f"/division/{DIVISION}?page=2")
    guid = bench.sim.account(DIVISION, "7")["ID"]
    assert "6@leden.example" in page(bench, f"/docs/CRMAccountCard.aspx?AccountID={{{guid}}}&_Division_={DIVISION}")
    for nothing in ("/division/5", "/docs/CRMAccountCard.aspx", "/elsewhere", "/app-center/x"):
        assert requests.get(bench.sim.base_url + nothing, timeout=10).status_code == 404


def test_a_person_registers_an_api_key_and_connects_with_it(bench: Bench) -> None:
    url = f"{bench.sim.base_url}/app-center/register/"
    assert "Registreren" in requests.get(url, timeout=10).text
    good = {"name": "Onze <app>", "redirect_uri": "http://localhost:8000/callback", "terms": "1"}
    for wrong in (
        {"name": ""}, {"terms": ""}, {"redirect_uri": "callback"}, {"redirect_uri": "http://leden.example/x"},
        {"redirect_uri": "https://leden.example/#x"}, {"redirect_uri": "ftp://leden.example/"},
        {"redirect_uri": "http://[x/"},
    ):  # fmt: skip
        refused = requests.post(url, data=good | wrong, timeout=10)
        assert (refused.status_code, 'role="alert"' in refused.text) == (400, True)
    listed = requests.post(url, data=good, timeout=10).text
    app = bench.sim.apps()[-1]
    assert all(word in listed for word in ("Beheer mijn apps", "Onze &lt;app&gt;", app.client_id, app.client_secret))
    assert int(bench.sim.consent("treasurer", app)["expires_in"]) == 600


def test_every_verb_works_over_http(bench: Bench) -> None:
    url = bench.sim.base_url
    control(url, "add_division", code=5, description="Vijf")
    control(url, "change_division", division=5, status=2)
    control(url, "turn", minute_seconds=1e7)
    user = control(url, "add_user", username="second", divisions=[5], language="en")
    assert control(url, "change_user", user="second", email="a@b.example")["user_id"] == user["user_id"]
    app = control(url, "add_app", name="Second", redirect_uri=REDIRECT)
    assert control(url, "change_app", app=app["client_id"], name="Third")["name"] == "Third"
    row = control(url, "add_account", division=5, Code="1", Name="Jan", used=True)
    control(url, "edit_account", division=5, key="1", City="Delft")
    assert control(url, "account", division=5, key=row["ID"])["City"] == "Delft"
    assert requests.get(f"{url}/_control/accounts?division=5", timeout=10).json()["result"][0]["Code"] == "1"
    pair = control(url, "consent", user="second", app=app["client_id"])
    assert "!" in control(url, "authorize", user="second", app=app["client_id"])
    headers = {"Authorization": f"Bearer {pair['access_token']}", "Accept": "application/json"}
    api = f"{url}/api/v1/5/crm/Accounts?$top=1&$filter=Blocked eq false"
    assert requests.get(api, headers=headers, timeout=10).status_code == 200
    assert control(url, "calls", endpoint="crm/Accounts")[0]["status"] == 200

    assert control(url, "turn", minute_limit=1)["minute_limit"] == 1
    assert control(url, "dials")["minute_limit"] == 1
    assert requests.get(api, headers=headers, timeout=10).status_code == 429
    control(url, "fresh_limits")
    control(url, "use_up", app=app["client_id"], division=5, minute=1)
    assert requests.get(api, headers=headers, timeout=10).status_code == 429
    control(url, "turn", minute_limit=60)
    control(url, "add_fault", kind="status", status=599)
    assert control(url, "faults")[0]["status"] == 599
    assert requests.get(api, headers=headers, timeout=10).status_code == 599
    number = control(url, "gate")["number"]
    assert control(url, "wait_at_gate", number=number, timeout=0.01) is False
    control(url, "release", number=number)
    control(url, "clear_faults")
    control(url, "revoke", user="second")
    assert requests.get(api, headers=headers, timeout=10).status_code == 401
    control(url, "delete_account", division=5, key="1")
    assert control(url, "move_division", code=5)["move_date"] > 1_600_000_000_000
    control(url, "clear_log")
    assert control(url, "calls") == []
    control(url, "reset", seed="demo")
    assert [user["username"] for user in control(url, "users")] == ["penningmeester", "borrelcommissie"]
    assert control(url, "apps") == []


@pytest.mark.parametrize(
    ("verb", "arguments", "status"),
    [
        ("burn", {}, 404),
        ("accounts", {"division": 404}, 404),
        ("consent", {"user": "nobody", "app": "none"}, 404),
        ("turn", {"minutes": 1}, 400),
        ("add_user", {}, 400),
        ("change_user", {"user": "treasurer", "shoe_size": 43}, 400),
        ("add_fault", {"kind": "fire"}, 400),
        ("release", {"number": 99}, 400),
        ("reset", {"seed": "weed"}, 400),
        ("reset", [], 400),
    ],
)
def test_what_the_control_door_cannot_do_it_says(bench: Bench, verb: str, arguments: Any, status: int) -> None:
    answer = requests.post(f"{bench.sim.base_url}/_control/{verb}", json=arguments, timeout=10)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert len(bench.sim.users()) == 1


def test_looking_changes_nothing(bench: Bench) -> None:
    assert requests.get(f"{bench.sim.base_url}/_control/reset", timeout=10).status_code == 404
    assert len(bench.sim.users()) == 1


def test_the_demo_world() -> None:
    with Simulator("demo") as sim:
        divisions = {division.code: division for division in sim.divisions()}
        offered = [code for code, division in divisions.items() if division.status == 1 and not division.blocking_status]
        assert offered == [1204501, 1204502, 1204503]
        assert len(divisions) == 5
        assert {user.username: len(user.divisions) for user in sim.users()} == {"penningmeester": 5, "borrelcommissie": 1}
        for code in offered:
            codes = [int(row["Code"]) for row in sim.accounts(code)]
            assert codes
            assert min(codes) > 90000
    with pytest.raises(ValueError, match="no such seed"):
        Simulator("weed")


def test_a_restart_forgets_nothing_that_was_answered(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "exact.sqlite"
    with Simulator(state=state) as sim:
        bench = Bench(sim)
        pair = bench.login()
        guid = bench.post(Name="Jan", Code="5").json()["d"]["ID"]
        used = sim.add_account(DIVISION, Name="Supplier", used=True)
        sim.delete_account(DIVISION, sim.add_account(DIVISION, Name="Gone")["ID"])
        sim.turn(clock_offset=600.0)
        renewed = bench.refresh(pair["refresh_token"]).json()
        version = sim.world.ledgers[DIVISION].version
    with Simulator(state=state, seed="demo") as sim:
        assert sim.dials.clock_offset == 600
        assert [row["Name"] for row in sim.accounts(DIVISION)] == ["Jan", "Supplier"]
        assert sim.world.ledgers[DIVISION].version == version
        bench.sim = sim
        bench.session.headers["Authorization"] = f"Bearer {renewed['access_token']}"
        assert bench.put(guid, City="Delft").status_code == 204
        assert bench.delete(used["ID"]).status_code == 500
        assert bench.refresh(pair["refresh_token"]).json()["error_description"] == "Old refresh token used."
        sim.dials.clock_offset = 1200
        assert bench.refresh(renewed["refresh_token"]).status_code == 200
        sim.reset(seed="")
    with Simulator(state=state) as sim:
        assert sim.world.is_empty


RELATIONS: dict[str, Any] = {
    "1204501": [
        {"Code": "1001", "Name": "Zoë de Vries", "Country": "NL", "Email": ""},
        {"Code": "1002", "Name": "Slijterij", "IsSupplier": True, "EndDate": "2020-12-31", "Blocked": True},
    ],
    "1204502": [{"Name": "Without a Code"}],
}


def written(folder: Path, relations: Any) -> Path:
    file = folder / "relations.json"
    file.write_text(relations if isinstance(relations, str) else json.dumps(relations), encoding="utf-8")
    return file


def test_relations_are_put_in_with_the_seed_and_never_twice(tmp_path: Path) -> None:
    state, file = tmp_path / "exact.sqlite", written(tmp_path, RELATIONS)
    with Simulator("demo", state=state, relations=file) as sim:
        before = {code: sim.accounts(code) for code in (1204501, 1204502, 1204503)}
        assert [len(rows) for rows in before.values()] == [6, 5, 4]
        assert (sim.account(1204501, "1001")["Name"], sim.account(1204501, "1001")["Email"]) == ("Zoë de Vries", None)
        supplier = sim.account(1204501, "1002")
        assert (supplier["IsSupplier"], supplier["Blocked"], supplier["EndDate"]) == (True, True, 1_609_372_800_000)
        assert sim.account(1204502, "90005")["Name"] == "Without a Code"
        sim.delete_account(1204501, "1001")
    file.unlink()
    with Simulator("demo", state=state, relations=file) as sim:
        assert [len(sim.accounts(code)) for code in before] == [5, 5, 4]


def test_a_reset_begins_with_the_relations_again_or_with_another_world(tmp_path: Path) -> None:
    with Simulator("demo", relations=written(tmp_path, RELATIONS)) as sim:
        sim.delete_account(1204501, "1001")
        sim.reset()
        assert sim.account(1204501, "1001")["Name"] == "Zoë de Vries"
        sim.reset(seed="demo")
        assert len(sim.accounts(1204501)) == 4


@pytest.mark.parametrize(
    ("relations", "says"),
    [
        ("[", "holds no JSON"),
        ([], "numbers of divisions"),
        ({"De Kern": []}, "numbers of divisions"),
        ({"1204501": {}}, "a list of relations"),
        ({"1204501": ["Jan"]}, "without a Name"),
        ({"1204501": [{"Code": "1"}]}, "without a Name"),
        ({"1204501": [{"Name": "Jan", "IsMember": True, "Timestamp": 5}]}, "no field of a relation: IsMember, Timestamp"),
        ({"1204501": [{"Name": "Jan", "Code": 1}]}, "something else than a text for Code"),
        ({"1204501": [{"Name": "Jan", "EndDate": "soon"}]}, "EndDate is no date"),
        ({"1204501": [{"Name": "Jan", "Code": "90001"}]}, "Code 90001 is taken"),
        ({"1204501": [{"Name": "Jan", "Code": "A1"}]}, "Code A1 is taken or no number"),
        ({"5": [{"Name": "Jan"}]}, "division 5"),
    ],
)
def test_relations_that_cannot_be_put_in_leave_nothing_behind(tmp_path: Path, relations: Any, says: str) -> None:
    state = tmp_path / "exact.sqlite"
    with pytest.raises(ValueError, match=re.escape(says)):
        Simulator("demo", state=state, relations=written(tmp_path, relations))
    with Simulator("demo", state=state, relations=written(tmp_path, RELATIONS)) as sim:
        assert len(sim.accounts(1204501)) == 6, "the next start begins at the beginning"


@contextmanager
def service(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    command = [sys.executable, "-m", "integrations.exact_online.simulator", "--port", "0", *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        rest = "".join(process.stdout.readline() for _ in range(3)) if "--redirect-uri" in arguments else ""
        try:
            yield process, re.findall(r"http://[\d.:]+", first)[0], rest
        finally:
            process.kill()


def test_as_a_service_that_is_killed_and_started_again(tmp_path: Path) -> None:
    arguments = (
        "--seed", "demo", "--state", str(tmp_path / "exact.sqlite"), "--redirect-uri", REDIRECT,
        "--client-id", "the-id", "--client-secret", "the-secret", "--dial", "minute_limit=7", "--dial", "over_length=truncate",
    )  # fmt: skip
    with service(*arguments) as (process, url, told):
        assert all(word in told for word in (REDIRECT, "the-id", "the-secret"))
        pair = control(url, "consent", user="penningmeester", app="the-id")
        headers = {"Authorization": f"Bearer {pair['access_token']}", "Accept": "application/json"}
        api = "/api/v1/1204501/crm/Accounts"
        made = requests.post(url + api, json={"Name": "n" * 60, "Code": "42"}, headers=headers, timeout=10)
        assert (made.status_code, made.headers["X-RateLimit-Minutely-Limit"]) == (201, "7")
        process.kill()
        process.wait(timeout=10)
    with service(*arguments) as (process, url, _):
        assert len(control(url, "apps")) == 1
        assert control(url, "account", division=1204501, key="42")["Name"] == "n" * 50
        again = requests.get(f"{url}{api}?$top=1&$filter=Blocked eq false", headers=headers, timeout=10)
        assert again.status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_as_a_service_with_relations_of_its_own(tmp_path: Path) -> None:
    state, file = str(tmp_path / "exact.sqlite"), tmp_path / "relations.json"
    arguments = ("--seed", "demo", "--state", state, "--relations", str(file))
    command = [sys.executable, "-m", "integrations.exact_online.simulator", "--port", "0", *arguments]
    refused = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=30, check=False)
    assert refused.returncode == 1
    assert refused.stderr.startswith("The simulator has not started: ")
    assert "Traceback" not in refused.stderr
    written(tmp_path, RELATIONS)
    for _ in range(2):
        with service(*arguments) as (process, url, _):
            assert control(url, "account", division=1204501, key="1001")["Name"] == "Zoë de Vries"
            assert len(control(url, "accounts", division=1204501)) == 6
            process.kill()
            process.wait(timeout=10)
