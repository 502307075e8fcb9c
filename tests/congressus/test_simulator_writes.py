"""Writing members through the API: refused for most keys, and strict for the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.congressus.simulator import Simulator

from .simulated import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


@pytest.fixture
def writing(bench: Bench) -> Bench:
    bench.use(bench.sim.add_key(write=True))
    return bench


def test_a_key_that_may_only_read_changes_nothing(bench: Bench) -> None:
    id = bench.sim.add_member()["id"]
    before = bench.sim.members()
    body = {"primary_last_name_main": "Bos", "status_id": bench.lid}
    tried = [("POST", "members"), ("PUT", f"members/{id}"), ("DELETE", f"members/{id}"), ("POST", f"members/{id}/statuses")]
    assert [bench.call(method, path, json=body).status_code for method, path in tried] == [403] * 4
    assert bench.sim.members() == before


def test_a_writing_key_adds_changes_moves_and_deletes(writing: Bench) -> None:
    body = {"primary_last_name_main": "Bos", "status_id": writing.lid, "address": {"zip": "1234AB", "country_id": 22}}
    added = writing.call("POST", "members", json=body)
    assert added.status_code == 201
    row = added.json()
    assert (row["last_name"], row["given_name"], row["address"]["country"]["country_code"]) == ("Bos", None, "BE")
    assert row["username"]
    path = f"members/{row['id']}"
    changed = writing.call("PUT", path, json={"email": "bos@leden.example", "address": {"city": "Gent"}})
    assert (changed.status_code, changed.json()["email"]) == (202, "bos@leden.example")
    assert (changed.json()["address"]["zip"], changed.json()["address"]["city"]) == ("1234AB", "Gent")
    moved = writing.call("POST", f"{path}/statuses", json={"status_id": writing.oud, "member_from": "2024-01-01"})
    assert (moved.status_code, moved.json()["name"]) == (201, "Oud-lid")
    gone = writing.call("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert writing.sim.member(row["id"])["deleted"] is True
    assert [writing.call(method, path, json={}).status_code for method in ("PUT", "DELETE")] == [404, 404]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"primary_last_name_main": ""}, "primary_last_name_main"),
        ({"status_id": None}, "status_id"),
        ({"status_id": "Lid"}, "status_id"),
        ({"last_name": "Bos"}, "last_name"),
        ({"initials": 5}, "initials"),
        ({"initials": "x" * 256}, "initials"),
        ({"gender": "x"}, "gender"),
        ({"receive_sms": 1}, "receive_sms"),
        ({"date_of_birth": "yesterday"}, "date_of_birth"),
        ({"member_from": "2024-13-01"}, "member_from"),
        ({"address": []}, "address"),
        ({"address": {"street": "x"}}, "address"),
        ({"address": {"zip": "x" * 65}}, "address"),
        ({"address": {"country_id": 1}}, "address"),
        ({"phone_mobile": {"number_full": "+31"}}, "phone_mobile"),
        ({"<script>": 1}, "<script>"),
    ],
)
def test_a_field_that_does_not_fit_is_named(writing: Bench, body: dict[str, Any], field: str) -> None:
    refused = writing.call("POST", "members", json={"primary_last_name_main": "Bos", "status_id": writing.lid} | body)
    assert refused.status_code == 422
    assert list(refused.json()["errors"]["json"]) == [field]
    assert writing.sim.members() == []


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json(writing: Bench, body: bytes) -> None:
    refused = writing.call("POST", "members", data=body, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.json()["errors"]) == (400, {"json": ["Invalid JSON body."]})


def test_a_body_of_another_kind(writing: Bench) -> None:
    assert writing.call("POST", "members", data={"primary_last_name_main": "Bos"}).status_code == 400
    assert writing.call("POST", "members", json=["Bos"]).status_code == 422
    writing.sim.turn(body_limit=10)
    assert writing.call("POST", "members", json={"primary_last_name_main": "Bos"}).status_code == 413


def test_what_the_association_does_not_allow_is_explained(writing: Bench) -> None:
    writing.sim.add_member(username="s100")
    body = {"primary_last_name_main": "Bos", "status_id": writing.lid}
    taken = writing.call("POST", "members", json=body | {"username": "s100"})
    assert (taken.status_code, taken.json()["message"]) == (400, "username s100 is taken")
    assert writing.call("POST", "members", json=body | {"status_id": 9}).status_code == 400
    assert len(writing.sim.members()) == 1


def test_texts_come_back_as_they_were_told(writing: Bench) -> None:
    hostile = "Zoë <b>\u0000\u202e🚲'\"\r\n"
    body = {"primary_last_name_main": hostile, "status_id": writing.lid}
    id = writing.call("POST", "members", json=body).json()["id"]
    assert writing.get(f"members/{id}").json()["primary_last_name_main"] == hostile
