"""The pages that belong to no floor: who gets in, and what is said when something is broken."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection
from django.template import Context, Template
from django.template.loader import get_template
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from congressus_sync.models import User

pytestmark = pytest.mark.django_db


def log_in(client: Client, *permissions: str) -> Client:
    """A user of this name and password, with permissions named app_label.codename."""
    user = User.objects.create_user("anna", password="a-long-password")
    for permission in permissions:
        app_label, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app_label, codename=codename))
    client.force_login(user)
    return client


def test_a_health_check_needs_no_account_and_makes_no_session(client: Client) -> None:
    answer = client.get(reverse("health"))

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert not answer.cookies


def test_health_says_in_words_that_the_database_is_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DatabaseError("could not connect to postgres://someone:a-secret@db.internal")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get(reverse("health"))

    assert answer.status_code == 503
    assert "database" in answer.json()["reason"]
    assert b"secret" not in answer.content


def test_the_login_page_is_open_and_offers_only_logging_in(client: Client) -> None:
    page = client.get(reverse("account_login"))

    assert page.status_code == 200
    words = page.content.decode().lower()
    assert "log in" in words
    assert "sign up" not in words
    assert "e-mail" not in words


def test_a_wrong_password_is_told_in_words_and_the_name_is_kept(client: Client) -> None:
    User.objects.create_user("anna", password="a-long-password")

    page = client.post(reverse("account_login"), {"login": "anna", "password": "guess"})

    assert 'class="notice error" role="alert"' in page.content.decode()
    assert 'value="anna"' in page.content.decode()


def test_the_right_password_leads_to_the_page_that_was_asked_for(client: Client) -> None:
    User.objects.create_user("anna", password="a-long-password")

    answer = client.post(
        reverse("account_login"), {"login": "anna", "password": "a-long-password", "next": reverse("account_change_password")}
    )

    assert answer["Location"] == reverse("account_change_password")


def test_a_changed_password_is_the_one_that_lets_in(client: Client) -> None:
    log_in(client)
    page = client.get(reverse("account_change_password"))
    typed = {"oldpassword": "a-long-password", "password1": "another-long-one", "password2": "another-long-one"}

    client.post(reverse("account_change_password"), typed)

    assert "Change password" in page.content.decode()
    assert User.objects.get().check_password("another-long-one")


def test_logging_out_takes_one_click_on_any_page(client: Client) -> None:
    log_in(client)

    client.post(reverse("account_logout"))

    assert "_auth_user_id" not in client.session


def test_settings_ask_who_you_are(client: Client) -> None:
    answer = client.get(reverse("settings"))

    assert answer["Location"].startswith(reverse("account_login"))


def test_settings_refuse_whoever_may_see_nothing_there(client: Client) -> None:
    page = log_in(client).get(reverse("settings"))

    assert page.status_code == 403
    assert "You may not do this" in page.content.decode()


def test_settings_show_only_the_cards_a_person_may_open(client: Client) -> None:
    page = log_in(client, "members.view_memberstatus").get(reverse("settings")).content.decode()

    assert reverse("member-statuses") in page
    assert f'class="card" href="{reverse("integrations")}"' not in page
    assert f'class="card" href="{reverse("financial-administrations")}"' not in page


def test_the_treasurer_finds_integrations_in_the_settings(client: Client) -> None:
    log_in(client, "integrations.view_exactonlineconnection", "finance.view_financialadministration")
    page = client.get(reverse("settings")).content.decode()

    assert f'class="card" href="{reverse("integrations")}"' in page
    assert f'class="card" href="{reverse("financial-administrations")}"' in page


@override_settings(SUPPORT_CONTACT="it@example.org", EXACT_ONLINE_BASE_URL="http://127.0.0.1:9999")
def test_every_page_names_whom_to_ask_and_that_exact_online_was_replaced(client: Client) -> None:
    page = log_in(client).get("/there-is-nothing-here/")

    assert page.status_code == 404
    assert "mailto:it@example.org" in page.content.decode()
    assert "http://127.0.0.1:9999" in page.content.decode()


def test_pages_hold_nothing_that_the_content_security_policy_would_refuse(client: Client) -> None:
    page = log_in(client, "members.view_memberstatus").get(reverse("settings")).content.decode()

    assert "<style" not in page
    assert " style=" not in page
    assert "<script>" not in page
    assert " onclick=" not in page


def test_a_form_without_its_token_is_refused_with_advice() -> None:
    strict = Client(enforce_csrf_checks=True)

    page = strict.post(reverse("account_login"), {"login": "anna", "password": "x"})

    assert page.status_code == 403
    assert "send the form again" in page.content.decode()


@override_settings(
    STORAGES={"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}, STATIC_ROOT="/nowhere"
)
def test_the_page_for_a_crash_needs_no_context_no_database_and_no_collected_files(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        page = get_template("500.html").render()

    assert "Something broke here" in page
    assert 'href="/static/app.css"' in page


def test_a_request_that_cannot_be_read_gets_a_page_without_a_context() -> None:
    assert "could not be read" in get_template("400.html").render()


def test_a_moment_is_told_as_how_long_ago_and_exactly_in_amsterdam_time() -> None:
    written = Template("{% load times %}{{ moment|ago }}").render(Context({"moment": datetime(2020, 7, 1, 22, 30, tzinfo=UTC)}))

    assert 'datetime="2020-07-02T00:30:00+02:00"' in written
    assert "2 July 2020 00:30" in written
    assert "ago</time>" in written


def test_a_moment_just_past_is_minutes_ago_and_none_leaves_room_for_words() -> None:
    page = Template("{% load times %}{% ago moment %} {{ nothing|ago|default:'never' }}")

    written = page.render(Context({"moment": datetime.now(UTC) - timedelta(minutes=5), "nothing": None}))

    assert "5\xa0minutes ago" in written
    assert written.endswith("never")
