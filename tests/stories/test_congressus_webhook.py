"""Congressus calls: what is believed, what is noted, and what is never told."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from integrations import bell
from integrations.arrivals import connecting, webhook
from integrations.arrivals.delay import How
from integrations.arrivals.delay import of as delay_of
from integrations.models import CongressusConnection, CongressusMember
from members.models import Member
from tests.associations import Association

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(association: Association) -> CongressusConnection:
    """Enabled, with its webhook's secrets made, as after registering."""
    association.connect()
    association.visit()
    made = webhook.by_hand(association.connection)
    CongressusConnection.objects.update(webhook_basic="the-basic-key", webhook_id=1)
    assert made.url
    return association.connection


def call(connection: CongressusConnection, body: Any = None, *, secret: str = "", **headers: str) -> int:
    address = reverse("congressus-webhook", args=[secret or connection.webhook_secret.reveal()])
    data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
    answer = Client(raise_request_exception=False).post(address, data, content_type="application/json", headers=headers)
    return int(answer.status_code)


def header(connection: CongressusConnection) -> dict[str, str]:
    return {webhook.HEADER: connection.webhook_header.reveal()}


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"congressus:{password}".encode()).decode()}


def told(congressus_id: int) -> dict[str, Any]:
    return {"webhook_event": "member_updated", "data": {"member": {"id": congressus_id, "email": "forged@example.org"}}}


def test_a_real_call_is_a_hint_and_the_member_is_read_again(association: Association, connection: CongressusConnection) -> None:
    pk = association.member("7", email="jan@example.org")

    assert call(connection, told(pk), **header(connection)) == 200
    assert call(connection, told(pk), **basic("the-basic-key")) == 200
    assert not Member.objects.exists()
    association.visit()

    assert association.here(pk).email == "jan@example.org"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {webhook.HEADER: "wrong"},
        basic("wrong"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Bearer the-basic-key"},
        {webhook.HEADER: "é" * 10},
    ],
    ids=["nothing", "header", "basic", "no base64", "bearer", "no ascii"],
)
def test_a_call_without_the_second_secret_does_nothing(
    association: Association, connection: CongressusConnection, wrong: dict[str, str]
) -> None:
    pk = association.member("7")

    assert call(connection, told(pk), **wrong) == 401
    assert not CongressusMember.objects.exists()
    assert association.connection.webhook_heard_at is None


def test_a_wrong_address_does_nothing_also_with_the_right_header(
    association: Association, connection: CongressusConnection
) -> None:
    assert call(connection, told(1), secret="wrong", **header(connection)) == 401
    connecting.remove(connection)
    assert call(connection, told(1), secret="wrong", **header(connection)) == 401
    assert not CongressusMember.objects.exists()


def test_the_call_at_registration_is_answered_and_nothing_is_done(
    association: Association, connection: CongressusConnection
) -> None:
    assert call(connection) == 200
    assert Client().get(reverse("congressus-webhook", args=[connection.webhook_secret.reveal()])).status_code == 200
    CongressusConnection.objects.update(registering_until="2999-01-01T00:00Z")
    assert call(connection, told(1), **basic("not known yet")) == 200
    assert not CongressusMember.objects.exists()


def test_a_thousand_calls_for_one_member_are_one_fetch(association: Association, connection: CongressusConnection) -> None:
    pk = association.member("7")
    for _call in range(1000):
        assert call(connection, told(pk), **header(connection)) == 200

    association.there.clear_calls()
    association.visit()

    assert association.here(pk)
    assert len(association.there.calls(object_id=pk)) == 1


def test_what_is_heard_while_the_member_is_read_is_read_again(association: Association, connection: CongressusConnection) -> None:
    pk = association.member("7", address={"city": "Delft"})
    assert call(connection, told(pk), **header(connection)) == 200
    gate = association.there.add_fault("gate", endpoint="members/{id}", after=True)
    with association.visit_held_at(gate):
        association.there.change_member(pk, address={"city": "Gouda"})
        assert call(connection, told(pk), **header(connection)) == 200

    association.later(seconds=4)
    association.visit()
    assert association.here(pk).city == "Gouda"


