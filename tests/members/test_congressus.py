"""A member who is kept in Congressus: here only what is ours can be changed, and every page says where the rest can be."""

import io
from collections import deque
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from congressus_sync.models import User
from members import intake
from members.congressus_pages import member_page
from members.csv_files import CsvFile
from members.forms import KEPT_HERE
from members.models import ChangedVia, Member, MemberStatus
from tests.members.test_pages import EVERYTHING, opened, save
from tests.people import make_member, make_status, make_user

pytestmark = pytest.mark.django_db

THERE = "https://manager.congressus.nl/members/17"
OTHERWISE = {
    "member_number": "9",
    "initials": "X.",
    "first_name": "Xander",
    "infix": "van",
    "last_name": "Anders",
    "email": "anders@example.org",
    "phone": "+31687654321",
    "address": "Anderestraat 2",
    "postcode": "4321 BA",
    "city": "Elders",
    "country": "BE",
    "iban": "BE68539007547034",
    "bic": "ABNANL2A",
}


@pytest.fixture
def secretary() -> User:
    return make_user("secretary", *EVERYTHING)


@pytest.fixture
def visitor(client: Client, secretary: User) -> Client:
    client.force_login(secretary)
    return client


def make_kept(**fields: Any) -> Member:
    status = fields.pop("status", None) or make_status("Lid", congressus_id=3)
    ordinary = {"member_number": "1", "congressus_id": 17, "changed_via": ChangedVia.CONGRESSUS, "status": status}
    return make_member(**ordinary | fields)


def held(*names: str) -> tuple[Any, ...]:
    return Member.objects.values_list(*names).get()


def page_of(visitor: Client, name: str, *args: Any) -> str:
    return visitor.get(reverse(name, args=args)).content.decode()


# Where it is --------------------------------------------------------------------------------------------------------------------


def test_a_member_has_a_page_in_congressus() -> None:
    assert member_page(17) == THERE


def test_what_stands_in_for_congressus_has_that_page_too(settings: Any) -> None:
    settings.CONGRESSUS_BASE_URL = "http://127.0.0.1:8090"
    assert member_page(17) == "http://127.0.0.1:8090/members/17"


@pytest.mark.parametrize("name", ["member", "member-edit"])
def test_pages_of_a_member_say_who_keeps_it_and_lead_there(visitor: Client, name: str) -> None:
    page = page_of(visitor, name, make_kept().pk)
    assert "Kept in Congressus" in page
    assert f'href="{THERE}"' in page


@pytest.mark.parametrize("name", ["member", "member-edit"])
def test_pages_of_a_member_that_is_kept_here_do_not(visitor: Client, name: str) -> None:
    assert "Kept in" not in page_of(visitor, name, make_member().pk)


def test_nor_does_the_page_for_a_new_member(visitor: Client) -> None:
    make_kept()
    assert "Kept in" not in page_of(visitor, "member-new")


@pytest.mark.parametrize("name", ["member", "member-edit"])
def test_a_member_that_was_deleted_there_says_when(visitor: Client, name: str) -> None:
    # An hour before midnight in Greenwich it is the next day in Amsterdam.
    member = make_kept(gone_at=datetime(2026, 5, 2, 23, 0, tzinfo=UTC))
    assert "Deleted in Congressus on 3 May 2026" in page_of(visitor, name, member.pk)


def test_that_stays_so_when_congressus_is_no_longer_asked(visitor: Client) -> None:
    page = page_of(visitor, "member", make_member(gone_at=datetime(2026, 5, 2, 12, 0, tzinfo=UTC)).pk)
    assert "Deleted in Congressus on 2 May 2026" in page
    assert "manager.congressus.nl" not in page


class TestWhoMay:
    def test_one_who_may_look_sees_where_it_is(self, client: Client) -> None:
        client.force_login(make_user("treasurer", "members.view_member"))
        member = make_kept()
        assert THERE in page_of(client, "member", member.pk)
        assert client.get(reverse("member-edit", args=[member.pk])).status_code == 403

    def test_one_in_another_role_sees_nothing(self, client: Client) -> None:
        client.force_login(make_user("he", *set(EVERYTHING) - {"members.view_member", "members.change_member"}))
        member = make_kept()
        for name in ("member", "member-edit"):
            response = client.get(reverse(name, args=[member.pk]))
            assert response.status_code == 403
            assert THERE not in response.content.decode()

    def test_one_who_is_not_logged_in_is_sent_to_log_in(self, client: Client) -> None:
        assert client.get(reverse("member", args=[make_kept().pk])).status_code == 302


