"""The calls as Congressus receives them, and what becomes of its answers: ordinary ones, odd ones and lost ones."""

import json
import logging
from itertools import count
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from integrations.congressus import errors
from integrations.congressus.client import MOST_PAGES, CongressusClient
from integrations.congressus.records import Association, Status, Webhook
from integrations.wire import Session
from tests.wire import hang_up, raw, say, say_json, wire

API = "https://api.congressus.nl/v30"
KEY = "k3y-of-the-association"
HOOK = "https://sync.example.org/congressus/s3cret-path/"


@pytest.fixture
def congressus():
    with responses.RequestsMock() as congressus:
        yield congressus


@pytest.fixture
def client():
    return CongressusClient(API, KEY)


def page(*rows, has_next=False, **more):
    return {"total": len(rows), "has_prev": False, "has_next": has_next, "data": list(rows), **more}


def query(congressus, call=0):
    return parse_qsl(urlsplit(congressus.calls[call].request.url).query)


def status(key, **more):
    return {"id": key, "name": f"Status {key}", "archived": False, "hidden": False, "deceased": False, **more}


# Members -----------------------------------------------------------------------------------------------------------------


def test_a_page_of_members_is_asked_with_the_key_in_its_header_and_nowhere_else(congressus, client):
    congressus.get(f"{API}/members", json=page({"id": 7, "email": "ada@example.org"}, {"id": 9}, has_next=True, total=140))
    found = client.members(2, status_ids=[3, 5], page_size=2)
    assert [record.id for record in found.rows] == [7, 9]
    assert (found.total, found.has_next, found.unreadable) == (140, True, 0)
    request = congressus.calls[0].request
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Accept"] == "application/json"
    assert KEY not in request.url
    assert query(congressus) == [("page", "2"), ("page_size", "2"), ("order", "id"), ("status_id", "3"), ("status_id", "5")]


def test_members_are_asked_in_any_order_and_by_default_in_full_pages_without_a_filter(congressus, client):
    congressus.get(f"{API}/members", json=page())
    client.members(order="modified:desc")
    assert query(congressus) == [("page", "1"), ("page_size", "100"), ("order", "modified:desc")]


def test_rows_nobody_can_read_are_counted_and_the_others_kept(congressus, client):
    congressus.get(f"{API}/members", json=page({"id": "7"}, None, [], {"name": "Ada"}, {"id": 9}))
    found = client.members()
    assert ([record.id for record in found.rows], found.unreadable) == ([9], 4)


@pytest.mark.parametrize(
    ("told", "total"),
    [
        (140, 140),
        ("140", 140),
        (0, 0),
        (None, None),
        ("many", None),
        (-1, None),
        (True, None),
        (1.5, None),
        (10**20, None),
        ([], None),
    ],
)
def test_a_total_that_is_no_number_is_unknown(congressus, client, told, total):
    congressus.get(f"{API}/members", json=page(total=told))
    assert client.members().total == total


@pytest.mark.parametrize(
    ("told", "has_next"),
    [
        ({"has_next": True}, True),
        ({"has_next": False, "next_num": 2}, False),
        ({"has next": True}, True),
        ({"has next": False}, False),
        ({"has_next": None, "has next": True}, True),
        ({"next_num": 2}, True),
        ({"next_num": None}, False),
    ],
)
def test_whether_more_follow_is_read_in_both_spellings(congressus, client, told, has_next):
    congressus.get(f"{API}/members", json={"data": [], **told})
    assert client.members().has_next is has_next


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [{"id": 7}],
        None,
        "members",
        {},
        {"has_next": False},
        {"has_next": False, "data": None},
        {"has_next": False, "data": {"id": 7}},
        {"data": [{"id": 7}]},
        {"data": [{"id": 7}], "has_next": "no"},
    ],
)
def test_an_answer_of_another_shape_is_never_an_empty_page(congressus, client, answer):
    congressus.get(f"{API}/members", json=answer)
    with pytest.raises(errors.Unavailable):
        client.members()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<!DOCTYPE html><title>Maintenance</title>", "application/json"),
        (b"Back at noon", "text/html"),
        (b"", "application/json"),
        (b'{"has_next": false, "data": [{"id": 7}, {"id"', "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"[" * 200_000, "application/json"),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda client: client.members(), id="members"),
        pytest.param(lambda client: client.member(7), id="member"),
        pytest.param(lambda client: client.statuses(), id="statuses"),
        pytest.param(lambda client: client.webhooks(), id="webhooks"),
        pytest.param(lambda client: client.association(), id="association"),
        pytest.param(lambda client: client.register_webhook(HOOK, "member", {}), id="register"),
    ],
)
def test_what_is_no_json_is_no_answer_whatever_was_asked(client, body, kind, ask):
    with wire(say(200, body, {"Content-Type": kind})) as server:
        client.base_url = server.url
        with pytest.raises(errors.Unavailable) as caught:
            ask(client)
    assert caught.value.status == 200
    assert client.calls == 1


