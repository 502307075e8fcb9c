"""The demonstration: who lives in it, and that a second start finds everything as it was left."""

import html
import http.cookiejar
import re
import signal
import stat
import urllib.parse
import urllib.request
from collections import Counter
from pathlib import Path

import pytest
from django.test import Client
from stdnum import iban
from stdnum.nl import postcode

from congressus_sync.demo import association, congressus, treasurer
from congressus_sync.models import User
from finance.models import FinancialAdministration
from integrations.arrivals.visit import Visit
from integrations.congressus.simulator import Simulator
from integrations.models import CongressusConnection
from members import cleaning
from members.models import Member, MemberStatus
from tests.congressus_sync.terminal import a_free_port, command_line, running, status_of
from tests.running import eventually

# The association -------------------------------------------------------------------------------------------------------


@pytest.fixture
def people() -> list[Member]:
    return association.people()


def test_it_has_250_members_in_five_statuses(people: list[Member]) -> None:
    assert Counter((member.status.name, str(member.status.kind)) for member in people) == {
        ("Lid", "active"): 150,
        ("Alumnus", "active"): 55,
        ("Donateur", "active"): 25,
        ("Oud-lid", "archived"): 15,
        ("Overleden", "deceased"): 5,
    }


def test_what_its_members_hold_is_as_if_typed_by_a_careful_person(people: list[Member]) -> None:
    """Cleaning finds nothing to refuse and nothing to change."""
    for member in people:
        held = {name: getattr(member, name) for name in cleaning.FIELDS}
        cleaned, refused = cleaning.member(held, {})
        assert (cleaned, refused) == (held, {}), member


def test_it_has_the_gaps_and_the_odd_ones_of_a_real_administration(people: list[Member]) -> None:
    names = [member.display_name for member in people]

    assert 8 <= sum(not member.email for member in people) <= 30
    assert any(not member.iban for member in people)
    assert any(not member.phone for member in people)
    assert sum(bool(member.organisation) for member in people) == 8
    assert len({member.country for member in people}) >= 7
    assert max(len(name) for name in names) == 60
    assert any(member.last_name == "Null" for member in people)
    assert sum(name == member.member_number for name, member in zip(names, people, strict=True)) == 1  # nobody's name
    assert any(not name.isascii() for name in names)
    assert any("-" in member.last_name for member in people)
    assert len({member.infix for member in people}) >= 5
    shared = Counter((member.email, member.address, member.last_name) for member in people if member.email)
    assert [number for _, number in shared.most_common(2)] == [2, 1]  # one household


def test_no_real_person_can_be_written_to_or_paid(people: list[Member]) -> None:
    for member in people:
        assert not member.email or member.email.rpartition("@")[2] in ("example.org", "example.com", "example.net")
        if member.iban:
            iban.validate(member.iban)
            assert not association.passes_eleven_test(member.iban[-10:])
        if member.country == "NL":
            postcode.validate(member.postcode)


def test_everybody_sees_the_same_people() -> None:
    assert congressus.drawn() == congressus.drawn()
    assert len({row["id"] for row in congressus.drawn()["members"]}) == 250


def test_the_members_are_fetched_from_congressus_as_they_were_drawn(
    db: None, people: list[Member], tmp_path: Path, settings: pytest.FixtureRequest
) -> None:
    congressus.write(tmp_path / "members.json")
    with Simulator(seed="demo", members=tmp_path / "members.json", api_key="a-key-for-the-demonstration") as simulator:
        settings.CONGRESSUS_BASE_URL = simulator.base_url
        assert congressus.connect("a-key-for-the-demonstration")
        Visit().run()

    held = {member.member_number: member for member in Member.objects.select_related("status")}
    assert len(held) == 250
    owned = [name for name in cleaning.FIELDS if name not in ("language", "organisation", "last_name")]
    for member in people:
        arrived = held[member.member_number]
        assert {name: getattr(arrived, name) for name in owned} == {name: getattr(member, name) for name in owned}
        assert (arrived.last_name, arrived.status.name) == (member.last_name or member.organisation, member.status.name)
    assert FinancialAdministration.objects.count() == 2