# Editing ------------------------------------------------------------------------------------------------------------------------


def test_only_what_is_ours_can_be_changed(visitor: Client) -> None:
    form = visitor.get(reverse("member-edit", args=[make_kept().pk])).context["form"]
    assert {name for name, field in form.fields.items() if not field.disabled} == {*KEPT_HERE, "seen_revision"}


def test_what_is_ours_is_saved(visitor: Client, secretary: User) -> None:
    member = make_kept()
    save(visitor, member, opened(visitor, member) | {"language": "en", "organisation": " Vries  bv "})
    assert held("language", "organisation", "revision", "changed_via", "changed_by") == (
        "en",
        "Vries bv",
        2,
        "person",
        secretary.pk,
    )


@pytest.mark.parametrize(("field", "value"), OTHERWISE.items())
def test_a_forged_answer_changes_nothing_of_what_is_kept_there(visitor: Client, field: str, value: str) -> None:
    member = make_kept()
    before = held(*OTHERWISE, "status")
    fields = opened(visitor, member)
    forged = {field: value, f"initial-{field}": getattr(member, field)}
    assert save(visitor, member, fields | forged).status_code == 302
    assert held(*OTHERWISE, "status", "revision") == (*before, 1)
    save(visitor, member, fields | forged | {"organisation": "Vries bv"})
    assert held(*OTHERWISE, "status", "organisation") == (*before, "Vries bv")


def test_nor_does_it_give_the_member_another_status(visitor: Client) -> None:
    member = make_kept()
    save(visitor, member, opened(visitor, member) | {"status": make_status("Donor").pk, "organisation": "Vries bv"})
    assert held("status__name", "organisation") == ("Lid", "Vries bv")


def test_what_arrived_with_an_odd_value_does_not_keep_a_person_from_saving_ours(visitor: Client) -> None:
    member = make_kept(country="XK", postcode="10000", phone="see below", email="jan@", city="Pristina ")
    assert save(visitor, member, opened(visitor, member) | {"language": "en"}).status_code == 302
    assert held("language", "country", "phone", "email", "city") == ("en", "XK", "see below", "jan@", "Pristina ")


def test_a_change_that_arrived_meanwhile_does_not_stand_in_the_way(visitor: Client) -> None:
    member = make_kept(city="Delft")
    fields = opened(visitor, member)
    Member.objects.update(city="Leiden", changed_via=ChangedVia.CONGRESSUS)
    assert save(visitor, member, fields | {"language": "en"}).status_code == 302
    assert held("city", "language", "revision") == ("Leiden", "en", 3)


def test_what_another_person_changed_of_ours_meanwhile_is_told(visitor: Client) -> None:
    member = make_kept(language="nl", city="Delft")
    fields = opened(visitor, member)
    Member.objects.update(language="de", city="Leiden", changed_via=ChangedVia.PERSON, changed_by=make_user("Tess"))
    response = save(visitor, member, fields | {"organisation": "Vries bv"})
    assert "Tess changed this member on" in response.content.decode()
    assert response.context["form"].changed_meanwhile == [("Language", "de")]
    assert response.context["form"]["city"].value() == "Leiden"
    assert held("language", "organisation") == ("de", "")


def test_a_page_that_says_nothing_of_what_it_was_opened_with_overwrites_nobody(visitor: Client) -> None:
    member = make_kept(language="nl")
    Member.objects.update(language="de")
    response = save(visitor, member, {"language": "en", "organisation": "", "seen_revision": "1"})
    assert response.status_code == 200
    assert held("language") == ("de",)


