"""From Add connection to Enable, Disable and Remove: what a treasurer does, what the pages say, and what Exact then holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import timezone

from finance.models import FinancialAdministration
from integrations import connections, first_link
from integrations.first_link import Choice
from integrations.glance import Glance
from integrations.models import ExactOnlineApp, ExactOnlineConnection, ExactOnlineToken, RelationLink, SyncRun
from integrations.models.connection import State
from members.models import Member
from tests.integrations.conftest import Browser
from tests.people import make_user
from tests.worlds import DIVISION, OTHER_DIVISION, REDIRECT_URI, World

Add = Callable[..., ExactOnlineConnection]
NAMELESS = {"last_name": "", "infix": "", "first_name": "", "initials": ""}
LIST = "/settings/integrations/exact-online/"


# Adding -------------------------------------------------------------------------------------------------------------------


def test_the_path_of_the_guide_is_there_click_by_click(world: World, treasurer: Browser) -> None:
    assert f'href="{reverse("integrations")}"' in treasurer.page("/settings/")
    assert f'href="{LIST}"' in treasurer.page("/settings/integrations/")
    empty = treasurer.page(LIST)
    assert "No connection yet" in empty
    assert "Add connection" in empty


def test_the_steps_name_what_exact_calls_things_and_the_exact_redirect_url(world: World, treasurer: Browser) -> None:
    page = treasurer.page(LIST + "add/")

    for term in ("API-sleutels registreren", "Beheer mijn apps", "Registreren", "Tonen"):
        assert term in page
    assert ">http://localhost:8000/settings/integrations/exact-online/configs/authorize</code>" in page
    assert f'href="{world.exact.base_url}/app-center/"' in page
    for label in ("Client ID", "Client secret", "Exact Online site"):
        assert label in page


@override_settings(EXACT_ONLINE_BASE_URL="")
def test_the_steps_follow_the_chosen_site(treasurer: Browser) -> None:
    assert "start.exactonline.nl" in treasurer.page(LIST + "add/")
    part = treasurer.page(LIST + "add/?site=be", **{"HX-Request": "true"})
    assert "start.exactonline.be" in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("public_url", "warned"),
    [
        ("http://members.example.org", True),
        ("https://localhost:8000", True),
        ("https://192.168.1.5", True),
        ("https://members.example.org", False),
    ],
)
@override_settings(EXACT_ONLINE_BASE_URL="")
def test_an_address_exact_does_not_take_is_warned_of(treasurer: Browser, settings: object, public_url: str, warned: bool) -> None:
    settings.PUBLIC_URL = public_url  # type: ignore[attr-defined]

    assert ("Exact Online will not accept this Redirect URL" in treasurer.page(LIST + "add/")) is warned


def test_who_opened_another_address_than_exact_returns_to_is_warned(treasurer: Browser, settings: object) -> None:
    settings.PUBLIC_URL = "http://testserver"  # type: ignore[attr-defined]
    assert "You are here by another address" not in treasurer.page(LIST + "add/")
    settings.PUBLIC_URL = "http://localhost:8000"  # type: ignore[attr-defined]
    assert "You are here by another address" in treasurer.page(LIST + "add/")


def test_connect_saves_a_disconnected_connection_with_connect_in_sight(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    connection = new_connection(world.api_key)

    page = treasurer.page(connection.get_absolute_url())

    assert connection.state == State.DISCONNECTED
    assert "disconnected" in page
    assert re.search(r'action="[^"]+/connect/".*?Connect\s*</button>', page, re.DOTALL)
    assert connection.created_by.username == "penningmeester"


def test_the_page_with_connect_lets_the_browser_go_on_to_exact(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)

    for address in (connection.get_absolute_url(), LIST):
        policy = treasurer.client.get(address)["Content-Security-Policy"]
        assert f"form-action 'self' {world.exact.base_url}" in policy
    assert world.exact.base_url not in treasurer.client.get("/settings/")["Content-Security-Policy"]


def test_a_second_click_on_connect_makes_no_second_connection(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)

    treasurer.press("exact-online-add", client_id=world.api_key.client_id, client_secret=world.api_key.client_secret, site="nl")

    assert list(ExactOnlineConnection.objects.all()) == [connection]


def test_blanks_that_were_copied_along_do_not_count(world: World, treasurer: Browser, new_connection: Add) -> None:
    new_connection(world.api_key, client_id=f"  {world.api_key.client_id}\n", client_secret=f"{world.api_key.client_secret} ")

    app = ExactOnlineApp.objects.get()
    assert (app.client_id, app.client_secret.reveal()) == (world.api_key.client_id, world.api_key.client_secret)


def test_one_app_serves_two_connections_but_not_with_another_secret(world: World, treasurer: Browser) -> None:
    world.connection("De Kern")

    page = treasurer.press("exact-online-add", client_id=world.api_key.client_id, client_secret="mistyped", site="nl")

    assert "uses the same Client ID with another Client secret" in page
    assert ExactOnlineApp.objects.get().client_secret.reveal() == world.api_key.client_secret
    assert ExactOnlineConnection.objects.count() == 1


def test_a_secret_that_was_mistyped_is_mended_by_entering_it_once_more(
    world: World, treasurer: Browser, new_connection: Add
) -> None:
    """Whoever comes back to Add after a Connect that failed: nobody lives by that secret yet, so nothing can break."""
    connection = new_connection(world.api_key, client_secret="mistyped")
    assert "does not accept the Client ID, the Client secret" in treasurer.connect(connection, world.treasurer)

    treasurer.press("exact-online-add", client_id=world.api_key.client_id, client_secret=world.api_key.client_secret, site="nl")

    assert ExactOnlineConnection.objects.get() == connection
    assert "Connected with Exact Online" in treasurer.connect(connection, world.treasurer)


def test_new_connections_can_be_told_apart(world: World, treasurer: Browser, new_connection: Add) -> None:
    for name in ("One", "Two"):
        new_connection(world.exact.add_app(name, REDIRECT_URI))

    page = treasurer.page(LIST)

    for app in ExactOnlineApp.objects.all():
        assert f"{app.client_id[:8]}…" in page


@pytest.mark.parametrize(
    "typed", [{}, {"client_id": "an id", "client_secret": "x"}, {"client_id": "same", "client_secret": "same"}]
)
def test_credentials_that_cannot_be_right_are_told_and_the_id_is_kept(treasurer: Browser, typed: dict[str, str]) -> None:
    page = treasurer.press("exact-online-add", site="nl", **typed)

    assert "errorlist" in page
    assert not ExactOnlineConnection.objects.exists()
    if typed:
        assert f'value="{typed["client_id"]}"' in page


# The way through ----------------------------------------------------------------------------------------------------------


def test_the_guide_from_add_to_enable(world: World, treasurer: Browser, new_connection: Add) -> None:
    member = world.member("42", email="jan@example.org")
    connection = new_connection(world.api_key)
    treasurer.connect(connection, world.treasurer)
    page = treasurer.page(reverse("exact-online-edit", args=[connection.pk]))
    assert "Synchronization" in page

    saved = treasurer.press(
        "exact-online-edit",
        connection.pk,
        **settings_on(page) | {"division": DIVISION, "statuses": [world.status.pk], "new_financial_administration": "De Kern"},
        then="new",
    )
    assert "The financial administration De Kern was saved." in saved
    saved = treasurer.press("exact-online-edit", connection.pk, **settings_on(saved))
    assert "Nothing has been sent yet. Actions > Enable" in saved
    assert "<strong>1 member</strong> will be sent to Studievereniging De Kern (1204501)" in saved
    assert world.writes() == []

    enabled = treasurer.press("exact-online-enable", connection.pk)
    assert "1 member is waiting to be sent." in enabled
    world.go_on(SyncRun.objects.get(connection=connection))
    world.drain(connection)

    assert world.relations()[member.member_number]["Email"] == "jan@example.org"
    assert "Everything is in Exact Online." in treasurer.page(connection.get_absolute_url())


def settings_on(page: str) -> dict[str, object]:
    """What the form on the page would send, as a browser does."""
    form: dict[str, object] = {}
    start = page.index('<form class="stack"')
    body = page[start : page.index("</form>", start)]
    for tag in re.findall(r"<input [^>]+>", body):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) | dict.fromkeys(re.findall(r"\s(checked|disabled)\b", tag), "")
        name, kind = attributes.get("name", ""), attributes.get("type")
        if not name or "disabled" in attributes:
            continue
        if kind == "checkbox":
            if "checked" in attributes:
                form.setdefault(name, []).append(attributes.get("value", "on"))  # type: ignore[attr-defined]
        else:
            form[name] = attributes.get("value", "")
    for name, options in re.findall(r'<select name="(\w+)"((?:(?!</select>).)*)', body, re.DOTALL):
        if " disabled" in options.partition(">")[0]:
            continue
        chosen = re.search(r'<option value="([^"]*)"[^>]*\bselected', options)
        form[name] = chosen[1] if chosen else ""
    return form


def test_enable_says_what_lacks_and_links_there(world: World, treasurer: Browser, new_connection: Add) -> None:
    connection = new_connection(world.api_key)

    page = treasurer.press("exact-online-enable", connection.pk)

    assert "Nothing was enabled. What lacks: the consent of Exact Online" in page
    assert "Not ready to enable" in page
    for anchor in ("#id_financial_administration", "#id_division", "#synchronization"):
        assert reverse("exact-online-edit", args=[connection.pk]) + anchor in page
    connection.refresh_from_db()
    assert not connection.enabled


def test_a_consent_that_ended_keeps_a_connection_from_being_enabled(world: World, treasurer: Browser) -> None:
    connection = world.connection(enabled=False)
    ExactOnlineToken.objects.update(consent_lost=True)

    assert "the consent of Exact Online" in treasurer.press("exact-online-enable", connection.pk)


def test_disable_acts_at_once_and_enable_catches_up(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    member = world.member("7")
    world.drain(connection)

    page = treasurer.press("exact-online-disable", connection.pk)
    world.edit(member, city="Utrecht")
    assert world.drain(connection) == {}
    assert "Nothing is sent. Changes wait here" in page
    assert world.relations()["7"]["City"] is None

    treasurer.press("exact-online-enable", connection.pk)
    assert world.drain(connection) == {}  # compared first
    world.go_on(SyncRun.objects.going().get(connection=connection))
    world.drain(connection)
    assert world.relations()["7"]["City"] == "Utrecht"


def test_disable_stops_a_drain_that_holds_the_lease(world: World) -> None:
    connection = world.connection()
    assert ExactOnlineConnection.objects.sending().claim(connection.pk, "drain")

    connections.disable(connection)

    assert not ExactOnlineConnection.objects.sending().held(connection.pk, "drain").exists()


def test_enable_keeps_a_pause_that_exact_asked_for(world: World, treasurer: Browser) -> None:
    connection = world.connection(enabled=False)
    until = timezone.now() + timedelta(hours=1)
    ExactOnlineConnection.objects.update(resume_at=until, resume_reason="day_limit")
    world.member("7")

    page = treasurer.press("exact-online-enable", connection.pk)

    connection.refresh_from_db()
    assert connection.resume_at == until
    assert "Exact Online allows only so many calls a day" in page


def test_sync_now_settles_and_ends_the_waiting_but_not_a_lost_answer(world: World, treasurer: Browser) -> None:
    connection = world.connection(attention="unexpected")
    later = timezone.now() + timedelta(hours=1)
    waiting = RelationLink.objects.create(connection=connection, member=world.member("7"), not_before=later)
    doubtful = RelationLink.objects.create(
        connection=connection, member=world.member("8"), not_before=later, creating_since=timezone.now()
    )

    treasurer.press("exact-online-sync-now", connection.pk)

    for thing in (connection, waiting, doubtful):
        thing.refresh_from_db()
    assert connection.attention == ""
    assert (waiting.not_before, doubtful.not_before) == (None, later)


def test_sync_now_without_consent_asks_for_that_first(world: World, treasurer: Browser) -> None:
    connection = world.connection(attention="consent_lost")
    ExactOnlineToken.objects.update(consent_lost=True)

    assert "Choose Connect first" in treasurer.press("exact-online-sync-now", connection.pk)
    connection.refresh_from_db()
    assert connection.attention == "consent_lost"


# Removing -----------------------------------------------------------------------------------------------------------------


def test_remove_forgets_the_secrets_and_leaves_exact_and_history_alone(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    world.member("7")
    world.drain(connection)

    page = treasurer.press("exact-online-remove", connection.pk)

    assert "was removed. What Exact Online has was left as it is." in page
    assert "No connection yet" in page
    assert not ExactOnlineApp.objects.exists()
    assert not ExactOnlineToken.objects.exists()
    assert "7" in world.relations()
    connection.refresh_from_db()
    assert (connection.state, connection.links.count(), connection.attempts.count()) == (State.REMOVED, 1, 1)
    assert treasurer.client.get(connection.get_absolute_url()).status_code == 404


def test_remove_keeps_what_another_connection_lives_by(world: World, treasurer: Browser) -> None:
    one, other = world.connection("De Kern"), world.connection("Lustrum", OTHER_DIVISION)
    world.member("7")

    treasurer.press("exact-online-remove", one.pk)

    world.drain(other)
    assert "7" in world.relations(OTHER_DIVISION)


def test_the_financial_administration_of_a_removed_connection_can_be_deleted(world: World, treasurer: Browser) -> None:
    connection = world.connection("De Kern", division_name="Studievereniging De Kern")
    member = world.member("7")
    world.drain(connection)
    books = FinancialAdministration.objects.get()
    refused = treasurer.press("financial-administration-delete", books.pk)
    assert "a connection still uses it" in refused

    treasurer.press("exact-online-remove", connection.pk)
    page = treasurer.press("financial-administration-delete", books.pk)

    assert "was deleted" in page
    assert not FinancialAdministration.objects.exists()
    history = treasurer.page(member.get_absolute_url())
    assert "Studievereniging De Kern" in history[history.index('id="history"') :]


def test_what_was_removed_can_be_connected_anew(world: World, treasurer: Browser) -> None:
    treasurer.press("exact-online-remove", world.connection().pk)

    again = world.connection()

    assert again.state == State.ENABLED


# The page of a connection -------------------------------------------------------------------------------------------------


def test_the_four_counts_and_who_has_no_link_yet_is_waiting(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    world.members(3)
    world.drain(connection)
    world.member("70")
    world.member("80", **NAMELESS)
    RelationLink.objects.filter(member__member_number="1").leave_out()
    world.drain(connection)
    world.member("90")

    glance = Glance.at(connection, timezone.now())
    page = treasurer.page(connection.get_absolute_url())

    assert (glance.up_to_date, glance.waiting, glance.needs_attention, glance.left_out) == (3, 1, 1, 1)
    assert "Everything is in Exact Online" not in page
    assert "No name" in page


def test_the_part_that_moves_comes_alone_and_tells_that_the_list_changed(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    page = treasurer.page(connection.get_absolute_url())
    assert f'hx-get="{connection.get_absolute_url()}?listed=0"' in page
    assert 'hx-trigger="every 2s"' in page
    world.member("80", **NAMELESS)
    world.drain(connection)

    part = treasurer.page(connection.get_absolute_url() + "?listed=0", **{"HX-Request": "true"})

    assert "<html" not in part
    assert "The list of members who need attention has changed" in part
    assert 'id="attention"' not in part


def test_a_connection_at_rest_is_not_polled(world: World, treasurer: Browser) -> None:
    assert "hx-trigger" not in treasurer.page(world.connection(enabled=False).get_absolute_url())


def test_what_needs_a_person_is_said_in_our_words_and_exacts(world: World, treasurer: Browser) -> None:
    details = {"said": "De gebruiker heeft <geen> rechten.", "reason": "NoDivisionAccess"}
    connection = world.connection(attention="forbidden", attention_details=details, attention_since=timezone.now())

    page = treasurer.client.get(connection.get_absolute_url()).content.decode()

    assert "may not work in this administration (no access to the administration)" in page
    assert "De gebruiker heeft &lt;geen&gt; rechten." in page


def test_the_list_tells_state_waiting_problems_and_last_sync(world: World, treasurer: Browser) -> None:
    connection = world.connection(division_name="Studievereniging De Kern")
    world.members(2)
    world.member("80", **NAMELESS)
    world.drain(connection)
    world.member("90")

    page = treasurer.page(LIST)

    assert "De Kern" in page
    assert "Studievereniging De Kern" in page
    assert ">enabled</span>" in page
    assert re.findall(r'class="number">(?:<a[^>]*>)?(\d+)', page) == ["1", "1"]
    assert "<time" in page


# Before Enable ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def ready(world: World) -> ExactOnlineConnection:
    """Complete, and never enabled."""
    world.exact.turn(minute_limit=100_000)
    return world.connection(enabled=False, division_name="Studievereniging De Kern")


def undecided(world: World, number: str = "7") -> Member:
    """A member who may be either of two relations."""
    world.relation("90", Email="jan@example.nl")
    world.relation("91", Email="jan@example.nl")
    return world.member(number, email="jan@example.nl")


def folded(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_next_step_is_to_compare_and_enabling_right_away_is_possible(
    world: World, treasurer: Browser, ready: ExactOnlineConnection
) -> None:
    page = treasurer.page(ready.get_absolute_url())

    assert "Nothing has been sent yet. Actions > Enable" in page
    assert "Next: compare with Exact Online" in page
    assert "Or enable right away: members are compared first, certain ones are linked, doubtful ones wait for you." in page
    dialog = page[page.index("<dialog") : page.index("</dialog>")]
    assert "They are first compared with what Exact Online holds" in dialog


def test_what_comparing_found_is_told_with_the_ways_on(world: World, treasurer: Browser, ready: ExactOnlineConnection) -> None:
    undecided(world)
    world.relation("8", "P. Bakker", Email="piet@example.nl")
    world.member("8", initials="P.", first_name="Piet", infix="", last_name="Bakker", email="piet@example.nl")
    world.members(3, start=20)
    world.compare(ready)

    page = treasurer.page(ready.get_absolute_url())

    assert "Nothing has been sent yet. Actions > Enable" in page
    assert "1 certain 1 to be decided 0 conflict 3 new 0 incomplete 0 linked" in folded(page)
    assert "1 member waits for your decision." in page
    assert f"{reverse('exact-online-match', args=[ready.pk])}?show=open" in page
    assert reverse("exact-online-plan", args=[ready.pk]) in page
    assert "Next: compare" not in page
    assert "hx-trigger" not in page


def test_a_run_is_told_with_its_phase_and_the_page_looks_again(
    world: World, treasurer: Browser, ready: ExactOnlineConnection
) -> None:
    treasurer.press("exact-online-compare", ready.pk)
    SyncRun.objects.update(phase=SyncRun.Phase.COMPARING, done=1, total=3)

    page = treasurer.page(ready.get_absolute_url())

    assert "Compare with Exact: Comparing members with relations, 33" in folded(page)
    assert 'hx-trigger="every 2s"' in page
    assert SyncRun.objects.get().get_absolute_url() in page
    assert "Comparing members with relations" in treasurer.page(LIST)


def test_the_menu_offers_comparing_and_the_dry_run(world: World, treasurer: Browser, ready: ExactOnlineConnection) -> None:
    for page in (treasurer.page(ready.get_absolute_url()), treasurer.page(LIST)):
        menu = page[page.index('class="menu-items"') :]
        assert f'action="{reverse("exact-online-compare", args=[ready.pk])}"' in menu
        assert f'href="{reverse("exact-online-plan", args=[ready.pk])}"' in menu


def test_who_is_to_be_decided_is_asked_for_until_somebody_does(
    world: World, treasurer: Browser, ready: ExactOnlineConnection
) -> None:
    member = undecided(world)
    world.members(2, start=20)
    world.enable(ready)
    world.drain(ready)

    page = treasurer.page(ready.get_absolute_url())
    assert "1 member waits for your decision." in page
    # The list on this page is of members to mend; this one is found in the list of members.
    assert 'id="attention"' not in page
    assert f'id="count-attention" class="stat attention" href="{reverse("members")}?connection={ready.pk}&amp;state=needs' in (
        treasurer.client.get(ready.get_absolute_url()).content.decode()
    )
    of_member = treasurer.page(member.get_absolute_url())
    assert "There are relations in Exact Online that may be this member." in of_member
    assert f'{reverse("exact-online-match", args=[ready.pk])}?q=7"' in of_member
    assert reverse("member-sync-now", args=[member.pk, ready.pk]) not in of_member

    first_link.decide(world.link(member).pk, Choice.CREATE, None)
    assert "waits for your decision" not in treasurer.page(ready.get_absolute_url())
    world.drain(ready)
    assert "7" in world.relations()


def test_what_enable_links_by_itself_is_nobodys_decision(world: World, treasurer: Browser, ready: ExactOnlineConnection) -> None:
    world.relation("7", Email="jan@example.nl")
    world.member("7", email="jan@example.nl")
    world.compare(ready)
    assert "for your decision" not in treasurer.page(ready.get_absolute_url())

    treasurer.press("exact-online-enable", ready.pk)
    assert "for your decision" not in treasurer.page(ready.get_absolute_url())


# The brake ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def braked(world: World, ready: ExactOnlineConnection) -> ExactOnlineConnection:
    """Enabled; after which an import brought more new members, and changed more, than goes by unasked."""
    world.members(60)
    world.enable(ready)
    while world.drain(ready):
        pass
    ExactOnlineConnection.objects.update(approved_at=timezone.now())
    world.moment = timezone.now()
    members = list(Member.objects.all())
    for member in members:
        member.city, member.changed_via = "Ede", "import"
    Member.objects.bulk_update(members, ["city"])
    world.members(30, start=1001)
    world.drain(ready)
    ready.refresh_from_db()
    return ready


def answer(treasurer: Browser, connection: ExactOnlineConnection, answer: str, **more: str) -> str:
    return treasurer.press("exact-online-brake", connection.pk, answer=answer, **more)


def test_what_is_held_back_is_asked_about(world: World, treasurer: Browser, braked: ExactOnlineConnection) -> None:
    assert len(world.relations()) == 60
    page = treasurer.page(braked.get_absolute_url())

    assert "Is this meant? An import or the like would create 30 relations in Exact Online and change 60." in folded(page)
    assert "Go on" in page
    assert "Not these" in page
    assert f'href="{reverse("members")}?connection={braked.pk}&state=needs_attention"' in page
    assert "held back" in treasurer.page(LIST)
    one = Member.objects.get(member_number="1001")
    assert "waits until somebody says whether it is meant" in treasurer.page(one.get_absolute_url())


def test_go_on_sends_all_of_it(world: World, treasurer: Browser, braked: ExactOnlineConnection) -> None:
    page = answer(treasurer, braked, "go_on", seen="30-60")
    world.drain(braked)

    assert "It goes on: 90 members are sent." in page
    assert "Is this meant?" not in page
    assert len(world.relations()) == 90
    assert world.relations()["1"]["City"] == "Ede"


def test_not_these_sends_none_of_it_and_says_why_where_people_look(
    world: World, treasurer: Browser, braked: ExactOnlineConnection
) -> None:
    page = answer(treasurer, braked, "not_these")
    world.drain(braked)

    assert "90 changes are not sent. What is changed next of those members is." in page
    assert len(world.relations()) == 60
    assert world.relations()["1"]["City"] is None
    listed = page[page.index('id="left-out"') :]
    assert "Somebody chose not to send this change." in listed
    assert "Send after all" in listed
    member = Member.objects.get(member_number="1")
    assert "Not sent, as you chose." in treasurer.page(member.get_absolute_url())

    treasurer.press("member-take-part", member.pk, braked.pk)
    world.drain(braked)
    assert world.relations()["1"]["City"] == "Ede"


def test_an_answer_to_other_numbers_is_not_taken(world: World, treasurer: Browser, braked: ExactOnlineConnection) -> None:
    page = answer(treasurer, braked, "go_on", seen="3-0")
    world.drain(braked)

    assert "What is held back changed meanwhile, so nothing was done." in page
    assert len(world.relations()) == 60


def test_no_answer_is_no_answer(world: World, treasurer: Browser, braked: ExactOnlineConnection) -> None:
    assert "Nothing was done." in answer(treasurer, braked, "")
    assert "Is this meant?" in treasurer.page(braked.get_absolute_url())


def test_who_may_not_answer_is_told_and_not_asked(world: World, braked: ExactOnlineConnection) -> None:
    client = Client()
    client.force_login(make_user("somebody", "integrations.view_exactonlineconnection"))

    page = client.get(braked.get_absolute_url()).content.decode()

    assert "Is this meant?" in page
    assert "<form" not in page[page.index("<main") :]


# Members who wait for a person --------------------------------------------------------------------------------------------


@pytest.fixture
def taken(world: World) -> RelationLink:
    """Member 7, whose code is another name's in Exact."""
    world.exact.add_account(DIVISION, Code="7", Name="Jan Vries-Bakker", City="Delft")
    connection = world.connection()
    member = world.member("7", email="jan@example.org")
    world.drain(connection)
    return world.link(member)


