"""Reading what changed in Exact, page by page, as a mirror would: against a simulated Exact Online over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from integrations import wire
from integrations.exact_online import errors, odata, sync
from integrations.exact_online.accounts import FIELDS, LENGTHS, SELECT, Account
from integrations.exact_online.client import ACCOUNTS, SYNC_ACCOUNTS, SYNC_DELETED, ExactClient
from integrations.exact_online.simulator import Simulator
from integrations.exact_online.sync import Deletion, Page

from .simulated import DIVISION, OTHER, Bench

BEYOND_32_BITS = 2**31 + 7
GUID = "6c1ab9dc-0e4b-4f3c-9a56-0f6b5e3a7d21"
SITE = "https://start.exactonline.nl"
API = f"{SITE}/api/v1/{DIVISION}"
ROW = {"ID": GUID, "Code": "  7", "Name": "Ada", "Division": DIVISION, "Timestamp": "41"}
GONE = {"EntityKey": GUID.upper(), "Division": DIVISION, "Timestamp": "42"}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        sim.turn(minute_limit=10**6)
        yield Bench(sim)


@pytest.fixture
def client(bench: Bench) -> ExactClient:
    return client_of(bench)


@pytest.fixture
def exact() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as exact:
        yield exact


def client_of(bench: Bench, division: int = DIVISION) -> ExactClient:
    token = bench.login()["access_token"]
    return ExactClient(bench.sim.base_url, lambda: token, division)


def enter(bench: Bench, count: int) -> None:
    for number in range(1, count + 1):
        bench.sim.add_account(DIVISION, Code=str(number), Name=f"Lid {number}")


class Copy(NamedTuple):
    """What somebody has who reads to the end, and from where to go on."""

    names: dict[str, str]  # guid -> name
    cursor: int


def read_on(client: ExactClient, copy: Copy, between: Callable[[int], None] = lambda page: None) -> Copy:
    """All pages of changes, then all of deletions; `between` is called after each page of changes, with its number."""
    held, seen = dict(copy.names), dict.fromkeys(copy.names, copy.cursor)
    highest, number = copy.cursor, 0
    page = client.changed_accounts(copy.cursor)
    while True:
        for account in page.rows:
            held[account.guid], seen[account.guid] = account.fields["Name"], account.timestamp
        highest, number = max([highest, *(account.timestamp for account in page.rows)]), number + 1
        between(number)
        if not page.next_url:
            break
        page = client.changed_accounts(copy.cursor, page.next_url)
    gone = client.deleted_accounts(copy.cursor)
    assert not gone.next_url
    for deletion in gone.rows:
        if seen.get(deletion.guid, 0) < deletion.timestamp:
            held.pop(deletion.guid, None)
    return Copy(held, highest)


NOTHING = Copy({}, 0)


def held(bench: Bench) -> dict[str, str]:
    return {row["ID"]: row["Name"] for row in bench.sim.accounts(DIVISION)}


def test_2500_relations_are_three_calls(bench: Bench, client: ExactClient) -> None:
    enter(bench, 2500)
    sizes, after, url = [], 0, ""
    while True:
        page = client.changed_accounts(after, url)
        sizes.append(len(page.rows))
        url = page.next_url
        if not url:
            break
    assert sizes == [1000, 1000, 500]
    assert (client.calls, len(bench.sim.calls(endpoint=SYNC_ACCOUNTS))) == (3, 3)
    assert bench.sim.calls(endpoint=ACCOUNTS) == []


def test_a_relation_is_read_trimmed_with_its_row_version(bench: Bench, client: ExactClient) -> None:
    bench.sim.world.ledgers[DIVISION].version = BEYOND_32_BITS - 1
    row = bench.sim.add_account(
        DIVISION, Code="7", Name=" Jan ", Country="NL", Language="NL", EndDate="2020-12-31", IsSupplier=True, Blocked=True
    )
    [account] = client.changed_accounts(BEYOND_32_BITS - 1).rows
    assert account == replace(client.find_by_code("7") or account, timestamp=BEYOND_32_BITS)
    assert (account.guid, account.code, account.fields["Country"], account.division) == (row["ID"], "7", "NL", DIVISION)
    assert (account.is_supplier, account.blocked, str(account.end_date)) == (True, True, "2020-12-31")
    assert client.changed_accounts(BEYOND_32_BITS).rows == []


def test_only_what_we_own_or_decide_by_is_asked_for(bench: Bench, client: ExactClient) -> None:
    client.changed_accounts(5)
    client.deleted_accounts(6)
    changed, deleted = bench.sim.calls(division=DIVISION)
    names = {"ID", *FIELDS, "IsSupplier", "Blocked", "EndDate", "Division", "Timestamp"}
    assert set(changed.query["$select"].split(",")) == names == {*SELECT, "Timestamp"}
    assert changed.query["$filter"] == "Timestamp gt 5L"
    assert deleted.query["$filter"] == "Timestamp gt 6L and EntityType eq 2"
    assert (changed.endpoint, deleted.endpoint) == (SYNC_ACCOUNTS, SYNC_DELETED)


def test_the_very_first_row_version_is_not_missed(bench: Bench, client: ExactClient) -> None:
    enter(bench, 1)
    assert [account.timestamp for account in client.changed_accounts(0).rows] == [1]


def test_what_changes_while_pages_are_read_is_not_lost(bench: Bench, client: ExactClient) -> None:
    enter(bench, 9)
    bench.sim.turn(sync_page_size=3)

    def meanwhile(page: int) -> None:
        if page == 1:
            bench.sim.edit_account(DIVISION, "1", Name="Read, then changed")
            bench.sim.edit_account(DIVISION, "8", Name="Changed before it was read")
            bench.sim.delete_account(DIVISION, "2")
            bench.sim.delete_account(DIVISION, "9")
        if page == 2:
            bench.sim.add_account(DIVISION, Name="New")

    copy = read_on(client, NOTHING, meanwhile)

    assert copy.names == held(bench)
    assert len(copy.names) == 8
    assert read_on(client, copy) == copy, "nothing more to come"


def test_a_deletion_is_newer_than_the_row_or_is_old_news(bench: Bench, client: ExactClient) -> None:
    enter(bench, 3)
    copy = read_on(client, NOTHING)
    bench.sim.edit_account(DIVISION, "1", Name="Changed")
    gone = bench.sim.account(DIVISION, "1")["ID"]
    bench.sim.delete_account(DIVISION, "1")
    [deletion] = client.deleted_accounts(copy.cursor).rows
    assert (deletion.guid, deletion.timestamp) == (gone, copy.cursor + 2)
    assert client.deleted_accounts(deletion.timestamp) == Page([])
    copy = read_on(client, copy)
    assert copy.names == held(bench)
    assert gone not in copy.names
    bench.sim.add_account(DIVISION, Code="1", Name="Another with that code")
    assert read_on(client, copy).names == held(bench)


def test_many_deletions_come_in_pages_too(bench: Bench, client: ExactClient) -> None:
    enter(bench, 5)
    bench.sim.turn(sync_page_size=2)
    for number in range(1, 6):
        bench.sim.delete_account(DIVISION, str(number))
    first = client.deleted_accounts(5)
    second = client.deleted_accounts(5, first.next_url)
    third = client.deleted_accounts(5, second.next_url)
    assert [deletion.timestamp for page in (first, second, third) for deletion in page.rows] == [6, 7, 8, 9, 10]
    assert third.next_url == ""


def test_a_move_shows_in_the_division_and_nowhere_else(bench: Bench, client: ExactClient) -> None:
    def moved() -> str:
        return next(division.moved for division in client.divisions(DIVISION) if division.code == DIVISION)

    enter(bench, 20)
    for number in range(1, 15):
        bench.sim.delete_account(DIVISION, str(number))
    copy = read_on(client, NOTHING)
    assert moved() == ""
    bench.sim.move_division(DIVISION)
    bench.sim.edit_account(DIVISION, "17", Name="Changed after the move")
    assert read_on(client, copy) == copy, "numbers that were given before: the change is missed"
    first = moved()
    assert first
    bench.sim.turn(clock_offset=1.0)
    bench.sim.move_division(DIVISION)
    assert moved() not in ("", first)
    assert read_on(client, NOTHING).names == held(bench)


def test_an_empty_division_and_one_without_rights_look_the_same(bench: Bench, client: ExactClient) -> None:
    assert client.changed_accounts(0) == Page([])
    enter(bench, 2)
    bench.sim.delete_account(DIVISION, "1")
    bench.sim.change_user("treasurer", without_module=[DIVISION])
    assert (client.changed_accounts(0), client.deleted_accounts(0)) == (Page([]), Page([]))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 408}, errors.Maintenance),
        ({"kind": "status", "status": 503}, errors.Maintenance),
        ({"kind": "html", "status": 503}, errors.Maintenance),
        ({"kind": "truncated"}, errors.Maintenance),
        ({"kind": "cut"}, errors.Unreachable),
        ({"kind": "lost"}, errors.Unreachable),
        ({"kind": "redirect"}, errors.Maintenance),
        ({"kind": "status", "status": 403}, errors.Forbidden),
    ],
)
def test_what_goes_wrong_halfway_is_gone_on_from_the_same_page(
    bench: Bench, client: ExactClient, fault: dict[str, Any], kind: type[errors.ExactError]
) -> None:
    enter(bench, 5)
    bench.sim.turn(sync_page_size=2)
    bench.sim.add_fault(endpoint=SYNC_ACCOUNTS, nth=2, **fault)
    first = client.changed_accounts(0)
    with pytest.raises(kind) as caught:
        client.changed_accounts(0, first.next_url)
    assert (caught.value.endpoint, caught.value.answer_lost) == (SYNC_ACCOUNTS, False)
    assert caught.value.concerns == "connection"
    second = client.changed_accounts(0, first.next_url)
    third = client.changed_accounts(0, second.next_url)
    assert [account.code for page in (first, second, third) for account in page.rows] == ["1", "2", "3", "4", "5"]


def test_a_page_kept_by_one_client_is_followed_by_the_next(bench: Bench) -> None:
    enter(bench, 3)
    bench.sim.turn(sync_page_size=2)
    kept = client_of(bench).changed_accounts(0).next_url
    page = client_of(bench).changed_accounts(0, kept)
    assert [account.code for account in page.rows] == ["3"]
    call = bench.sim.calls(endpoint=SYNC_ACCOUNTS)[-1]
    assert call.query["$skiptoken"] == "2L"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/api/v1/{division}/{endpoint}?$skiptoken=2L",
        "http://127.0.0.1:1/api/v1/{division}/{endpoint}?$skiptoken=2L",
        "{site}@evil.example/api/v1/{division}/{endpoint}?$skiptoken=2L",
        "{site}/api/v1/{other}/{endpoint}?$skiptoken=2L",
        "{site}/api/v1/{division}/crm/Accounts?$skiptoken=2L",
        "{site}/api/v1/{division}/{foreign}?$skiptoken=2L",
        "{site}/api/v1/{division}/{endpoint}/../../crm/Accounts?$skiptoken=2L",
        "{site}/api/v1/{division}/{endpoint}(1L)?$skiptoken=2L",
        "{site}/api/v1/{division}/{endpoint}\r\n?$skiptoken=2L",
        "/api/v1/{division}/{endpoint}?$skiptoken=2L",
        "garbage",
    ],
)
@pytest.mark.parametrize("endpoint", [SYNC_ACCOUNTS, SYNC_DELETED])
def test_a_page_of_something_else_is_not_asked_for(bench: Bench, client: ExactClient, endpoint: str, address: str) -> None:
    foreign = {SYNC_ACCOUNTS: SYNC_DELETED, SYNC_DELETED: SYNC_ACCOUNTS}[endpoint]
    url = address.format(site=bench.sim.base_url, division=DIVISION, other=OTHER, endpoint=endpoint, foreign=foreign)
    with pytest.raises(ValueError, match="next page"):
        ask(client, endpoint, url)
    assert client.calls == 0


def test_case_makes_no_other_page(bench: Bench, client: ExactClient) -> None:
    """Exact names some paths in another case than it was asked with; what is followed stays as it was given."""
    url = f"{bench.sim.base_url}/api/v1/{DIVISION}/sync/crm/accounts?$skiptoken=2L"
    with pytest.raises(errors.Unexpected):
        client.changed_accounts(0, url)
    assert bench.sim.calls()[-1].endpoint == "sync/crm/accounts"


def ask(client: ExactClient, endpoint: str, page_url: str = "") -> Page[Account] | Page[Deletion]:
    return client.changed_accounts(0, page_url) if endpoint == SYNC_ACCOUNTS else client.deleted_accounts(0, page_url)


def answers(exact: responses.RequestsMock, endpoint: str, *pages: dict[str, Any]) -> ExactClient:
    for page in pages:
        exact.get(f"{API}/{endpoint}", json={"d": page})
    return ExactClient(SITE, lambda: "t0ken", DIVISION)


BOTH = [(SYNC_ACCOUNTS, ROW), (SYNC_DELETED, GONE)]


@pytest.mark.parametrize(("endpoint", "row"), BOTH)
@pytest.mark.parametrize(
    "following",
    [f"{API}/crm/Accounts?$skiptoken=1", f"{SITE}/api/v1/9/sync/CRM/Accounts?$skiptoken=1", "https://evil.example/"],
)
def test_an_answer_that_leads_elsewhere_is_not_taken(
    exact: responses.RequestsMock, endpoint: str, row: dict[str, Any], following: str
) -> None:
    """Else it would be stored as the way to go on, and never lead there."""
    client = answers(exact, endpoint, {"results": [row], "__next": following})
    with pytest.raises(errors.Unexpected, match="not understood"):
        ask(client, endpoint)


@pytest.mark.parametrize(("endpoint", "row"), BOTH)
def test_a_page_that_leads_to_itself_is_not_taken(exact: responses.RequestsMock, endpoint: str, row: dict[str, Any]) -> None:
    here = f"{API}/{endpoint}?$skiptoken=1"
    client = answers(exact, endpoint, {"results": [row], "__next": here}, {"results": [row], "__next": here})
    with pytest.raises(errors.Unexpected, match="circle"):
        ask(client, endpoint, ask(client, endpoint).next_url)


@pytest.mark.parametrize(("endpoint", "row"), BOTH)
def test_rows_of_another_division_are_not_taken(exact: responses.RequestsMock, endpoint: str, row: dict[str, Any]) -> None:
    client = answers(exact, endpoint, {"results": [row, row | {"Division": OTHER}]})
    with pytest.raises(errors.WrongDivision, match=f"asked {DIVISION}, answered {OTHER}") as caught:
        ask(client, endpoint)
    assert caught.value.endpoint == endpoint


@pytest.mark.parametrize(("endpoint", "row"), BOTH)
@pytest.mark.parametrize("change", [{"Timestamp": None}, {"Timestamp": "0"}, {"Timestamp": "x"}, {"Timestamp": "-3"}])
def test_a_change_without_its_row_version_is_not_taken(
    exact: responses.RequestsMock, endpoint: str, row: dict[str, Any], change: dict[str, Any]
) -> None:
    with pytest.raises(errors.Unexpected, match="not understood"):
        ask(answers(exact, endpoint, {"results": [row | change]}), endpoint)


def test_a_deletion_is_read(exact: responses.RequestsMock) -> None:
    client = answers(exact, SYNC_DELETED, {"results": [GONE, GONE | {"Division": None, "Timestamp": 9_007_199_254_740_993}]})
    assert client.deleted_accounts(0) == Page(
        [Deletion(GUID, 42, DIVISION), Deletion(GUID, 9_007_199_254_740_993, None)], next_url=""
    )
    with pytest.raises(errors.Unexpected):
        answers(exact, SYNC_DELETED, {"results": [GONE | {"EntityKey": None}]}).deleted_accounts(0)


@pytest.mark.parametrize("after", [-1, 2**63])
def test_what_is_no_row_version_is_not_asked(after: int) -> None:
    client = ExactClient(SITE, lambda: "t0ken", DIVISION)
    for read in (client.changed_accounts, client.deleted_accounts):
        with pytest.raises(ValueError, match=r"positive|64 bits"):
            read(after)
    assert client.calls == 0


@given(st.integers(0, 2**63 - 1))
def test_every_row_version_is_a_literal_of_64_bits(version: int) -> None:
    assert sync.changed_after(version) == f"Timestamp gt {version}L"
    assert odata.int64(-version) == f"{-version}L"


def test_no_division_no_changes() -> None:
    client = ExactClient(SITE, lambda: "t0ken")
    with pytest.raises(ValueError, match="this client has none"):
        client.changed_accounts(0)


def test_a_full_page_of_the_longest_relations_is_well_within_what_is_read(bench: Bench, client: ExactClient) -> None:
    """Escaped as \\uXXXX six bytes a character, as a .NET service may write it, and every field twice as long as we think."""
    longest = {name: "ж" * length * 2 for name, length in LENGTHS.items() if name not in ("Code", "Status")}
    for number in range(1000):
        bench.sim.add_account(DIVISION, Code=str(10**17 + number), **longest)
    page = client.changed_accounts(0)
    assert len(page.rows) == 1000
    options = {"$select": ",".join(sync.ACCOUNTS_SELECT), "$filter": sync.changed_after(0)}
    answer = bench.call("GET", f"{DIVISION}/{SYNC_ACCOUNTS}", params=options)
    escaped = len(answer.text.encode("ascii", "backslashreplace"))
    assert escaped < wire.SIZE_CAP * 0.75, f"{escaped:,} bytes"