def test_a_member_that_has_come_to_be_kept_there_since_the_page_was_opened_is_not_overwritten(visitor: Client) -> None:
    member = make_member(city="Delft")
    fields = opened(visitor, member)
    Member.objects.update(congressus_id=17, city="Leiden", changed_via=ChangedVia.CONGRESSUS)
    save(visitor, member, fields | {"city": "Breda"})
    assert held("city", "changed_via") == ("Leiden", "congressus")


# A file -------------------------------------------------------------------------------------------------------------------------


def take_in(content: str, **options: Any) -> intake.Report:
    return deque(intake.take_in(CsvFile(io.BytesIO(content.encode())), **options), maxlen=1).pop()


def counts(report: intake.Report) -> tuple[int, int, int, int, int]:
    return report.created, report.updated, report.unchanged, report.refused, report.warnings


SAME = "member_number;status;first_name;infix;last_name;email;phone;postcode;country;iban\n" + (
    "1;lid;Jan;de;Vries; jan@example.org ;06-12345678;1234ab;Nederland;NL91 ABNA 0417 1643 00\n"
)


ELSEWHERE = [(field, value) for field, value in OTHERWISE.items() if field != "member_number"]


@pytest.mark.parametrize(("column", "value"), [*ELSEWHERE, ("organisation", "Vries bv"), ("language", "en"), ("city", "")])
def test_a_row_that_says_something_else_is_refused_as_a_whole(column: str, value: str) -> None:
    make_kept()
    report = take_in(f"member_number;{column}\n1;{value}\n")
    assert counts(report) == (0, 0, 0, 1, 0)
    assert (report.remarks[0].line, report.remarks[0].member_number, report.remarks[0].column) == (2, "1", "")
    assert "kept in Congressus" in report.remarks[0].reason
    assert held("revision", "changed_via") == (1, "congressus")


@pytest.mark.parametrize(("column", "value"), [("email", "jan@"), ("iban", "NL91ABNA0417164301"), ("last_name", "x" * 151)])
def test_a_value_that_cannot_be_right_is_something_else_too(column: str, value: str) -> None:
    make_kept()
    assert counts(take_in(f"member_number;{column}\n1;{value}\n")) == (0, 0, 0, 1, 0)


def test_a_file_that_says_what_is_held_alarms_nobody() -> None:
    make_kept()
    assert counts(take_in(SAME)) == (0, 0, 1, 0, 0)
    assert held("revision", "changed_via") == (1, "congressus")


def test_nothing_of_a_refused_row_is_used_and_the_other_rows_go_on() -> None:
    make_kept(city="Delft", email="jan@example.org")
    make_member(member_number="2", city="Delft")
    report = take_in("member_number;email;city\n1;jan@example.org;Leiden\n2;;Leiden\n3;;Leiden\n")
    assert counts(report) == (0, 1, 0, 2, 0)
    assert list(Member.objects.order_by("member_number").values_list("city", flat=True)) == ["Delft", "Leiden"]


@pytest.mark.parametrize("status", ["Donor", "Nowhere", ""])
def test_a_file_does_not_give_a_member_of_congressus_another_status(status: str) -> None:
    make_kept()
    make_status("Donor")
    report = take_in(f"member_number;status\n1;{status}\n", create_statuses=True)
    assert counts(report) == (0, 0, 0, 1, 0)
    assert report.created_statuses == []
    assert "kept in Congressus" in report.remarks[0].reason
    assert not MemberStatus.objects.filter(name="Nowhere").exists()
    assert held("status__name") == ("Lid",)


def test_members_that_are_kept_here_may_have_a_status_of_congressus() -> None:
    make_kept()
    assert counts(take_in("member_number;status;last_name\n2;LID;Smit\n")) == (1, 0, 0, 0, 0)
    assert Member.objects.get(member_number="2").status.is_from_congressus


def test_a_check_of_the_file_says_the_same() -> None:
    make_kept()
    content = SAME + "2;Lid;;;;;;;;\n"
    dry = take_in(content.replace("Jan;", "Piet;"), dry_run=True)
    assert not Member.objects.filter(member_number="2").exists()
    assert dry == take_in(content.replace("Jan;", "Piet;"))
    assert counts(dry) == (1, 0, 0, 1, 0)


