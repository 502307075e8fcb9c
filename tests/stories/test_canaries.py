"""Secrets that can be told from anything else are put in; then everything the application says is read for them.

Every page there is, as the treasurer who may do all, in each state of a connection; every log line down to DEBUG; every message.
"""

from __future__ import annotations

import re
from html import unescape

import pytest
import requests
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from congressus_sync.models import User
from finance.models import FinancialAdministration
from integrations.congressus.simulator import Simulator
from integrations.models import (
    CongressusConnection,
    CongressusMember,
    CongressusWalk,
    ExactOnlineApp,
    ExactOnlineConnection,
    ExactOnlineToken,
    RelationLink,
)
from members.models import Member, MemberImport
from tests.congressus_sync.test_every_address import ALL, GUARDED
from tests.integrations.conftest import Browser
from tests.worlds import World

SECRETS = (
    "canary-client-secret-4711",
    "canary-access-token-4712",
    "canary-refresh-token-4713",
    "canary-api-key-4714",
    "canary-webhook-address-4715",
    "canary-webhook-header-4716",
    "canary-webhook-basic-4717",
)
IBAN = "NL20INGB0001234567"  # another than that of the example file
# What Exact shows in the address bar on the way back is no page of ours.
PAGES = [name for name in GUARDED if name != "exact-online-authorize"]


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("DEBUG")
    return caplog


@pytest.fixture
def treasurer(world: World) -> Browser:
    treasurer = Browser(Client(raise_request_exception=False))
    treasurer.client.force_login(User.objects.create_superuser("penningmeester", password="a long enough password"))
    return treasurer


@pytest.fixture
def connection(world: World, congressus: Simulator) -> ExactOnlineConnection:
    """With a member in Exact, one who needs attention, one left out, and an import; its secrets are canaries from here on."""
    connection = world.connection(division_name="Studievereniging De Kern")
    world.exact.add_account(connection.division, Code="8", Name="Somebody Else")
    for number in ("7", "8", "9"):
        world.member(number, iban=IBAN, email=f"m{number}@example.org")
    world.drain(connection)
    world.compare(connection)
    RelationLink.objects.filter(member__member_number="9").leave_out()
    MemberImport.objects.create(name="members.csv", state="done", content=f"member_number;iban\n7;{IBAN}\n".encode())
    ExactOnlineApp.objects.update(client_secret=SECRETS[0])
    ExactOnlineToken.objects.update(access_token=SECRETS[1], refresh_token=SECRETS[2])
    connect_congressus()
    return connection


def connect_congressus() -> None:
    """With members kept there, one of them in trouble, and secrets that are canaries."""
    congressus = CongressusConnection.objects.create(
        api_key=SECRETS[3], webhook_secret=SECRETS[4], webhook_header=SECRETS[5], webhook_basic=SECRETS[6], webhook_id=1
    )
    CongressusWalk.objects.create(connection=congressus, ended_at=timezone.now(), outcome="done")
    Member.objects.filter(member_number="9").update(congressus_id=9)
    kept = Member.objects.get(member_number="9")
    CongressusMember.objects.create(congressus_id=9, member=kept, number="9", warnings={"iban": "This IBAN is not valid."})
    CongressusMember.objects.create(congressus_id=10, number="10", problem="number_twice", problem_details={"number": "10"})
    CongressusMember.objects.create(
        congressus_id=7, number="7", problem="number_kept_here", problem_details={"name": "Jan de Vries"}
    )


def keys(name: str, connection: ExactOnlineConnection) -> dict[str, int]:
    """The key of something that is there, whatever the page is about."""
    of = {
        "exact-online": connection,
        "financial-administration": FinancialAdministration.objects.first(),
        "member-status": connection.statuses.first(),
        "member-import": MemberImport.objects.first(),
        "member": Member.objects.get(member_number="7"),
        "congressus-walk": CongressusWalk.objects.first(),
    }
    wanted = ALL[name].pattern.converters
    pk = next(found.pk for start, found in of.items() if name.startswith(start)) if wanted else 0
    others = {"connection_pk": connection.pk, "link_pk": connection.links.first().pk, "run_pk": connection.runs.first().pk}
    return {key: others.get(key, pk) for key in wanted}


