"""The pages about Congressus: from the key to members that arrive, what the pages say meanwhile, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.arrivals import walk as walks
from integrations.arrivals.visit import Visit
from integrations.congressus.simulator import Simulator
from integrations.models import CongressusConnection, CongressusMember, CongressusWalk, ExactOnlineConnection
from integrations.problems import ArrivalProblem, CongressusProblem
from members.models import Member, MemberStatus
from tests.integrations.conftest import Browser
from tests.integrations.test_connection_pages import settings_on
from tests.people import make_member, make_status, make_user

PAGE = "/settings/integrations/congressus/"
VIEW = "integrations.view_congressusconnection"
ADD = "integrations.add_congressusconnection"
CHANGE = "integrations.change_congressusconnection"
DELETE = "integrations.delete_congressusconnection"
SYNC = "integrations.sync_congressusconnection"

Save = Callable[..., str]


@pytest.fixture
def congressus(congressus: Simulator) -> Simulator:
    """With two statuses, and nobody in it yet."""
    congressus.add_status("Lid")
    congressus.add_status("Oud-lid", archived=True)
    return congressus


@pytest.fixture
def connected(treasurer: Browser, congressus: Simulator) -> CongressusConnection:
    """The key is entered; nothing is chosen yet."""
    treasurer.press("congressus", api_key=congressus.key)
    return CongressusConnection.objects.get()


@pytest.fixture
def enabled(treasurer: Browser, connected: CongressusConnection) -> CongressusConnection:
    """Members who are "Lid" arrive."""
    connected.statuses.add(MemberStatus.objects.get(name="Lid"))
    treasurer.press("congressus-enable")
    return reread()


@pytest.fixture
def connection(treasurer: Browser, settings: Any) -> CongressusConnection:
    """One that is enabled and has fetched, without a Congressus that could be asked."""
    settings.CONGRESSUS_BASE_URL = "http://127.0.0.1:9"
    made = CongressusConnection.objects.create(
        api_key="a-key", association="De Kern", enabled=True, was_enabled=True, walked_at=timezone.now(), polled_at=timezone.now()
    )
    made.statuses.add(from_congressus("Lid", 1))
    return made


@pytest.fixture
def save(treasurer: Browser) -> Save:
    """Open the settings, change these, press Save; the words of the page that follows."""

    def fill_in(**changes: Any) -> str:
        return treasurer.press("congressus-edit", **settings_on(treasurer.page(PAGE + "edit/")) | changes)

    return fill_in


def reread() -> CongressusConnection:
    return CongressusConnection.objects.get()


def from_congressus(name: str, congressus_id: int, **fields: Any) -> MemberStatus:
    return make_status(name, congressus_id=congressus_id, **fields)


def fetch() -> None:
    """What a worker does until there is nothing more to do."""
    Visit().run()


def part(treasurer: Browser, address: str = PAGE) -> str:
    """What htmx gets, blanks folded."""
    return " ".join(treasurer.page(address, **{"HX-Request": "true"}).split())


def folded(page: str) -> str:
    return " ".join(page.split())


def lid(congressus: Simulator) -> int:
    return next(status["id"] for status in congressus.statuses() if status["name"] == "Lid")


# Connecting ---------------------------------------------------------------------------------------------------------------


def test_the_path_is_there_click_by_click_and_says_where_a_key_is_made(treasurer: Browser, congressus: Simulator) -> None:
    assert f'href="{reverse("integrations")}"' in treasurer.page("/settings/")
    assert f'href="{PAGE}"' in treasurer.page("/settings/integrations/")

    page = treasurer.page(PAGE)

    assert f'href="{congressus.base_url}/settings/integrations/apps"' in page
    assert "Settings > Integrations > Apps" in page
    assert "may only view members and member statuses" in page
    assert re.search(r'type="password" name="api_key"', page)


def test_connect_keeps_the_key_takes_the_statuses_over_and_leads_to_the_choice(treasurer: Browser, congressus: Simulator) -> None:
    page = treasurer.press("congressus", api_key=f"  {congressus.key}\n")

    connection = reread()
    assert connection.api_key.reveal() == congressus.key
    assert connection.created_by.username == "penningmeester"
    assert not connection.enabled
    assert {status.name: status.kind for status in MemberStatus.objects.all()} == {"Lid": "active", "Oud-lid": "archived"}
    assert "Connected. Now choose which members are fetched." in page
    assert "statuses" not in settings_on(page)
    assert not Member.objects.exists()
    assert congressus.key not in page


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "This field is required."),
        ("not-the-key", "Congressus does not accept this API key."),
        ("a key", "There is a blank or another odd character in it"),
        ("sleutel-é", "There is a blank or another odd character in it"),
        ("x" * 501, "at most 500 characters"),
    ],
)
def test_a_key_that_cannot_be_right_is_told_not_stored_and_not_shown_again(
    treasurer: Browser, congressus: Simulator, key: str, said: str
) -> None:
    page = treasurer.press("congressus", api_key=key)

    assert said in page
    assert not key or f'value="{key}"' not in page
    assert not CongressusConnection.objects.exists()
    assert not MemberStatus.objects.exists()
    assert "Make an API key in Congressus" in page


def test_a_key_that_may_not_see_members_is_told_what_it_lacks(treasurer: Browser, congressus: Simulator) -> None:
    page = treasurer.press("congressus", api_key=congressus.add_key(members=False))

    assert "This API key may not see members or their statuses." in page
    assert not CongressusConnection.objects.exists()


def test_a_congressus_that_is_out_of_order_is_no_fault_of_the_key(treasurer: Browser, congressus: Simulator) -> None:
    congressus.add_fault("status", status=503, count=0)

    assert "Congressus could not be reached, or is out of order" in treasurer.press("congressus", api_key=congressus.key)
    assert not CongressusConnection.objects.exists()


def test_connecting_once_more_from_another_tab_or_by_back_changes_nothing(
    treasurer: Browser, congressus: Simulator, connected: CongressusConnection
) -> None:
    page = treasurer.press("congressus", api_key="another-key")

    assert "Congressus is connected already, so nothing was stored." in page
    assert reread().api_key.reveal() == congressus.key


def test_who_may_only_look_sees_no_form(treasurer: Browser) -> None:
    reader = browser("reader", VIEW)

    page = reader.page(PAGE)

    assert 'name="api_key"' not in page
    assert reader.client.post(PAGE, {"api_key": "x"}).status_code == 403


# Settings -----------------------------------------------------------------------------------------------------------------


def test_the_guide_from_the_key_to_members_that_are_here(
    treasurer: Browser, congressus: Simulator, connected: CongressusConnection, save: Save
) -> None:
    congressus.add_member(username="42", status=lid(congressus), given_name="Jan")

    page = save(statuses=[MemberStatus.objects.get(name="Lid").pk])
    assert "Nothing has been fetched yet. Actions > Enable" in page
    assert "Everybody with one of these statuses comes in" in page
    assert "<li>Lid" in page
    assert not Member.objects.exists()

    page = treasurer.press("congressus-enable")
    assert "Enabled. The members are fetched now" in page
    assert 'hx-trigger="every 2s"' in page

    fetch()
    assert Member.objects.get().member_number == "42"
    page = treasurer.page(PAGE)
    assert "Everything is as in Congressus." in page
    assert 'hx-trigger="every 30s"' in page
    assert '<span class="stat-number">1</span><span class="stat-label">members from Congressus</span>' in page


def test_a_status_shows_kind_members_here_and_whether_it_is_gone(treasurer: Browser, connection: CongressusConnection) -> None:
    selected = connection.statuses.get()
    MemberStatus.objects.filter(pk=selected.pk).update(gone_at=timezone.now())
    from_congressus("Spook", 7, kind="hidden")
    from_congressus("Weg", 8, gone_at=timezone.now())
    make_status("Hier gemaakt")
    make_member(status=selected)

    page = treasurer.page(PAGE + "edit/")

    assert "active, 1 member, removed in Congressus" in page
    assert "hidden, 0 members" in page
    assert "Weg" not in page
    assert "Hier gemaakt" not in page
    assert "removed in Congressus" in treasurer.page(PAGE)


def test_two_tabs_the_second_is_told_and_what_it_chose_stays(
    treasurer: Browser, connected: CongressusConnection, save: Save
) -> None:
    lid, former = MemberStatus.objects.order_by("name")
    first = settings_on(treasurer.page(PAGE + "edit/"))
    save(every=60, statuses=[lid.pk])

    page = treasurer.press("congressus-edit", **first | {"share": 50, "statuses": [former.pk]})

    assert "Somebody saved these settings after you opened this page" in page
    assert "Different from what is stored now: Member statuses, How often, Share of the calls, in per cent." in page
    kept = settings_on(page)
    assert (kept["share"], kept["statuses"]) == ("50", [str(former.pk)])
    assert (reread().share, reread().every) == (70, 60)
    assert "The settings were saved." in treasurer.press("congressus-edit", **kept)
    assert (reread().share, list(reread().statuses.all())) == (50, [former])


def test_saving_nothing_new_says_so(treasurer: Browser, connected: CongressusConnection, save: Save) -> None:
    assert "Nothing was different, so nothing was saved." in save()


@pytest.mark.parametrize(
    "nonsense",
    [
        {"share": "0"},
        {"share": "101"},
        {"share": "veel"},
        {"share": ""},
        {"every": "7"},
        {"number_from": "email"},
        {"statuses": ["99999"]},
        {"statuses": ["x'; --"]},
        {"seen": "forged"},
        {"seen": ""},
        {"api_key": "two words"},
    ],
)
def test_nonsense_is_refused_and_the_rest_stays_typed(
    treasurer: Browser, connected: CongressusConnection, save: Save, nonsense: dict[str, Any]
) -> None:
    chosen = MemberStatus.objects.get(name="Oud-lid")
    before = (reread().share, reread().every, reread().number_from, reread().api_key.reveal())

    page = save(**{"statuses": [chosen.pk], "every": "15"} | nonsense)

    assert "errorlist" in page or "Somebody saved these settings" in page
    assert (reread().share, reread().every, reread().number_from, reread().api_key.reveal()) == before
    assert not reread().statuses.exists()
    assert "two words" not in page
    if "every" not in nonsense:
        assert settings_on(page)["every"] == "15"


def test_a_status_made_here_cannot_be_fetched(treasurer: Browser, connected: CongressusConnection, save: Save) -> None:
    assert "errorlist" in save(statuses=[make_status("Hier gemaakt").pk])
    assert not reread().statuses.exists()


def test_an_enabled_connection_keeps_at_least_one_status(treasurer: Browser, enabled: CongressusConnection, save: Save) -> None:
    page = save(statuses=[])

    assert "Choose at least one while the connection is enabled" in page
    assert reread().statuses.exists()


def test_a_new_key_is_tried_first_and_a_refused_one_saves_nothing(
    treasurer: Browser, congressus: Simulator, connected: CongressusConnection, save: Save
) -> None:
    page = save(api_key="wrong-key-4711", share=40)

    assert "Congressus does not accept this API key." in page
    assert "wrong-key-4711" not in page
    assert settings_on(page)["share"] == "40"
    assert (reread().share, reread().api_key.reveal()) == (70, congressus.key)

    other = congressus.add_key()
    assert "The settings were saved." in save(api_key=other, share=40)
    assert (reread().share, reread().api_key.reveal()) == (40, other)


def test_a_key_of_another_association_is_refused_once_members_are_here(
    treasurer: Browser, congressus: Simulator, enabled: CongressusConnection, save: Save, settings: Any
) -> None:
    congressus.add_member(username="42", status=lid(congressus))
    fetch()
    with Simulator() as other:
        settings.CONGRESSUS_BASE_URL = other.base_url

        page = save(api_key=other.key)

    assert "This API key opens another association" in page
    assert reread().api_key.reveal() == congressus.key


def test_a_key_that_was_refused_is_mended_by_entering_a_new_one(
    treasurer: Browser, congressus: Simulator, enabled: CongressusConnection, save: Save
) -> None:
    CongressusConnection.objects.update(api_key="withdrawn")
    fetch()
    page = treasurer.page(PAGE)
    assert "API key refused" in page
    assert "enter it with Actions > Edit" in page

    save(api_key=congressus.key)

    assert reread().attention == ""


# Actions ------------------------------------------------------------------------------------------------------------------


def test_enable_says_what_lacks_and_where(treasurer: Browser, connected: CongressusConnection) -> None:
    page = treasurer.press("congressus-enable")

    assert "Nothing was enabled. What lacks: member statuses to fetch: choose Actions > Edit." in page
    assert "Not ready to enable" in page
    assert "Still to choose" in page
    assert not reread().enabled


def test_enable_twice_and_disable(treasurer: Browser, enabled: CongressusConnection) -> None:
    assert "The connection is enabled already." in treasurer.press("congressus-enable")

    page = treasurer.press("congressus-disable")

    assert "Nothing is fetched. What changes in Congressus meanwhile comes after Actions > Enable." in page
    assert not reread().enabled
    assert "hx-trigger" not in part(treasurer)


def test_fetch_now_leads_to_the_walk_where_it_can_be_watched(treasurer: Browser, enabled: CongressusConnection) -> None:
    page = treasurer.press("congressus-fetch-now")

    walk = CongressusWalk.objects.get()
    assert walk.started_by.username == "penningmeester"
    assert f'hx-get="{walk.get_absolute_url()}" hx-trigger="every 2s"' in page
    assert "Reading the members in Congressus" in page


def test_fetch_now_says_that_it_is_not_enabled(treasurer: Browser, connected: CongressusConnection) -> None:
    assert "Nothing is fetched while the connection is not enabled." in treasurer.press("congressus-fetch-now")
    assert not CongressusWalk.objects.exists()


def test_remove_forgets_the_key_and_leaves_the_members(
    treasurer: Browser, congressus: Simulator, enabled: CongressusConnection
) -> None:
    congressus.add_member(username="42", status=lid(congressus))
    fetch()
    assert "kept here from then on" in treasurer.page(PAGE)

    page = treasurer.press("congressus-remove")

    assert "The members stay here as they are." in page
    assert "Make an API key in Congressus" in page
    assert not CongressusConnection.objects.exists()
    assert not Member.objects.get(member_number="42").is_from_congressus


def test_a_page_left_open_when_it_was_removed_is_loaded_anew_and_its_buttons_find_nothing(
    treasurer: Browser, connection: CongressusConnection
) -> None:
    connection.delete()

    assert treasurer.client.get(PAGE, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    for name in ("congressus-enable", "congressus-remove", "congressus-test", "congressus-edit", "congressus-adopt"):
        assert treasurer.client.post(reverse(name)).status_code == 404


# Test ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("orders", "said", "delay"),
    [
        ("yes", "Yes: Congressus lists the last changed first", "Congressus is asked what changed last: a change arrives within"),
        (
            "ignored",
            "No: Congressus does not list the last changed first",
            "all members are walked through: a change arrives within",
        ),
        (
            "refused",
            "No: Congressus does not list the last changed first",
            "all members are walked through: a change arrives within",
        ),
    ],
)
def test_test_tells_what_the_key_sees_and_what_that_means(
    treasurer: Browser, congressus: Simulator, connected: CongressusConnection, save: Save, orders: str, said: str, delay: str
) -> None:
    congressus.turn(orders_by_modified=orders)
    for number in range(5):
        congressus.add_member(username=str(number), status=lid(congressus))
    save(statuses=[MemberStatus.objects.get(name="Lid").pk])

    page = folded(treasurer.press("congressus-test"))

    assert said in page
    assert delay in page
    assert "<dt>Members to fetch</dt> <dd>5</dd>" in page
    assert re.search(r'Lid <span class="muted small">active</span> <span class="badge info">to fetch</span></th>', page)
    assert re.search(r'Oud-lid <span class="muted small">archived</span></th><td class="number">0</td>', page)
    assert not Member.objects.exists()


def test_a_test_that_fails_is_a_sentence(treasurer: Browser, connected: CongressusConnection) -> None:
    CongressusConnection.objects.update(api_key="withdrawn")

    assert "Congressus does not accept this API key." in treasurer.press("congressus-test")


# Webhook ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def reachable(live_server: Any, settings: Any) -> None:
    """Congressus can call us."""
    settings.PUBLIC_URL = live_server.url


def test_a_webhook_is_registered_heard_and_removed(
    reachable: None, treasurer: Browser, congressus: Simulator, enabled: CongressusConnection
) -> None:
    fetch()
    page = treasurer.press("congressus-webhook-register")
    assert "Registered. From now on Congressus tells of each change at once." in page
    assert "By webhook: within seconds. Should a webhook be lost: within 5 minutes." in page

    congressus.add_member(username="43", status=lid(congressus))
    assert congressus.webhooks_idle(10)
    assert "1 member is being fetched." in part(treasurer)
    assert "Last heard" in treasurer.page(PAGE)
    fetch()
    assert Member.objects.filter(member_number="43").exists()

    page = treasurer.press("congressus-webhook-remove")
    assert "not registered" in page
    assert "within seconds." not in part(treasurer)


def test_a_key_that_may_not_register_says_how_else(
    reachable: None, treasurer: Browser, congressus: Simulator, connected: CongressusConnection, save: Save
) -> None:
    save(api_key=congressus.add_key(webhooks=False))

    page = treasurer.press("congressus-webhook-register")

    assert "The API key may not register webhooks." in page
    assert "not registered" in page


def test_what_is_entered_by_hand_is_only_in_the_answer_to_the_button(
    treasurer: Browser, connection: CongressusConnection
) -> None:
    answer = treasurer.client.post(reverse("congressus-webhook-by-hand"))

    page = answer.content.decode()
    stored = reread()
    shown = (stored.webhook_secret.reveal(), stored.webhook_header.reveal())
    assert all(secret and secret in page for secret in shown)
    assert "no-store" in answer["Cache-Control"]
    for address in (PAGE, PAGE + "edit/", "/", "/settings/integrations/"):
        assert not any(secret in treasurer.page(address) for secret in shown)
    assert not any(secret in str(dict(treasurer.client.session)) for secret in shown)
    assert treasurer.client.get(reverse("congressus-webhook-by-hand")).status_code == 405


def test_an_address_congressus_cannot_reach_is_warned_of(
    treasurer: Browser, connection: CongressusConnection, settings: Any
) -> None:
    settings.CONGRESSUS_BASE_URL, settings.PUBLIC_URL = "", "http://localhost:8000"
    assert "which cannot be reached from outside" in treasurer.page(PAGE)

    settings.PUBLIC_URL = "https://leden.example.org"
    assert "which cannot be reached from outside" not in treasurer.page(PAGE)


# What is wrong ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("problem", list(CongressusProblem))
def test_what_needs_a_person_is_said_in_our_words_and_theirs(
    treasurer: Browser, connection: CongressusConnection, problem: CongressusProblem
) -> None:
    details = {"said": "Sleutel <ingetrokken>."}
    CongressusConnection.objects.update(attention=problem, attention_details=details, attention_since=timezone.now())

    for page in (treasurer.client.get(address).content.decode() for address in (PAGE, "/")):
        assert str(problem.label) in page
        assert "needs attention" in page
        assert "Sleutel &lt;ingetrokken&gt;." in page
    assert 'badge attention">needs attention' in treasurer.page("/settings/integrations/")


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"resume_at": 1, "resume_reason": "limit"}, "Congressus allows only so many calls; these are spent. This goes on at "),
        ({"bulk_resume_at": 1, "resume_reason": "share"}, "is spent. Lists are read again at "),
        (
            {"resume_at": 1, "resume_reason": "unreachable"},
            "Congressus could not be reached, or is out of order. This goes on at ",
        ),
        ({"resume_at": -1, "resume_reason": "unreachable"}, ""),
    ],
)
def test_a_rest_is_told_with_its_end(
    treasurer: Browser, connection: CongressusConnection, columns: dict[str, Any], said: str
) -> None:
    until = {name: timezone.now() + timedelta(hours=value) for name, value in columns.items() if name != "resume_reason"}
    CongressusConnection.objects.update(**columns | until)

    page = part(treasurer)

    assert said in page
    assert said or " on at " not in page


def test_members_in_trouble_are_listed_with_the_way_to_congressus(
    treasurer: Browser, connection: CongressusConnection, settings: Any
) -> None:
    settings.CONGRESSUS_BASE_URL = ""
    for pk in range(1, 53):
        CongressusMember.objects.create(congressus_id=pk, number=f"<b>{pk}</b>", problem=ArrivalProblem.NUMBER_TOO_LONG)

    page = treasurer.client.get(PAGE).content.decode()
    assert 'href="https://manager.congressus.nl/members/50"' in page
    assert "/members/51" not in page
    assert "Member &lt;b&gt;1&lt;/b&gt;" in page
    assert "longer than the 50 characters" in page
    assert "50 of 52 members" in page
    assert "/members/52" in treasurer.page(PAGE + "?trouble=2")
    assert "/members/1" in treasurer.page(PAGE + "?trouble=x")


def test_the_part_that_moves_tells_that_the_list_changed(treasurer: Browser, connection: CongressusConnection) -> None:
    assert f'hx-get="{PAGE}?listed=0"' in treasurer.page(PAGE)
    CongressusMember.objects.create(congressus_id=1, problem=ArrivalProblem.UNREADABLE)

    moved = part(treasurer, PAGE + "?listed=0")

    assert "<html" not in moved
    assert "The list of members who need attention has changed" in moved
    assert 'id="attention"' not in moved


def test_a_value_that_could_not_be_used_is_named_with_the_member(
    treasurer: Browser, congressus: Simulator, enabled: CongressusConnection
) -> None:
    there = congressus.add_member(username="42", status=lid(congressus), email="geen e-mail")
    fetch()

    page = treasurer.page(PAGE)

    assert "1 member has a value in Congressus that cannot be used" in page
    assert "<strong>E-mail:</strong>" in page
    assert Member.objects.get().get_absolute_url() in page
    assert f'href="{congressus.base_url}/members/{there["id"]}"' in page


# Endings ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def held(connection: CongressusConnection) -> list[Member]:
    """Three members whom Congressus deleted or gave another status; that waits."""
    former = from_congressus("Oud-lid", 2, kind="archived")
    found = []
    for pk in (11, 12, 13):
        member = make_member(congressus_id=pk, status=connection.statuses.get(), first_name=f"Piet{pk}")
        CongressusMember.objects.create(congressus_id=pk, member=member, status=former, gone=pk == 13)
        found.append(member)
    CongressusConnection.objects.update(held_since=timezone.now())
    return found


def test_what_is_held_back_is_asked_about_and_listed(treasurer: Browser, held: list[Member]) -> None:
    page = folded(treasurer.page(PAGE))

    assert "3 members would no longer take part in Exact Online" in page
    assert "Piet11" in page
    assert "Oud-lid · <a" in page
    assert "<strong>deleted</strong>" in page
    assert "held back" in treasurer.page("/")


def test_go_on_takes_it_over(treasurer: Browser, held: list[Member]) -> None:
    page = treasurer.press("congressus-endings", answer="go_on", seen="3")

    assert "It goes on: 3 members are as Congressus has them." in page
    assert [Member.objects.get(pk=member.pk).status.name for member in held[:2]] == ["Oud-lid", "Oud-lid"]
    assert Member.objects.get(pk=held[2].pk).gone_at
    assert "Is this meant?" not in page


def test_not_these_leaves_them(treasurer: Browser, held: list[Member]) -> None:
    page = treasurer.press("congressus-endings", answer="not_these", seen="3")

    assert "3 members stay as they are here" in page
    assert {Member.objects.get(pk=member.pk).status.name for member in held} == {"Lid"}
    assert "Is this meant?" not in page


@pytest.mark.parametrize(
    ("typed", "said"), [({"answer": "go_on", "seen": "2"}, "changed meanwhile"), ({"answer": "maybe"}, "Choose “Go on”")]
)
def test_an_answer_to_other_numbers_or_no_answer_does_nothing(
    treasurer: Browser, held: list[Member], typed: dict[str, str], said: str
) -> None:
    assert said in treasurer.press("congressus-endings", **typed)
    assert reread().held_since
    assert {Member.objects.get(pk=member.pk).status.name for member in held} == {"Lid"}


# Adopting -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def offered(treasurer: Browser, congressus: Simulator, enabled: CongressusConnection) -> list[int]:
    """Two members kept here whose numbers Congressus has too: one of the same name, one of another. Their ids there."""
    make_member(member_number="42", initials="J.", first_name="Jan", infix="de", last_name="Vries", city="Delft")
    make_member(member_number="43", first_name="Piet", infix="", last_name="Jansen")
    names = {"given_name": "Jan", "primary_last_name_prefix": "de", "primary_last_name_main": "Vries"}
    rows = [congressus.add_member(username=number, status=lid(congressus), **names) for number in ("42", "43")]
    fetch()
    return [row["id"] for row in rows]


def pair(congressus_id: int, number: str) -> str:
    """What the page sends of two that stood side by side."""
    return f"{congressus_id}-{Member.objects.get(member_number=number).pk}"


def test_who_may_be_the_same_is_offered_with_both_names_and_only_equal_ones_are_ticked(
    treasurer: Browser, offered: list[int]
) -> None:
    assert "2 members kept here have the numbers of members in Congressus." in treasurer.page(PAGE)

    page = folded(treasurer.page(PAGE + "adopt/"))

    assert re.findall(r'value="([\d-]+)" checked', page) == [pair(offered[0], "42")]
    assert f'value="{pair(offered[1], "43")}">43' in page
    assert "Piet Jansen" in page
    assert "from then on Congressus keeps them" in page
    assert "Nobody" not in page


def test_taking_over_gives_the_member_to_congressus(treasurer: Browser, offered: list[int]) -> None:
    page = treasurer.press("congressus-adopt", choice="take_over", pair=[pair(offered[0], "42")])

    assert "1 member is kept in Congressus from now on." in page
    assert "Piet Jansen" in page  # the other is still to be decided
    assert Member.objects.get(member_number="42").congressus_id == offered[0]
    assert not Member.objects.get(member_number="43").is_from_congressus

    page = treasurer.press("congressus-adopt", choice="keep_apart", pair=[pair(offered[1], "43")])
    assert "1 member stays kept here" in page
    assert "Look at them" not in page
    assert "Nothing to decide" in treasurer.page(PAGE + "adopt/")
    fetch()
    assert Member.objects.get(member_number="43").last_name == "Jansen"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"choice": "take_over"}, "no member was selected"),
        ({"choice": "take_over", "pair": ["x", "-1", "٣-٣", "7"]}, "no member was selected"),
        ({"choice": "take_over", "pair": ["424242-1"]}, "0 members are kept in Congressus"),
        ({"choice": "take_over", "pair": ["9" * 30 + "-1"]}, "no member was selected"),
        ({"choice": "burn", "pair": ["1-1"]}, "Choose “Take over the selected”"),
    ],
)
def test_nonsense_takes_nobody_over(treasurer: Browser, offered: list[int], typed: dict[str, Any], said: str) -> None:
    assert said in treasurer.press("congressus-adopt", **typed)
    assert not Member.objects.exclude(congressus_id=None).exists()


def test_many_are_offered_in_pages_of_a_hundred(treasurer: Browser, connection: CongressusConnection) -> None:
    for pk in range(1001, 1103):
        make_member(member_number=str(pk))
        CongressusMember.objects.create(
            congressus_id=pk,
            number=str(pk),
            problem=ArrivalProblem.NUMBER_KEPT_HERE,
            problem_details={"number": str(pk), "name": "Jan de Vries"},
        )

    page = folded(treasurer.page(PAGE + "adopt/"))

    assert page.count('name="pair"') == 100
    assert "100 of 102 members" in page
    assert treasurer.page(PAGE + "adopt/?page=2").count('name="pair"') == 2


# A walk -------------------------------------------------------------------------------------------------------------------


def walk(connection: CongressusConnection, **fields: Any) -> CongressusWalk:
    return CongressusWalk.objects.create(connection=connection, **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Asking Congressus for the first members."),
        (
            {"rows": 1200, "total": 4800, "calls": 12},
            "1,200 of 4,800 members read. The rest takes less than a minute, with 70 % of",
        ),
        ({"rows": 1200, "total": 100_000}, "The rest takes about 94 minutes, with 70 % of the calls Congressus allows."),
        ({"rows": 300, "total": 200}, "300 of 300 members read."),
        ({"rows": 200, "total": 200, "phase": "confirming"}, "Whether they are gone is asked one by one."),
    ],
)
def test_a_walk_under_way_tells_how_far_it_is(
    treasurer: Browser, connection: CongressusConnection, fields: dict[str, Any], said: str
) -> None:
    going = walk(connection, **fields)

    page = part(treasurer, going.get_absolute_url()).replace("\xa0", " ")

    assert said in page
    assert 'hx-trigger="every 2s"' in page
    assert f'href="{going.get_absolute_url()}"' in treasurer.page(PAGE)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("done", "All members to fetch were read."),
        ("incomplete", "was not complete, so nobody was taken for gone"),
        ("stopped", "Stopped. What was read stays."),
        ("failed", "gave no usable answer too often"),
    ],
)
def test_a_walk_that_ended_tells_how_and_what_came_of_it(
    treasurer: Browser, connection: CongressusConnection, outcome: str, said: str
) -> None:
    ended = walk(connection, outcome=outcome, ended_at=timezone.now() + timedelta(minutes=3), created=12, gone=1, calls=7)

    page = part(treasurer, ended.get_absolute_url())

    assert said in page
    assert "<strong>12</strong> new here" in page
    assert "<strong>1</strong> no longer in Congressus" in page
    assert "It took about 3 minutes." in page
    assert "hx-trigger" not in page
    assert "Started by itself" in page
    assert "What came of it" in treasurer.page(PAGE)


def test_what_holds_a_walk_up_is_said(treasurer: Browser, connection: CongressusConnection) -> None:
    going = walk(connection)
    CongressusConnection.objects.update(bulk_resume_at=timezone.now() + timedelta(hours=1), resume_reason="share")
    assert "Lists are read again at " in part(treasurer, going.get_absolute_url())

    CongressusConnection.objects.update(attention="wrong_key")
    assert "API key refused" in part(treasurer, going.get_absolute_url())

    CongressusConnection.objects.update(attention="", enabled=False)
    assert "The connection is disabled; this goes on when it is enabled." in part(treasurer, going.get_absolute_url())


def test_a_walk_can_be_stopped_once(treasurer: Browser, connection: CongressusConnection) -> None:
    going = walks.start(connection, None)

    assert "Stopped. What was read stays; Actions > Fetch now begins anew." in treasurer.press("congressus-walk-stop", going.pk)
    assert CongressusWalk.objects.get().outcome == "stopped"
    assert "This had ended already." in treasurer.press("congressus-walk-stop", going.pk)


def test_a_walk_that_is_not_there_is_not_found(treasurer: Browser, connection: CongressusConnection) -> None:
    assert treasurer.client.get(reverse("congressus-walk", args=[4711])).status_code == 404
    assert treasurer.client.post(reverse("congressus-walk-stop", args=[4711])).status_code == 404


# Who may ------------------------------------------------------------------------------------------------------------------


def browser(name: str, *permissions: str) -> Browser:
    made = Browser()
    made.client.force_login(make_user(name, *permissions))
    return made


@pytest.mark.parametrize(
    ("name", "method", "permission"),
    [
        ("congressus", "get", VIEW),
        ("congressus-walk", "get", VIEW),
        ("congressus-edit", "get", CHANGE),
        ("congressus-edit", "post", CHANGE),
        ("congressus-adopt", "get", CHANGE),
        ("congressus-adopt", "post", CHANGE),
        ("congressus-enable", "post", CHANGE),
        ("congressus-disable", "post", CHANGE),
        ("congressus-test", "post", CHANGE),
        ("congressus-endings", "post", CHANGE),
        ("congressus-webhook-register", "post", CHANGE),
        ("congressus-webhook-remove", "post", CHANGE),
        ("congressus-webhook-by-hand", "post", CHANGE),
        ("congressus-fetch-now", "post", SYNC),
        ("congressus-walk-stop", "post", SYNC),
        ("congressus-remove", "post", DELETE),
        ("congressus", "post", ADD),
    ],
)
def test_three_people(connection: CongressusConnection, name: str, method: str, permission: str) -> None:
    """Who has the right, who has all the others, and who is not logged in."""
    kwargs = {"pk": walk(connection).pk} if "walk" in name else {}
    address = reverse(name, kwargs=kwargs)
    others = {VIEW, ADD, CHANGE, DELETE, SYNC} - {permission}

    assert getattr(browser("may", permission).client, method)(address).status_code in (200, 302)
    CongressusConnection.objects.update_or_create(defaults={"api_key": "a-key"})
    assert getattr(browser("other", *others).client, method)(address).status_code == 403
    assert getattr(Client(), method)(address)["Location"].startswith("/accounts/login/")


def test_who_may_only_look_sees_no_button(connection: CongressusConnection, held: list[Member]) -> None:
    reader = browser("reader", VIEW)

    pages = [reader.page(PAGE), reader.page(walk(connection).get_absolute_url())]

    for page in pages:
        main = page[page.index("<main") :]
        assert "<form" not in main
        assert "<dialog" not in main
    assert "3 members would no longer take part" in folded(pages[0])


# Elsewhere ----------------------------------------------------------------------------------------------------------------


def test_a_banner_says_that_it_is_not_congressus(treasurer: Browser, settings: Any) -> None:
    settings.CONGRESSUS_BASE_URL = "http://127.0.0.1:8091"
    assert "does not talk to Congressus but to http://127.0.0.1:8091" in treasurer.page("/")
    settings.CONGRESSUS_BASE_URL = ""
    assert "does not talk to Congressus" not in treasurer.page("/")


def test_exact_flags_statuses_that_are_gone_or_not_fetched(treasurer: Browser, connection: CongressusConnection) -> None:
    exact = ExactOnlineConnection.objects.create()
    gone = from_congressus("Donateur", 5, gone_at=timezone.now())
    unfetched = from_congressus("Erelid", 6)
    exact.statuses.add(connection.statuses.get(), gone, unfetched, make_status("Hier gemaakt"))

    page = folded(treasurer.page(exact.get_absolute_url()))

    assert "The member status Donateur was removed in Congressus." in page
    assert "Erelid is sent from here, but is not among the member statuses fetched from Congressus" in page
    assert "Donateur</label>" not in page
    edit = folded(treasurer.page(reverse("exact-online-edit", args=[exact.pk])))
    assert re.search(r"Donateur<span class=\"muted small\">active, 0 members, removed in Congressus", edit)
    connection.delete()
    assert "not among the member statuses fetched" not in treasurer.page(exact.get_absolute_url())
