"""Connect, Allow, and back: what becomes of a consent, and of everything that can go wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import consent
from integrations.models import ExactOnlineConnection, ExactOnlineToken
from tests.integrations.conftest import Browser
from tests.people import make_user
from tests.worlds import DIVISION, OTHER_DIVISION, World

Add = Callable[..., ExactOnlineConnection]


def test_the_first_consent_leads_to_the_settings_and_nothing_is_written(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    connection = new_connection(world.api_key)

    page = treasurer.connect(connection, world.treasurer)

    assert "Connected with Exact Online as The treasurer." in page
    assert "Edit connection" in page
    assert "Studievereniging De Kern (1204501)" in page
    connection.refresh_from_db()
    assert connection.token.exact_user == world.treasurer.user_id
    assert connection.token.calls == 1
    assert world.writes() == []


def test_connect_forces_a_login_and_names_the_address_that_was_registered(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    query = parse_qs(urlsplit(treasurer.to_exact(new_connection(world.api_key))).query)

    assert query["force_login"] == ["1"]
    assert query["redirect_uri"] == ["http://localhost:8000/settings/integrations/exact-online/configs/authorize"]
    assert query["response_type"] == ["code"]
    assert len(query["state"][0]) >= 32


def test_who_denies_reads_that_nothing_changed(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)

    page = treasurer.connect(connection, world.treasurer, "deny")

    assert "Access was not allowed at Exact Online" in page
    assert "disconnected" in page
    assert not ExactOnlineToken.objects.exists()


def test_a_state_nobody_here_asked_for_is_refused(world: World, treasurer: Browser, new_connection: Add) -> None:
    new_connection(world.api_key)
    code = world.exact.authorize(world.treasurer, world.api_key)

    page = treasurer.client.get(reverse("exact-online-authorize"), {"code": code, "state": "made-up"}, follow=True)

    assert "does not belong to a Connect of yours" in page.content.decode()
    assert not ExactOnlineToken.objects.exists()
    assert not world.exact.calls(endpoint="oauth2/token")


def test_the_state_of_another_persons_session_is_refused(world: World, treasurer: Browser, new_connection: Add) -> None:
    back = treasurer.answer_at_exact(treasurer.to_exact(new_connection(world.api_key)), world.treasurer)
    other = Browser()
    other.client.force_login(
        make_user("other", "integrations.change_exactonlineconnection", "integrations.view_exactonlineconnection")
    )

    answer = other.come_back(back)

    assert answer["Location"] == reverse("exact-online-connections")
    assert not ExactOnlineToken.objects.exists()


def test_a_reload_of_the_way_back_says_so_and_breaks_nothing(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    back = treasurer.answer_at_exact(treasurer.to_exact(connection), world.treasurer)
    treasurer.come_back(back)

    again = treasurer.come_back(back)

    assert again["Location"] == connection.get_absolute_url()
    assert "was used already" in treasurer.page(again["Location"])
    assert len(world.exact.calls(endpoint="oauth2/token")) == 1
    connection.refresh_from_db()
    assert connection.token


def test_two_requests_with_one_state_at_the_same_moment_exchange_one_code(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    connection = new_connection(world.api_key)
    state = parse_qs(urlsplit(treasurer.to_exact(connection)).query)["state"][0]
    one, other = dict(treasurer.client.session), dict(treasurer.client.session)  # both read it before either wrote

    assert consent.take(one, state, timezone.now()) == connection
    with pytest.raises(consent.ConsentFailed, match="used already"):
        consent.take(other, state, timezone.now())


def test_two_tabs_each_finish_their_own_consent(world: World, treasurer: Browser, new_connection: Add) -> None:
    one = new_connection(world.api_key)
    other = new_connection(world.exact.add_app("Other", world.api_key.redirect_uri))
    first, second = treasurer.to_exact(one), treasurer.to_exact(other)

    for address in (second, first):
        treasurer.come_back(treasurer.answer_at_exact(address, world.treasurer))

    assert ExactOnlineConnection.objects.exclude(token=None).count() == 2


def test_a_state_is_forgotten_after_half_an_hour(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    back = treasurer.answer_at_exact(treasurer.to_exact(connection), world.treasurer)

    with time_machine.travel(timezone.now() + timedelta(minutes=31), tick=False):
        treasurer.come_back(back)

    connection.refresh_from_db()
    assert connection.token is None


def test_at_most_ten_are_under_way(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    for _ in range(12):
        treasurer.to_exact(connection)

    assert len(treasurer.client.session[consent.PENDING]) == consent.AT_ONCE


@pytest.mark.parametrize("query", [{}, {"error": "server_error"}, {"code": ""}])
def test_an_odd_answer_is_told_in_words(world: World, treasurer: Browser, new_connection: Add, query: dict[str, str]) -> None:
    connection = new_connection(world.api_key)
    state = parse_qs(urlsplit(treasurer.to_exact(connection)).query)["state"][0]

    page = treasurer.client.get(reverse("exact-online-authorize"), query | {"state": state}, follow=True).content.decode()

    assert "without a consent and without a reason" in page
    assert connection.get_absolute_url() in page


def test_a_code_that_expired_asks_to_be_quicker(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    back = treasurer.answer_at_exact(treasurer.to_exact(connection), world.treasurer)
    world.later(seconds=181)

    answer = treasurer.come_back(back)

    assert "valid once, and for three minutes" in treasurer.page(answer["Location"])
    assert not ExactOnlineToken.objects.exists()


def test_a_wrong_secret_is_told_where_the_person_is_looking(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key, client_secret="mistyped")

    page = treasurer.connect(connection, world.treasurer)

    assert "does not accept the Client ID, the Client secret or the Redirect URL" in page
    assert "mistyped" not in page


@pytest.mark.parametrize(
    ("fault", "details", "said"),
    [
        ("status", {"status": 503}, "cannot be reached or is out of order"),
        ("drop", {}, "cannot be reached or is out of order"),
        ("html", {"status": 200}, "cannot be reached or is out of order"),
        ("status", {"status": 429}, "in one day are spent"),
        ("status", {"status": 200, "body": '{"access_token": ""}', "content_type": "application/json"}, "holds no usable token"),
    ],
)
def test_trouble_at_the_token_service_has_a_sentence_of_its_own(
    world: World, treasurer: Browser, new_connection: Add, fault: str, details: dict[str, object], said: str
) -> None:
    connection = new_connection(world.api_key)
    world.exact.add_fault(fault, endpoint="oauth2/token", **details)

    assert said in treasurer.connect(connection, world.treasurer)
    assert not ExactOnlineToken.objects.exists()


def test_exact_not_saying_who_consented_leaves_nothing_behind(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    world.exact.add_fault("status", endpoint="current/Me", status=503)

    page = treasurer.connect(connection, world.treasurer)

    assert "could not be asked who you are" in page
    assert not ExactOnlineToken.objects.exists()


def test_a_user_who_sees_no_administration_is_of_no_use(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    nobody = world.exact.add_user("nobody", "No rights", divisions=[])

    page = treasurer.connect(connection, nobody)

    assert "The Exact user No rights sees no administration" in page
    assert not ExactOnlineToken.objects.exists()
    connection.refresh_from_db()
    assert connection.token is None


def test_a_person_without_the_permission_is_refused_on_the_way_back(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    back = treasurer.answer_at_exact(treasurer.to_exact(new_connection(world.api_key)), world.treasurer)
    reader = Browser()
    reader.client.force_login(make_user("reader", "integrations.view_exactonlineconnection"))

    assert reader.come_back(back).status_code == 403
    assert not ExactOnlineToken.objects.exists()


def test_who_was_logged_out_meanwhile_logs_in_by_an_address_without_the_code(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    back = treasurer.answer_at_exact(treasurer.to_exact(new_connection(world.api_key)), world.treasurer)

    answer = Browser().come_back(back)

    assert answer["Location"].startswith(reverse("account_login"))
    assert "code" not in answer["Location"]
    assert "state" not in answer["Location"]


def test_the_way_back_is_not_kept_passed_on_or_logged(
    world: World, treasurer: Browser, new_connection: Add, caplog: pytest.LogCaptureFixture
) -> None:
    back = treasurer.answer_at_exact(treasurer.to_exact(new_connection(world.api_key)), world.treasurer)
    caplog.clear()

    answer = treasurer.come_back(back)

    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "/configs/authorize" in caplog.text
    for secret in (*parse_qs(urlsplit(back).query)["code"], *parse_qs(urlsplit(back).query)["state"]):
        assert secret not in caplog.text


# Sharing a consent, and changing who gives it ------------------------------------------------------------------------------


def test_connections_of_one_app_and_user_share_the_consent_and_say_so(world: World, treasurer: Browser) -> None:
    one, other = world.connection("De Kern"), world.connection("Lustrum", OTHER_DIVISION)

    page = treasurer.page(one.get_absolute_url())

    assert "This connection shares its Exact app and user with" in page
    assert "Lustrum" in page
    assert "connecting again renews both" in page
    assert one.token_id == other.token_id


def test_connecting_again_renews_the_consent_of_all_who_share_it(world: World, treasurer: Browser) -> None:
    one, other = world.connection("De Kern"), world.connection("Lustrum", OTHER_DIVISION)
    world.exact.revoke(world.treasurer)
    ExactOnlineToken.objects.update(consent_lost=True)
    ExactOnlineConnection.objects.update(attention="consent_lost")
    version = one.token.version
    member = world.member("7")

    page = treasurer.connect(one, world.treasurer)

    assert "Connected with Exact Online as The treasurer." in page
    token = ExactOnlineToken.objects.get()
    assert token.version == version + 1
    assert (token.consent_lost, token.lease_holder) == (False, "")
    assert list(ExactOnlineConnection.objects.values_list("attention", flat=True)) == ["", ""]
    world.drain(other)
    assert list(world.relations(OTHER_DIVISION)) == [member.member_number]


def test_what_consent_does_not_solve_stays(world: World, treasurer: Browser) -> None:
    one, other = world.connection("De Kern"), world.connection("Lustrum", OTHER_DIVISION)
    ExactOnlineConnection.objects.filter(pk=other.pk).update(attention="our_fault")

    treasurer.connect(one, world.treasurer)

    other.refresh_from_db()
    assert other.attention == "our_fault"


def test_a_refresh_that_was_under_way_does_not_overwrite_the_new_consent(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    token = connection.token
    ExactOnlineToken.objects.claim(token.pk, token.version, "somebody refreshing")

    treasurer.connect(connection, world.treasurer)

    late = ExactOnlineToken.objects.filter(version=token.version).release(token.pk, "somebody refreshing", access_token="old")
    assert late is False
    token.refresh_from_db()
    assert token.access_token.reveal() != "old"
    assert world.drain(connection) == {}


def test_another_user_who_sees_the_administration_replaces_the_first(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    first = connection.token_id
    second = world.exact.add_user("second", "The second", divisions=[DIVISION], current_division=DIVISION)
    member = world.member("7")

    assert "as The second" in treasurer.connect(connection, second)

    connection.refresh_from_db()
    assert connection.token.exact_user == second.user_id
    assert not ExactOnlineToken.objects.filter(pk=first).exists()
    world.drain(connection)
    assert member.member_number in world.relations()


def test_another_user_who_does_not_see_it_is_refused_and_the_first_stays(world: World, treasurer: Browser) -> None:
    connection = world.connection(division_name="Studievereniging De Kern")
    first = connection.token_id
    stranger = world.exact.add_user("stranger", "A stranger", divisions=[OTHER_DIVISION], current_division=OTHER_DIVISION)
    member = world.member("7")

    page = treasurer.connect(connection, stranger)

    assert "The Exact user A stranger does not see the administration of this connection" in page
    connection.refresh_from_db()
    assert connection.token_id == first
    assert ExactOnlineToken.objects.count() == 1
    world.drain(connection)
    assert member.member_number in world.relations()


def test_a_refused_user_who_serves_another_connection_keeps_that_one_alive(world: World, treasurer: Browser) -> None:
    stranger = world.exact.add_user("stranger", "A stranger", divisions=[OTHER_DIVISION], current_division=OTHER_DIVISION)
    mine = world.connection("De Kern")
    theirs = world.connection("Lustrum", OTHER_DIVISION, token=world.token(stranger))
    member = world.member("7")

    treasurer.connect(mine, stranger)  # at Exact that ended the chain their connection lived by

    world.drain(theirs)
    assert member.member_number in world.relations(OTHER_DIVISION)
    theirs.refresh_from_db()
    assert theirs.attention == ""


def test_the_same_user_who_lost_the_administration_is_kept_and_warned(world: World, treasurer: Browser) -> None:
    connection = world.connection(division_name="Studievereniging De Kern")
    world.exact.change_user(world.treasurer, divisions=[OTHER_DIVISION])

    page = treasurer.connect(connection, world.treasurer)

    assert "Connected with Exact Online as The treasurer." in page
    assert "does not see the administration of this connection, Studievereniging De Kern (1204501)" in page


def test_another_user_is_not_taken_while_exact_cannot_say_what_they_see(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    first = connection.token_id
    second = world.exact.add_user("second", "The second", divisions=[DIVISION], current_division=DIVISION)
    world.exact.add_fault("status", endpoint="system/Divisions", status=503)

    page = treasurer.connect(connection, second)

    assert "could not be checked, so nothing was changed" in page
    connection.refresh_from_db()
    assert connection.token_id == first


def test_a_consent_for_credentials_that_changed_meanwhile_is_not_used(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    connection = new_connection(world.api_key)
    back = treasurer.answer_at_exact(treasurer.to_exact(connection), world.treasurer)
    other = world.token(api_key=world.exact.add_app("Other", world.api_key.redirect_uri)).app
    ExactOnlineConnection.objects.update(app=other)

    answer = treasurer.come_back(back)

    assert "got another Client ID, while you were at Exact Online" in treasurer.page(answer["Location"])
    connection.refresh_from_db()
    assert connection.token is None


def test_a_consent_cut_off_halfway_is_swept_up_later(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    token = world.token()
    ExactOnlineToken.objects.filter(pk=token.pk).update(exact_user=None, issued_at=timezone.now() - timedelta(hours=2))

    treasurer.to_exact(connection)

    assert not ExactOnlineToken.objects.filter(pk=token.pk).exists()


def test_a_connection_that_was_removed_meanwhile_is_not_connected(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)
    back = treasurer.answer_at_exact(treasurer.to_exact(connection), world.treasurer)
    treasurer.press("exact-online-remove", connection.pk)

    answer = treasurer.come_back(back)

    assert answer["Location"] == reverse("exact-online-connections")
    assert not ExactOnlineToken.objects.exists()


def test_without_login_connect_leads_to_the_login(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)

    answer = Client().post(reverse("exact-online-connect", args=[connection.pk]))

    assert answer["Location"].startswith(reverse("account_login"))