def test_late_and_out_of_order_calls_end_with_what_congressus_holds(
    association: Association, connection: CongressusConnection
) -> None:
    pk = association.member("7")
    deleted = {"webhook_event": "member_deleted", "data": {"member": {"id": pk}}}
    call(connection, told(pk), **header(connection))
    association.visit()
    call(connection, deleted, **header(connection))  # it was restored meanwhile
    association.visit()
    assert association.here(pk).gone_at is None

    association.there.delete_member(pk)
    call(connection, told(pk), **header(connection))  # an update that was overtaken by the deletion
    association.visit()
    assert association.here(pk).gone_at is not None


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"\xff\xfe", b'{"data": 7}', b'{"data": {"member": {"id": "x"}}}'])
def test_a_real_call_nobody_can_read_makes_us_look(
    association: Association, connection: CongressusConnection, body: bytes
) -> None:
    pk = association.member("7")
    association.visit()
    assert not Member.objects.exists()

    assert call(connection, body, **header(connection)) == 200
    association.later(seconds=62)  # not at once: such calls must not spend our share
    association.visit()
    assert association.here(pk)


def test_a_member_whose_status_is_not_fetched_leaves_no_trace(association: Association, connection: CongressusConnection) -> None:
    pk = association.member("7", status=association.oud_lid)
    call(connection, told(pk), **header(connection))
    call(connection, told(123456789), **header(connection))
    association.visit()

    assert not Member.objects.exists()
    assert not CongressusMember.objects.exists()


def test_it_is_answered_at_once_while_everything_else_is_down(
    association: Association, connection: CongressusConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that swallows the connection would hold a page for seconds; the bell rings in a thread of its own."""
    from threading import Event

    answered = Event()
    rung = Event()

    def swallowed() -> None:
        answered.wait(10)
        rung.set()

    monkeypatch.setattr(bell, "ring", swallowed)
    association.there.stop()
    began = time.monotonic()
    assert call(connection, told(7), **header(connection)) == 200
    took = time.monotonic() - began
    answered.set()

    assert rung.wait(10)
    assert took < 5  # it did not wait for the bell; how quick it is, is measured elsewhere
    assert CongressusMember.objects.get().heard == 1


def test_without_the_database_congressus_is_asked_to_try_again(
    association: Association, connection: CongressusConnection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("no database")

    secret, headers = connection.webhook_secret.reveal(), header(connection)
    caplog.set_level("DEBUG")
    with monkeypatch.context() as without:
        without.setattr(database, "cursor", gone)
        assert call(connection, told(7), secret=secret, **headers) == 503

    assert secret not in caplog.text
    assert not CongressusMember.objects.exists()
    assert call(connection, told(7), secret=secret, **headers) == 200


def test_the_webhook_is_registered_at_congressus_and_calls_arrive(
    association: Association, live_server: Any, settings: Any
) -> None:
    settings.PUBLIC_URL = live_server.url
    association.connect()
    association.visit()
    webhook.register(association.connection)
    assert webhook.is_registered(association.connection)
    assert delay_of(association.connection, association.world.moment).how == How.WEBHOOK

    pk = association.member("7")
    assert association.there.webhooks_idle(10)
    assert association.row(pk).heard == 1
    association.visit()
    assert association.here(pk)

    webhook.register(association.connection)
    assert len(association.there.webhooks()) == 1
    webhook.unregister(association.connection)
    assert association.there.webhooks() == []


def test_a_key_that_may_only_read_cannot_register_one_and_says_so(association: Association) -> None:
    association.connect()
    CongressusConnection.objects.update(api_key=association.there.add_key(webhooks=False))
    with pytest.raises(webhook.WebhookRefused, match="may not register"):
        webhook.register(association.connection)
    assert association.connection.attention == ""
    assert not webhook.is_registered(association.connection)


def test_an_address_congressus_cannot_reach_is_refused_in_words(association: Association, settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    association.connect()
    with pytest.raises(webhook.WebhookRefused, match="reach"):
        webhook.register(association.connection)
    assert not webhook.is_registered(association.connection)


def test_the_secrets_reach_no_log(
    association: Association, connection: CongressusConnection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    address = reverse("congressus-webhook", args=[connection.webhook_secret.reveal()])
    call(connection, told(7), **header(connection))
    call(connection, told(7), **{webhook.HEADER: "wrong"})

    assert connection.webhook_header.reveal() not in caplog.text
    assert "the-basic-key" not in caplog.text
    said = said_by_a_process_of_our_own(address)
    assert said.count("/congressus/webhook/...") >= 4
    assert connection.webhook_secret.reveal() not in said


def said_by_a_process_of_our_own(address: str) -> str:
    """What stands in its log when the address of the webhook is in a path, a message, an argument and a traceback."""
    program = f"""
import logging, django
django.setup()
from congressus_sync import logs
from django.test import RequestFactory
logs.configure()
print(logs.RequestLogMiddleware.format_request(RequestFactory().get({address!r})))
logging.getLogger("django.request").error("Internal Server Error: %s", {address!r})
try:
    raise RuntimeError({address!r})
except RuntimeError:
    logging.getLogger("anything").exception("failed at {address}")
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return answer.stdout + answer.stderr
