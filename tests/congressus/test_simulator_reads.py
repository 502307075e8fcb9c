"""What the simulated Congressus answers to whoever reads: members, statuses, pages and their order, and to whom it does not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from integrations.congressus.simulator import Simulator

from .simulated import Bench

AUGUST_EVENING = datetime(2031, 8, 31, 21, 30, tzinfo=UTC)  # 23:30 in Amsterdam


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


def put_clock_at(bench: Bench, moment: datetime) -> None:
    bench.sim.turn(clock_offset=moment.timestamp() - time.time())


# Who may ask


@pytest.mark.parametrize("authorization", ["", "Bearer:{key}", "Bearer", "Bearer x{key}", "Token {key}", "{key}"])
def test_only_a_known_key_in_the_notation_of_v30_is_let_in(bench: Bench, authorization: str) -> None:
    bench.session.headers["Authorization"] = authorization.format(key=bench.sim.key)
    refused = bench.get()
    assert (refused.status_code, refused.json()["status"]) == (401, "Unauthorized")
    assert refused.json().keys() == {"code", "status", "message", "errors"}
    assert bench.sim.key not in refused.text


def test_a_key_that_is_withdrawn_and_rights_that_are_taken_away(bench: Bench) -> None:
    second = bench.sim.add_key(members=False)
    bench.use(second)
    statuses = {
        path: bench.get(path).status_code for path in ("members", "member-statuses", "sale-invoices", "webhooks", "countries")
    }
    assert statuses == {"members": 403, "member-statuses": 403, "sale-invoices": 200, "webhooks": 200, "countries": 200}
    bench.sim.change_key(second, members=True, invoices=False, webhooks=False)
    statuses = {
        path: bench.get(path).status_code for path in ("members", "member-statuses", "sale-invoices", "webhooks", "countries")
    }
    assert statuses == {"members": 200, "member-statuses": 200, "sale-invoices": 403, "webhooks": 403, "countries": 200}
    bench.sim.remove_key(second)
    assert bench.get().status_code == 401
    with pytest.raises(ValueError, match="no right to everything"):
        bench.sim.change_key(bench.sim.key, everything=True)


@pytest.mark.parametrize("path", ["", "member", "members/", "members/0", "members/12x", "members/5/statuses/6", "../v20/members"])
def test_what_is_not_there_is_not_found(bench: Bench, path: str) -> None:
    assert bench.get(path).status_code == 404


def test_a_method_an_endpoint_does_not_take(bench: Bench) -> None:
    refused = bench.call("DELETE", "members")
    assert (refused.status_code, refused.json()["code"]) == (405, 405)


# Members


def test_a_row_is_the_whole_member(bench: Bench) -> None:
    added = bench.sim.add_member(prefix="Prof. dr.", suffix="MSc.")
    row = bench.rows()[0]
    assert row == added
    assert row["status"] == {
        "id": row["status"]["id"], "name": "Lid", "status_id": bench.lid, "member_from": "2020-09-01", "member_to": None,
        "archived": False, "deceased": False,
    }  # fmt: skip
    assert row["statuses"] == [row["status"]]
    assert (row["prefix"], row["primary_last_name_prefix"], row["last_name"]) == ("Prof. dr.", "de", "de Vries")
    assert row["phone_mobile"]["number_full_MSISDN"] == "31612345678"
    assert row["phone_mobile"]["number_full"] == "+31612345678"
    assert row["phone_home"] is None
    assert row["address"]["country"]["country_code"] == "NL"
    assert row["bank_account"]["iban_formatted"] == "NL91 ABNA 0417 1643 00"
    assert row["bank_account"]["iban_masked"] == "NL91 **** **** **43 00"
    assert row["deleted"] is False
    private = ("date_of_birth", "memo", "profile_picture", "show_almanac", "custom_field_data")
    assert all(row[name] for name in private)
    assert datetime.fromisoformat(row["modified"]).tzinfo is not None
    one = bench.get(f"members/{row['id']}").json()
    assert one["custom_field_data"] == row["custom_field_data"]
    assert {"ref": "field_shirt_size", "value": "M"} in one["custom_fields"]
    assert one["last_name"] == "de Vries"


@pytest.mark.parametrize(
    ("display", "partner", "rendered"),
    [
        ("own", "Dam", "van der Berg"),
        ("partner", "Dam", "van den Dam"),
        ("partner-own", "Dam", "van den Dam-van der Berg"),
        ("own-partner", "Dam", "van der Berg-van den Dam"),
        ("partner", None, "van der Berg"),
        (None, "Dam", "van der Berg"),
        ("nobody knows", "Dam", "van der Berg"),
    ],
)
def test_the_surname_is_rendered_by_the_choice_of_the_member(
    bench: Bench, display: str | None, partner: str | None, rendered: str
) -> None:
    added = bench.sim.add_member(
        primary_last_name_prefix="van der", primary_last_name_main="Berg", last_name_display=display,
        secondary_last_name_prefix="van den" if partner else None, secondary_last_name_main=partner,
    )  # fmt: skip
    assert bench.get(f"members/{added['id']}").json()["last_name"] == rendered


@pytest.mark.parametrize(
    ("told", "full", "msisdn"),
    [
        ("06-1234 5678", "+31612345678", "31612345678"),
        ("+32 470 12 34 56", "+32470123456", "32470123456"),
        ("0032470123456", "+32470123456", "32470123456"),
        ({"number": "0470123456", "country_id": 22}, "+32470123456", "32470123456"),
        ({"number": "0470123456", "country": {"country_code": "BE"}}, "+32470123456", "32470123456"),
        ({"number": "06", "number_full": "see memo"}, "see memo", "316"),
        ({"number": None}, None, None),
        ("", None, None),
    ],
)
def test_a_phone_number_is_derived(bench: Bench, told: Any, full: str | None, msisdn: str | None) -> None:
    phone = bench.sim.add_member(phone_mobile=told)["phone_mobile"]
    assert (phone["number_full"], phone["number_full_MSISDN"]) == (full, msisdn)


def test_nested_values_are_merged_and_can_be_gone(bench: Bench) -> None:
    id = bench.sim.add_member()["id"]
    moved = bench.sim.change_member(id, address={"city": "Gent", "country": "BE"}, bank_account=None, phone_mobile=None)
    assert (moved["address"]["address"], moved["address"]["city"]) == ("Dorpsstraat 1", "Gent")
    assert moved["address"]["country"]["name_locale_nl"] == "België"
    assert (moved["bank_account"], moved["phone_mobile"]) == (None, None)
    assert bench.sim.change_member(id, address={"country": None})["address"]["country"] is None
    assert bench.sim.change_member(id, address=None)["address"] is None
    for wrong in (
        {"adress": "x"},
        {"address": {"street": "x"}},
        {"address": "x"},
        {"address": {"country": "XX"}},
        {"last_name": "x"},
    ):
        with pytest.raises(ValueError, match=r".+"):
            bench.sim.change_member(id, **wrong)
    assert bench.sim.member(id)["address"] is None


def test_a_context_hides_fields(bench: Bench) -> None:
    bench.sim.add_member()
    row = bench.rows(context="almanac")[0]
    assert not {"memo", "bank_account", "date_of_birth", "address"} & row.keys()
    assert row["last_name"] == "de Vries"
    assert bench.rows(context="manager_edit")[0].keys() == bench.rows()[0].keys()
    both = bench.rows(context=["manager_edit", "profile_edit"])[0]
    assert "memo" not in both
    assert "address" in both
    assert bench.wrong(context="nosy")["context"][0].startswith("Must be one of")


def test_modified_never_stands_still_and_never_goes_back(bench: Bench) -> None:
    id = bench.sim.add_member()["id"]
    seen = [bench.sim.member(id)["modified"]]
    for offset in (0.0, 0.0, 3600.0, -86400.0):
        bench.sim.turn(clock_offset=offset)
        seen.append(bench.sim.change_member(id, nickname="x")["modified"])
    assert seen == sorted(set(seen))
    bench.get()
    assert bench.sim.member(id)["modified"] == seen[-1], "looking is no change"


# Status periods


def test_the_status_in_force_follows_amsterdams_date(bench: Bench) -> None:
    put_clock_at(bench, AUGUST_EVENING)
    id = bench.sim.add_member(status=bench.lid)["id"]
    bench.sim.move_member(id, bench.oud, "2031-09-01")
    before = bench.get(f"members/{id}").json()
    assert before["status"]["status_id"] == bench.lid
    assert [(period["member_from"], period["member_to"]) for period in before["statuses"]] == [
        ("2020-09-01", "2031-08-31"), ("2031-09-01", None)
    ]  # fmt: skip
    assert bench.ids(status_id=bench.lid) == [id]
    put_clock_at(bench, AUGUST_EVENING.replace(hour=22))
    after = bench.get(f"members/{id}").json()
    assert (after["status"]["status_id"], after["status"]["archived"]) == (bench.oud, True)
    assert after["modified"] == before["modified"], "nobody edited it that day"
    assert (bench.ids(status_id=bench.lid), bench.ids(status_id=bench.oud)) == ([], [id])


def test_a_dated_status_may_count_as_a_change(bench: Bench) -> None:
    put_clock_at(bench, AUGUST_EVENING)
    id = bench.sim.add_member(status=bench.lid)["id"]
    bench.sim.move_member(id, bench.oud, "2031-09-01")
    before = bench.sim.member(id)["modified"]
    bench.sim.turn(dated_status_fires=True)
    put_clock_at(bench, AUGUST_EVENING.replace(hour=22))
    assert bench.sim.member(id)["modified"] > before


def test_periods_do_not_overlap(bench: Bench) -> None:
    id = bench.sim.add_member(status=bench.lid)["id"]
    bench.sim.move_member(id, bench.oud, "2035-01-01")
    bench.sim.move_member(id, bench.lid, "2030-01-01")
    bench.sim.move_member(id, bench.oud, "2030-01-01")
    periods = bench.sim.member(id)["statuses"]
    assert [(period["member_from"], period["member_to"], period["status_id"]) for period in periods] == [
        ("2020-09-01", "2029-12-31", bench.lid), ("2030-01-01", "2034-12-31", bench.oud), ("2035-01-01", None, bench.oud)
    ]  # fmt: skip
    newest_first = bench.rows(f"members/{id}/statuses")
    assert newest_first == list(reversed(periods))
    assert bench.rows(f"members/{id}/statuses", order="member_from", page_size=1) == periods[:1]
    assert bench.get("members/1/statuses").status_code == 404


def test_a_gap_between_periods_is_no_status(bench: Bench) -> None:
    past = {"status_id": bench.lid, "member_from": "2001-01-01", "member_to": "2002-01-01"}
    id = bench.sim.add_member(statuses=[past])["id"]
    assert bench.get(f"members/{id}").json()["status"] is None
    assert bench.ids() == [id]
    assert bench.ids(status_id=[bench.lid, bench.oud]) == []
    with pytest.raises(ValueError, match="ends before it begins"):
        bench.sim.change_member(id, statuses=[past | {"member_to": "2000-01-01"}])
    with pytest.raises(KeyError):
        bench.sim.add_member(status=999)


# Lists


def test_pages_tell_where_they_are(bench: Bench) -> None:
    bench.sim.add_members([{} for _ in range(60)])
    first, last = bench.get().json(), bench.get(page=3).json()
    assert len(first.pop("data")) == 25
    assert first == {"total": 60, "has_prev": False, "prev_num": None, "has_next": True, "next_num": 2}
    assert len(last.pop("data")) == 10
    assert last == {"total": 60, "has_prev": True, "prev_num": 2, "has_next": False, "next_num": None}
    assert len(bench.rows(page_size=100)) == 60
    assert (bench.get(page=9).json()["data"], bench.get(page=9).json()["total"]) == ([], 60)
    bench.sim.turn(page_past_end="missing")
    assert bench.get(page=9).status_code == 404
    assert bench.get(page=3).status_code == 200


def test_a_deletion_during_a_walk_moves_somebody_over_the_edge(bench: Bench) -> None:
    everyone = bench.sim.add_members([{} for _ in range(6)])
    first = bench.ids(page_size=3)
    bench.sim.delete_member(first[0])
    seen = first + bench.ids(page_size=3, page=2)
    assert sorted(set(everyone) - set(seen)) == [everyone[3]]
    bench.sim.add_member()
    assert bench.ids(page_size=3, page=2)[-1] > everyone[-1], "who is added comes last"


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"page": 0}, "page"), ({"page": "one"}, "page"), ({"page": ""}, "page"), ({"page": "9" * 40}, "page"),
        ({"page_size": 0}, "page_size"), ({"page_size": 101}, "page_size"), ({"per_page": 10}, "per_page"),
        ({"status_id": "Lid"}, "status_id"), ({"status_id": ["1", "x"]}, "status_id"), ({"order": "memo"}, "order"),
        ({"order": "id:up"}, "order"), ({"order": ""}, "order"), ({"order": "id,,email"}, "order"), ({"modified": "2026"}, "modified"),
        ({"<b>": "x"}, "<b>"),
    ],
)  # fmt: skip
def test_a_question_that_is_not_understood_is_refused(bench: Bench, params: dict[str, Any], name: str) -> None:
    assert list(bench.wrong(**params)) == [name]
    answer = bench.get(**params).json()
    assert (answer["code"], answer["status"]) == (422, "Unprocessable Entity")


def test_members_of_some_statuses(bench: Bench) -> None:
    other = bench.sim.add_status("Donateur")["id"]
    ids = [bench.sim.add_member(status=status)["id"] for status in (bench.lid, bench.oud, other, bench.lid)]
    assert bench.ids() == ids, "without a filter archived ones too"
    assert bench.ids(status_id=bench.lid) == [ids[0], ids[3]]
    assert bench.ids(status_id=[bench.oud, other]) == [ids[1], ids[2]]
    assert bench.ids(status_id=4711) == []


def test_order_with_nothing_last_and_falling_with_nothing_first(bench: Bench) -> None:
    emails = ("b@x.example", None, "A@x.example", "b@x.example")
    one, two, three, four = (bench.sim.add_member(email=email)["id"] for email in emails)
    assert bench.ids(order="email") == bench.ids(order="email:asc") == [three, one, four, two]
    assert bench.ids(order="email:desc") == [two, one, four, three]
    assert bench.ids(order="email:desc,id:desc") == [two, four, one, three]
    assert bench.ids(order="id:desc") == [four, three, two, one]


def test_order_by_modified_is_one_of_the_things_nobody_knows(bench: Bench) -> None:
    one, two, three = bench.sim.add_members([{}, {}, {}])
    bench.sim.change_member(one, nickname="x")
    assert bench.ids(order="modified:desc") == [one, three, two]
    assert bench.ids(order="modified") == [two, three, one]
    bench.sim.turn(orders_by_modified="ignored")
    assert bench.ids(order="modified:desc") == [one, two, three]
    assert bench.ids(order="modified:desc,id:desc") == [three, two, one]
    bench.sim.turn(orders_by_modified="refused")
    assert list(bench.wrong(order="modified:desc")) == ["order"]
    assert bench.ids(order="id") == [one, two, three]


# The bin


def test_who_lies_in_the_bin_is_in_no_list(bench: Bench) -> None:
    kept, binned = bench.sim.add_members([{}, {"username": "s100"}])
    bench.sim.delete_member(binned)
    assert bench.ids() == [kept]
    flagged = bench.get(f"members/{binned}")
    assert (flagged.status_code, flagged.json()["deleted"]) == (200, True)
    bench.sim.turn(deleted_member="gone")
    assert bench.get(f"members/{binned}").status_code == 404
    bench.sim.restore_member(binned)
    assert bench.get(f"members/{binned}").json()["deleted"] is False
    assert bench.ids() == [kept, binned]
    bench.sim.erase_member(binned)
    bench.sim.turn(deleted_member="flag")
    assert bench.get(f"members/{binned}").status_code == 404
    with pytest.raises(KeyError):
        bench.sim.restore_member(binned)
    assert bench.sim.add_member(username="s100")["id"] > binned, "a number is never used again"


def test_a_username_is_unique(bench: Bench) -> None:
    one = bench.sim.add_member(username="s100")["id"]
    two = bench.sim.add_member()["id"]
    for told in ({"username": "s100"}, {"id": two}):
        with pytest.raises(ValueError, match=r"taken|there already"):
            bench.sim.add_member(**told)
    with pytest.raises(ValueError, match="taken"):
        bench.sim.change_member(two, username="s100")
    bench.sim.change_member(one, username="s101")
    assert bench.sim.change_member(two, username="s100")["username"] == "s100"
    assert {bench.sim.add_member(username=None)["username"] for _ in range(2)} == {None}


# Statuses, countries, invoices, search


def test_hidden_statuses_are_shown_only_when_asked(bench: Bench) -> None:
    bench.sim.add_status("Erelid", hidden=True)
    bench.sim.add_status("Overleden", archived=True, deceased=True)

    def names(**params: str) -> list[str]:
        return [row["name"] for row in bench.rows("member-statuses", **params)]

    assert names() == ["Lid", "Oud-lid", "Overleden"]
    assert names(hidden="1") == ["Erelid"]
    assert names(archived="0") == ["Lid"]
    assert names(deceased="1") == ["Overleden"]
    assert names(order="name:desc") == ["Overleden", "Oud-lid", "Lid"]
    for wrong in ({"hidden": "yes"}, {"include_hidden": "1"}):
        assert bench.get("member-statuses", **wrong).status_code == 422
    assert bench.get(f"member-statuses/{bench.oud}").json()["archived"] is True


def test_a_status_is_renamed_and_removed(bench: Bench) -> None:
    id = bench.sim.add_member(status=bench.oud)["id"]
    bench.sim.change_status(bench.oud, name="Reünist", description="Komt nog op de borrel")
    assert bench.get(f"members/{id}").json()["status"]["name"] == "Reünist"
    bench.sim.remove_status(bench.oud)
    assert [row["id"] for row in bench.rows("member-statuses")] == [bench.lid]
    assert bench.get(f"member-statuses/{bench.oud}").status_code == 404
    assert bench.get(f"members/{id}").json()["status"]["name"] == "Reünist", "history keeps its name"
    with pytest.raises(KeyError):
        bench.sim.move_member(id, bench.oud)
    for wrong in ({"name": ""}, {"name": "x" * 256}, {"archived": 1}, {"colour": "red"}):
        with pytest.raises(ValueError, match="status"):
            bench.sim.change_status(bench.lid, **wrong)


def test_countries_and_the_association_behind_an_invoice(bench: Bench) -> None:
    by_code = {row["country_code"]: row for row in bench.rows("countries", page_size=100)}
    assert (by_code["DE"]["name_locale_nl"], by_code["DE"]["calling_code"]) == ("Duitsland", "49")
    bench.sim.rename("Zeilvereniging 't Lij")
    assert [row["entity"]["fullname"] for row in bench.rows("sale-invoices")] == ["Zeilvereniging 't Lij"]
    bench.sim.rename("")
    assert bench.rows("sale-invoices") == []


def test_searching_is_for_looking_up(bench: Bench) -> None:
    found = bench.sim.add_member(given_name="Loïc", primary_last_name_prefix=None, primary_last_name_main="Dubois")["id"]
    bench.sim.add_member()
    (row,) = bench.rows("members/search", term="duBOIS loï")
    assert (row["id"], row["name"], row["current_member_status_name"]) == (found, "Loïc Dubois", "Lid")
    assert bench.rows("members/search", term="nobody") == []
    for wrong in ({}, {"term": "ab"}, {"term": "x" * 65}):
        assert list(bench.wrong("members/search", **wrong)) == ["term"]


def test_a_page_of_many_comes_at_once(bench: Bench) -> None:
    bench.sim.add_members([{} for _ in range(10_000)])
    bench.sim.turn(minute_limit=1000)
    for params in ({"page": 90}, {"page": 40, "status_id": bench.lid}, {"order": "modified:desc"}):
        took = []
        for _ in range(7):
            start = time.perf_counter()
            assert len(bench.rows(page_size=100, **params)) == 100
            took.append(time.perf_counter() - start)
        assert min(took) < 0.05, "20 ms on a quiet machine"


def test_many_read_while_many_change(bench: Bench) -> None:
    bench.sim.turn(minute_limit=10_000)
    ids = bench.sim.add_members([{} for _ in range(40)])

    def work(at: int) -> None:
        id = ids[at]
        bench.sim.change_member(id, nickname=str(at))
        listed = bench.ids(page_size=100, order="modified:desc")
        assert len(listed) == len(set(listed))
        assert bench.get(f"members/{id}").json()["nickname"] == str(at)
        if at % 2:
            bench.sim.erase_member(id)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert bench.ids(page_size=100) == ids[::2]
    moments = [row["modified"] for row in bench.rows(page_size=100)]
    assert len(set(moments)) == 20


def test_a_key_is_in_no_call_that_is_logged(bench: Bench) -> None:
    bench.get(page=2, status_id=[1, 2])
    (call,) = bench.sim.calls()
    assert (call.method, call.endpoint, call.status, call.query) == (
        "GET",
        "members",
        200,
        {"page": ["2"], "status_id": ["1", "2"]},
    )
    assert bench.sim.key not in repr(call)
    id = bench.sim.add_member()["id"]
    bench.get(f"members/{id}")
    assert [call.object_id for call in bench.sim.calls(endpoint="members/{id}")] == [id]
    assert len(bench.sim.calls(query={"status_id": "2"})) == len(bench.sim.calls(object_id=id)) == 1
    assert bench.sim.calls("POST") == bench.sim.calls(status=404) == []
    bench.sim.clear_calls()
    assert bench.sim.calls() == []


def test_outside_the_api_there_is_a_page_that_says_so(bench: Bench) -> None:
    assert requests.get(f"{bench.sim.base_url}/v20/members", timeout=5).status_code == 404
