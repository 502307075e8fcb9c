"""Edit: which administrations, which members, how, and with what credentials; and what a change of each of them does."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from finance.models import FinancialAdministration
from integrations.forms import EditForm
from integrations.models import ExactOnlineApp, ExactOnlineConnection, ExactOnlineToken, RelationLink, SyncRun
from integrations.models.connection import State
from members import tasks
from members.models import MemberImport, MemberStatus
from tests.integrations.conftest import Browser
from tests.integrations.test_connection_pages import settings_on
from tests.worlds import DIVISION, OTHER_DIVISION, World

Add = Callable[..., ExactOnlineConnection]
Save = Callable[..., str]


@pytest.fixture
def save(treasurer: Browser) -> Save:
    """Open the page, change these, press Save; the words of the page that follows."""

    def fill_in(connection: ExactOnlineConnection, **changes: Any) -> str:
        page = treasurer.page(reverse("exact-online-edit", args=[connection.pk]))
        return treasurer.press("exact-online-edit", connection.pk, **settings_on(page) | changes)

    return fill_in


@pytest.fixture
def connected(world: World) -> ExactOnlineConnection:
    """Consent is given, nothing is chosen yet."""
    token = world.token()
    return ExactOnlineConnection.objects.create(app=token.app, token=token)


def edit_page(treasurer: Browser, connection: ExactOnlineConnection) -> str:
    return treasurer.page(reverse("exact-online-edit", args=[connection.pk]))


def reread(connection: ExactOnlineConnection) -> ExactOnlineConnection:
    return ExactOnlineConnection.objects.get(pk=connection.pk)


# Administrations ----------------------------------------------------------------------------------------------------------


def test_the_only_free_financial_administration_is_preselected(
    world: World, treasurer: Browser, connected: ExactOnlineConnection
) -> None:
    world.connection("De Kern")
    only = FinancialAdministration.objects.create(name="Stichting Lustrum")

    page = edit_page(treasurer, connected)

    assert settings_on(page)["financial_administration"] == str(only.pk)
    assert ">De Kern</option>" not in page
    assert "Linked by another connection already:" in page
    FinancialAdministration.objects.create(name="Borrelcommissie")
    assert settings_on(edit_page(treasurer, connected))["financial_administration"] == ""


def test_a_new_one_can_be_made_on_the_page_and_what_was_chosen_stays(
    world: World, treasurer: Browser, connected: ExactOnlineConnection, save: Save
) -> None:
    page = save(
        connected,
        then="new",
        new_financial_administration="De Kern",
        division=DIVISION,
        statuses=[world.former.pk],
        code_start="500000",
        client_secret="not-kept",
    )

    kept = settings_on(page)
    made = FinancialAdministration.objects.get()
    assert "not saved yet" in page
    assert (kept["financial_administration"], kept["division"], kept["code_start"]) == (str(made.pk), str(DIVISION), "500000")
    assert kept["statuses"] == [str(world.former.pk)]
    assert "not-kept" not in str(dict(treasurer.client.session))
    assert reread(connected).division is None


def test_a_name_that_exists_is_refused_and_stays_typed(treasurer: Browser, connected: ExactOnlineConnection, save: Save) -> None:
    FinancialAdministration.objects.create(name="De Kern")

    page = save(connected, then="new", new_financial_administration="de kern")

    assert "There is a financial administration “De Kern” already" in page
    assert 'value="de kern"' in page


def test_exacts_list_shows_what_cannot_be_chosen_and_says_why(
    world: World, treasurer: Browser, connected: ExactOnlineConnection
) -> None:
    world.exact.add_division(1204505, "Stichting Symposium", blocking_status=1)
    world.exact.change_user(world.treasurer, divisions=[DIVISION, OTHER_DIVISION, 1204505])
    world.connection("De Kern")

    page = edit_page(treasurer, connected)

    options = {number: words for number, _, words in re.findall(r'<option value="(\d+)"([^>]*)>([^<]*)', page)}
    disabled = re.findall(r'<option value="(\d+)"[^>]* disabled', page)
    assert options["1204501"] == "Studievereniging De Kern (1204501): linked to De Kern already"
    assert options["1204505"] == "Stichting Symposium (1204505): not in use, or blocked, in Exact Online"
    assert options["1204502"] == "Stichting Lustrum (1204502)"
    assert sorted(disabled) == ["1204501", "1204505"]


@pytest.mark.parametrize(("number", "said"), [(DIVISION, "linked to De Kern already"), (1204505, "as not in use or blocked")])
def test_what_cannot_be_chosen_is_refused_too(
    world: World, connected: ExactOnlineConnection, save: Save, number: int, said: str
) -> None:
    world.exact.add_division(1204505, "Stichting Symposium", status=2)
    world.exact.change_user(world.treasurer, divisions=[DIVISION, OTHER_DIVISION, 1204505])
    world.connection("De Kern")

    assert said in save(connected, division=number).partition("errorlist")[2]
    assert reread(connected).division is None


def test_the_list_is_asked_for_once_in_two_minutes_and_on_request(
    world: World, treasurer: Browser, connected: ExactOnlineConnection, save: Save
) -> None:
    edit_page(treasurer, connected)
    edit_page(treasurer, connected)
    assert len(world.exact.calls(endpoint="system/Divisions")) == 1
    world.exact.add_division(1204503, "Borrelcommissie")
    world.exact.change_user(world.treasurer, divisions=[DIVISION, OTHER_DIVISION, 1204503])

    assert "Borrelcommissie (1204503)" in save(connected, then="refresh")
    assert len(world.exact.calls(endpoint="system/Divisions")) == 2


def test_the_list_is_read_under_the_current_administration_which_is_not_taken_for_the_choice(
    world: World, treasurer: Browser, connected: ExactOnlineConnection
) -> None:
    edit_page(treasurer, connected)

    assert {call.division for call in world.exact.calls(endpoint="system/Divisions")} == {OTHER_DIVISION}
    assert settings_on(edit_page(treasurer, connected))["division"] == ""


def test_a_list_that_fails_is_a_sentence_and_nothing_stored_is_lost(world: World, treasurer: Browser, save: Save) -> None:
    connection = world.connection(enabled=False, division_name="Studievereniging De Kern")
    world.exact.add_fault("status", endpoint="system/Divisions", status=503, count=0)

    page = edit_page(treasurer, connection)

    assert "Exact Online could not be reached. Try again in a few minutes." in page
    assert settings_on(page)["division"] == str(DIVISION)
    assert "Studievereniging De Kern (1204501)" in page
    save(connection, code_start="1000")
    assert (reread(connection).division, reread(connection).code_start) == (DIVISION, 1000)
    assert reread(connection).division_name == "Studievereniging De Kern"


def test_a_form_half_filled_in_can_be_saved_when_exact_goes_away(
    world: World, treasurer: Browser, connected: ExactOnlineConnection
) -> None:
    page = edit_page(treasurer, connected)
    world.exact.add_fault("status", endpoint="system/Divisions", status=503, count=0)

    treasurer.press("exact-online-edit", connected.pk, **settings_on(page) | {"division": DIVISION})

    assert (reread(connected).division, reread(connected).division_name) == (DIVISION, "Studievereniging De Kern")


@pytest.mark.parametrize(
    ("rights", "said"),
    [({"divisions": []}, "does not show the Exact user"), ({"reason": "BlockedUser"}, "does not show the Exact user")],
)
def test_a_user_without_rights_is_named_as_the_reason(
    world: World, treasurer: Browser, connected: ExactOnlineConnection, rights: dict[str, Any], said: str
) -> None:
    world.exact.change_user(world.treasurer, **rights)

    assert said in edit_page(treasurer, connected)


def test_a_refusal_is_not_asked_for_again_by_every_reload(
    world: World, treasurer: Browser, connected: ExactOnlineConnection
) -> None:
    world.exact.change_user(world.treasurer, divisions=[])
    for _ in range(3):
        edit_page(treasurer, connected)

    assert len(world.exact.calls(endpoint="system/Divisions")) == 1


def test_administration_and_site_are_locked_once_relations_are_linked(world: World, treasurer: Browser, save: Save) -> None:
    connection = world.connection(enabled=False, division_name="Studievereniging De Kern")
    RelationLink.objects.create(connection=connection, member=world.member("7"), guid="00000000-0000-4000-8000-000000000007")

    page = save(connection, division=OTHER_DIVISION, site="be")

    assert (reread(connection).division, reread(connection).site) == (DIVISION, "nl")
    assert "Nothing was different" in page
    assert "members have relations in this administration" in edit_page(treasurer, connection)


def test_the_administration_is_locked_while_enabled(world: World, treasurer: Browser, save: Save) -> None:
    connection = world.connection()

    save(connection, division=OTHER_DIVISION)

    assert reread(connection).division == DIVISION
    assert "while the connection is enabled" in edit_page(treasurer, connection)


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        ("division", "is linked to New connection already"),
        ("financial_administration_id", "Another connection links this financial"),
    ],
)
def test_two_tabs_that_choose_the_same_at_the_same_moment_read_the_same_words(
    world: World, treasurer: Browser, connected: ExactOnlineConnection, monkeypatch: pytest.MonkeyPatch, taken: str, said: str
) -> None:
    chosen = {"division": DIVISION, "financial_administration_id": FinancialAdministration.objects.create(name="De Kern").pk}
    rival = ExactOnlineConnection.objects.create(app=connected.app, token=connected.token)
    as_ever = EditForm.is_valid

    def and_then_the_other_tab_saves(form: EditForm) -> bool:
        valid = as_ever(form)
        ExactOnlineConnection.objects.filter(pk=rival.pk).update(**{taken: chosen[taken]})
        return valid

    page = edit_page(treasurer, connected)
    form = settings_on(page) | {"division": DIVISION, "financial_administration": chosen["financial_administration_id"]}
    monkeypatch.setattr(EditForm, "is_valid", and_then_the_other_tab_saves)
    refused = treasurer.press("exact-online-edit", connected.pk, **form)

    assert said in refused
    assert reread(connected).division is None


# Synchronization ----------------------------------------------------------------------------------------------------------


def test_every_status_is_shown_with_kind_and_count_and_none_is_preselected(
    world: World, treasurer: Browser, connected: ExactOnlineConnection
) -> None:
    world.members(2)
    world.member("9", status=world.former)

    page = edit_page(treasurer, connected)

    assert 'Lid<span class="muted small">active, 2 members</span>' in page
    assert 'Oud-lid<span class="muted small">archived, 1 member</span>' in page
    assert "statuses" not in settings_on(page)


def test_saving_without_a_status_is_allowed(
    world: World, treasurer: Browser, connected: ExactOnlineConnection, save: Save
) -> None:
    FinancialAdministration.objects.create(name="De Kern")

    page = save(connected, division=DIVISION)

    assert "The settings were saved." in page
    assert reread(connected).state == State.CONNECTED
    assert "member statuses to synchronize" in page


def test_unchecking_a_status_tells_how_many_are_no_longer_updated(world: World, treasurer: Browser, save: Save) -> None:
    connection = world.connection()
    world.members(2)
    world.drain(connection)
    world.member("9")

    assert "2 members are then no longer updated in Exact Online; their relations stay as they are." in edit_page(
        treasurer, connection
    )

    before = reread(connection).mapping_revision
    save(connection, statuses=[])
    assert reread(connection).mapping_revision == before
    assert not reread(connection).statuses.exists()
    assert "1" in world.relations()


def test_without_statuses_the_page_leads_to_where_they_come_from_and_back(
    world: World, treasurer: Browser, connected: ExactOnlineConnection, save: Save
) -> None:
    MemberStatus.objects.all().delete()
    here = reverse("exact-online-edit", args=[connected.pk])
    page = edit_page(treasurer, connected)
    assert "There are no member statuses yet" in page

    there = treasurer.client.post(here, settings_on(page) | {"then": "status", "division": DIVISION, "code_start": "9000"})
    back = treasurer.client.post(there["Location"], {"name": "Lid", "kind": "active", "next": here})
    kept = settings_on(treasurer.page(back["Location"]))

    assert there["Location"].startswith(reverse("member-status-new"))
    assert (kept["division"], kept["code_start"]) == (str(DIVISION), "9000")
    assert "Lid<span" in treasurer.page(here)
    assert treasurer.client.post(here, settings_on(page) | {"then": "import"})["Location"].startswith(reverse("member-import"))


def test_who_imports_members_on_the_way_finds_back_to_what_was_chosen(
    world: World, treasurer: Browser, connected: ExactOnlineConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.import_members, "delay", tasks.import_members)
    MemberStatus.objects.all().delete()
    here = reverse("exact-online-edit", args=[connected.pk])
    chosen = settings_on(edit_page(treasurer, connected)) | {"then": "import", "division": DIVISION, "code_start": "9000"}

    there = treasurer.client.post(here, chosen)["Location"]
    way_back = re.search(r'name="next" value="([^"]+)"', treasurer.page(there))[1]
    file = SimpleUploadedFile("members.csv", b"member_number;status;last_name\n1;Lid;Vries\n")
    progress = treasurer.client.post(there, {"file": file, "create_statuses": "on", "next": way_back})["Location"]
    back = re.search(r'href="([^"]+)">Go back to where you were', treasurer.page(progress))[1]

    page = treasurer.page(back)
    kept = settings_on(page)
    assert (kept["division"], kept["code_start"]) == (str(DIVISION), "9000")
    assert "Lid<span" in page


@pytest.mark.parametrize("elsewhere", ["//evil.example/", "https://evil.example/", "javascript:alert(1)"])
def test_the_way_back_from_an_import_never_leads_elsewhere(treasurer: Browser, elsewhere: str) -> None:
    waiting = MemberImport.objects.create(name="members.csv", state="done")

    for address in (reverse("member-import"), waiting.get_absolute_url()):
        assert "evil.example" not in (page := treasurer.page(f"{address}?{urlencode({'next': elsewhere})}"))
        assert "alert(1)" not in page
        assert "Go back" not in page


def test_an_import_that_runs_keeps_the_way_back_while_it_is_looked_at(treasurer: Browser) -> None:
    running = MemberImport.objects.create(name="members.csv")
    address = f"{running.get_absolute_url()}?{urlencode({'next': '/settings/?a=1&b=2'})}"

    asks = re.search(r'hx-get="([^"]+)"', treasurer.page(address))[1]
    MemberImport.objects.update(state="done")

    assert 'href="/settings/?a=1&b=2">Go back to where you were' in treasurer.page(asks, **{"HX-Request": "true"})


def test_what_was_kept_can_be_dropped(world: World, treasurer: Browser, connected: ExactOnlineConnection, save: Save) -> None:
    save(connected, then="refresh", code_start="9000")

    treasurer.client.get(reverse("exact-online-edit", args=[connected.pk]), {"fresh": "1"})

    assert settings_on(edit_page(treasurer, connected))["code_start"] == "0"


@pytest.mark.parametrize(
    "change",
    [{"name_style": "sorted"}, {"code_start": "1000"}, {"emptied": "leave"}, {"send_phone": None}, {"division": OTHER_DIVISION}],
)
def test_what_changes_what_is_written_raises_the_mapping(
    world: World, save: Save, treasurer: Browser, change: dict[str, Any]
) -> None:
    connection = world.connection(enabled=False)
    form = settings_on(edit_page(treasurer, connection)) | change
    before = connection.mapping_revision

    treasurer.press("exact-online-edit", connection.pk, **{name: value for name, value in form.items() if value is not None})

    assert reread(connection).mapping_revision == before + 1


def test_saving_unchanged_changes_nothing(world: World, save: Save) -> None:
    connection = world.connection(division_name="Studievereniging De Kern")
    before = ExactOnlineConnection.objects.filter(pk=connection.pk).values().get()

    page = save(connection)

    assert "Nothing was different" in page
    assert ExactOnlineConnection.objects.filter(pk=connection.pk).values().get() == before


def test_another_name_style_reaches_exact(world: World, save: Save) -> None:
    connection = world.connection()
    world.member("7")
    world.drain(connection)

    save(connection, name_style="full")
    world.drain(connection)

    assert world.relations()["7"]["Name"] == "Jan de Vries"


def test_another_start_number_frees_codes_that_never_became_a_relation(world: World, treasurer: Browser, save: Save) -> None:
    world.exact.add_account(DIVISION, Code="7", Name="Somebody else")
    connection = world.connection()
    world.member("7")
    made = world.member("8")
    world.drain(connection)

    save(connection, code_start="5000")
    world.drain(connection)

    assert sorted(world.relations()) == ["5007", "7", "8"]
    assert world.link(made).code == "8"


def test_saving_leaves_alone_what_a_drain_wrote_meanwhile(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    form = settings_on(edit_page(treasurer, connection)) | {"code_start": "1000"}
    ExactOnlineConnection.objects.sending().claim(connection.pk, "drain")
    ExactOnlineConnection.objects.update(day_left=17, minute_left=3)

    treasurer.press("exact-online-edit", connection.pk, **form)

    after = reread(connection)
    assert (after.lease_holder, after.day_left, after.minute_left, after.code_start) == ("drain", 17, 3, 1000)


def test_two_people_editing_are_told_and_the_second_keeps_what_was_typed(world: World, treasurer: Browser) -> None:
    connection = world.connection()
    form = settings_on(edit_page(treasurer, connection))
    treasurer.press("exact-online-edit", connection.pk, **form | {"code_start": "1000"})

    refused = treasurer.press("exact-online-edit", connection.pk, **form | {"code_start": "2000"})

    assert "Somebody saved these settings after you opened this page" in refused
    assert "Different from what is stored now: Start number for relation codes." in refused
    assert reread(connection).code_start == 1000
    treasurer.press("exact-online-edit", connection.pk, **settings_on(refused))
    assert reread(connection).code_start == 2000


@pytest.mark.parametrize("typed", ["-1", "x", "1000000000000000000"])
def test_a_start_number_that_makes_no_code_is_refused(world: World, treasurer: Browser, save: Save, typed: str) -> None:
    connection = world.connection()

    assert "errorlist" in save(connection, code_start=typed)
    assert reread(connection).code_start == 0


# Credentials --------------------------------------------------------------------------------------------------------------


def test_a_new_secret_keeps_the_consent_and_mends_what_it_broke(world: World, save: Save) -> None:
    connection = world.connection(attention="wrong_credentials")
    other = world.connection("Lustrum", OTHER_DIVISION, attention="wrong_credentials")
    token = connection.token_id

    save(connection, client_secret="renewed")

    assert ExactOnlineApp.objects.get().client_secret.reveal() == "renewed"
    assert (reread(connection).token_id, reread(connection).enabled) == (token, True)
    assert (reread(connection).attention, reread(other).attention) == ("", "")


def test_an_empty_secret_keeps_the_stored_one(world: World, save: Save) -> None:
    save(world.connection(), code_start="5")

    assert ExactOnlineApp.objects.get().client_secret.reveal() == world.api_key.client_secret


def test_another_client_id_ends_the_consent_and_the_links_stay(world: World, treasurer: Browser, save: Save) -> None:
    connection = world.connection()
    member = world.member("7")
    world.drain(connection)
    guid = world.link(member).guid
    renewed = world.exact.add_app("Renewed", world.api_key.redirect_uri)

    page = save(connection, client_id=renewed.client_id, client_secret=renewed.client_secret)

    assert "choose Connect" in page
    assert reread(connection).state == State.DISCONNECTED
    assert ExactOnlineApp.objects.get().client_id == renewed.client_id
    assert not ExactOnlineToken.objects.exists()

    treasurer.connect(connection, world.treasurer)
    treasurer.press("exact-online-enable", connection.pk)
    world.edit(member, city="Utrecht")
    world.go_on(SyncRun.objects.get(connection=connection))
    world.drain(connection)
    assert (world.relations()["7"]["City"], world.link(member).guid) == ("Utrecht", guid)


def test_another_client_id_needs_its_secret(world: World, save: Save) -> None:
    connection = world.connection()

    assert "Enter it too." in save(connection, client_id="another")
    assert reread(connection).token_id


def test_another_site_forgets_the_administration_of_the_first(world: World, save: Save) -> None:
    connection = world.connection(enabled=False)

    save(connection, site="be", client_secret="of-the-Belgian-app")

    after = reread(connection)
    assert (after.site, after.division, after.token, after.state) == ("be", None, None, State.DISCONNECTED)


def test_the_secret_is_in_no_initial_value(world: World, treasurer: Browser) -> None:
    page = edit_page(treasurer, world.connection())

    assert world.api_key.client_secret not in page
    assert re.search(r'<input type="password" name="client_secret"(?![^>]*value=)', page)
