"""A session ended while somebody was at work: that is said, and after logging in one is back where one was."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from members.models import Member
from tests.people import make_member, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture
def logged_out() -> Client:
    """The browser of a secretary whose session has ended."""
    make_user("secretary", "members.view_member", "members.change_member", "integrations.change_relationlink")
    return Client()


def log_in(client: Client, asked: str) -> tuple[str, int]:
    """Log in on the page one was sent to; where that leads, and whether there is a page."""
    page = client.get(asked)
    assert "You were logged out meanwhile, so nothing was saved or done." in page.content.decode()
    typed = {"login": "secretary", "password": PASSWORD, "next": page.context["redirect_field_value"]}
    answer = client.post(reverse(settings.LOGIN_URL), typed, follow=True)
    return answer.request["PATH_INFO"] + "?" * bool(answer.request["QUERY_STRING"]) + answer.request[
        "QUERY_STRING"
    ], answer.status_code


def test_a_form_that_was_sent_too_late_is_opened_again(logged_out: Client) -> None:
    member = make_member(city="Delft")
    page = reverse("member-edit", args=[member.pk])

    asked = logged_out.post(page, {"city": "Leiden"}, headers={"Referer": f"http://testserver{page}"})["Location"]

    assert log_in(logged_out, asked) == (page, 200)
    assert Member.objects.get().city == "Delft"


def test_a_button_leads_back_to_the_page_it_stands_on(logged_out: Client) -> None:
    """What it posts to cannot be opened."""
    page = reverse("members") + "?q=vries"
    button = reverse("member-leave-out", args=[make_member().pk, 1])

    asked = logged_out.post(button, headers={"Referer": f"http://testserver{page}"})["Location"]

    assert log_in(logged_out, asked) == (page, 200)


@pytest.mark.parametrize("referer", ["", "https://evil.example/", "//evil.example/", "http://testserver//evil.example/"])
def test_where_the_page_is_not_known_one_comes_to_the_overview(logged_out: Client, referer: str) -> None:
    asked = logged_out.post(reverse("member-new"), headers={"Referer": referer})["Location"]

    assert log_in(logged_out, asked) == (reverse("home"), 200)


def test_who_opens_a_page_is_asked_without_a_remark(logged_out: Client) -> None:
    asked = logged_out.get(reverse("members") + "?q=vries")["Location"]

    assert "logged out" not in logged_out.get(asked).content.decode()
