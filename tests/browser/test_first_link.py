"""The first link in a browser: compare, decide, undo, dry run, enable, and watch it go; with the relations of the demonstration."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from congressus_sync.demo import relations
from integrations.exact_online.simulator import Simulator
from integrations.models import RelationLink, SyncRun
from tests.browser.test_guide import DIVISION, act, add_a_connection, choose_what_to_synchronize, confirm, give_consent, log_in
from tests.running import Processes, eventually


@pytest.fixture
def exact_online(settings: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Simulator]:
    """With sixty relations that overlap the members, on purpose."""
    path = tmp_path / "relations.json"
    relations.write(path)
    with Simulator(seed="demo", relations=path) as simulator:
        settings.EXACT_ONLINE_BASE_URL = simulator.base_url
        yield simulator


@pytest.fixture
def compared(watched: Page, site: str, exact_online: Simulator, running: Processes) -> Page:
    """Compared with Exact, on the page of the run."""
    page = watched
    log_in(page, site)
    add_a_connection(page, site, exact_online)
    give_consent(page)
    choose_what_to_synchronize(page, "Lid")
    page.get_by_role("button", name="Compare with Exact").first.click()
    expect(page.get_by_text("Nothing was sent.")).to_be_visible(timeout=30_000)
    return page


def writes(exact: Simulator) -> list[str]:
    return [call.method for call in exact.calls(division=DIVISION) if call.method != "GET"]


def rows(page: Page) -> Locator:
    return page.locator("tr[data-row]")


def show(page: Page, group: str) -> None:
    page.get_by_role("link", name=re.compile(rf"^{group}\b")).first.click()
    expect(page.locator(".chip[aria-current=true]")).to_contain_text(group)


def waiting(page: Page) -> Locator:
    return page.locator("#match-summary strong").first


def test_compare_decide_undo_dry_run_enable_and_watch(compared: Page, exact_online: Simulator) -> None:
    page = compared
    held_before = len(exact_online.accounts(DIVISION))
    page.get_by_role("link", name="Decide").click()

    page.get_by_role("button", name=re.compile("Link all .* certain")).click()
    page.get_by_role("dialog").get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("Link all .* certain"))).to_have_count(0)
    linked = RelationLink.objects.filter(guid__isnull=False).count()
    assert linked >= 20

    show(page, "to be decided")
    first = rows(page).first
    first.get_by_role("button", name=re.compile("^Link")).first.click()
    expect(rows(page).first.get_by_text("linked", exact=True)).to_be_visible()
    assert RelationLink.objects.filter(guid__isnull=False).count() == linked + 1
    rows(page).first.get_by_role("button", name=re.compile("^Undo")).click()
    expect(rows(page).first.get_by_text("to be decided", exact=True)).to_be_visible()
    assert RelationLink.objects.filter(guid__isnull=False).count() == linked
    rows(page).first.get_by_role("button", name=re.compile("^Leave out")).click()
    expect(rows(page).first.get_by_text("left out", exact=True)).to_be_visible()

    page.get_by_role("link", name="Dry run").click()
    expect(page.get_by_text("Nothing is sent by looking at this page.")).to_be_visible()
    sums = page.locator(".sums").first.inner_text()
    created = int(re.search(r"(\d+)\s+created", sums)[1])
    changed = int(re.search(r"(\d+)\s+changed", sums)[1])
    assert writes(exact_online) == []

    exact_online.turn(minute_limit=10_000)
    page.get_by_role("button", name="Enable").first.click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile(rf"{created}\s+created"))
    confirm(page, "Enable")
    page.locator("#state").get_by_role("link").filter(
        has_text=re.compile("Watch|run|sending|Reading|Comparing", re.I)
    ).first.click()
    expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=60_000)
    eventually(lambda: SyncRun.objects.filter(kind="enable", outcome="done").exists())
    assert writes(exact_online).count("POST") == created
    assert writes(exact_online).count("PUT") == changed
    assert len(exact_online.accounts(DIVISION)) == held_before + created


def test_deciding_with_the_keyboard_alone(compared: Page) -> None:
    page = compared
    page.get_by_role("link", name="Decide").click()
    show(page, "to be decided")
    rows(page).first.get_by_role("button").first.focus()
    page.keyboard.press("o")
    expect(rows(page).first.get_by_role("button", name=re.compile("^Undo"))).to_be_focused()
    page.keyboard.press("u")
    expect(rows(page).first.get_by_text("to be decided", exact=True)).to_be_visible()
    expect(rows(page).first.get_by_role("button").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("l")
    expect(rows(page).nth(1).get_by_text("linked", exact=True)).to_be_visible()
    expect(rows(page).nth(1).get_by_role("button", name=re.compile("^Undo"))).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("lo")
    expect(page.get_by_role("searchbox")).to_have_value("lo")


def test_two_tabs_that_decide_differently(compared: Page) -> None:
    page = compared
    page.get_by_role("link", name="Decide").click()
    show(page, "to be decided")
    other = page.context.new_page()
    other.goto(page.url)
    rows(page).first.get_by_role("button", name=re.compile("^Leave out")).click()
    expect(rows(page).first.get_by_text("left out", exact=True)).to_be_visible()
    rows(other).first.get_by_role("button", name=re.compile("^Link")).first.click()
    expect(rows(other).first.get_by_role("alert")).to_contain_text("treasurer")
    expect(rows(other).first.get_by_text("left out", exact=True)).to_be_visible()
    assert not RelationLink.objects.filter(guid__isnull=False).exists()


def test_choosing_a_relation_that_was_not_found(compared: Page, exact_online: Simulator) -> None:
    page = compared
    page.get_by_role("link", name="Decide").click()
    show(page, "new")
    rows(page).first.get_by_role("link", name=re.compile("^Choose")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill("Fam")
    dialog.get_by_role("button", name=re.compile("^Link")).first.click()
    expect(rows(page).first.get_by_text("linked", exact=True)).to_be_visible()
    assert RelationLink.objects.filter(guid__isnull=False).count() == 1


def test_on_the_connection_page_compare_is_among_the_actions(compared: Page) -> None:
    page = compared
    page.get_by_role("link", name="To the connection").click()
    act(page, "Compare with Exact")
    expect(page.get_by_text("Nothing was sent.")).to_be_visible(timeout=30_000)
    assert SyncRun.objects.filter(outcome="done").count() == 2
