"""The simulated lists of changes and deletions: by row version, a thousand a page, and nothing else may be asked."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from integrations.exact_online.simulator import Simulator

from .simulated import DIVISION, OTHER, Bench, said

CHANGED, DELETED = "sync/CRM/Accounts", "sync/Deleted"
DAY = 86400.0
BEYOND_32_BITS = 2**31 + 7


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        sim.turn(minute_limit=10**6, error_limit=10**6)
        yield Bench(sim)


def ask(bench: Bench, endpoint: str = CHANGED, division: int = DIVISION, **options: str) -> requests.Response:
    return bench.call("GET", f"{division}/{endpoint}", params={f"${name}": value for name, value in options.items()})


def changes(bench: Bench, after: int = 0, division: int = DIVISION) -> list[dict[str, Any]]:
    answer = ask(bench, division=division, select="ID,Code,Name,Timestamp", filter=f"Timestamp gt {after}L")
    return rest_of(bench, answer)


def deletions(bench: Bench, after: int = 0) -> list[dict[str, Any]]:
    query = {"select": "ID,Division,EntityKey,EntityType,Timestamp,DeletedDate,DeletedBy"}
    return rest_of(bench, ask(bench, DELETED, **query, filter=f"Timestamp gt {after}L and EntityType eq 2"))


def rest_of(bench: Bench, answer: requests.Response) -> list[dict[str, Any]]:
    """The rows of this page and of all pages after it."""
    rows = []
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()["d"]
        rows += [without_address(row) for row in page["results"]]
        if "__next" not in page:
            return rows
        answer = bench.session.get(page["__next"], timeout=10)


def without_address(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "__metadata"}


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["Name"] for row in rows]


def enter(bench: Bench, count: int) -> None:
    for number in range(1, count + 1):
        bench.sim.add_account(DIVISION, Code=str(number), Name=f"Lid {number}")


def test_changes_come_in_the_order_of_their_row_version(bench: Bench) -> None:
    enter(bench, 3)
    bench.sim.edit_account(DIVISION, "1", City="Delft")
    bench.put(bench.sim.account(DIVISION, "2")["ID"], City="Ede")

    rows = changes(bench)

    assert [(row["Name"], row["Timestamp"]) for row in rows] == [("Lid 3", "3"), ("Lid 1", "4"), ("Lid 2", "5")]
    assert names(changes(bench, after=4)) == ["Lid 2"]
    assert changes(bench, after=5) == []


def test_a_row_is_as_elsewhere_with_its_row_version_as_text(bench: Bench) -> None:
    bench.sim.world.ledgers[DIVISION].version = BEYOND_32_BITS - 1
    guid = bench.sim.add_account(DIVISION, Code="7", Name="Jan", Country="NL", EndDate="2020-12-31")["ID"]
    select = "ID,Code,Country,Timestamp,Division,EndDate,Blocked"
    (row,) = ask(bench, select=select, filter=f"Timestamp gt {BEYOND_32_BITS - 1}L").json()["d"]["results"]
    assert row["__metadata"]["uri"] == f"{bench.sim.base_url}/api/v1/{DIVISION}/{CHANGED}({BEYOND_32_BITS}L)"
    assert without_address(row) == {
        "ID": guid, "Code": "                 7", "Country": "NL ", "Timestamp": str(BEYOND_32_BITS),
        "Division": DIVISION, "EndDate": "/Date(1609372800000)/", "Blocked": False,
    }  # fmt: skip


def test_divisions_count_on_their_own(bench: Bench) -> None:
    enter(bench, 2)
    bench.sim.add_account(OTHER, Name="Elsewhere")
    assert [(row["Name"], row["Timestamp"]) for row in changes(bench, division=OTHER)] == [("Elsewhere", "1")]


def test_a_thousand_rows_a_page_and_the_rest_behind_next(bench: Bench) -> None:
    enter(bench, 1001)
    page = ask(bench, select="Code,Timestamp", filter="Timestamp gt 0L").json()["d"]
    assert len(page["results"]) == 1000
    assert page["__next"].startswith(f"{bench.sim.base_url}/api/v1/{DIVISION}/{CHANGED}?")
    assert names(changes(bench)) == [f"Lid {number}" for number in range(1, 1002)]
    bench.sim.turn(sync_page_size=400)
    bench.sim.clear_log()
    assert len(changes(bench)) == 1001
    assert len(bench.sim.calls(endpoint=CHANGED)) == 3


def test_what_changes_between_two_pages_comes_later_and_nothing_is_skipped(bench: Bench) -> None:
    enter(bench, 9)
    bench.sim.turn(sync_page_size=3)
    first = ask(bench, select="Name,Timestamp", filter="Timestamp gt 0L")
    bench.sim.edit_account(DIVISION, "2", City="Delft")
    bench.sim.delete_account(DIVISION, "1")
    bench.sim.edit_account(DIVISION, "5", City="Delft")
    bench.sim.add_account(DIVISION, Name="New")
    assert names(rest_of(bench, first)) == [f"Lid {number}" for number in (1, 2, 3, 4, 6, 7, 8, 9, 2, 5)] + ["New"]


@pytest.mark.parametrize(
    "text",
    [
        "Timestamp gt 5", "Timestamp gt 5l", "Timestamp gt 5.0", "Timestamp gt 5.0L", "Timestamp gt '5'", "Timestamp gt 5M",
        "Timestamp gt 9223372036854775808L", "Timestamp ge 5L", "Timestamp eq 5L", "Timestamp lt 5L", "not (Timestamp gt 5L)",
        "Timestamp gt 5L and Timestamp eq 7L", "Timestamp gt 5L or Timestamp gt 7L", "Timestamp gt 5L and Blocked eq false",
        "Code eq '                 7'", "Modified ge datetime'2020-01-01T00:00:00'", "Timestamp gt 5L and EntityType eq 2",
        "Timestamp", "",
    ],
)  # fmt: skip
def test_only_a_row_version_can_be_asked_for(bench: Bench, text: str) -> None:
    assert ask(bench, select="ID", filter=text).status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "EntityType eq 2", "Timestamp gt 5L or EntityType eq 2", "Timestamp gt 5L and EntityType gt 2",
        "Timestamp gt 5L and EntityType eq '2'", "Timestamp gt 5L and Division eq 1000001", "Timestamp gt 5 and EntityType eq 2",
    ],
)  # fmt: skip
def test_of_deletions_the_kind_may_be_asked_too(bench: Bench, text: str) -> None:
    assert ask(bench, DELETED, select="EntityKey", filter=text).status_code == 400
    for fine in ("Timestamp gt 5L", "EntityType eq 2 and Timestamp gt 5L"):
        assert ask(bench, DELETED, select="EntityKey", filter=fine).json() == {"d": {"results": []}}


@pytest.mark.parametrize("endpoint", [CHANGED, DELETED])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "Please add a $select"),
        ({"top": "1"}, "Please add a $select"),
        ({"select": "*"}, "'*'"),
        ({"select": "Timestamp,StatusSince"}, "'StatusSince'"),
        ({"select": "Timestamp", "orderby": "Timestamp desc"}, "query syntax"),
        ({"select": "Timestamp", "skiptoken": "guid'x'"}, "query syntax"),
    ],
)
def test_queries_that_are_refused(bench: Bench, endpoint: str, options: dict[str, str], says: str) -> None:
    refused = ask(bench, endpoint, filter="Timestamp gt 0L", **options)
    assert refused.status_code == 400
    assert says in said(refused)


@pytest.mark.parametrize("endpoint", [CHANGED, DELETED])
def test_there_is_nothing_but_reading(bench: Bench, endpoint: str) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert bench.call(method, f"{DIVISION}/{endpoint}", json={"Name": "x"}).status_code == 405
    unfiltered = ask(bench, endpoint, select="Timestamp")
    assert (unfiltered.status_code, "mandatory filtering" in said(unfiltered)) == (400, True)
    assert bench.call("GET", f"{DIVISION}/{endpoint}(1L)", params={"$select": "ID"}).status_code == 404
    assert bench.call("GET", f"{DIVISION}/{endpoint.lower()}", params={"$select": "ID"}).status_code == 404


def test_the_ordinary_list_knows_no_row_version(bench: Bench) -> None:
    assert bench.get(select="ID,Timestamp", filter="Blocked eq false").status_code == 400
    assert bench.get(select="ID", filter="Timestamp gt 0L").status_code == 400


def test_deletions_are_listed_with_whom_what_and_when(bench: Bench) -> None:
    enter(bench, 3)
    here, there = bench.sim.account(DIVISION, "1")["ID"], bench.sim.account(DIVISION, "3")["ID"]
    assert bench.delete(here).status_code == 204
    bench.sim.delete_account(DIVISION, "3")
    bench.sim.edit_account(DIVISION, "2", City="Delft")

    by_client, in_exact = deletions(bench)

    assert [(row["EntityKey"], row["EntityType"], row["Timestamp"]) for row in (by_client, in_exact)] == [
        (here, 2, "4"), (there, 2, "5")
    ]  # fmt: skip
    assert by_client["DeletedBy"] == bench.user.user_id != in_exact["DeletedBy"]
    assert by_client["Division"] == DIVISION
    assert by_client["DeletedDate"].startswith("/Date(")
    assert len({by_client["ID"], in_exact["ID"], here, there}) == 4
    assert deletions(bench, after=4) == [in_exact]
    assert [(row["Name"], row["Timestamp"]) for row in changes(bench)] == [("Lid 2", "6")]


def test_a_deletion_that_was_refused_is_none(bench: Bench) -> None:
    used = bench.sim.add_account(DIVISION, Name="a", used=True)
    assert bench.delete(used["ID"]).status_code == 500
    assert deletions(bench) == []


def test_deletions_are_forgotten_after_two_months(bench: Bench) -> None:
    enter(bench, 2)
    bench.sim.delete_account(DIVISION, "1")
    bench.sim.turn(clock_offset=59 * DAY)
    bench.login()
    bench.sim.delete_account(DIVISION, "2")
    assert len(deletions(bench)) == 2
    bench.sim.turn(clock_offset=61 * DAY)
    bench.login()
    assert [row["Timestamp"] for row in deletions(bench)] == ["4"]


def division_row(bench: Bench) -> dict[str, Any]:
    path = f"{DIVISION}/system/Divisions({DIVISION})"
    options = {"$select": "DivisionMoveDate,DivisionHRLinkUnlinkDate"}
    return without_address(bench.call("GET", path, params=options).json()["d"])


def test_a_move_numbers_anew_and_forgets_deletions(bench: Bench) -> None:
    assert division_row(bench)["DivisionMoveDate"] is None
    enter(bench, 4)
    bench.sim.edit_account(DIVISION, "1", City="Delft")
    bench.sim.delete_account(DIVISION, "3")

    bench.sim.move_division(DIVISION)

    assert [(row["Name"], row["Timestamp"]) for row in changes(bench)] == [("Lid 2", "1"), ("Lid 4", "2"), ("Lid 1", "3")]
    assert deletions(bench) == []
    assert division_row(bench)["DivisionMoveDate"].startswith("/Date(")
    assert division_row(bench)["DivisionHRLinkUnlinkDate"] is None
    bench.sim.edit_account(DIVISION, "4", City="Ede")
    assert changes(bench, after=6) == [], "who goes on from before the move misses the change"
    assert names(changes(bench, after=3)) == ["Lid 4"]
    with pytest.raises(KeyError):
        bench.sim.move_division(5)


def test_a_link_with_another_division_for_hr_has_a_date_too(bench: Bench) -> None:
    bench.sim.change_division(DIVISION, hr_link_unlink_date=1_700_000_000_000)
    assert division_row(bench)["DivisionHRLinkUnlinkDate"] == "/Date(1700000000000)/"


def test_without_rights_to_the_module_nothing_has_changed(bench: Bench) -> None:
    enter(bench, 2)
    bench.sim.delete_account(DIVISION, "1")
    bench.sim.change_user("treasurer", without_module=[DIVISION])
    assert (changes(bench), deletions(bench)) == ([], [])
    bench.sim.change_user("treasurer", without_module=[])
    assert (len(changes(bench)), len(deletions(bench))) == (1, 1)


def test_calls_are_counted_limited_and_struck_as_any(bench: Bench) -> None:
    enter(bench, 2)
    bench.sim.turn(sync_page_size=1)
    bench.sim.add_fault("status", endpoint=CHANGED, nth=2, status=408)
    first = ask(bench, select="Name", filter="Timestamp gt 0L")
    assert int(first.headers["X-RateLimit-Remaining"]) == bench.sim.dials.day_limit - 1
    following = first.json()["d"]["__next"]
    assert [bench.session.get(following, timeout=10).status_code for _ in range(2)] == [408, 200]
    assert [call.status for call in bench.sim.calls(endpoint=CHANGED, division=DIVISION)] == [200, 408, 200]
    bench.sim.turn(error_limit=1)
    assert [ask(bench, select="Nam", filter="Timestamp gt 0L").status_code for _ in range(3)] == [400, 400, 429]
    assert ask(bench, DELETED, select="ID", filter="Timestamp gt 0L").status_code == 200


def test_a_restart_forgets_no_deletion_and_no_move(tmp_path: Path) -> None:
    state = tmp_path / "exact.sqlite"
    with Simulator(state=state) as sim:
        bench = Bench(sim)
        enter(bench, 3)
        sim.delete_account(DIVISION, "1")
        sim.move_division(DIVISION)
        sim.delete_account(DIVISION, "2")
        kept = changes(bench), deletions(bench), division_row(bench)
    with Simulator(state=state) as sim:
        bench.sim = sim
        assert (changes(bench), deletions(bench), division_row(bench)) == kept
        assert [row["Timestamp"] for row in kept[1]] == ["3"]


EARLIER = {
    ("division", str(DIVISION)): {
        "code": DIVISION, "description": "Vereniging", "customer_name": "Vereniging", "country": "NL", "status": 1,
        "blocking_status": 0, "is_main": False, "is_dossier": False, "is_practice": False, "is_hr": False, "reason": "",
    },
    ("ledger", str(DIVISION)): {"division": DIVISION, "version": 3, "used": []},
    (f"account {DIVISION}", "7e0ffb1d-f2c7-4b0f-9d80-d5ec7fd35c7e"): {
        "ID": "7e0ffb1d-f2c7-4b0f-9d80-d5ec7fd35c7e", "Type": "A", "Division": DIVISION, "Created": 1, "Creator": "x",
        "Code": "                 7", "Name": "Jan", "Modified": 1, "Modifier": "x", "Timestamp": 2, "IsSales": False,
    },
    ("dials", "dials"): {"page_size": 60, "minute_limit": 7},
}  # fmt: skip


def test_a_state_file_from_before_there_were_deletions_and_moves(tmp_path: Path) -> None:
    state = tmp_path / "exact.sqlite"
    database = sqlite3.connect(state)
    database.execute("CREATE TABLE kept (kind TEXT, name TEXT, body TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID")
    database.executemany("INSERT INTO kept VALUES (?, ?, ?)", [(*key, json.dumps(body)) for key, body in EARLIER.items()])
    database.commit()
    database.close()
    with Simulator("demo", state=state) as sim:
        assert [division.code for division in sim.divisions()] == [DIVISION]
        assert (sim.dials.minute_limit, sim.dials.sync_page_size) == (7, 1000)
        user, app = sim.add_user("treasurer"), sim.add_app()
        sim.delete_account(DIVISION, sim.add_account(DIVISION, Name="Gone")["ID"])
        token = sim.consent(user, app)["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        for endpoint, version in ((CHANGED, "2"), (DELETED, "5")):
            url = f"{sim.base_url}/api/v1/{DIVISION}/{endpoint}?$select=Timestamp&$filter=Timestamp gt 0L"
            rows = requests.get(url, headers=headers, timeout=10).json()["d"]["results"]
            assert [row["Timestamp"] for row in rows] == [version]
