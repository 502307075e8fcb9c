"""People at the pages: who may, who may not, what they are told, and what the members hold afterwards."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError

from congressus_sync.models import User
from members import forms, tasks
from members.models import ChangedVia, Member, MemberImport, MemberStatus
from tests.people import make_member, make_status, make_user

pytestmark = pytest.mark.django_db

EVERYTHING = (
    "members.view_member",
    "members.add_member",
    "members.change_member",
    "members.import_member",
    "members.view_memberstatus",
    "members.add_memberstatus",
    "members.change_memberstatus",
)


@pytest.fixture
def secretary() -> User:
    return make_user("secretary", *EVERYTHING)


@pytest.fixture
def visitor(client: Client, secretary: User) -> Client:
    client.force_login(secretary)
    return client


def opened(visitor: Client, member: Member) -> dict[str, Any]:
    """What the edit page would send back, untouched."""
    form = visitor.get(reverse("member-edit", args=[member.pk])).context["form"]
    fields = {}
    for field in form:
        value = field.value()
        fields[field.html_name] = "" if value is None else value
        if field.field.show_hidden_initial:
            fields[field.html_initial_name] = fields[field.html_name]
    return fields


def save(visitor: Client, member: Member, fields: dict[str, Any]) -> Any:
    return visitor.post(reverse("member-edit", args=[member.pk]), fields)


# Who may ------------------------------------------------------------------------------------------------------------------------


def pages() -> list[tuple[str, str, list[str]]]:
    return [
        ("member-new", "members.add_member", []),
        ("member-edit", "members.change_member", ["member"]),
        ("member-import", "members.import_member", []),
        ("member-import-example", "members.import_member", []),
        ("member-import-progress", "members.import_member", ["import"]),
        ("member-statuses", "members.view_memberstatus", []),
        ("member-status-new", "members.add_memberstatus", []),
        ("member-status-edit", "members.change_memberstatus", ["status"]),
    ]


def address(name: str, needs: list[str]) -> str:
    member = make_member()
    of = {"member": member.pk, "status": member.status_id}
    if "import" in needs:
        of["import"] = MemberImport.objects.create(name="members.csv").pk
    return reverse(name, args=[of[need] for need in needs])


@pytest.mark.parametrize(("name", "permission", "needs"), pages())
class TestWhoMay:
    def test_one_who_may(self, client: Client, name: str, permission: str, needs: list[str]) -> None:
        client.force_login(make_user("she", permission))
        assert client.get(address(name, needs)).status_code == 200

    def test_one_in_another_role(self, client: Client, name: str, permission: str, needs: list[str]) -> None:
        client.force_login(make_user("he", *set(EVERYTHING) - {permission}))
        assert client.get(address(name, needs)).status_code == 403
        assert client.post(address(name, needs)).status_code == 403

    def test_one_who_is_not_logged_in(self, client: Client, name: str, permission: str, needs: list[str]) -> None:
        url = address(name, needs)
        response = client.get(url)
        assert (response.status_code, response["Location"]) == (302, f"{reverse('account_login')}?next={url}")


# Members ------------------------------------------------------------------------------------------------------------------------


def test_a_new_member_is_held_clean(visitor: Client, secretary: User) -> None:
    status = make_status()
    response = visitor.post(
        reverse("member-new"),
        {
            "member_number": " 1 ",
            "status": status.pk,
            "last_name": "  Vries ",
            "phone": "06-12345678",
            "postcode": "1234ab",
            "iban": "nl91 abna 0417 1643 00",
        },
    )
    member = Member.objects.get()
    assert response["Location"] == reverse("member", args=[member.pk])
    assert (member.member_number, member.last_name, member.phone) == ("1", "Vries", "+31612345678")
    assert (member.postcode, member.country, member.iban) == ("1234 AB", "NL", "NL91ABNA0417164300")
    assert (member.changed_via, member.changed_by) == (ChangedVia.PERSON, secretary)


def test_what_is_wrong_is_said_and_what_was_typed_stays(visitor: Client) -> None:
    typed = {
        "member_number": "1",
        "status": make_status().pk,
        "last_name": "Vries",
        "email": "jan@",
        "iban": "NL91ABNA0417164301",
    }
    response = visitor.post(reverse("member-new"), typed)
    page = response.content.decode()
    assert not Member.objects.exists()
    assert "is not an e-mail address" in page
    assert "NL91 **** **** **43 01 is not valid" in page
    assert 'value="jan@"' in page


def test_a_member_number_is_one_persons_only(visitor: Client) -> None:
    member = make_member()
    response = visitor.post(reverse("member-new"), {"member_number": f" {member.member_number}\t", "status": member.status_id})
    assert "Another member has this number" in response.content.decode()
    assert Member.objects.count() == 1


def test_where_there_are_no_statuses_the_page_says_to_make_one_first(visitor: Client) -> None:
    page = visitor.get(reverse("member-new")).content.decode()
    assert f"{reverse('member-status-new')}?next={reverse('member-new')}" in page


def test_an_edit_writes_what_was_changed_and_who_did(visitor: Client, secretary: User) -> None:
    member = make_member(changed_via=ChangedVia.IMPORT)
    save(visitor, member, opened(visitor, member) | {"city": "Leiden"})
    stored = Member.objects.get()
    assert (stored.city, stored.revision, stored.changed_via, stored.changed_by) == ("Leiden", 2, "person", secretary)


def test_saving_without_a_change_writes_nothing(visitor: Client) -> None:
    member = make_member(changed_via=ChangedVia.IMPORT)
    response = save(visitor, member, opened(visitor, member))
    stored = Member.objects.get()
    assert response["Location"] == stored.get_absolute_url()
    assert (stored.revision, stored.changed_via, stored.changed_at) == (1, "import", member.changed_at)


def test_other_blanks_and_capitals_are_no_change(visitor: Client) -> None:
    member = make_member(postcode="1234 AB", iban="NL91ABNA0417164300")
    save(visitor, member, opened(visitor, member) | {"postcode": "1234ab", "iban": "nl91 abna 0417 1643 00", "city": " Delft "})
    assert Member.objects.get().revision == 1


def test_looking_at_an_old_value_does_not_rewrite_it(visitor: Client) -> None:
    """Stored before it was cleaned as today: saving untouched is still no change."""
    member = make_member(phone="06 12345678")
    save(visitor, member, opened(visitor, member))
    assert Member.objects.values_list("phone", "revision").get() == ("06 12345678", 1)


def test_a_value_we_would_not_offer_is_not_lost_by_saving_another(visitor: Client) -> None:
    member = make_member(country="XK", postcode="")
    fields = opened(visitor, member)
    assert fields["country"] == "XK"
    page = save(visitor, member, fields | {"city": "Pristina"}).content.decode()
    assert "not a country we know" in page
    assert Member.objects.get().country == "XK"


def test_two_people_edit_one_member_and_the_second_is_told(visitor: Client) -> None:
    member = make_member(city="Delft", email="jan@example.org")
    fields = opened(visitor, member)
    treasurer = make_user("treasurer", first_name="Tess")
    member.city, member.changed_by = "Leiden", treasurer
    member.save()

    response = save(visitor, member, fields | {"email": "new@example.org"})
    page = response.content.decode()
    assert "Tess changed this member on" in page
    assert response.context["form"].changed_meanwhile == [("City", "Leiden")]
    assert 'value="new@example.org"' in page
    assert Member.objects.values_list("city", "email").get() == ("Leiden", "jan@example.org")

    form = response.context["form"]
    again = {field.html_name: field.value() or "" for field in form}
    again |= {field.html_initial_name: form.data.get(field.html_initial_name, "") for field in form}
    save(visitor, member, again)
    assert Member.objects.values_list("city", "email").get() == ("Leiden", "new@example.org")


def test_two_people_edit_the_same_field_and_the_second_decides_knowingly(visitor: Client) -> None:
    member = make_member(city="Delft")
    fields = opened(visitor, member)
    Member.objects.update(city="Leiden", changed_via=ChangedVia.IMPORT)
    response = save(visitor, member, fields | {"city": "Breda"})
    assert "An import changed this member on" in response.content.decode()
    assert response.context["form"]["city"].value() == "Breda"
    assert Member.objects.get().city == "Leiden"


def test_two_people_who_change_nothing_do_not_hinder_each_other(visitor: Client) -> None:
    member = make_member(city="Delft")
    fields = opened(visitor, member)
    Member.objects.update(city="Leiden")
    assert save(visitor, member, fields).status_code == 302
    assert Member.objects.get().city == "Leiden"


def test_an_iban_that_another_changed_is_not_shown_whole_in_the_notice(visitor: Client) -> None:
    member = make_member()
    fields = opened(visitor, member)
    Member.objects.update(iban="BE68539007547034")
    response = save(visitor, member, fields | {"city": "Leiden"})
    assert response.context["form"].changed_meanwhile == [("IBAN", "BE68 **** **** 7034")]


# Statuses -----------------------------------------------------------------------------------------------------------------------


def test_statuses_are_listed_with_how_many_have_them(visitor: Client) -> None:
    make_member(status=make_status("Member"))
    make_member(status=make_status("Member"))
    make_status("Former member", kind=MemberStatus.Kind.ARCHIVED)
    statuses = visitor.get(reverse("member-statuses")).context["statuses"]
    assert [(status.name, status.kind, status.member_count) for status in statuses] == [
        ("Former member", "archived", 0),
        ("Member", "active", 2),
    ]


def test_a_status_is_added_and_the_way_back_is_kept(visitor: Client) -> None:
    back = reverse("member-new") + "?x=1"
    page = visitor.get(reverse("member-status-new"), {"next": back}).content.decode()
    assert f'name="next" value="{back}"' in page
    response = visitor.post(reverse("member-status-new"), {"name": " Donor ", "kind": "active", "next": back})
    assert response["Location"] == back
    assert MemberStatus.objects.get().name == "Donor"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_way_back_never_leads_elsewhere(visitor: Client, elsewhere: str) -> None:
    assert "evil" not in visitor.get(reverse("member-status-new"), {"next": elsewhere}).content.decode()
    response = visitor.post(reverse("member-status-new"), {"name": "Donor", "kind": "active", "next": elsewhere})
    assert response["Location"] == reverse("member-statuses")


@pytest.mark.parametrize("name", ["DONÉR", " donér ", "Donér"])
def test_two_statuses_of_one_name_are_refused(visitor: Client, name: str) -> None:
    make_status("Donér")
    response = visitor.post(reverse("member-status-new"), {"name": name, "kind": "active"})
    assert "already" in response.content.decode()
    assert MemberStatus.objects.count() == 1


def test_a_status_may_be_written_otherwise_than_it_was(visitor: Client) -> None:
    status = make_status("donor")
    visitor.post(reverse("member-status-edit", args=[status.pk]), {"name": "Donor", "kind": "active"})
    assert MemberStatus.objects.get().name == "Donor"


# Import -------------------------------------------------------------------------------------------------------------------------

CSV = b"member_number;status;last_name;shoe\n1;Member;Vries;43\n2;Nowhere;Smit;44\n"


def upload(visitor: Client, content: bytes = CSV, **fields: Any) -> Any:
    return visitor.post(reverse("member-import"), {"file": SimpleUploadedFile("members.csv", content)} | fields)


def test_an_uploaded_file_goes_in_and_its_report_can_be_read(
    visitor: Client, secretary: User, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_status("Member")
    monkeypatch.setattr(tasks.import_members, "delay", tasks.import_members)
    with django_capture_on_commit_callbacks(execute=True):
        response = upload(visitor)
    page = visitor.get(response["Location"]).content.decode()
    assert Member.objects.get().changed_by == secretary
    assert "There is no member status “Nowhere”" in page
    assert "shoe" in page
    assert "hx-trigger" not in page


def test_a_broker_that_is_away_does_not_fail_the_page(
    visitor: Client, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(tasks.import_members, "delay", away)
    with django_capture_on_commit_callbacks(execute=True):
        response = upload(visitor)
    page = visitor.get(response["Location"], follow=True).content.decode()
    assert "within a minute" in page
    assert MemberImport.objects.waiting().count() == 1


def test_a_running_import_moves_by_itself_until_it_is_done(visitor: Client) -> None:
    member_import = MemberImport.objects.create(name="members.csv", content=b"secret", total_rows=10)
    MemberImport.objects.claim(member_import.pk, "worker")
    MemberImport.objects.update(processed_rows=4)
    url = member_import.get_absolute_url()
    part = visitor.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'hx-trigger="every 2s"' in part
    assert 'value="4"' in part
    assert "4 of 10 rows" in part
    MemberImport.objects.update(state=MemberImport.State.DONE)
    assert "hx-trigger" not in visitor.get(url, headers={"HX-Request": "true"}).content.decode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty, so there is nothing to take in."),
        (b"PK\x03\x04rubbish", "Excel"),
        (b"%PDF-1.7 rubbish", "PDF"),
        (b"name\nVries\n", "no column with the member number"),
        (b'member_number\n"1\n', "half a file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once(visitor: Client, content: bytes, reason: str) -> None:
    assert reason in upload(visitor, content).content.decode()
    assert not MemberImport.objects.exists()


def test_a_file_that_is_too_large_is_refused_at_once(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_UPLOAD", 10)
    assert "at most 20 MB" in upload(visitor).content.decode()
    assert not MemberImport.objects.exists()


def test_options_are_kept(visitor: Client) -> None:
    upload(visitor, create_statuses="on", dry_run="on")
    member_import = MemberImport.objects.get()
    assert (member_import.create_statuses, member_import.dry_run, member_import.total_rows) == (True, True, 2)


def test_who_may_not_add_statuses_cannot_do_so_by_an_import(client: Client) -> None:
    client.force_login(make_user("importer", "members.import_member"))
    upload(client, create_statuses="on")
    assert MemberImport.objects.get().create_statuses is False


def test_in_an_empty_association_statuses_are_made_unless_one_says_no(visitor: Client) -> None:
    assert visitor.get(reverse("member-import")).context["form"]["create_statuses"].value() is True
    make_status()
    assert visitor.get(reverse("member-import")).context["form"]["create_statuses"].value() is False


def test_the_example_can_be_uploaded_as_it_is(visitor: Client) -> None:
    make_status("Member")
    example = visitor.get(reverse("member-import-example")).content
    upload(visitor, example)
    member_import = MemberImport.objects.get()
    tasks.import_members(member_import.pk)
    member_import.refresh_from_db()
    assert (member_import.report["created"], member_import.report["warnings"]) == (1, 0)
    assert Member.objects.get().iban == "NL91ABNA0417164300"


def test_earlier_imports_are_listed(visitor: Client) -> None:
    MemberImport.objects.create(name="september.csv", state=MemberImport.State.DONE, processed_rows=7, report={"refused": 3})
    page = visitor.get(reverse("member-import")).content.decode()
    assert "september.csv" in page