def test_a_second_start_leaves_everything_as_people_left_it(db: None) -> None:
    assert congressus.connect("a-key-for-the-demonstration")
    MemberStatus.objects.filter(name="Lid").update(name="Gewoon lid")

    assert not congressus.connect("another")

    assert CongressusConnection.objects.get().api_key.reveal() == "a-key-for-the-demonstration"
    assert MemberStatus.objects.count() == 5


# The treasurer ---------------------------------------------------------------------------------------------------------


def test_the_password_is_made_once_and_told_at_every_start(db: None, tmp_path: Path) -> None:
    file = tmp_path / "treasurer_password"

    treasurer.ensure(file)
    password = file.read_text().strip()
    treasurer.ensure(file)

    assert file.read_text().strip() == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Client().login(username="treasurer", password=password)


def test_a_password_of_ones_own_is_kept_and_the_file_goes(db: None, tmp_path: Path) -> None:
    file = tmp_path / "treasurer_password"
    treasurer.ensure(file)
    user = User.objects.get(username="treasurer")
    user.set_password("chosen-by-a-person")
    user.save()

    treasurer.ensure(file)
    treasurer.ensure(file)

    assert not file.exists()
    assert Client().login(username="treasurer", password="chosen-by-a-person")


# The whole -------------------------------------------------------------------------------------------------------------


class Browser:
    """Enough of one to fill in a form."""

    def __init__(self, site: str) -> None:
        self._site = site
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def open(self, path: str, **form: str) -> str:
        data = urllib.parse.urlencode(form).encode() if form else None
        request = urllib.request.Request(self._site + path, data, {"Referer": self._site + path})
        with self._opener.open(request, timeout=20) as answer:
            return html.unescape(answer.read().decode())

    def log_in(self, password: str) -> str:
        page = self.open("/accounts/login/")
        [token, *_] = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        return self.open("/accounts/login/", csrfmiddlewaretoken=token, login="treasurer", password=password)


def told(said: str, label: str) -> str:
    found = re.search(rf"{label} +(\S+)", said)
    assert found, said
    return found[1]


@pytest.mark.worker
def test_two_starts_of_the_demonstration(tmp_path: Path) -> None:
    port, simulator, congressus_port = a_free_port(), a_free_port(), a_free_port()
    environment = {
        "VAR_DIR": tmp_path,
        "PORT": port,
        "SIMULATOR_PORT": simulator,
        "CONGRESSUS_SIMULATOR_PORT": congressus_port,
        "DATABASE_URL": "postgres://not-to-be-touched/db",
    }
    with running("demo", tmp_path, **environment) as demo:
        said = demo.says("The demonstration is ready.", within=60)
        first = {label: told(said, label) for label in ("password", "Client ID", "Client secret")}
        browser = Browser(f"http://localhost:{port}")
        assert "Log out" in browser.log_in(first["password"])
        eventually(lambda: "250" in browser.open("/members/"), within=40, why="the members did not arrive")
        assert status_of(f"http://127.0.0.1:{congressus_port}/") == 200
        assert status_of(f"http://127.0.0.1:{simulator}/") == 200
        exact = Browser(f"http://127.0.0.1:{simulator}").open("/")
        assert "Studievereniging De Kern" in exact
        assert "64 relations" in exact  # sixty, and four suppliers as in every administration
        everything = demo.processes()
        assert demo.stop(signal.SIGINT) == 0
        assert not [line for number in everything if (line := command_line(number))]

    with running("demo", tmp_path, **environment) as demo:
        said = demo.says("The demonstration is ready.", within=60)
        assert {label: told(said, label) for label in first} == first
        browser = Browser(f"http://localhost:{port}")
        assert "Log out" in browser.log_in(first["password"])
        assert "250" in browser.open("/members/")
        assert "64 relations" in Browser(f"http://127.0.0.1:{simulator}").open("/")
        assert demo.stop() == 0

    assert (tmp_path / "demo" / "db.sqlite3").exists()
    assert not (tmp_path / "db.sqlite3").exists()  # the installation's own data is not mixed in