def test_an_answer_cut_short_on_its_way_is_no_answer(client):
    with wire(raw(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"has_next": false, "data": []}')) as server:
        client.base_url = server.url
        with pytest.raises(errors.Unavailable, match="GET members"):
            client.members()


def test_one_member_is_read_and_everything_unknown_passed_by(congressus, client):
    congressus.get(f"{API}/members/7", json={"id": 7, "email": None, "custom_field_data": {"a": 1}, "new": []})
    assert client.member(7).told == {"email": ""}
    assert query(congressus) == []


def test_a_member_that_is_not_there_is_none(congressus, client):
    congressus.get(f"{API}/members/7", status=404, json={"code": 404, "status": "Not Found"})
    assert client.member(7) is None


def test_a_page_that_says_not_found_does_not_make_a_member_disappear(congressus, client):
    congressus.get(f"{API}/members/7", status=404, body="<html>nginx</html>", content_type="text/html")
    with pytest.raises(errors.Unavailable):
        client.member(7)


@pytest.mark.parametrize("answer", [{"id": 8}, {"id": "7"}, {}, {"data": {"id": 7}}, [{"id": 7}], None])
def test_another_member_than_the_one_asked_for_is_not_taken(congressus, client, answer):
    congressus.get(f"{API}/members/7", json=answer)
    with pytest.raises(errors.Unavailable):
        client.member(7)


def test_a_member_is_asked_for_by_number_only(client):
    with pytest.raises(ValueError, match="format"):
        client.member("7?context=almanac")
    assert client.calls == 0


def test_hostile_text_arrives_harmless(client):
    row = b'{"id": 7, "last_name": "A\\u0000da \\ud83d", "city": 3, "email": "' + b"x" * 1_000_000 + b'"}'
    with wire(say(200, row, {"Content-Type": "application/json"})) as server:
        client.base_url = server.url
        told = client.member(7).told
    assert told["last_name"] == "Ada ?"
    assert len(told["email"]) == 1000


# Statuses ----------------------------------------------------------------------------------------------------------------


def listing(rows):
    """A list as Congressus keeps it: hidden ones only if asked for, pages of 100."""

    def answer(request):
        asked = dict(parse_qsl(urlsplit(request.url).query))
        kinds = [kind for kind in ("archived", "hidden", "deceased") if asked.get(kind) == "1"]
        shown = [row for row in rows if all(row[kind] for kind in kinds) and ("hidden" in kinds or not row["hidden"])]
        size, number = int(asked["page_size"]), int(asked["page"])
        part = shown[(number - 1) * size : number * size]
        return 200, {}, json.dumps(page(*part, has_next=number * size < len(shown), total=len(shown)))

    return answer


def test_statuses_of_every_kind_are_found_once_in_the_order_of_congressus(congressus, client):
    rows = [status(2), status(1), status(5, archived=True), status(4, deceased=True), status(3, hidden=True)]
    rows.append(status(9, hidden=True, archived=True, deceased=True))
    congressus.add_callback("GET", f"{API}/member-statuses", listing(rows))
    assert [found.id for found in client.statuses()] == [2, 1, 4, 5, 3, 9]


def test_statuses_are_read_to_the_last_page(congressus, client):
    congressus.add_callback("GET", f"{API}/member-statuses", listing([status(key) for key in range(1, 251)]))
    assert [found.id for found in client.statuses()] == list(range(1, 251))


def test_statuses_are_told_with_their_kinds(congressus, client):
    congressus.add_callback("GET", f"{API}/member-statuses", listing([status(3, hidden=True, deceased=True)]))
    assert client.statuses() == [Status(3, "Status 3", archived=False, hidden=True, deceased=True)]


@pytest.mark.parametrize("row", [None, [], {"name": "Member"}, {"id": "3", "name": "Member"}])
def test_a_list_of_statuses_with_a_gap_in_it_is_not_taken_for_all_there_are(congressus, client, row):
    congressus.get(f"{API}/member-statuses", json=page(status(1), row))
    with pytest.raises(errors.Unavailable):
        client.statuses()


@pytest.mark.parametrize("rows", [[], [status(1), status(2)]])
def test_a_page_that_comes_back_for_ever_ends_the_reading(congressus, client, rows):
    congressus.get(f"{API}/member-statuses", json=page(*rows, has_next=True))
    with pytest.raises(errors.Unavailable, match="do not end"):
        client.statuses()
    assert client.calls <= 2


def test_pages_that_do_not_end_end_the_reading(congressus, client):
    number = count(1)
    congressus.add_callback(
        "GET", f"{API}/webhooks", lambda request: (200, {}, json.dumps(page({"id": next(number)}, has_next=True)))
    )
    with pytest.raises(errors.Unavailable, match="do not end"):
        client.webhooks()
    assert client.calls == MOST_PAGES


# Whose key it is ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([{"id": 1, "entity": {"id": 2, "fullname": "Rowing Club Ons Dorp", "name": "Ons Dorp"}}], "Rowing Club Ons Dorp"),
        ([{"entity": {"fullname": " ", "name": "Ons Dorp"}}], "Ons Dorp"),
        ([{"entity": {"fullname": None}}], ""),
        ([{"entity": None}], ""),
        ([{"id": 1}], ""),
        ([None], ""),
        ([], ""),
    ],
)
def test_the_association_is_named_by_the_sender_of_an_invoice(congressus, client, rows, name):
    congressus.get(f"{API}/sale-invoices", json=page(*rows))
    assert client.association() == Association(name)
    assert query(congressus) == [("page", "1"), ("page_size", "1")]


