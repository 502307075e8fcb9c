"""The simulated OData reads: strict questions, verbose answers, sixty rows a page."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import pytest
import requests

from integrations.exact_online.simulator import Simulator

from .simulated import DIVISION, OTHER, Bench, said

MISSING = "11111111-1111-4111-8111-111111111111"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        sim.dials.turn(minute_limit=10**6, day_limit=10**6, error_limit=10**6)
        bench = Bench(sim)
        sim.add_account(DIVISION, Code="1", Name="Jan de Vries", Email="jan@leden.example", City="Delft", Country="NL")
        sim.add_account(DIVISION, Code="2", Name="Siobhán O'Brien", Status="C", City="Utrecht", Country="IE")
        sim.add_account(DIVISION, Code="30", Name="Drukkerij", IsSupplier=True, Country="NL", Phone="030")
        yield bench


def names(response: requests.Response) -> list[str]:
    assert response.status_code == 200, response.text
    found = response.json()["d"]
    rows = found if isinstance(found, list) else found["results"]
    return sorted(row["Name"] for row in rows)


def find(bench: Bench, text: str) -> list[str]:
    return names(bench.get(select="Name", filter=text))


JAN, SIOBHAN, PRINTER = "Jan de Vries", "Siobhán O'Brien", "Drukkerij"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Code eq '                 1'", [JAN]),
        ("Code eq '1'", []),
        ("trim(Code) eq '1'", [JAN]),
        ("Code eq '                 1' or Code eq '                30'", [PRINTER, JAN]),
        ("Name eq 'Siobhán O''Brien'", [SIOBHAN]),
        ("Country eq 'NL'", [PRINTER, JAN]),
        ("Country eq 'NL' and not (City eq 'Delft')", [PRINTER]),
        ("IsSupplier eq true", [PRINTER]),
        ("IsSupplier", [PRINTER]),
        ("IsSales eq true", [SIOBHAN]),
        ("Blocked eq false", [PRINTER, JAN, SIOBHAN]),
        ("Email eq null", [PRINTER, SIOBHAN]),
        ("Email ne null", [JAN]),
        ("City ne 'Delft'", [PRINTER, SIOBHAN]),
        ("Name gt 'E' and Name lt 'K'", [JAN]),
        ("'E' lt Name and Name le 'Jan de Vries'", [JAN]),
        ("substringof('Vries',Name)", [JAN]),
        ("substringof('Vries',Name) eq false", [PRINTER, SIOBHAN]),
        ("startswith(Name,'Jan') or endswith(Name,'kkerij')", [PRINTER, JAN]),
        ("startswith(Email,'jan')", [JAN]),
        ("Modified ge datetime'2020-01-01T00:00:00'", [PRINTER, JAN, SIOBHAN]),
        ("Modified lt datetime'2020-01-01T00:00:00'", []),
        ("Blocked eq false and SecurityLevel eq null", [PRINTER, JAN, SIOBHAN]),
        ("Blocked eq false and Division eq 1000001L", [PRINTER, JAN, SIOBHAN]),
        ("IsMailing eq 0 and Name eq 'Drukkerij'", None),
        (f"ID eq guid'{MISSING}'", []),
    ],
)
def test_filters(bench: Bench, text: str, found: list[str] | None) -> None:
    assert find(bench, text) == ([PRINTER] if found is None else sorted(found))


def test_by_guid_in_either_case(bench: Bench) -> None:
    guid = bench.sim.account(DIVISION, "1")["ID"]
    assert find(bench, f"ID eq guid'{guid.upper()}' or ID eq guid'{MISSING}'") == [JAN]
    assert find(bench, f"ID eq guid'{guid}' and City eq 'Elsewhere'") == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Nam eq 'x'", "No property 'Nam' exists in type 'Exact.Web.Api.Models.Account'"),
        ("IsMember eq true", "No property 'IsMember'"),
        ("Name eq City", "Error in query syntax"),
        ("Name", "Expression of type 'System.Boolean' expected at position 0."),
        ("'x' eq 'x'", "Error in query syntax"),
        ("Name eq 12", "incompatible"),
        ("ID eq 'x'", "incompatible"),
        ("ID eq guid'x'", "Unrecognized 'Edm.Guid' literal"),
        ("Modified ge datetime'soon'", "Unrecognized 'Edm.DateTime' literal"),
        ("Name eq 'O'Brien'", "Syntax error at position 16"),
        ('Name eq "x"', "Syntax error"),
        ("Name eq 'x' and", "Error in query syntax"),
        ("(Name eq 'x'", "Error in query syntax"),
        ("Name eq 'x')", "Error in query syntax"),
        ("substringof(Name,'x')", "Error in query syntax"),
        ("startswith(Modified,'x')", "No applicable function"),
        ("startswith(Name,'x') eq 'x'", "Error in query syntax"),
        ("trim(Modified) eq 'x'", "Error in query syntax"),
        ("trim('x') eq 'x'", "Error in query syntax"),
        ("", "Error in query syntax"),
        ("Website eq 'x'", "mandatory filtering"),
    ],
)
def test_filters_that_cannot_be_read(bench: Bench, text: str, says: str) -> None:
    refused = bench.get(select="ID", filter=text)
    assert refused.status_code == 400
    assert says in said(refused)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"filter": "Blocked eq false"}, "Please add a $select or a $top=1 statement to the query string."),
        ({"filter": "Blocked eq false", "top": "2"}, "Please add a $select or a $top=1 statement"),
        ({"select": "ID"}, "This endpoint has mandatory filtering applied. A GET request for this endpoint must have a "
            "$filter parameter with one of the following fields in the url:Accountant,AccountManager,"),
        ({"select": "*", "filter": "Blocked eq false"}, "'*'"),
        ({"select": "ID,Nam", "filter": "Blocked eq false"}, "'Nam'"),
        ({"select": "ID,StatusSince", "filter": "Blocked eq false"}, "'StatusSince'"),
        ({"select": "ID", "filter": "Blocked eq false", "expand": "BankAccounts"}, "'$expand'"),
        ({"select": "ID", "filter": "Blocked eq false", "top": "-1"}, "$top"),
        ({"select": "ID", "filter": "Blocked eq false", "orderby": "Nam"}, "query syntax"),
        ({"select": "ID", "filter": "Blocked eq false", "inlinecount": "yes"}, "query syntax"),
        ({"select": "ID", "filter": "Blocked eq false", "orderby": "Name", "skiptoken": "x"}, "query syntax"),
    ],
)  # fmt: skip
def test_queries_that_are_refused(bench: Bench, options: dict[str, str], says: str) -> None:
    refused = bench.get(**options)
    assert refused.status_code == 400
    assert says in said(refused)


def test_rows_are_padded_dated_and_described(bench: Bench) -> None:
    answer = bench.get(select="ID,Code,Country,Modified,Email,Blocked,BankAccounts", filter="City eq 'Delft'")
    (row,) = answer.json()["d"]["results"]
    assert row["Code"] == "                 1"
    assert row["Country"] == "NL "
    assert row["Modified"].startswith("/Date(")
    assert row["Blocked"] is False
    assert row["__metadata"]["type"] == "Exact.Web.Api.Models.Account"
    assert row["__metadata"]["uri"] == f"{bench.sim.base_url}/api/v1/{DIVISION}/crm/Accounts(guid'{row['ID']}')"
    assert row["BankAccounts"]["__deferred"]["uri"].endswith("/BankAccounts")
    assert set(row) == {"__metadata", "ID", "Code", "Country", "Modified", "Email", "Blocked", "BankAccounts"}


def test_one_by_guid_top_as_a_list_and_counts(bench: Bench) -> None:
    guid = bench.sim.account(DIVISION, "1")["ID"]
    assert bench.get(f"(guid'{guid}')", select="Name").json()["d"]["Name"] == JAN
    missing = bench.get(f"(guid'{MISSING}')", select="Name")
    assert (missing.status_code, said(missing)) == (404, "Resource not found for the segment 'Accounts'.")
    assert bench.get("(guid'x')").status_code == 400
    assert bench.get(f"(guid'{guid}')/$count").status_code == 400
    assert bench.get(f"(guid'{guid}')/BankAccounts").status_code == 404
    top = bench.get(filter="Blocked eq false", top="1").json()["d"]
    assert isinstance(top, list)
    assert len(top) == 1
    counted = bench.get(filter="Blocked eq false", select="ID", inlinecount="allpages", top="1").json()["d"]
    assert (counted["__count"], len(counted["results"])) == ("3", 1)
    number = bench.get("/$count", filter="Country eq 'NL'")
    assert (number.text, number.headers["Content-Type"]) == ("2", "text/plain;charset=utf-8")
    assert bench.get("/$count").status_code == 400


def test_order_and_skip(bench: Bench) -> None:
    rows = bench.get(select="Name", filter="Blocked eq false", orderby="Name desc", skip="1").json()["d"]["results"]
    assert [row["Name"] for row in rows] == [JAN, PRINTER]


def test_without_json_in_accept_the_answer_is_atom(bench: Bench) -> None:
    url = f"{bench.sim.base_url}/api/v1/{DIVISION}/crm/Accounts"
    headers = {"Authorization": str(bench.session.headers["Authorization"])}
    feed = requests.get(url, params={"$select": "Name", "$filter": "City eq 'Utrecht'"}, headers=headers, timeout=10)
    assert feed.headers["Content-Type"].startswith("application/atom+xml")
    atom = "{http://schemas.microsoft.com/ado/2007/08/dataservices}Name"
    assert [node.text for node in ElementTree.fromstring(feed.content).iter(atom)] == [SIOBHAN]
    guid = bench.sim.account(DIVISION, "1")["ID"]
    entry = requests.get(f"{url}(guid'{guid}')", params={"$select": "Name,Phone,Blocked"}, headers=headers, timeout=10)
    texts = {node.tag.rpartition("}")[2]: node.text for node in ElementTree.fromstring(entry.content).iter()}
    assert (texts["Name"], texts["Phone"], texts["Blocked"]) == (JAN, None, "false")
    error = requests.get(url, headers=headers, timeout=10)
    assert "Please add a $select" in "".join(ElementTree.fromstring(error.content).itertext())
    refused = requests.get(url, headers=headers | {"Accept": "application/xml"}, timeout=10)
    assert refused.status_code == 415


def test_sixty_rows_a_page_and_the_rest_behind_next(bench: Bench) -> None:
    for number in range(150):
        bench.sim.add_account(OTHER, Code=str(1000 + number), Name=f"Lid & co {number:03}", City="A + B")
    for extra in ({}, {"orderby": "Name desc"}):
        answer = bench.get(division=OTHER, select="Code,Name", filter="City eq 'A + B'", inlinecount="allpages", **extra)
        sizes, seen = [], []
        while True:
            page = answer.json()["d"]
            sizes.append(len(page["results"]))
            seen += [row["Code"].strip() for row in page["results"]]
            assert page["__count"] == "150"
            if "__next" not in page:
                break
            assert page["__next"].startswith(f"{bench.sim.base_url}/api/v1/{OTHER}/crm/Accounts?")
            answer = bench.session.get(page["__next"], timeout=10)
        assert sizes == [60, 60, 30]
        assert sorted(seen) == [str(1000 + number) for number in range(150)]
    long_top = bench.get(division=OTHER, select="Code", filter="City eq 'A + B'", top="70").json()["d"]
    rest = bench.session.get(long_top["__next"], timeout=10).json()["d"]
    assert (len(long_top["results"]), len(rest)) == (60, 10)


def test_a_question_that_is_too_long_is_not_found(bench: Bench) -> None:
    codes = " or ".join(f"Code eq '{number:18}'" for number in range(60))
    refused = bench.get(select="ID", filter=codes)
    assert refused.status_code == 404
    assert "json" not in refused.headers["Content-Type"]


def test_a_question_that_is_too_deep_is_refused(bench: Bench) -> None:
    bench.sim.dials.query_limit = 10**6
    refused = bench.get(select="ID", filter="(" * 5000 + "Blocked" + ")" * 5000)
    bench.sim.dials.query_limit = 2048
    assert (refused.status_code, "Error in query syntax" in said(refused)) == (400, True)


@pytest.mark.parametrize("path", ["crm/accounts", "CRM/Accounts", "crm/Accounts/", "crm/Nothing", "current/Me"])
def test_paths_are_case_sensitive(bench: Bench, path: str) -> None:
    assert bench.call("GET", f"{DIVISION}/{path}", params={"$top": "1"}).status_code == 404
    assert bench.call("GET", "current/me").status_code == 404


def test_me_and_the_divisions_of_a_user(bench: Bench) -> None:
    (me,) = bench.call("GET", "current/Me", params={"$select": "UserID,UserName,CurrentDivision"}).json()["d"]["results"]
    assert (me["UserID"], me["CurrentDivision"]) == (bench.user.user_id, DIVISION)
    bench.sim.add_division(1000003, "Archief", status=2)
    bench.sim.add_division(1000004, "Van een ander")
    bench.sim.change_user("treasurer", divisions=[DIVISION, OTHER, 1000003])
    answer = bench.call("GET", f"{DIVISION}/system/Divisions", params={"$select": "Code,Description,Status,Current,Hid"})
    rows = answer.json()["d"]["results"]
    assert [(row["Code"], row["Status"], row["Current"]) for row in rows] == [
        (DIVISION, 1, True), (OTHER, 1, False), (1000003, 2, False)
    ]  # fmt: skip
    assert isinstance(rows[0]["Hid"], str), "a 64-bit number travels as text"
    assert bench.call("GET", f"{DIVISION}/system/Divisions").status_code == 400
    one = bench.call("GET", f"{DIVISION}/system/Divisions({OTHER})", params={"$select": "Description"})
    assert one.json()["d"]["Description"] == "Stichting"


def test_divisions_that_refuse(bench: Bench) -> None:
    bench.sim.add_division(2000001, reason="LicenseExpired")
    bench.sim.add_division(2000002)
    bench.sim.change_user("treasurer", divisions=[DIVISION, OTHER, 2000001])
    for division, reason in ((2000001, "LicenseExpired"), (2000002, "NoDivisionAccess"), (9999999, "NoDivisionAccess")):
        refused = bench.get(division=division, select="ID", filter="Blocked eq false")
        assert (refused.status_code, refused.headers["Reason"], said(refused)) == (403, reason, "Forbidden")


def test_without_rights_to_the_module_lists_are_empty(bench: Bench) -> None:
    bench.sim.change_user("treasurer", without_module=[DIVISION])
    try:
        assert find(bench, "Blocked eq false") == []
        assert bench.post(Name="x").status_code == 403
    finally:
        bench.sim.change_user("treasurer", without_module=[])
    assert len(find(bench, "Blocked eq false")) == 3