def test_try_again_sends_once_more(world: World, treasurer: Browser, taken: RelationLink) -> None:
    world.exact.delete_account(DIVISION, "7")

    treasurer.press("member-sync-now", taken.member_id, taken.connection_id)
    world.drain(taken.connection)

    assert world.relations()["7"]["Email"] == "jan@example.org"


def test_a_relation_that_vanished_is_made_anew_by_try_again(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    member = world.member("7")
    world.drain(connection)
    before = world.link(member).guid
    world.exact.delete_account(DIVISION, "7")
    world.edit(member, city="Utrecht")
    world.drain(connection)
    assert "no longer exists in Exact Online" in treasurer.page(connection.get_absolute_url())

    treasurer.press("member-sync-now", member.pk, connection.pk)
    world.drain(connection)

    assert world.relations()["7"]["City"] == "Utrecht"
    assert world.link(member).guid != before


def test_link_to_this_relation_takes_it_and_sends_our_fields(world: World, treasurer: Browser, taken: RelationLink) -> None:
    guid = world.exact.account(DIVISION, "7")["ID"]
    page = treasurer.page(taken.connection.get_absolute_url())
    assert "Relation 7 in Exact Online is called “Jan Vries-Bakker”." in page

    treasurer.press("member-link", taken.member_id, taken.connection_id)
    world.drain(taken.connection)

    relation = world.exact.account(DIVISION, guid)
    assert (relation["Name"], relation["Email"]) == ("J. de Vries", "jan@example.org")
    assert len(world.relations()) == 1
    taken.refresh_from_db()
    assert (str(taken.guid), taken.unconfirmed, taken.problem) == (guid, False, "")


@pytest.mark.parametrize("name", ["J. de Vries", "Printers Ltd"])
def test_a_supplier_is_not_offered_and_not_linked(world: World, treasurer: Browser, name: str) -> None:
    world.exact.add_account(DIVISION, Code="7", Name=name, IsSupplier=True)
    connection = world.connection()
    member = world.member("7")
    world.drain(connection)

    page = treasurer.page(connection.get_absolute_url())
    refused = treasurer.press("member-link", member.pk, connection.pk)

    assert "/link/" not in page
    assert "A supplier is never linked" in page
    assert "was not linked" in refused
    assert world.link(member).guid is None


def test_a_relation_another_member_got_meanwhile_is_not_linked_twice(
    world: World, treasurer: Browser, taken: RelationLink
) -> None:
    other = world.member("8")
    RelationLink.objects.create(connection=taken.connection, member=other, guid=taken.problem_details["guid"])

    page = treasurer.press("member-link", taken.member_id, taken.connection_id)

    assert "was not linked" in page
    taken.refresh_from_db()
    assert taken.guid is None
    assert taken.problem == "code_in_use"


def test_who_is_left_out_is_listed_and_can_take_part_again(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    member = world.member("7")
    world.drain(connection)
    here = connection.get_absolute_url()

    page = treasurer.press("member-leave-out", member.pk, connection.pk, next=here)
    world.edit(member, city="Utrecht")
    world.drain(connection)
    assert "Take part again" in page
    assert world.relations()["7"]["City"] is None

    treasurer.press("member-take-part", member.pk, connection.pk, next=here)
    world.drain(connection)
    assert world.relations()["7"]["City"] == "Utrecht"


def test_a_decision_leads_back_to_the_page_its_button_was_on_and_never_elsewhere(
    world: World, treasurer: Browser, taken: RelationLink
) -> None:
    here = taken.connection.get_absolute_url() + "?parked=1"
    address = reverse("member-sync-now", args=[taken.member_id, taken.connection_id])
    assert f'name="next" value="{here}"' in treasurer.page(here)

    assert treasurer.client.post(address, {"next": here})["Location"] == here
    assert treasurer.client.post(address, {"next": "//evil.example/"})["Location"] == taken.member.get_absolute_url()


def test_who_was_never_in_a_connection_cannot_be_linked_there(world: World, treasurer: Browser, taken: RelationLink) -> None:
    other = world.connection("Lustrum", OTHER_DIVISION)

    answer = treasurer.client.post(reverse("member-link", args=[taken.member_id, other.pk]))

    assert answer.status_code == 404


def test_what_is_tried_again_in_a_disabled_connection_waits_and_that_is_said(
    world: World, treasurer: Browser, taken: RelationLink
) -> None:
    treasurer.press("exact-online-disable", taken.connection_id)

    page = treasurer.press("member-sync-now", taken.member_id, taken.connection_id)

    assert "as soon as that connection is enabled and works" in page


def test_many_parked_members_come_in_pages(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    for number in range(1, 53):
        world.member(str(number), **NAMELESS)
    world.drain(connection)

    first, second = treasurer.page(connection.get_absolute_url()), treasurer.page(connection.get_absolute_url() + "?parked=2")

    assert (first.count('"member-leave-out-'), second.count('"member-leave-out-')) == (50, 2)


def test_members_sent_with_a_field_left_out_are_listed(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    world.member("7", email="not an address")
    world.drain(connection)

    page = treasurer.page(connection.get_absolute_url())

    assert "1 member was sent with something shortened or left out" in page
    assert "The e-mail is not valid and was not sent." in page


# Secrets ------------------------------------------------------------------------------------------------------------------


def test_no_page_and_no_log_line_holds_a_secret(
    world: World, treasurer: Browser, new_connection: Add, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    connection = new_connection(world.api_key)
    told = [treasurer.connect(connection, world.treasurer)]
    for address in (LIST, LIST + "add/", connection.get_absolute_url(), reverse("exact-online-edit", args=[connection.pk])):
        told.append(treasurer.page(address))
    told.append(treasurer.press("exact-online-edit", connection.pk, client_id="x y", client_secret="a-new-secret"))
    token = ExactOnlineToken.objects.get()

    for secret in (world.api_key.client_secret, "a-new-secret", token.access_token.reveal(), token.refresh_token.reveal()):
        assert all(secret not in page for page in told)
        assert secret not in caplog.text
        assert secret not in str(dict(treasurer.client.session))


def test_a_button_needs_its_csrf_token(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = treasurer.client.cookies

    assert strict.post(reverse("exact-online-disable", args=[connection.pk])).status_code == 403
    connection.refresh_from_db()
    assert connection.enabled