@pytest.mark.parametrize("code", [403, 404])
def test_a_key_that_may_not_see_invoices_leaves_the_association_unnamed(congressus, client, code):
    congressus.get(f"{API}/sale-invoices", status=code, json={"message": "No"})
    assert client.association() == Association("")


def test_a_wrong_key_is_not_taken_for_a_nameless_association(congressus, client):
    congressus.get(f"{API}/sale-invoices", status=401, json={"message": "No"})
    with pytest.raises(errors.WrongKey):
        client.association()


# Webhooks ----------------------------------------------------------------------------------------------------------------


def test_a_webhook_is_registered_and_its_password_told(congressus, client):
    answer = {"id": 5, "url": HOOK, "signal": "member", "http_basic_auth_key": "b4sic"}
    congressus.post(f"{API}/webhooks", status=201, json=answer)
    hook = client.register_webhook(HOOK, "member", {"X-Token": "t0ken"}, "it@example.org")
    assert hook == Webhook(5, HOOK, "member", "b4sic")
    assert json.loads(congressus.calls[0].request.body) == {
        "url": HOOK,
        "signal": "member",
        "headers": {"X-Token": "t0ken"},
        "http_basic_auth_enabled": True,
        "technical_contact_email": "it@example.org",
    }


def test_without_an_address_to_write_to_none_is_sent(congressus, client):
    congressus.post(f"{API}/webhooks", status=201, json={"id": 5})
    assert client.register_webhook(HOOK, "member", {}) == Webhook(5, "", "", "")
    assert "technical_contact_email" not in json.loads(congressus.calls[0].request.body)


def test_a_refused_webhook_says_why_without_its_secrets(congressus, client):
    said = {"message": f"{HOOK} answered 404 to t0ken and {KEY}", "errors": {"json": {"url": ["Not reachable."]}}}
    congressus.post(f"{API}/webhooks", status=422, json=said)
    with pytest.raises(errors.BadRequest) as caught:
        client.register_webhook(HOOK, "member", {"X-Token": "t0ken"})
    assert caught.value.said == "… answered 404 to … and …\nurl: Not reachable."


@pytest.mark.parametrize("answer", [None, [], {}, {"id": "5"}])
def test_a_registration_that_tells_no_number_is_not_taken(congressus, client, answer):
    congressus.post(f"{API}/webhooks", status=201, json=answer)
    with pytest.raises(errors.Unavailable):
        client.register_webhook(HOOK, "member", {})


def test_all_webhooks_are_listed(congressus, client):
    congressus.get(f"{API}/webhooks", json=page({"id": 5, "url": HOOK, "signal": "member"}, has_next=True))
    congressus.get(f"{API}/webhooks", json=page({"id": 6, "url": "https://elsewhere.example/", "signal": "event"}))
    assert [(hook.id, hook.signal) for hook in client.webhooks()] == [(5, "member"), (6, "event")]
    assert [dict(query(congressus, call))["page"] for call in (0, 1)] == ["1", "2"]


