"""The whole chain in a browser: a change on Congressus' page, past our pages, to Exact Online's page."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from congressus_sync.demo import association, congressus
from finance.models import FinancialAdministration
from integrations.congressus.simulator import Simulator as CongressusSimulator
from integrations.exact_online.simulator import Simulator
from integrations.models import CongressusConnection
from members.models import Member
from tests.browser.conftest import PASSWORD
from tests.browser.test_guide import (
    DIVISION,
    act,
    add_a_connection,
    choose_what_to_synchronize,
    confirm,
    count,
    give_consent,
    log_in,
)
from tests.running import Processes, eventually, processes

ARRIVES_WITHIN = 5.0


@pytest.fixture
def there(tmp_path: Path, settings: Any) -> Iterator[CongressusSimulator]:
    """Congressus, with the people of the demonstration."""
    congressus.write(tmp_path / "members.json")
    with CongressusSimulator(seed="demo", members=tmp_path / "members.json") as simulator:
        settings.CONGRESSUS_BASE_URL = simulator.base_url
        yield simulator


@pytest.fixture
def site(
    transactional_db: None, live_server: LiveServer, settings: Any, exact_online: Simulator, there: CongressusSimulator
) -> str:
    """The application before anybody connected anything: a treasurer and the books."""
    settings.PUBLIC_URL = live_server.url
    for name in association.ADMINISTRATIONS:
        FinancialAdministration.objects.create(name=name)
    get_user_model().objects.create_superuser("treasurer", "treasurer@example.org", PASSWORD)
    return live_server.url


@pytest.fixture
def running(site: str, exact_online: Simulator) -> Iterator[Processes]:
    with processes(exact_online.base_url) as started:
        started.worker()
        yield started


def connect_congressus(page: Page, key: str, *statuses: str) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Settings").click()
    page.get_by_role("link", name=re.compile("Integrations")).click()
    page.locator("main").get_by_role("link", name=re.compile("Congressus")).first.click()
    page.get_by_role("textbox", name="API key").fill(key)
    page.get_by_role("button", name="Connect").click()
    for status in statuses:
        page.get_by_role("checkbox", name=re.compile(rf"^{status}\b")).check()
    page.get_by_role("button", name="Save").last.click()
    act(page, "Enable")
    confirm(page, "Enable")


def change_the_address(page: Page, there: CongressusSimulator, member: Member, address: str) -> None:
    """As the secretary does in Congressus."""
    page.goto(f"{there.base_url}/members/{member.congressus_id}")
    page.locator("input[name='address.address']").fill(address)
    page.get_by_role("button", name="Opslaan").first.click()
    expect(page.locator("input[name='address.address']")).to_have_value(address)


def test_a_change_in_congressus_arrives_in_exact_online(
    watched: Page, site: str, there: CongressusSimulator, exact_online: Simulator, running: Processes
) -> None:
    page = watched
    log_in(page, site)
    connect_congressus(page, there.key, "Lid", "Donateur")
    eventually(lambda: Member.objects.count() == 175, why="the members did not arrive")
    page.goto(f"{site}/settings/integrations/congressus/")
    act(page, "Register webhook")
    eventually(lambda: CongressusConnection.objects.get().webhook_id is not None)
    expect(page.locator("body")).to_contain_text("seconds")

    page.goto(f"{site}/")
    add_a_connection(page, site, exact_online)
    give_consent(page)
    choose_what_to_synchronize(page, "Donateur")
    act(page, "Enable")
    confirm(page, "Enable")
    expect(count(page, "waiting")).to_have_text("0", timeout=30_000)

    member = Member.objects.filter(status__name="Donateur", relation_links__guid__isnull=False).earliest("pk")
    code = member.relation_links.get().code
    change_the_address(page, there, member, "Nieuwstraat 99")
    began = time.monotonic()
    eventually(lambda: exact_online.account(DIVISION, code)["AddressLine1"] == "Nieuwstraat 99", within=ARRIVES_WITHIN)
    assert time.monotonic() - began < ARRIVES_WITHIN
    page.goto(exact_online.base_url)
    expect(page.get_by_text("Nieuwstraat 99").first).to_be_visible()

    page.goto(f"{site}/members/{member.pk}/")
    expect(page.get_by_text("Kept in Congressus")).to_be_visible()
    expect(page.get_by_text("Up to date").first).to_be_visible()
    expect(page.get_by_text("Nieuwstraat 99").first).to_be_visible()


def test_who_keeps_members_here_takes_them_over_once(
    watched: Page, site: str, there: CongressusSimulator, running: Processes
) -> None:
    page = watched
    status = association.people()[0].status
    status.save()
    first, second = (there.members()[at] for at in (0, 1))
    same = Member.objects.create(
        member_number=first["username"], status=status, first_name=first["given_name"], last_name="Old Name"
    )
    Member.objects.create(member_number=second["username"], status=status, first_name="Somebody", last_name="Else")
    log_in(page, site)
    connect_congressus(page, there.key, *(name for name, _kind, _count in association.STATUSES))
    eventually(lambda: Member.objects.count() == 250, why="the members did not arrive")

    page.goto(f"{site}/settings/integrations/congressus/")
    page.get_by_role("link", name="Look at them").click()
    page.get_by_role("row", name=re.compile(first["username"])).get_by_role("checkbox").check()
    page.get_by_role("button", name=re.compile("Take over")).click()
    eventually(lambda: Member.objects.filter(pk=same.pk, congressus_id=first["id"]).exists())
    eventually(lambda: not Member.objects.filter(last_name="Old Name").exists(), why="it was not read from Congressus")
    assert Member.objects.count() == 250