def read_everything(treasurer: Browser, connection: ExactOnlineConnection) -> dict[str, str]:
    """Name of the address -> what it answered, for all that answer with a page; by htmx too."""
    told: dict[str, str] = {}
    for name in PAGES:
        for headers in ({}, {"HX-Request": "true"}):
            answer = treasurer.client.get(reverse(name, kwargs=keys(name, connection)), headers=headers)
            assert answer.status_code in (200, 405), (name, answer.status_code)
            if answer.status_code == 200:
                told[f"{name} {''.join(headers)}"] = unescape(answer.content.decode())
    return told


def assert_no_canary(text: str, where: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == [], where


def test_no_page_and_no_log_line_holds_a_secret_in_any_state_of_a_connection(
    world: World, treasurer: Browser, connection: ExactOnlineConnection, said: pytest.LogCaptureFixture
) -> None:
    troubles = [{}, *({"attention": problem, "attention_details": {"said": "No."}} for problem in ("consent_lost", "forbidden"))]
    for state in ({"enabled": True, "attention": ""}, *troubles, {"enabled": False, "attention": ""}):
        ExactOnlineConnection.objects.update(**state)
        # Congressus has words of its own for the same problems.
        known = {"consent_lost": "wrong_key", "forbidden": "no_rights"}
        CongressusConnection.objects.update(**state | {"attention": known.get(state.get("attention", ""), "")})
        told = read_everything(treasurer, connection)
        assert len(told) > 30
        for name, page in told.items():
            assert_no_canary(page, name)
    assert_no_canary(said.text, "log")


def test_a_drain_that_fails_in_every_way_tells_no_secret(
    world: World, treasurer: Browser, connection: ExactOnlineConnection, said: pytest.LogCaptureFixture
) -> None:
    """The canaries are not valid at Exact, so first the token and then the consent are refused."""
    member = Member.objects.get(member_number="7")
    for kind in ("drop", "html", "truncated", None):
        if kind:
            world.exact.add_fault(kind, status=500)
        world.edit(member, city=f"City {kind}")
        world.later(minutes=20)
        world.drain(connection)
    connection.refresh_from_db()
    assert connection.attention

    for name, page in read_everything(treasurer, connection).items():
        assert_no_canary(page, name)
    assert_no_canary(said.text, "log")


def test_what_is_typed_as_a_secret_never_comes_back(
    world: World, treasurer: Browser, connection: ExactOnlineConnection, said: pytest.LogCaptureFixture
) -> None:
    typed = {"client_id": "an id with blanks", "client_secret": SECRETS[0], "site": "nl"}
    told = [
        treasurer.press("exact-online-add", **typed),
        treasurer.press("exact-online-edit", connection.pk, **typed),
        treasurer.press("exact-online-add", **typed | {"client_id": world.api_key.client_id, "client_secret": SECRETS[0] + "x"}),
        treasurer.press("exact-online-edit", connection.pk, **typed | {"then": "refresh"}),
        treasurer.press("congressus-edit", api_key=SECRETS[3] + " x", share="nonsense"),
        treasurer.press("congressus", api_key=SECRETS[3]),
        treasurer.press("congressus-webhook-remove"),
    ]

    for page in told:
        assert_no_canary(page, "page")
    assert_no_canary(str(dict(treasurer.client.session)), "session")
    assert_no_canary(said.text, "log")


def test_the_code_of_a_consent_is_not_kept_or_logged(
    world: World, treasurer: Browser, connection: ExactOnlineConnection, said: pytest.LogCaptureFixture
) -> None:
    ExactOnlineApp.objects.update(client_secret=world.api_key.client_secret)
    back = treasurer.answer_at_exact(treasurer.to_exact(connection), world.treasurer)
    code = requests.utils.unquote(re.search(r"code=([^&]+)", back)[1])

    answer = treasurer.come_back(back)

    assert answer.status_code == 302
    token = ExactOnlineToken.objects.get()
    for secret in (code, token.access_token.reveal(), token.refresh_token.reveal()):
        assert secret not in answer["Location"]
        assert secret not in treasurer.page(connection.get_absolute_url())
        assert secret not in str(dict(treasurer.client.session))
        assert secret not in said.text


def test_an_iban_is_whole_only_where_it_is_edited(
    world: World, treasurer: Browser, connection: ExactOnlineConnection, said: pytest.LogCaptureFixture
) -> None:
    whole = {name.split()[0] for name, page in read_everything(treasurer, connection).items() if IBAN in re.sub(r"\s", "", page)}

    assert whole == {"member-edit"}
    assert IBAN not in re.sub(r"\s", "", said.text)
