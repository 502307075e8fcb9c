"""The calls as Exact receives them, and what becomes of its answers: ordinary ones, odd ones and lost ones."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from integrations.exact_online import errors
from integrations.exact_online.client import ExactClient
from integrations.wire import Session
from tests.wire import drip, hang_up, raw, say, say_json, wire

SITE = "https://start.exactonline.nl"
API = f"{SITE}/api/v1/102030"
GUID = "6c1ab9dc-0e4b-4f3c-9a56-0f6b5e3a7d21"
OTHER = "aaaaaaaa-0e4b-4f3c-9a56-0f6b5e3a7d21"
ROW = {"ID": GUID, "Code": "            500012", "Name": "Ada", "Country": "NL ", "Division": 102030}
LIMITS = {
    "Date": "Thu, 02 Dec 2021 12:15:30 GMT",
    "X-RateLimit-Limit": "5000",
    "X-RateLimit-Remaining": "4321",
    "X-RateLimit-Reset": "1638489600000",
    "X-RateLimit-Minutely-Limit": "60",
    "X-RateLimit-Minutely-Remaining": "59",
    "X-RateLimit-Minutely-Reset": "1638447360000",
}


@pytest.fixture
def exact():
    with responses.RequestsMock() as exact:
        yield exact


@pytest.fixture
def client():
    return ExactClient(SITE, lambda: "t0ken", 102030)


def query(exact, call=0):
    return {name: value for name, [value] in parse_qs(urlsplit(exact.calls[call].request.url).query).items()}


def sent(exact, call=0):
    return json.loads(exact.calls[call].request.body)


def test_who_consented(exact):
    me = {
        "UserID": GUID,
        "UserName": "ada",
        "FullName": "Ada",
        "Email": "ada@example.org",
        "CurrentDivision": 5,
        "Language": "EN",
    }
    exact.get(f"{SITE}/api/v1/current/Me", json={"d": {"results": [me]}})
    found = ExactClient(SITE + "/", lambda: "t0ken").me()
    assert (found.user_id, found.current_division, found.email) == (GUID, 5, "ada@example.org")
    request = exact.calls[0].request
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Authorization"] == "Bearer t0ken"
    assert query(exact)["$select"].split(",") == ["UserID", "UserName", "FullName", "Email", "CurrentDivision", "Language"]


@pytest.mark.parametrize("rows", [[], [{"UserID": GUID, "CurrentDivision": 1}] * 2, [{}]])
def test_nobody_or_two_is_unexpected(exact, client, rows):
    exact.get(f"{SITE}/api/v1/current/Me", json={"d": rows})
    with pytest.raises(errors.Unexpected):
        client.me()


def test_divisions_are_read_to_the_last_page(exact, client):
    second = f"{SITE}/api/v1/5/system/Divisions?$skiptoken=9"
    pages = [
        {"results": [{"Code": 1, "Status": 1, "Description": "Books"}], "__next": second},
        {"results": [{"Code": 2, "Status": 2}]},
    ]
    for page in pages:
        exact.get(f"{SITE}/api/v1/5/system/Divisions", json={"d": page})
    found = client.divisions(5)
    assert [(division.code, division.active) for division in found] == [(1, True), (2, False)]
    assert exact.calls[1].request.url == second
    assert exact.calls[1].request.headers["Authorization"] == "Bearer t0ken"
    assert "IsHRDivision" in query(exact)["$select"]
    assert client.calls == 2


def test_a_page_that_leads_elsewhere_is_not_followed_with_our_token(exact, client):
    exact.get(f"{SITE}/api/v1/5/system/Divisions", json={"d": {"results": [], "__next": "https://evil.example/"}})
    with pytest.raises(errors.Unexpected):
        client.divisions(5)
    assert len(exact.calls) == 1


def test_pages_that_go_in_a_circle_end(exact, client):
    same = f"{SITE}/api/v1/5/system/Divisions?$skiptoken=9"
    exact.get(f"{SITE}/api/v1/5/system/Divisions", json={"d": {"results": [], "__next": same}})
    with pytest.raises(errors.Unexpected, match="circle"):
        client.divisions(5)
    assert len(exact.calls) == 2


def test_a_relation_is_found_by_its_padded_code(exact, client):
    exact.get(f"{API}/crm/Accounts", json={"d": {"results": [ROW]}})
    account = client.find_by_code("500012")
    assert (account.guid, account.code, account.fields["Country"]) == (GUID, "500012", "NL")
    assert query(exact)["$filter"] == "Code eq '            500012'"
    assert {"ID", "Code", "Name", "IsSupplier", "Blocked", "EndDate", "Division"} < set(query(exact)["$select"].split(","))
    assert "+" not in exact.calls[0].request.url, "a blank goes as %20"
    assert client.calls == 1


@pytest.mark.parametrize("code", ["O'Brien", "a&b=c", "50%", "1+1", "#7"])
def test_odd_characters_reach_exact_as_they_are(exact, client, code):
    exact.get(f"{API}/crm/Accounts", json={"d": []})
    assert client.find_by_code(code) is None
    assert query(exact)["$filter"] == f"Code eq '{code.rjust(18).replace(chr(39), chr(39) * 2)}'"


@pytest.mark.parametrize("nothing", [{"d": []}, {"d": {"results": []}}])
def test_none_is_none(exact, client, nothing):
    exact.get(f"{API}/crm/Accounts", json=nothing)
    assert client.find_by_guid(GUID.upper()) is None
    assert query(exact)["$filter"] == f"ID eq guid'{GUID}'"


def test_a_relation_is_found_by_its_guid(exact, client):
    exact.get(f"{API}/crm/Accounts", json={"d": [ROW]})
    assert client.find_by_guid(GUID).code == "500012"


@pytest.mark.parametrize("rows", [[ROW, ROW], [ROW | {"Code": "7", "ID": OTHER}], [ROW | {"ID": None}]])
@pytest.mark.parametrize("find", ["find_by_code", "find_by_guid"])
def test_an_answer_to_another_question_is_not_taken(exact, client, rows, find):
    exact.get(f"{API}/crm/Accounts", json={"d": rows})
    with pytest.raises(errors.Unexpected):
        getattr(client, find)("500012" if find == "find_by_code" else GUID)


def test_an_answer_of_another_division_is_not_taken(exact, client):
    exact.get(f"{API}/crm/Accounts", json={"d": [ROW | {"Division": 9}]})
    with pytest.raises(errors.WrongDivision, match="asked 102030, answered 9"):
        client.find_by_code("500012")


def test_a_look_up_that_does_not_tell_its_division_is_taken(exact, client):
    exact.get(f"{API}/crm/Accounts", json={"d": [ROW | {"Division": None}]})
    assert client.find_by_code("500012").guid == GUID


@pytest.mark.parametrize("body", ["", "<feed/>", '{"d": [', "{}", '{"d": [{"ID": "x"}]}'])
def test_a_look_up_that_cannot_be_read_is_an_error_and_not_an_absence(exact, client, body):
    exact.get(f"{API}/crm/Accounts", body=body)
    with pytest.raises(errors.ExactError) as caught:
        client.find_by_code("500012")
    assert not caught.value.answer_lost


def test_a_relation_is_created_and_told_in_full(exact, client):
    exact.post(f"{API}/crm/Accounts", status=201, json={"d": ROW})
    account = client.create({"Code": " 500012 ", "Name": "Ada", "Email": None})
    assert (account.guid, account.code, account.division) == (GUID, "500012", 102030)
    assert sent(exact) == {"Code": "500012", "Name": "Ada", "Email": None}
    assert exact.calls[0].request.headers["Prefer"] == "return=representation"
    assert exact.calls[0].request.headers["Content-Type"] == "application/json"


def test_a_sparse_answer_will_do_when_it_tells_the_division(exact, client):
    row = {"ID": GUID, "Code": None, "__metadata": {"uri": f"{API}/crm/Accounts(guid'{GUID}')"}}
    exact.post(f"{API}/crm/Accounts", status=201, json={"d": row})
    assert client.create({"Code": "500012", "Name": "Ada"}).code == "500012"


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (ROW | {"Division": 9}, errors.WrongDivision),
        (ROW | {"Division": None}, errors.WrongDivision),
        (ROW | {"Division": None, "__metadata": {"uri": f"{SITE}/api/v1/9/crm/Accounts"}}, errors.WrongDivision),
        (ROW | {"Code": "9"}, errors.Unexpected),
        (ROW | {"ID": None}, errors.Unexpected),
        ([ROW, ROW], errors.Unexpected),
        ([], errors.Unexpected),
    ],
)
def test_a_creation_that_went_elsewhere_is_never_taken_for_ours(exact, client, row, kind):
    exact.post(f"{API}/crm/Accounts", status=201, json={"d": row})
    with pytest.raises(kind) as caught:
        client.create({"Code": "500012", "Name": "Ada"})
    assert caught.value.answer_lost


@pytest.mark.parametrize(
    "fields", [{}, {"Name": "Ada"}, {"Code": "1"}, {"Code": " ", "Name": "Ada"}, {"Code": "1", "Name": None}]
)
def test_a_creation_that_could_not_be_found_again_is_not_sent(client, fields):
    with pytest.raises(ValueError, match="needs Code and Name"):
        client.create(fields)
    assert client.calls == 0


def test_a_relation_is_updated_with_these_fields_only(exact, client):
    exact.put(f"{API}/crm/Accounts(guid'{GUID}')", status=204)
    assert client.update(GUID.upper(), {"City": "Delft", "Email": None}) is None
    assert sent(exact) == {"City": "Delft", "Email": None}


@pytest.mark.parametrize("fields", [{}, {"Code": "1"}, {"City": "Delft", "Code": "1"}, {"IsMember": "yes"}])
def test_an_update_exact_would_refuse_is_not_sent(client, fields):
    with pytest.raises(ValueError, match=r"Code|not fields of ours: IsMember"):
        client.update(GUID, fields)
    assert client.calls == 0


def test_no_division_no_relations():
    client = ExactClient(SITE, lambda: "t0ken")
    with pytest.raises(ValueError, match="this client has none"):
        client.find_by_code("1")


def test_there_is_no_way_to_delete(client):
    assert not [name for name in dir(client) if re.search("delete(?!d)", name.lower())], "deleted_accounts only looks"


def test_a_refusal_of_exacts_is_raised_in_its_own_words(exact, client):
    said = {"error": {"code": "", "message": {"lang": "", "value": "Ongeldig: E-mail []"}}}
    exact.put(f"{API}/crm/Accounts(guid'{GUID}')", status=500, json=said, headers=LIMITS)
    with pytest.raises(errors.Rejected) as caught:
        client.update(GUID, {"Email": "ada@"})
    error = caught.value
    assert (error.said, error.answer_lost, error.endpoint) == ("Ongeldig: E-mail []", False, "crm/Accounts")
    assert GUID not in str(error)
    assert client.limits.minute.remaining == error.limits.minute.remaining == 59


def test_limits_are_as_last_seen_and_a_silent_answer_forgets_nothing(exact, client):
    assert client.limits is None
    minute = {"X-RateLimit-Minutely-Remaining": "0", "X-RateLimit-Minutely-Reset": "1638447360000"}
    exact.get(f"{API}/crm/Accounts", json={"d": []}, headers=LIMITS)
    exact.get(f"{API}/crm/Accounts", json={"d": []})
    exact.get(f"{API}/crm/Accounts", status=429, headers=minute)
    for expected in (59, 59):
        client.find_by_code("1")
        assert client.limits.minute.remaining == expected
    with pytest.raises(errors.MinuteLimitReached):
        client.find_by_code("1")
    assert (client.limits.minute.remaining, client.limits.day.remaining) == (0, 4321)
    assert client.calls == 3


def test_the_token_is_asked_before_each_request(exact):
    tokens = iter(["first", "second"])
    client = ExactClient(SITE, lambda: next(tokens), 102030)
    exact.get(f"{API}/crm/Accounts", json={"d": []})
    client.find_by_code("1")
    client.find_by_code("1")
    assert [call.request.headers["Authorization"] for call in exact.calls] == ["Bearer first", "Bearer second"]


def test_a_token_that_cannot_be_had_costs_no_call():
    def no_token():
        raise LookupError("no consent")

    client = ExactClient(SITE, no_token, 102030)
    with pytest.raises(LookupError):
        client.find_by_code("1")
    assert client.calls == 0


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        pytest.param(hang_up, errors.Unreachable, id="dropped"),
        pytest.param(drip(b"HTTP/1.1 201 Created\r\nX-Slow: "), errors.Unreachable, id="dripping headers"),
        pytest.param(drip(b"HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n"), errors.Unreachable, id="dripping body"),
        pytest.param(raw(b'HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{"d"'), errors.Unreachable, id="cut short"),
        pytest.param(say(201, b'{"d": {"ID'), errors.RelationBusy, id="half a json"),
        pytest.param(say(201), errors.RelationBusy, id="empty"),
        pytest.param(say(200, b"<html>", {"Content-Type": "text/html"}), errors.Maintenance, id="html"),
        pytest.param(say(500), errors.RelationBusy, id="500 without a word"),
        pytest.param(say(503), errors.Maintenance, id="503"),
        pytest.param(say_json(201, {"d": {"results": []}}), errors.Unexpected, id="nothing created"),
    ],
)
def test_a_creation_without_a_usable_answer_is_lost_and_not_repeated(act, kind):
    with wire(act) as server:
        client = ExactClient(server.url, lambda: "t0ken", 102030, deadline=0.4)
        with pytest.raises(kind) as caught:
            client.create({"Code": "500012", "Name": "Ada"})
    assert caught.value.answer_lost
    assert len(server.requests) == 1
    assert client.calls == 1
    assert 0 < client.http_seconds < 3


def test_an_update_that_exact_confirms_needs_no_body():
    with wire(raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"d"')) as server:
        ExactClient(server.url, lambda: "t0ken", 102030).update(GUID, {"City": "Delft"})
    assert server.requests[0].startswith(f"PUT /api/v1/102030/crm/Accounts(guid'{GUID}') ")


def test_an_update_answered_by_a_login_page_is_lost():
    with wire(say(200, b"<html>", {"Content-Type": "text/html"})) as server, pytest.raises(errors.Maintenance) as caught:
        ExactClient(server.url, lambda: "t0ken", 102030).update(GUID, {"City": "Delft"})
    assert caught.value.answer_lost


def test_a_session_may_be_shared_and_keeps_its_connection():
    with Session() as session, wire(say_json(200, {"d": []})) as server:
        for division, token in enumerate(["one", "two"], start=1):
            ExactClient(server.url, lambda token=token: token, division, session=session).find_by_code("1")
    assert server.connections == 1
    assert [f"Bearer {token}" in request for token, request in zip(["one", "two"], server.requests, strict=True)] == [True, True]
