"""The user guide, word for word, in a browser: from "Add connection" to members that arrive by themselves."""

import re

from playwright.sync_api import Locator, Page, expect

from integrations.exact_online.simulator import Simulator
from integrations.models import RelationLink
from members.models import Member
from tests.browser.conftest import PASSWORD
from tests.running import Processes, eventually

DIVISION = 1204501


def log_in(page: Page, site: str) -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Username").fill("treasurer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def register_the_app(page: Page, exact: Simulator, redirect_url: str) -> tuple[str, str]:
    """Step 1 of the guide, at Exact: returns Client ID and Client secret."""
    page.goto(f"{exact.base_url}/app-center/")
    page.get_by_role("link", name="API-sleutels registreren").click()
    page.get_by_label("Naam").fill("Congressus")
    page.get_by_label("Redirect URL").fill(redirect_url)
    page.get_by_label(re.compile("Ik ga akkoord")).check()
    page.get_by_role("button", name="Registreren").click()
    app = exact.apps()[-1]
    expect(page.get_by_text(app.client_id)).to_be_visible()
    return app.client_id, app.client_secret


def add_a_connection(page: Page, site: str, exact: Simulator) -> None:
    page.get_by_role("navigation").get_by_role("link", name="Settings").click()
    page.get_by_role("link", name=re.compile("Integrations")).click()
    page.get_by_role("link", name=re.compile("Exact Online")).first.click()
    page.get_by_role("link", name="Add connection").first.click()
    redirect_url = f"{site}/settings/integrations/exact-online/configs/authorize"
    expect(page.get_by_text(redirect_url)).to_be_visible()
    add_page = page.url
    client_id, secret = register_the_app(page, exact, redirect_url)
    page.goto(add_page)
    page.get_by_label("Client ID").fill(client_id)
    page.get_by_label("Client secret").fill(secret)
    page.get_by_role("button", name="Connect").click()
    expect(page.get_by_text("disconnected").first).to_be_visible()


def give_consent(page: Page) -> None:
    page.get_by_role("button", name="Connect", exact=True).first.click()
    page.get_by_label("Inloggen als").select_option(index=0)
    page.get_by_role("button", name="Toestaan").click()


def choose_what_to_synchronize(page: Page, status: str) -> None:
    page.get_by_label("Financial administration", exact=True).select_option(index=1)
    page.get_by_label("Exact Online administration").select_option(value=str(DIVISION))
    expect(page.get_by_role("heading", name="Synchronization")).to_be_visible()
    expect(page.locator("input[name=statuses]:checked")).to_have_count(0)
    page.get_by_role("checkbox", name=re.compile(rf"^{status}\b")).check()
    page.get_by_role("button", name="Save").last.click()
    expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()


def act(page: Page, action: str) -> None:
    page.get_by_text("Actions", exact=True).first.click()
    page.locator(".menu-items").get_by_text(action, exact=True).first.click()


def confirm(page: Page, action: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()


def count(page: Page, label: str) -> Locator:
    return page.locator(".stat", has_text=label).locator(".stat-number")


def edit_the_address(page: Page, site: str, member: Member, address: str) -> None:
    page.goto(f"{site}/members/{member.pk}/edit/")
    page.get_by_label("Address").fill(address)
    page.get_by_role("button", name="Save").click()


def test_the_whole_guide(watched: Page, site: str, exact_online: Simulator, running: Processes) -> None:
    page = watched
    donors = Member.objects.filter(status__name="Donateur")
    held_before = len(exact_online.accounts(DIVISION))
    log_in(page, site)
    add_a_connection(page, site, exact_online)
    give_consent(page)
    choose_what_to_synchronize(page, "Donateur")
    assert len(exact_online.accounts(DIVISION)) == held_before

    act(page, "Enable")
    expect(page.get_by_role("dialog")).to_contain_text(f"{donors.count()} members")
    confirm(page, "Enable")
    expect(count(page, "waiting")).to_have_text("0", timeout=30_000)  # the page moves by itself
    parked = RelationLink.objects.exclude(problem="").count()
    expect(count(page, "up to date")).to_have_text(str(donors.count() - parked))
    assert len(exact_online.accounts(DIVISION)) == held_before + donors.count() - parked
    connection_page = page.url

    member = donors.filter(relation_links__guid__isnull=False).earliest("pk")
    edit_the_address(page, site, member, "Nieuwstraat 99")
    code = member.relation_links.get().code
    eventually(lambda: exact_online.account(DIVISION, code)["AddressLine1"] == "Nieuwstraat 99")
    expect(page.get_by_text("Up to date").first).to_be_visible()

    page.goto(connection_page)
    act(page, "Disable")
    expect(page.get_by_text("disabled", exact=True).first).to_be_visible()
    held = exact_online.accounts(DIVISION)
    edit_the_address(page, site, member, "Kerkstraat 1")
    page.goto(connection_page)
    act(page, "Enable")
    confirm(page, "Enable")
    eventually(lambda: exact_online.account(DIVISION, code)["AddressLine1"] == "Kerkstraat 1", why="it did not catch up")

    act(page, "Remove")
    confirm(page, "Remove")
    expect(page.get_by_role("link", name="Add connection").first).to_be_visible()
    assert len(exact_online.accounts(DIVISION)) == len(held)
    assert not [call for call in exact_online.calls() if call.method == "DELETE"]


def test_an_edit_arrives_while_the_others_are_still_arriving(
    watched: Page, site: str, exact_online: Simulator, running: Processes
) -> None:
    page = watched
    log_in(page, site)
    add_a_connection(page, site, exact_online)
    give_consent(page)
    choose_what_to_synchronize(page, "Lid")
    act(page, "Enable")
    confirm(page, "Enable")
    arrived = Member.objects.filter(status__name="Lid", relation_links__guid__isnull=False)
    eventually(arrived.exists)
    member = arrived.earliest("pk")
    edit_the_address(page, site, member, "Nieuwstraat 99")
    code = member.relation_links.get().code
    eventually(lambda: exact_online.account(DIVISION, code)["AddressLine1"] == "Nieuwstraat 99")
    assert arrived.count() < Member.objects.filter(status__name="Lid").count() - 1  # 150 members, 60 calls a minute


def test_weigeren_at_exact_leaves_a_usable_connection(page: Page, site: str, exact_online: Simulator) -> None:
    log_in(page, site)
    add_a_connection(page, site, exact_online)
    page.get_by_role("button", name="Connect", exact=True).first.click()
    page.get_by_role("button", name="Weigeren").click()
    expect(page.get_by_role("button", name="Connect", exact=True).first).to_be_visible()
    give_consent(page)
    expect(page.get_by_role("heading", name="Synchronization")).to_be_visible()
