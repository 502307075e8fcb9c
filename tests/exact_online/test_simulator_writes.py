"""The simulated writes: what Exact takes, what it makes of it, and with which sentence it refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations.exact_online.simulator import Simulator

from .simulated import DIVISION, OTHER, Bench, said

MISSING = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


def test_a_relation_is_created_and_answered_in_full_on_request(bench: Bench) -> None:
    answer = bench.post(Code="500001", Name="Jan", Status="C", Country="NL", Email="jan@leden.example")
    row = answer.json()["d"]
    assert answer.status_code == 201
    assert (row["Code"], row["Country"], row["Division"], row["IsSales"]) == ("            500001", "NL ", DIVISION, True)
    assert row["ID"] in answer.headers["Location"]
    held = bench.sim.account(DIVISION, "500001")
    assert (held["ID"], held["Name"], held["Email"]) == (row["ID"], "Jan", "jan@leden.example")


def test_without_prefer_only_what_was_sent_comes_back(bench: Bench) -> None:
    row = bench.post(whole=False, Name="Jan").json()["d"]
    assert row["ID"] == bench.sim.account(DIVISION, "1")["ID"]
    assert row["Name"] == "Jan"
    assert (row["Code"], row["Division"], row["Modified"], row["Blocked"]) == (None, None, None, None)


def test_codes_are_given_out_above_the_highest(bench: Bench) -> None:
    bench.sim.add_account(DIVISION, Code="90004", Name="Supplier")
    assert bench.post(Name="Next").json()["d"]["Code"].strip() == "90005"
    assert bench.post(division=OTHER, Name="First").json()["d"]["Code"].strip() == "1"


def test_a_code_exists_once_per_division(bench: Bench) -> None:
    assert bench.post(Code="7", Name="First").status_code == 201
    again = bench.post(Code=" 7 ", Name="Second")
    assert (again.status_code, said(again)) == (500, "Gegeven bestaat reeds.")
    assert bench.post(division=OTHER, Code="7", Name="Elsewhere").status_code == 201
    assert [row["Name"] for row in bench.sim.accounts(DIVISION)] == ["First"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Verplicht: Naam"),
        ({"Name": None}, "Verplicht: Naam"),
        ({"Name": "  "}, "Verplicht: Naam"),
        ({"Name": "x", "Code": "A12"}, "Ongeldig: Code []"),
        ({"Name": "x", "Code": "1" * 19}, "Ongeldig: Code []"),
        ({"Name": "x", "Code": "-5"}, "Ongeldig: Code []"),
        ({"Name": "x", "Email": "jan@"}, "Ongeldig: E-mail []"),
        ({"Name": "x", "Email": "a@b.nl;c@d.nl"}, "Ongeldig: E-mail []"),
        ({"Name": "x", "Country": "XX"}, "Ongeldig: Land []"),
        ({"Name": "x", "Country": "nl"}, "Ongeldig: Land []"),
        ({"Name": "x", "Status": "Q"}, "Ongeldig: Status []"),
        ({"Name": "x", "Language": "nederlands"}, "Ongeldig: Taal []"),
        ({"Name": "x" * 51}, "Ongeldig: Naam [] (te lang)"),
        ({"Name": "😀" * 26}, "Ongeldig: Naam [] (te lang)"),
        ({"Name": "x", "MainContact": "not a guid"}, "Niet herkende GUID-indeling."),
        ({"Email": "x", "Country": "??"}, "Ongeldig: E-mail []\r\nOngeldig: Land []"),
    ],
)
def test_business_rules_are_a_500_with_a_sentence_each(bench: Bench, values: dict[str, object], sentence: str) -> None:
    refused = bench.post(**values)
    assert refused.status_code == 500
    assert sentence in said(refused)
    assert bench.sim.accounts(DIVISION) == []


def test_several_sentences_are_joined_by_line_ends(bench: Bench) -> None:
    assert said(bench.post(Email="x", Code="A")).split("\r\n") == [
        "Verplicht: Naam", "Ongeldig: E-mail []", "Ongeldig: Code []"
    ]  # fmt: skip


def test_sentences_come_in_the_language_of_the_user(bench: Bench) -> None:
    bench.sim.change_user("treasurer", language="en")
    assert said(bench.post()) == "Mandatory: Name"
    assert said(bench.post(Name="x", Email="y")) == "Invalid: Email []"
    bench.post(Name="x", Code="1")
    assert said(bench.post(Name="x", Code="1")) == "Data already exists."


@pytest.mark.parametrize(
    "values",
    [
        {"Name": "x", "Nickname": "y"},
        {"Name": "x", "SalesTaxSchedule": None},
        {"Name": 5},
        {"Name": "x", "Code": 12},
        {"Name": "x", "Blocked": "yes"},
        {"Name": "x", "Blocked": 1},
        {"Name": "x", "IsMailing": True},
        {"Name": "x", "IsMailing": 256},
        {"Name": "x", "Latitude": "north"},
        {"Name": "x", "StartDate": "tomorrow"},
        {"Name": ["x"]},
    ],
)
def test_a_body_that_does_not_fit_is_a_400(bench: Bench, values: dict[str, object]) -> None:
    refused = bench.post(**values)
    assert refused.status_code == 400
    assert said(refused).startswith("Error processing request stream. ")


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"", b'"x"', b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_a_400(bench: Bench, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused = bench.call("POST", f"{DIVISION}/crm/Accounts", data=body, headers=headers)
    assert (refused.status_code, said(refused).startswith("Error processing request stream.")) == (400, True)


def test_a_body_must_call_itself_json_and_stay_below_ten_megabytes(bench: Bench) -> None:
    assert bench.call("POST", f"{DIVISION}/crm/Accounts", data={"Name": "x"}).status_code == 415
    bench.sim.dials.body_limit = 1000
    assert bench.post(Name="x", Remarks="y" * 2000).status_code == 413
    assert bench.post(Name="x").status_code == 201, "the next call finds the door open"


def test_read_only_fields_are_ignored_and_sales_follows_status(bench: Bench) -> None:
    row = bench.post(Name="x", ID=MISSING, IsSales=True, Division=OTHER, Status="P", BankAccounts=[{"a": 1}]).json()["d"]
    assert (row["ID"] != MISSING, row["IsSales"], row["Division"]) == (True, False, DIVISION)
    bench.put(row["ID"], Status="C")
    assert bench.sim.account(DIVISION, row["ID"])["IsSales"] is True


def test_a_put_changes_only_what_was_sent(bench: Bench) -> None:
    row = bench.sim.add_account(DIVISION, Code="1", Name="Jan", City="Delft", Phone="015", Country="NL")
    answer = bench.put(row["ID"], City="Utrecht", Phone=None)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Content-Length" not in answer.headers
    after = bench.sim.account(DIVISION, "1")
    assert (after["Name"], after["City"], after["Phone"], after["Country"]) == ("Jan", "Utrecht", None, "NL")
    assert after["Timestamp"] > row["Timestamp"]
    assert after["Modified"] >= row["Modified"]
    assert after["Modifier"] == bench.user.user_id


def test_dates_are_read_with_or_without_time(bench: Bench) -> None:
    row = bench.post(Name="x", StartDate="2026-11-22", EndDate="1949-12-31T00:00:00", EstablishedDate="/Date(-1000)/").json()["d"]
    assert row["StartDate"] == "/Date(1795305600000)/"
    assert row["EndDate"].startswith("/Date(-")
    assert row["EstablishedDate"] == "/Date(-1000)/"


def test_code_on_put_is_always_refused(bench: Bench) -> None:
    row = bench.sim.add_account(DIVISION, Code="1", Name="Jan")
    refused = bench.put(row["ID"], Code="1", City="Utrecht")
    assert (refused.status_code, said(refused)) == (500, "Gegeven bestaat reeds.")
    assert bench.sim.account(DIVISION, "1")["City"] is None


def test_a_put_cannot_empty_the_name(bench: Bench) -> None:
    row = bench.sim.add_account(DIVISION, Code="1", Name="Jan")
    assert said(bench.put(row["ID"], Name=None)) == "Verplicht: Naam"
    assert said(bench.put(row["ID"], Name="", City="x")) == "Verplicht: Naam"
    assert bench.sim.account(DIVISION, "1")["Name"] == "Jan"


def test_a_reference_to_nothing_is_stored_as_nothing(bench: Bench) -> None:
    payer = bench.sim.add_account(DIVISION, Code="1", Name="Payer")
    elsewhere = bench.sim.add_account(OTHER, Code="1", Name="Elsewhere")
    child = bench.post(Name="Child", InvoiceAccount=payer["ID"].upper(), Parent=elsewhere["ID"]).json()["d"]
    assert (child["InvoiceAccount"], child["Parent"]) == (payer["ID"], None)


def test_too_long_can_be_cut_instead(bench: Bench) -> None:
    bench.sim.turn(over_length="truncate")
    row = bench.post(Name="é" * 60, Postcode="123456789012", Remarks="r" * 500).json()["d"]
    assert (row["Name"], row["Postcode"], row["Remarks"]) == ("é" * 50, "1234567890", "r" * 500)


def test_unknown_relations(bench: Bench) -> None:
    assert bench.put(MISSING, City="x").status_code == 404
    bench.sim.turn(unknown_guid_status=403)
    refused = bench.put(MISSING, City="x")
    assert (refused.status_code, said(refused), "Reason" in refused.headers) == (403, "Forbidden", False)
    assert bench.delete(MISSING).status_code == 403
    assert bench.put("x", City="y").status_code == 400
    elsewhere = bench.sim.add_account(OTHER, Name="x")
    assert bench.put(elsewhere["ID"], City="y").status_code == 403


def test_delete_unless_used(bench: Bench) -> None:
    row, used = bench.sim.add_account(DIVISION, Name="a"), bench.sim.add_account(DIVISION, Name="b", used=True)
    assert bench.delete(row["ID"]).status_code == 204
    refused = bench.delete(used["ID"])
    assert (refused.status_code, said(refused)) == (500, "In gebruik: Naam")
    assert [left["Name"] for left in bench.sim.accounts(DIVISION)] == ["b"]
    assert bench.sim.add_account(DIVISION, Name="c")["Timestamp"] == 4, "row versions never fall back"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"crm/Accounts(guid'{MISSING}')"),
        ("PUT", "crm/Accounts"),
        ("DELETE", "crm/Accounts"),
        ("POST", f"crm/Accounts(guid'{MISSING}')"),
        ("POST", "system/Divisions"),
    ],
)
def test_methods_that_are_not_there(bench: Bench, method: str, path: str) -> None:
    assert bench.call(method, f"{DIVISION}/{path}", json={"Name": "x"}).status_code == 405


def test_the_bookkeeper_changes_things_in_exact_itself(bench: Bench) -> None:
    row = bench.sim.add_account(DIVISION, Code="1", Name="Jan")
    bench.sim.add_account(DIVISION, Code="2", Name="Piet")
    bench.sim.edit_account(DIVISION, "1", Code="11", Name="Jan J.", Blocked=True)
    assert bench.sim.account(DIVISION, row["ID"])["Code"] == "11"
    found = bench.get(filter=f"Code eq '{'11':>18}'", select="Name,Blocked").json()["d"]["results"]
    assert [(row["Name"], row["Blocked"]) for row in found] == [("Jan J.", True)]
    assert bench.get(filter=f"Code eq '{'1':>18}'", select="Name").json()["d"]["results"] == []
    for wrong in (lambda: bench.sim.edit_account(DIVISION, "11", Code="2"), lambda: bench.sim.add_account(DIVISION, Code="2")):
        with pytest.raises(ValueError, match="taken"):
            wrong()
    bench.sim.delete_account(DIVISION, "11")
    with pytest.raises(KeyError):
        bench.sim.account(DIVISION, "11")
