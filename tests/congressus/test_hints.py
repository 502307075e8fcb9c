"""What a call from outside may look like, and who is asked about because of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.congressus import hints
from integrations.congressus.hints import Hint, read


def call(data, event="member", trigger="member_updated", **more):
    return json.dumps({"webhook_id": 1, "webhook_event": event, "webhook_event_trigger": trigger, "data": data, **more}).encode()


ADA, BEA = {"id": 7, "last_name": "Lovelace"}, {"id": 8}


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        ({"member": ADA}, [7]),
        ({"member": [ADA, BEA]}, [7, 8]),
        ({"members": [ADA, BEA]}, [7, 8]),
        ([ADA, BEA], [7, 8]),
        ([{"member": ADA}, {"member": BEA}], [7, 8]),
        ([{"member": [ADA]}, BEA], [7, 8]),
        (ADA, [7]),
        ({"id": 7}, [7]),
        ([BEA, ADA, BEA], [8, 7]),
        ([None, 7, "8", [ADA], {"id": "7"}, {"member": None}, {"id": True}, BEA], [8]),
        ({}, []),
        ([], []),
        (None, []),
        ("7", []),
        (7, []),
    ],
)
def test_members_are_found_in_whatever_form_they_are_named(data, ids):
    assert read(call(data)) == [Hint(key, deleted=False) for key in ids]


@pytest.mark.parametrize(
    ("event", "trigger", "deleted"),
    [
        ("member", "member_added", False),
        ("member", "member_updated", False),
        ("member", "member_deleted", True),
        ("member_deleted", "", True),
        ("members_deleted", None, True),
        ("members", "members_updated", False),
        (" Member ", "MEMBER_DELETED", True),
        (None, "member_deleted", True),
        ("", "member", False),
    ],
)
def test_events_are_understood_in_either_field_singular_or_plural(event, trigger, deleted):
    assert read(call(ADA, event, trigger)) == [Hint(7, deleted)]


def test_who_is_said_to_be_deleted_is_whatever_the_event():
    assert read(call([ADA | {"deleted": True}, BEA])) == [Hint(7, deleted=True), Hint(8, deleted=False)]


@pytest.mark.parametrize(
    ("event", "trigger"),
    [
        ("event", "event_updated"),
        ("sale_invoice", "sale_invoice_added"),
        ("sale_invoices", "member_updated"),
        (None, None),
        (["member"], None),
        (7, None),
    ],
)
def test_calls_about_anything_else_name_nobody(event, trigger):
    assert read(call(ADA, event, trigger)) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html>",
        b'{"webhook_event": "member", "data": {"id": ',
        b"\xff\xfe\x00",
        b"null",
        b"[]",
        b'"member"',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"webhook_event": "member", "data": {"id": ' + b"9" * 5_000 + b"}}",
        b"webhook_event=member&data=7",
    ],
)
def test_a_body_nobody_can_read_names_nobody(body):
    assert read(body) == []


def test_a_flood_is_cut():
    assert len(read(call([{"id": number} for number in range(1, 2_000)]))) == hints.MOST


def test_a_body_beyond_all_measure_is_not_even_read():
    body = call(ADA)
    assert read(body + b" " * (hints.LARGEST - len(body))) == [Hint(7, deleted=False)]
    assert read(body + b" " * (hints.LARGEST - len(body) + 1)) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "member", "data"]) | st.text(), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(data=ANYTHING, event=ANYTHING)
def test_reading_never_stumbles(data, event):
    for body in (call(data), call(data, event, event), json.dumps(data).encode()):
        assert all(hint.congressus_id > 0 for hint in read(body))


@given(body=st.binary())
def test_reading_bytes_never_stumbles(body):
    assert read(body) == []
