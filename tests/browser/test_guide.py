"""The user guide, word for word, in a browser: from "Add connection" to members that arrive by themselves."""

import re

from playwright.sync_api import Page, expect

from integrations.exact_online.simulator import Simulator
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


def test_the_whole_guide(page: Page, site: str, exact_online: Simulator, running: Processes) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    elsewhere: list[str] = []
    ours = (site, exact_online.base_url)
    page.on("request", lambda request: elsewhere.append(request.url) if not request.url.startswith((*ours, "data:")) else None)
    exact_online.turn(minute_limit=1000)

    log_in(page, site)
    add_a_connection(page, site, exact_online)
    give_consent(page)
    choose_what_to_synchronize(page, "Donateur")
    assert [call for call in exact_online.calls() if call.method in ("POST", "PUT") and call.division] == []

    before = len(exact_online.accounts(DIVISION))
    act(page, "Enable")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"\d+ member"))
    dialog.get_by_role("button", name="Enable").click()

    from members.models import Member

    donors = Member.objects.filter(status__name="Donateur")
    expected = before + donors.exclude(last_name="", organisation="").count()
    eventually(lambda: len(exact_online.accounts(DIVISION)) >= expected - 3, within=60, why="the members did not arrive")
    expect(page.locator(".stat.ok .stat-number, .stat .stat-number").first).not_to_have_text("0", timeout=20_000)

    member = donors.filter(relation_links__guid__isnull=False).order_by("pk").first()
    page.goto(f"{site}/members/{member.pk}/edit/")
    page.get_by_label("Address").fill("Nieuwstraat 99")
    page.get_by_role("button", name="Save").click()
    eventually(
        lambda: exact_online.account(DIVISION, member.relation_links.get().code)["AddressLine1"] == "Nieuwstraat 99",
        why="the edited address did not arrive",
    )
    expect(page.get_by_text(re.compile("Up to date")).first).to_be_visible(timeout=10_000)

    page.goto(f"{site}/settings/integrations/exact-online/")
    page.get_by_role("link", name="De Kern").or_(page.locator("table a")).first.click()
    act(page, "Disable")
    page.get_by_role("dialog").get_by_role("button", name="Disable").click() if page.get_by_role("dialog").is_visible() else None
    expect(page.get_by_text("disabled").first).to_be_visible()
    act(page, "Remove")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("link", name="Add connection").first).to_be_visible()
    assert len(exact_online.accounts(DIVISION)) >= expected - 3
    assert not [call for call in exact_online.calls() if call.method == "DELETE"]
    assert refused == []
    assert elsewhere == []


def test_weigeren_at_exact_leaves_a_usable_connection(page: Page, site: str, exact_online: Simulator) -> None:
    log_in(page, site)
    add_a_connection(page, site, exact_online)
    page.get_by_role("button", name="Connect", exact=True).first.click()
    page.get_by_role("button", name="Weigeren").click()
    expect(page.get_by_role("button", name="Connect", exact=True).first).to_be_visible()
    give_consent(page)
    expect(page.get_by_role("heading", name="Synchronization")).to_be_visible()