def test_the_command_line_says_so_too(tmp_path: Any) -> None:
    make_kept()
    path, out = tmp_path / "members.csv", io.StringIO()
    path.write_text("lidnummer;woonplaats\n1;Leiden\n")
    call_command("import_members", str(path), stdout=out)
    assert "line 2, member 1: refused: This member is kept in Congressus" in out.getvalue()


def test_the_page_to_bring_a_file_says_so_beforehand_where_it_matters(visitor: Client) -> None:
    assert "are not changed by a file" not in page_of(visitor, "member-import")
    make_kept()
    assert "are not changed by a file" in page_of(visitor, "member-import")


# Statuses -----------------------------------------------------------------------------------------------------------------------


def test_a_status_of_congressus_is_shown_and_says_why_it_cannot_be_changed(visitor: Client) -> None:
    page = page_of(visitor, "member-status-edit", make_status("Lid", congressus_id=3).pk)
    assert "Kept in Congressus" in page
    assert "Lid" in page
    assert 'name="kind"' not in page


def test_a_hidden_status_says_what_that_means(visitor: Client) -> None:
    status = make_status("Intern", congressus_id=4, kind=MemberStatus.Kind.HIDDEN)
    assert "leaves such a status out of its lists" in page_of(visitor, "member-status-edit", status.pk)
    assert "Hidden:" in page_of(visitor, "member-status-new")


def test_a_forged_answer_does_not_change_a_status_of_congressus(visitor: Client) -> None:
    status = make_status("Lid", congressus_id=3)
    before = MemberStatus.objects.values().get()
    page = visitor.post(reverse("member-status-edit", args=[status.pk]), {"name": "Donor", "kind": "archived"}).content.decode()
    assert "Kept in Congressus" in page
    assert MemberStatus.objects.values().get() == before


def test_a_status_of_our_own_can_be_added_beside_it_and_changed(visitor: Client) -> None:
    make_status("Lid", congressus_id=3)
    visitor.post(reverse("member-status-new"), {"name": "Donor", "kind": "active"})
    donor = MemberStatus.objects.get(name="Donor")
    assert donor.congressus_id is None
    visitor.post(reverse("member-status-edit", args=[donor.pk]), {"name": "Donateur", "kind": "active"})
    assert set(MemberStatus.objects.values_list("name", flat=True)) == {"Lid", "Donateur"}


def test_a_status_of_our_own_does_not_take_a_name_from_congressus(visitor: Client) -> None:
    make_status("Lid", congressus_id=3)
    assert "already" in visitor.post(reverse("member-status-new"), {"name": "lid", "kind": "active"}).content.decode()


def test_the_list_says_where_each_status_is_kept(visitor: Client) -> None:
    make_status("Donor")
    assert "Kept in" not in page_of(visitor, "member-statuses")
    make_status("Lid", congressus_id=3)
    assert "Kept in" in page_of(visitor, "member-statuses")
    assert "removed in Congressus" not in page_of(visitor, "member-statuses")
    MemberStatus.objects.filter(name="Lid").update(gone_at=datetime(2026, 5, 2, 12, 0, tzinfo=UTC))
    page = page_of(visitor, "member-statuses")
    assert page.count("removed in Congressus") == 1
    assert "Removed in Congressus on 2 May 2026" in page_of(
        visitor, "member-status-edit", MemberStatus.objects.get(name="Lid").pk
    )


class TestWhoMaySeeAStatus:
    def test_one_who_may(self, client: Client) -> None:
        client.force_login(make_user("she", "members.change_memberstatus"))
        assert client.get(reverse("member-status-edit", args=[make_status("Lid", congressus_id=3).pk])).status_code == 200

    def test_one_in_another_role(self, client: Client) -> None:
        client.force_login(make_user("he", *set(EVERYTHING) - {"members.change_memberstatus"}))
        address = reverse("member-status-edit", args=[make_status("Lid", congressus_id=3).pk])
        assert (client.get(address).status_code, client.post(address).status_code) == (403, 403)

    def test_one_who_is_not_logged_in(self, client: Client) -> None:
        address = reverse("member-status-edit", args=[make_status("Lid", congressus_id=3).pk])
        assert (client.get(address).status_code, client.post(address).status_code) == (302, 302)
