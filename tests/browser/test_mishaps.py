"""What happens to people at a browser: a session that ends while they type, and a narrow telephone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.test_guide import log_in


def log_in_again(page: Page) -> None:
    page.get_by_label("Username").fill("treasurer")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def open_a_member(page: Page, site: str) -> None:
    page.goto(f"{site}/members/")
    page.locator("tbody a").first.click()
    page.get_by_role("link", name="Edit").click()


@pytest.mark.parametrize("lost", ["sessionid", None], ids=["session", "all cookies"])
def test_what_was_typed_outlives_the_session(page: Page, site: str, lost: str | None) -> None:
    log_in(page, site)
    open_a_member(page, site)
    form = page.url
    page.get_by_label("City").fill("Verlorendam")
    page.context.clear_cookies(**({"name": lost} if lost else {}))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("What you had typed is kept in this tab")).to_be_visible()
    if lost is None:
        page.goto(form)  # a form without its cookie is refused; the member's page then asks for a login
    log_in_again(page)

    expect(page).to_have_url(form)
    expect(page.get_by_text("It is not saved yet.")).to_be_visible()
    expect(page.get_by_label("City")).to_have_value("Verlorendam")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(re.compile("was saved"))).to_be_visible()
    page.wait_for_function("sessionStorage.getItem('typed') === null")


def test_what_another_changed_meanwhile_is_not_overwritten_by_what_comes_back(page: Page, site: str) -> None:
    from members.models import Member

    log_in(page, site)
    open_a_member(page, site)
    member = Member.objects.get(pk=int(page.url.split("/")[-3]))
    page.get_by_label("City").fill("Verlorendam")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save").click()
    member.postcode = "9999 ZZ"
    member.save()
    log_in_again(page)
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("after you opened this page")).to_be_visible()
    expect(page.get_by_label("Postcode")).to_have_value("9999 ZZ")
    expect(page.get_by_label("City")).to_have_value("Verlorendam")


def test_a_secret_is_not_kept_in_the_tab_and_logging_out_keeps_nothing(page: Page, site: str) -> None:
    log_in(page, site)
    page.goto(f"{site}/settings/integrations/exact-online/add/")
    page.get_by_label("Client ID").fill("an-id")
    page.get_by_label("Client secret").fill("canary-secret")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Connect").click()
    kept = page.evaluate("JSON.stringify(sessionStorage)")
    assert "an-id" in kept
    assert "canary-secret" not in kept

    log_in_again(page)
    expect(page.get_by_label("Client ID")).to_have_value("an-id")
    expect(page.get_by_label("Client secret")).to_have_value("")
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Username")).to_be_visible()
    expect(page.get_by_text("What you had typed")).to_be_hidden()
    page.wait_for_function("sessionStorage.getItem('typed') === null")


def test_on_a_telephone_the_product_and_the_own_name_share_a_row_and_nothing_sticks_out(page: Page, site: str) -> None:
    from django.contrib.auth import get_user_model

    get_user_model().objects.filter(username="treasurer").update(
        first_name="Anna-Maria", last_name="van Waterschoot tot Bergerland"
    )
    page.set_viewport_size({"width": 390, "height": 800})
    log_in(page, site)

    brand, menu = page.locator(".brand").bounding_box(), page.locator(".user-menu").bounding_box()
    assert abs((brand["y"] + brand["height"] / 2) - (menu["y"] + menu["height"] / 2)) < 4
    for address in (
        "/",
        "/members/",
        "/members/new/",
        "/members/import/",
        "/settings/",
        "/settings/integrations/exact-online/add/",
    ):
        page.goto(site + address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
