"""The treasurer keeps the list of books."""

import pytest
from django.test import Client
from django.urls import reverse

from finance.models import FinancialAdministration
from integrations.models import ExactOnlineConnection
from tests.people import make_user

pytestmark = pytest.mark.django_db

ALL = tuple(f"finance.{verb}_financialadministration" for verb in ("view", "add", "change", "delete"))
PAGES = [
    ("financial-administrations", ALL[0], False),
    ("financial-administration-new", ALL[1], False),
    ("financial-administration-edit", ALL[2], True),
    ("financial-administration-delete", ALL[3], True),
]


@pytest.fixture
def books() -> FinancialAdministration:
    return FinancialAdministration.objects.create(name="Association")


@pytest.fixture
def visitor(client: Client) -> Client:
    client.force_login(make_user("treasurer", *ALL))
    return client


@pytest.mark.parametrize(("name", "permission", "has_key"), PAGES)
class TestWhoMay:
    def url(self, name: str, has_key: bool, books: FinancialAdministration) -> str:
        return reverse(name, args=[books.pk] if has_key else [])

    def test_one_who_may(self, client: Client, books: FinancialAdministration, name: str, permission: str, has_key: bool) -> None:
        client.force_login(make_user("she", permission))
        assert client.get(self.url(name, has_key, books)).status_code == 200

    def test_one_in_another_role(
        self, client: Client, books: FinancialAdministration, name: str, permission: str, has_key: bool
    ) -> None:
        client.force_login(make_user("he", *set(ALL) - {permission}))
        assert client.get(self.url(name, has_key, books)).status_code == 403
        assert client.post(self.url(name, has_key, books)).status_code == 403
        assert FinancialAdministration.objects.get() == books

    def test_one_who_is_not_logged_in(
        self, client: Client, books: FinancialAdministration, name: str, permission: str, has_key: bool
    ) -> None:
        url = self.url(name, has_key, books)
        assert client.get(url)["Location"] == f"{reverse('account_login')}?next={url}"


def test_an_empty_list_says_what_to_do_first(visitor: Client) -> None:
    page = visitor.get(reverse("financial-administrations")).content.decode()
    assert reverse("financial-administration-new") in page
    assert "No financial administrations yet" in page


def test_a_new_one_leads_back_to_where_one_came_from(visitor: Client) -> None:
    back = reverse("settings") + "?chosen=3"
    response = visitor.post(reverse("financial-administration-new"), {"name": " Foundation  Lustrum ", "next": back})
    assert response["Location"] == back
    assert FinancialAdministration.objects.get().name == "Foundation Lustrum"


def test_the_way_back_never_leads_elsewhere(visitor: Client) -> None:
    response = visitor.post(reverse("financial-administration-new"), {"name": "Foundation", "next": "//evil.example/"})
    assert response["Location"] == reverse("financial-administrations")


def test_two_of_one_name_are_refused_and_what_was_typed_stays(visitor: Client, books: FinancialAdministration) -> None:
    page = visitor.post(reverse("financial-administration-new"), {"name": "ASSOCIATION"}).content.decode()
    assert "already" in page
    assert 'value="ASSOCIATION"' in page
    assert FinancialAdministration.objects.get() == books


def test_a_name_can_be_changed(visitor: Client, books: FinancialAdministration) -> None:
    visitor.post(reverse("financial-administration-edit", args=[books.pk]), {"name": "association"})
    assert FinancialAdministration.objects.get().name == "association"


def test_one_that_nobody_uses_can_be_deleted(visitor: Client, books: FinancialAdministration) -> None:
    visitor.post(reverse("financial-administration-delete", args=[books.pk]))
    assert not FinancialAdministration.objects.exists()


def test_one_that_a_connection_uses_cannot_be_deleted_and_that_is_said(visitor: Client, books: FinancialAdministration) -> None:
    ExactOnlineConnection.objects.create(financial_administration=books)
    response = visitor.post(reverse("financial-administration-delete", args=[books.pk]), follow=True)
    assert "a connection still uses it" in response.content.decode()
    assert FinancialAdministration.objects.get() == books
