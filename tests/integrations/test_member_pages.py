"""Finding a member, and reading on one page whether Exact Online has him, and if not, what is needed of whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from finance.models import FinancialAdministration
from integrations import standing
from integrations.models import ExactOnlineApp, ExactOnlineConnection, PushAttempt, RelationLink
from integrations.models.link import SyncState
from members.models import Member, MemberStatus
from tests.people import make_user
from tests.worlds import DIVISION, World

READ = "members.view_member"
SYNC = "integrations.sync_exactonlineconnection"
DECIDE = "integrations.change_relationlink"


def person(*permissions: str, name: str = "anna") -> Client:
    """A browser of somebody who may do this, logged in."""
    client = Client()
    client.force_login(make_user(name, *permissions))
    return client


def words(client: Client, address: str, **asked: object) -> str:
    answer = client.get(address, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def found(client: Client, **asked: object) -> list[str]:
    """The member numbers in the list, in order."""
    return [member.member_number for member, _ in client.get(reverse("members"), asked).context["rows"]]


class Association:
    """Members with two statuses, and connections that were never online: what is in the links is all there is."""

    def __init__(self) -> None:
        self.status = MemberStatus.objects.create(name="Lid")
        self.former = MemberStatus.objects.create(name="Oud-lid", kind=MemberStatus.Kind.ARCHIVED)

    def member(self, number: str, **fields: object) -> Member:
        return Member.objects.create(member_number=number, **{"status": self.status} | fields)

    def connection(self, name: str = "De Kern", *statuses: MemberStatus, **fields: object) -> ExactOnlineConnection:
        books = FinancialAdministration.objects.create(name=name)
        app = ExactOnlineApp.objects.create(site="nl", client_id=f"app of {name}", client_secret="not to be shown")
        values = {"division": 1000 + books.pk, "division_name": f"{name} in Exact", "enabled": True, "was_enabled": True} | fields
        connection = ExactOnlineConnection.objects.create(financial_administration=books, app=app, **values)
        connection.statuses.set(statuses or [self.status])
        return connection

    def link(self, connection: ExactOnlineConnection, member: Member, **fields: object) -> RelationLink:
        """Up to date, unless told otherwise."""
        values = {
            "code": member.member_number,
            "guid": uuid4(),
            "pushed_revision": member.revision,
            "pushed_mapping": connection.mapping_key,
            "pushed_at": timezone.now() - timedelta(minutes=5),
        }
        return RelationLink.objects.create(connection=connection, member=member, **values | fields)

    def parked(self, connection: ExactOnlineConnection, member: Member, **fields: object) -> RelationLink:
        where = {"parked_revision": member.revision, "parked_mapping": connection.mapping_key, "pushed_revision": 0}
        return self.link(connection, member, **where | {"problem": "rejected"} | fields)


@pytest.fixture
def association(db: None) -> Association:
    return Association()


# Finding ------------------------------------------------------------------------------------------------------------------


def test_every_word_must_match_somewhere_in_name_number_or_e_mail(association: Association) -> None:
    association.member("1001", first_name="Jan", infix="de", last_name="Vries", email="jan@example.org")
    association.member("1002", first_name="Piet", infix="de", last_name="Vries")
    association.member("2001", organisation="Bakkerij Jansen", email="info@bakkerij.example")
    anna = person(READ)

    assert found(anna, q="jan vries") == ["1001"]
    assert found(anna, q="VRIES piet") == ["1002"]
    assert found(anna, q="jan") == ["2001", "1001"]
    assert found(anna, q="200") == ["2001"]
    assert found(anna, q="info@bakkerij") == ["2001"]
    assert found(anna, q="jan nobody") == []


def test_names_come_in_order_with_organisations_among_them_and_numbers_as_numbers(association: Association) -> None:
    association.member("10", last_name="zwart")
    association.member("9", last_name="Bakker")
    association.member("100", organisation="Kaasboer BV", last_name="Aarts")
    anna = person(READ)

    assert found(anna) == ["9", "100", "10"]
    assert found(anna, sort="-name") == ["10", "100", "9"]
    assert found(anna, sort="number") == ["9", "10", "100"]
    assert found(anna, sort="-number") == ["100", "10", "9"]


def test_a_list_is_narrowed_by_status(association: Association) -> None:
    association.member("1")
    association.member("2", status=association.former)

    assert found(person(READ), status=association.former.pk) == ["2"]


def everybody_somewhere(association: Association, connection: ExactOnlineConnection) -> None:
    """A member in every state there is; the number tells which."""
    association.link(connection, association.member("1"))
    association.link(connection, association.member("2"), pushed_revision=0)
    association.member("22")  # takes part, and has no link yet
    association.parked(connection, association.member("3"))
    association.link(connection, association.member("4"), left_out=True)
    association.member("5", status=association.former)
    association.link(connection, association.member("55", status=association.former))  # left, the relation stays


@pytest.mark.parametrize(
    ("state", "numbers"),
    [
        ("up_to_date", ["1"]),
        ("waiting", ["2", "22"]),
        ("needs_attention", ["3"]),
        ("left_out", ["4"]),
        ("not_taking_part", ["5", "55"]),
    ],
)
def test_a_list_is_narrowed_by_how_members_stand_in_exact(association: Association, state: str, numbers: list[str]) -> None:
    connection = association.connection()
    everybody_somewhere(association, connection)
    anna = person(READ)

    assert found(anna, state=state, sort="number") == numbers
    if state != standing.NOT_TAKING_PART:
        assert standing.counts(connection)[state] == len(numbers)


def test_the_badge_in_the_list_is_the_state_the_filter_finds(association: Association) -> None:
    everybody_somewhere(association, association.connection())
    rows = person(READ).get(reverse("members")).context["rows"]

    badges = {member.member_number: str(standings[0].label) for member, standings in rows}
    assert badges == {
        "1": "up to date",
        "2": "waiting",
        "22": "waiting",
        "3": "needs attention",
        "4": "left out",
        "5": "not taking part",
        "55": "not taking part",
    }


def test_with_two_connections_the_worst_comes_first_and_one_of_them_can_be_chosen(association: Association) -> None:
    kern, lustrum = association.connection("De Kern"), association.connection("Lustrum", association.status, association.former)
    jan, old = association.member("1"), association.member("2", status=association.former)
    association.link(kern, jan)
    association.parked(lustrum, jan)
    association.link(lustrum, old)
    anna = person(READ)

    rows = {member.member_number: standings for member, standings in anna.get(reverse("members")).context["rows"]}
    assert [(str(one.connection), one.state) for one in rows["1"]] == [
        ("Lustrum", SyncState.NEEDS_ATTENTION),
        ("De Kern", SyncState.UP_TO_DATE),
    ]
    assert [str(one.connection) for one in rows["2"]] == ["Lustrum"]
    assert found(anna, state="up_to_date", sort="number") == ["1", "2"]
    assert found(anna, state="up_to_date", connection=kern.pk) == ["1"]
    assert found(anna, state="not_taking_part", connection=kern.pk) == ["2"]
    assert found(anna, state="not_taking_part") == []
    assert found(anna, connection=kern.pk) == ["1"]


def test_a_connection_that_was_removed_says_nothing_any_more(association: Association) -> None:
    connection = association.connection(removed_at=timezone.now(), enabled=False)
    association.link(connection, association.member("1"))
    anna = person(READ)

    assert "up to date" not in words(anna, reverse("members"))
    assert "There is no connection yet" in words(anna, Member.objects.get().get_absolute_url())


def test_the_list_asks_the_database_as_often_for_a_hundred_members_as_for_ten(association: Association) -> None:
    connections = [association.connection("De Kern"), association.connection("Lustrum")]
    anna = person(READ)

    def queries(count: int) -> int:
        for number in range(Member.objects.count(), count):
            member = association.member(str(number + 1), last_name=f"Bakker {number}")
            for connection in connections:
                association.link(connection, member)
        with CaptureQueriesContext(database) as captured:
            assert len(found(anna)) == count
        return len(captured)

    assert queries(10) == queries(100)


def test_a_hundred_fit_on_a_page_and_the_links_keep_what_was_asked(association: Association) -> None:
    for number in range(1, 251):
        association.member(str(number), last_name="Bakker")
    association.member("999", last_name="Smit")
    anna = person(READ)

    first = words(anna, reverse("members"), q="bakker", sort="number")
    assert "of 250 members" in first
    assert "?q=bakker&amp;sort=number&amp;page=2" in first
    assert found(anna, q="bakker", sort="number", page=3) == [str(number) for number in range(201, 251)]
    # Somebody removed members meanwhile: the last page there is.
    assert found(anna, q="bakker", sort="number", page=9)[-1] == "250"


@pytest.mark.parametrize(
    "nonsense", [{"status": "x"}, {"state": "x"}, {"sort": "x"}, {"page": "x"}, {"q": "a\x00b"}, {"q": "x" * 500}]
)
def test_an_address_with_nonsense_gets_a_list_not_a_crash(association: Association, nonsense: dict[str, str]) -> None:
    association.connection()
    association.member("1")

    assert found(person(READ), **nonsense) == ["1"]


def test_an_empty_list_says_what_to_do_first(association: Association) -> None:
    page = words(person(READ, "members.import_member", "members.add_member"), reverse("members"))

    assert "No members yet" in page
    assert reverse("member-import") in page
    assert reverse("member-new") in page


def test_no_hits_is_said_and_there_is_a_way_back(association: Association) -> None:
    association.member("1")

    page = words(person(READ), reverse("members"), q="nobody")
    assert "No member matches" in page
    assert f'href="{reverse("members")}">Clear' in page


# The page of a member -----------------------------------------------------------------------------------------------------


def member_page(member: Member, *permissions: str) -> str:
    """As one reads it: blanks folded."""
    return " ".join(words(person(READ, *permissions), member.get_absolute_url()).split())


def test_what_is_known_is_shown_and_a_bank_account_only_in_part(association: Association) -> None:
    member = association.member("1", last_name="Vries", country="NL", language="nl", iban="NL91ABNA0417164300")

    page = member_page(member)
    assert "NL91 **** **** **43 00" in page
    assert "NL91ABNA0417164300" not in page
    assert "Netherlands" in page
    assert "Dutch" in page


def test_up_to_date_names_the_administration_and_the_relation_with_a_link(association: Association) -> None:
    connection, member = association.connection(), association.member("1042")
    link = association.link(connection, member)

    page = member_page(member)
    assert "Up to date in De Kern in Exact (relation 1042)." in page
    assert f"AccountID=%7B{link.guid}%7D&amp;_Division_={connection.division}" in page
    assert 'rel="noopener' in page
    assert "5 minutes ago" in page
    assert "hx-trigger" not in page


Changes = dict[str, object]
AHEAD = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("of_connection", "of_link", "sentence", "looks_again"),
    [
        ({}, {}, "Waiting: is sent within a minute.", "every 2s"),
        ({"enabled": False}, {}, "Waits until the connection is enabled.", ""),
        ({"attention": "consent_lost"}, {}, "Waits until the connection works again: Consent ended.", ""),
        ({"resume_at": AHEAD, "resume_reason": "minute_limit"}, {}, "only so many calls a minute; these are spent.", "every 30s"),
        ({}, {"not_before": AHEAD}, "the last attempt failed, and is repeated then.", "every 30s"),
        ({}, {"not_before": AHEAD, "unconfirmed": True}, "the answer of Exact Online was lost", "every 30s"),
    ],
)
def test_waiting_says_for_what(
    association: Association, of_connection: Changes, of_link: Changes, sentence: str, looks_again: str
) -> None:
    member = association.member("1")
    association.link(association.connection(**ahead(of_connection)), member, **{"pushed_revision": 0} | ahead(of_link))

    page = member_page(member, SYNC)
    assert sentence in page
    assert looks_again in page
    assert ("Sync now" in page) == bool(looks_again)
    assert bool(looks_again) == ("hx-trigger" in page)


def ahead(fields: Changes) -> Changes:
    return {name: timezone.now() + value if isinstance(value, timedelta) else value for name, value in fields.items()}


def test_bulk_waits_for_the_limit_and_an_edit_by_a_person_does_not(association: Association) -> None:
    connection = association.connection(bulk_resume_at=timezone.now() + AHEAD, resume_reason="minute_limit")
    imported, edited = association.member("1", changed_via="import"), association.member("2", changed_via="person")
    for member in (imported, edited):
        association.link(connection, member, pushed_revision=0)
    anna = person(READ)

    assert "Waiting until" in words(anna, imported.get_absolute_url())
    assert "is sent within a minute" in words(anna, edited.get_absolute_url())


def test_a_long_queue_is_not_called_a_minute(association: Association) -> None:
    connection = association.connection()
    for number in range(1, 61):
        association.link(connection, association.member(str(number), changed_via="import"), pushed_revision=0)

    assert "Waiting in line: 60 members" in member_page(Member.objects.get(member_number="30"))


def test_a_refusal_is_told_in_our_words_with_exacts_own_below_and_escaped(association: Association) -> None:
    member = association.member("1")
    association.parked(association.connection(), member, problem_details={"said": "Naam <b>ontbreekt</b>"})

    page = member_page(member, SYNC, DECIDE)
    assert "Needs attention: Refused by Exact Online" in page
    assert "Correct the member; it is then sent again." in page
    assert '<blockquote class="quote">Naam &lt;b&gt;ontbreekt&lt;/b&gt;</blockquote>' in page
    assert "Try again" in page
    assert "Sync now" not in page


@pytest.mark.parametrize(("why", "may_link"), [("other_name", True), ("supplier", False)])
def test_a_code_in_use_shows_the_other_relation_and_a_person_may_say_it_is_the_same(
    association: Association, why: str, may_link: bool
) -> None:
    member, guid = association.member("1"), str(uuid4())
    details = {"code": "1", "name": "J. Vries-Smit", "guid": guid, "why": why}
    connection = association.connection()
    association.parked(connection, member, guid=None, problem="code_in_use", problem_details=details)

    page = member_page(member, DECIDE)
    assert "“J. Vries-Smit”" in page
    assert f"AccountID=%7B{guid}%7D" in page
    assert (reverse("member-link", args=[member.pk, connection.pk]) in page) == may_link


def test_who_has_left_reads_why_nothing_is_sent(association: Association) -> None:
    member = association.member("1", status=association.former)
    association.link(association.connection(), member)

    page = member_page(member, SYNC, DECIDE)
    assert "Does not take part: the status Oud-lid is not selected in this connection." in page
    assert "The relation in Exact Online stays as it is." in page
    assert "Sync now" not in page
    assert "Leave out" not in page


def test_what_went_out_incomplete_is_told(association: Association) -> None:
    member = association.member("1")
    association.link(association.connection(), member, warnings=[{"doubt": "invalid", "field": "Email"}])

    assert "The e-mail is not valid and was not sent." in member_page(member)


def test_the_history_tells_old_and_new_in_words_and_only_the_last_twenty(association: Association) -> None:
    connection, member = association.connection(), association.member("1")
    for day in range(25):
        PushAttempt.objects.create(
            connection=connection,
            member=member,
            at=timezone.now() - timedelta(days=day),
            action="update",
            outcome="refused" if day == 0 else "done",
            changes={"Postcode": ["1000 AA", f"{1000 + day} AA"], "Phone": [None, ""]},
            via="import",
            revision=1,
            answer="Ongeldig" if day == 0 else "",
        )

    page = member_page(member)
    assert "postcode:</span> 1000 AA → 1019 AA" in page
    assert "1020 AA" not in page
    assert 'not known</span> → <span class="muted">empty' in page
    assert "an import" in page
    assert '<blockquote class="quote">Ongeldig</blockquote>' in page


def test_the_part_that_moves_comes_without_the_rest_of_the_page(association: Association) -> None:
    member = association.member("1", email="jan@example.org")
    association.connection()

    answer = person(READ).get(member.get_absolute_url(), headers={"HX-Request": "true"})
    part = answer.content.decode()
    assert part.lstrip().startswith('<section class="card" id="sync"')
    assert '<section id="history" hx-swap-oob="true">' in part
    assert "<html" not in part
    assert "jan@example.org" not in part
    assert "HX-Request" in answer["Vary"]


def test_nothing_on_the_pages_is_refused_by_the_content_security_policy(association: Association) -> None:
    member = association.member("1")
    association.parked(association.connection(), member)
    anna = person(READ, SYNC, DECIDE)

    for address in (reverse("members"), member.get_absolute_url()):
        page = words(anna, address)
        assert not [refused for refused in (" style=", "<style", "hx-on", " onclick=", "not to be shown") if refused in page]


# Deciding -----------------------------------------------------------------------------------------------------------------


def decide(client: Client, what: str, member: Member, connection: ExactOnlineConnection) -> str:
    """Press the button; the words of the page that follows."""
    return client.post(reverse(what, args=[member.pk, connection.pk]), follow=True).content.decode()


def test_try_again_sends_what_exact_refused_before(world: World) -> None:
    connection, member = world.connection(), world.member("7")
    said = '{"error":{"code":"","message":{"lang":"","value":"Ongeldige waarde"}}}'
    world.exact.add_fault("status", status=500, body=said, content_type="application/json", method="POST")
    world.drain(connection)
    assert world.relations() == {}
    anna = person(READ, SYNC)
    assert "Try again" in words(anna, member.get_absolute_url())

    decide(anna, "member-sync-now", member, connection)
    world.drain(connection)

    assert world.relations()["7"]["Name"] == "J. de Vries"
    assert "Up to date in" in words(anna, member.get_absolute_url())


def test_try_again_makes_a_new_relation_for_one_that_vanished(world: World) -> None:
    connection, member = world.connection(), world.member("7")
    world.drain(connection)
    world.exact.delete_account(DIVISION, "7")
    member = world.edit(member, city="Leiden")
    world.drain(connection)
    anna = person(READ, SYNC)
    assert "no longer exists in Exact Online" in words(anna, member.get_absolute_url())

    decide(anna, "member-sync-now", member, connection)
    world.drain(connection)

    assert world.relations()["7"]["City"] == "Leiden"


def test_who_is_left_out_is_not_sent_until_taking_part_again(world: World) -> None:
    connection, member = world.connection(), world.member("7")
    anna = person(READ, DECIDE)

    assert "is left out of De Kern" in decide(anna, "member-leave-out", member, connection)
    world.drain(connection)
    assert world.relations() == {}
    assert "Left out: changes of this member are not sent." in words(anna, member.get_absolute_url())

    decide(anna, "member-take-part", member, connection)
    world.drain(connection)
    assert list(world.relations()) == ["7"]


def test_a_pause_after_a_failure_ends_but_a_lost_answer_keeps_half_a_minute(world: World) -> None:
    connection, failed, lost = world.connection(), world.member("7"), world.member("8")
    world.drain(connection)
    hour = timezone.now() + timedelta(hours=1)
    RelationLink.objects.filter(member=failed).update(not_before=hour, attempts=5)
    RelationLink.objects.filter(member=lost).update(not_before=hour, attempts=5, unconfirmed=True)
    anna = person(READ, SYNC)

    for member in (failed, lost):
        decide(anna, "member-sync-now", member, connection)

    assert world.link(failed).not_before is None
    assert timedelta(seconds=20) < world.link(lost).not_before - timezone.now() < timedelta(seconds=31)


def test_sync_now_of_what_exact_has_says_so(world: World) -> None:
    connection, member = world.connection(), world.member("7")
    world.drain(connection)

    assert "There is nothing to send" in decide(person(READ, SYNC), "member-sync-now", member, connection)


def test_a_decision_rings_once_it_is_committed(
    association: Association, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable
) -> None:
    rung: list[bool] = []
    monkeypatch.setattr("integrations.bell.ring", lambda: rung.append(True))
    member, connection = association.member("1"), association.connection()

    with django_capture_on_commit_callbacks() as callbacks:
        person(SYNC).post(reverse("member-sync-now", args=[member.pk, connection.pk]))
    assert not rung
    for callback in callbacks:
        callback()
    assert rung


# People -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["members", "member"])
def test_pages_are_for_whoever_may_see_members(association: Association, page: str) -> None:
    member = association.member("1")
    address = reverse(page, args=[member.pk] if page == "member" else [])

    assert person(READ, name="secretary").get(address).status_code == 200
    assert person("finance.view_financialadministration", name="other").get(address).status_code == 403
    assert Client().get(address)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(
    ("what", "permission"), [("member-sync-now", SYNC), ("member-leave-out", DECIDE), ("member-take-part", DECIDE)]
)
def test_decisions_are_for_whoever_may_take_them_and_never_by_a_link(
    association: Association, what: str, permission: str
) -> None:
    member, connection = association.member("1"), association.connection()
    association.link(connection, member, left_out=what == "member-take-part")
    before = RelationLink.objects.values().get()
    address = reverse(what, args=[member.pk, connection.pk])

    assert person(READ, name="other").post(address).status_code == 403
    assert Client().post(address)["Location"].startswith(reverse("account_login"))
    allowed = person(permission, name="treasurer")
    assert allowed.get(address).status_code == 405
    assert RelationLink.objects.values().get() == before
    assert allowed.post(address)["Location"] == member.get_absolute_url()
    assert Client(enforce_csrf_checks=True).post(address).status_code in (302, 403)


def test_buttons_are_only_there_for_whoever_may_press_them(association: Association) -> None:
    member = association.member("1")
    association.link(association.connection(), member)

    page = member_page(member)
    assert "Sync now" not in page
    assert "Leave out" not in page
    assert reverse("member-edit", args=[member.pk]) not in page


def test_a_removed_connection_takes_no_decisions(association: Association) -> None:
    member, connection = association.member("1"), association.connection(removed_at=timezone.now(), enabled=False)

    assert person(DECIDE).post(reverse("member-leave-out", args=[member.pk, connection.pk])).status_code == 404


def test_the_filter_speaks_the_readers_language() -> None:
    """Labels of states are looked up when a page is made, not when the program starts."""
    with translation.override("en"):
        assert [str(label) for _, label in standing.STATES][-1] == "not taking part"
    assert not isinstance(standing.STATES[0][1], str)