@pytest.mark.parametrize(("code", "body"), [(204, ""), (200, "{}"), (404, '{"message": "Not found"}')])
def test_a_webhook_that_is_removed_or_was_gone_before_is_gone(congressus, client, code, body):
    congressus.delete(f"{API}/webhooks/5", status=code, body=body, content_type="application/json")
    assert client.remove_webhook(5) is None
    assert client.calls == 1


@pytest.mark.parametrize(("code", "kind"), [(403, errors.NoRights), (500, errors.Unavailable)])
def test_a_webhook_that_could_not_be_removed_is_not_said_to_be(congressus, client, code, kind):
    congressus.delete(f"{API}/webhooks/5", status=code, json={"message": "No"})
    with pytest.raises(kind):
        client.remove_webhook(5)


# Any call ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "17"}, 17), ({}, None), ({"Retry-After": "soon"}, None), ({"Retry-After": "9" * 12}, None)],
)
def test_a_reached_limit_says_how_long_where_congressus_does_and_is_not_tried_again(congressus, client, headers, seconds):
    told = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0", **headers}
    congressus.get(f"{API}/members", status=429, json={"message": "Too many requests"}, headers=told)
    with pytest.raises(errors.LimitReached) as caught:
        client.members()
    assert caught.value.retry_after == seconds
    assert (client.limit.limit, client.limit.remaining) == (1000, 0)
    assert client.calls == len(congressus.calls) == 1


def test_the_limit_is_the_one_last_told(congressus, client):
    assert client.limit is None
    congressus.get(f"{API}/members", json=page(), headers={"X-RateLimit-Remaining": "59"})
    congressus.get(f"{API}/members", json=page(), headers={"X-RateLimit-Remaining": "0"})
    congressus.get(f"{API}/members", json=page())
    remaining = []
    for _ in range(3):
        client.members()
        remaining.append(client.limit.remaining)
    assert remaining == [59, 0, 0]


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(code, client):
    with wire(say(code, b"", {"Location": "/login"})) as server:
        client.base_url = server.url
        with pytest.raises(errors.Unavailable) as caught:
            client.members()
    assert caught.value.status == code
    assert len(server.requests) == 1


def test_what_runs_before_every_call_may_forbid_it():
    asked = []

    class Forbidden(Exception):
        pass

    def before_call():
        asked.append("?")
        if len(asked) == 3:
            raise Forbidden

    with wire(say_json(200, page(status(1)))) as server:
        client = CongressusClient(server.url, KEY, before_call=before_call)
        with pytest.raises(Forbidden):
            client.statuses()
    assert len(asked) == 3
    assert client.calls == len(server.requests) == 2


@pytest.mark.parametrize("key", ["", " ", "two words", "line\nbreak", "NUL\x00", "café", "k3y\n", "\ud83d"])
def test_a_key_no_header_can_carry_is_wrong_without_a_call(key):
    asked = []
    client = CongressusClient("http://127.0.0.1:9", key, before_call=lambda: asked.append("?"))
    with pytest.raises(errors.WrongKey) as caught:
        client.members()
    assert (client.calls, asked) == (0, [])
    assert not key.strip() or key not in str(caught.value) + repr(caught.value)


def test_a_server_that_hangs_up_is_unreachable(client):
    with wire(hang_up) as server:
        client.base_url = server.url
        with pytest.raises(errors.Unreachable) as caught:
            client.members()
    assert caught.value.passes
    assert client.calls == len(server.requests) == 1


def test_a_session_handed_in_keeps_its_connection_between_clients():
    with Session() as session, wire(say_json(200, page())) as server:
        for _ in range(3):
            CongressusClient(server.url + "/", KEY, session=session).members()
    assert (server.connections, len(server.requests)) == (1, 3)


@pytest.mark.parametrize("act", [hang_up, say(401, KEY.encode()), say_json(401, {"message": f"Bad key {KEY}"}), say(200, b"{")])
def test_the_key_is_in_no_exception_no_repr_and_no_log(client, caplog, act):
    caplog.set_level(logging.DEBUG)
    with wire(act) as server:
        client.base_url = server.url
        with pytest.raises(errors.CongressusError) as caught:
            client.members()
    error = caught.value
    assert KEY not in str(error) + repr(error) + repr(vars(error)) + repr(client) + caplog.text
    assert error.__cause__ is None
    assert f"Bearer {KEY}" in server.requests[0]
