"""Who may do what with connections: somebody who may, somebody in another role, and somebody who is not logged in."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import ExactOnlineConnection, RelationLink
from tests.people import make_user
from tests.worlds import World

VIEW, ADD = "integrations.view_exactonlineconnection", "integrations.add_exactonlineconnection"
CHANGE, DELETE = "integrations.change_exactonlineconnection", "integrations.delete_exactonlineconnection"
SYNC, LINKS = "integrations.sync_exactonlineconnection", "integrations.change_relationlink"

PAGES = [
    ("integrations", VIEW),
    ("exact-online-connections", VIEW),
    ("exact-online-add", ADD),
    ("exact-online-connection", VIEW),
    ("exact-online-edit", CHANGE),
]
BUTTONS = [
    ("exact-online-connect", CHANGE),
    ("exact-online-enable", CHANGE),
    ("exact-online-disable", CHANGE),
    ("exact-online-sync-now", SYNC),
    ("exact-online-remove", DELETE),
    ("member-sync-now", SYNC),
    ("member-link", LINKS),
    ("member-leave-out", LINKS),
    ("member-take-part", LINKS),
]
EVERYBODY = {VIEW, ADD, CHANGE, DELETE, SYNC, LINKS}


@pytest.fixture
def link(world: World) -> RelationLink:
    return RelationLink.objects.create(connection=world.connection(), member=world.member("7"))


def address(name: str, link: RelationLink) -> str:
    if name in ("integrations", "exact-online-connections", "exact-online-add"):
        return reverse(name)
    keys = [link.member_id, link.connection_id] if name.startswith("member-") else [link.connection_id]
    return reverse(name, args=keys)


def browser_of(*permissions: str) -> Client:
    client = Client()
    client.force_login(make_user("somebody", *permissions))
    return client


@pytest.mark.parametrize(("name", "permission"), PAGES)
def test_a_page_opens_for_who_may_see_it(link: RelationLink, name: str, permission: str) -> None:
    assert browser_of(permission).get(address(name, link)).status_code == 200


@pytest.mark.parametrize(("name", "permission"), BUTTONS)
def test_a_button_works_for_who_may_press_it(link: RelationLink, name: str, permission: str) -> None:
    answer = browser_of(permission).post(address(name, link))

    assert answer.status_code == 302
    assert not answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(("name", "permission"), [*PAGES, *BUTTONS])
def test_another_role_is_refused_and_nothing_changes(link: RelationLink, name: str, permission: str) -> None:
    other = browser_of(*EVERYBODY - {permission})
    before = ExactOnlineConnection.objects.values().get()

    assert other.get(address(name, link)).status_code == 403
    assert other.post(address(name, link)).status_code == 403
    assert ExactOnlineConnection.objects.values().get() == before


@pytest.mark.parametrize(("name", "permission"), [*PAGES, *BUTTONS, ("exact-online-authorize", CHANGE)])
def test_who_is_not_logged_in_is_asked_to(link: RelationLink, name: str, permission: str) -> None:
    target = reverse(name) if name == "exact-online-authorize" else address(name, link)
    for answer in (Client().get(target), Client().post(target)):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(("name", "permission"), BUTTONS)
def test_a_button_is_not_pressed_by_opening_its_address(link: RelationLink, name: str, permission: str) -> None:
    before = ExactOnlineConnection.objects.values().get()

    assert browser_of(permission).get(address(name, link)).status_code == 405
    assert ExactOnlineConnection.objects.values().get() == before


def test_who_may_only_look_is_offered_nothing_to_press(link: RelationLink) -> None:
    page = browser_of(VIEW).get(link.connection.get_absolute_url()).content.decode()

    main = page[page.index("<main") :]
    assert "<form" not in main
    assert "Actions" not in main
