"""The pages on which a membership secretary works in the simulated Congressus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
import requests

from integrations.congressus.simulator import Simulator

from .simulated import Bench, listening

HOSTILE = "\"><script>alert('x')</script>&"


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Simulator() as sim:
        yield Bench(sim)


def page(bench: Bench, path: str = "/", **params: str) -> str:
    answer = requests.get(bench.sim.base_url + path, params=params, timeout=10)
    assert answer.status_code == 200, answer.text
    assert "<script>alert" not in answer.text
    return answer.text


def send(bench: Bench, path: str, **form: str) -> requests.Response:
    answer = requests.post(bench.sim.base_url + path, data=form, timeout=10)
    assert "<script>alert" not in answer.text
    return answer


def shown(text: str) -> dict[str, str]:
    """The values a form would send as it stands."""
    fields = {name: unescape(value) for name, value in re.findall(r'name="([\w.]+)" value="([^"]*)" autocomplete', text)}
    for name, options in re.findall(r'<select id="[\w.]+" name="([\w.]+)">(.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = unescape(chosen[1]) if chosen else ""
    return fields


def test_the_overview_shows_who_is_held_the_last_changed_first(bench: Bench) -> None:
    bench.sim.rename("Vereniging <Kern>")
    for number in range(60):
        bench.sim.add_member(given_name=f"Lid{number:02}", email=None)
    bench.sim.change_member(bench.sim.members()[3]["id"], nickname="x")
    text = page(bench)
    assert "Simulator — not Congressus" in text
    assert "Vereniging &lt;Kern&gt;" in text
    assert "60 leden" in text
    assert text.index("Lid03") < text.index("Lid59") < text.index("Lid58")
    assert "Lid00" not in text
    assert "Lid00" in page(bench, page="2")
    assert "class=fresh" in text
    bench.sim.turn(clock_offset=60)
    assert "class=fresh" not in page(bench)


def test_searching_and_the_bin(bench: Bench) -> None:
    found = bench.sim.add_member(given_name="Loïc", username="s42")["id"]
    bench.sim.add_member(given_name="Anna")
    assert "Anna" not in page(bench, q="loï s42")
    assert "1 lid<" in page(bench, q="loï s42")
    assert "0 leden" in page(bench, q=HOSTILE)
    bench.sim.delete_member(found)
    assert "Loïc" not in page(bench)
    assert "Loïc" in page(bench, bin="1")
    for odd in ("0", "-1", "x", "9" * 30, "²"):
        page(bench, page=odd)


def test_a_saved_change_says_so_and_when_its_webhook_was_answered(bench: Bench) -> None:
    id = bench.sim.add_member()["id"]
    path = f"/members/{id}"
    assert "nog geen webhook" in page(bench, path)
    with listening() as ear:
        bench.sim.add_webhook(ear.url)
        form = shown(page(bench, path)) | {"address.city": "Leiden", "given_name": "Johan", "phone_home.number": "015-2000001"}
        saved = send(bench, path, **form)
        assert (saved.status_code, "Opgeslagen." in saved.text) == (200, True)
        assert bench.sim.webhooks_idle()
        assert ear.signals() == [("member_updated", id)]
    assert "(member_updated): beantwoord met 200 om " in page(bench, path)
    member = bench.sim.member(id)
    assert (member["given_name"], member["address"]["city"], member["phone_home"]["number_full"]) == (
        "Johan",
        "Leiden",
        "+31152000001",
    )
    assert member["address"]["zip"] == "1234 AB"


def test_a_form_that_changes_nothing_changes_nothing(bench: Bench) -> None:
    id = bench.sim.add_member(phone_mobile=None, address={"country": None}, secondary_last_name_main="Dam")["id"]
    before = bench.sim.member(id)
    form = shown(page(bench, f"/members/{id}"))
    assert form["username"] == before["username"]
    assert "Er was niets veranderd." in send(bench, f"/members/{id}", **form).text
    assert bench.sim.member(id) == before
    send(bench, f"/members/{id}", **form | {"email": "", "address.country_id": "22", "bank_account.iban": ""})
    after = bench.sim.member(id)
    assert (after["email"], after["address"]["country"]["country_code"], after["bank_account"]["iban"]) == (None, "BE", None)


def test_a_status_with_a_starting_day(bench: Bench) -> None:
    id = bench.sim.add_member()["id"]
    form = shown(page(bench, f"/members/{id}"))
    assert form["status"] == str(bench.lid)
    send(bench, f"/members/{id}", **form | {"status": str(bench.oud), "member_from": "2090-09-01"})
    assert bench.sim.member(id)["status"]["status_id"] == bench.lid
    assert "Oud-lid: 2090-09-01 t/m …" in page(bench, f"/members/{id}")
    send(bench, f"/members/{id}", **form | {"status": str(bench.oud)})
    assert bench.sim.member(id)["status"]["status_id"] == bench.oud


def test_a_status_that_was_removed_stays_with_who_has_it(bench: Bench) -> None:
    id = bench.sim.add_member(status=bench.oud)["id"]
    bench.sim.remove_status(bench.oud)
    form = shown(page(bench, f"/members/{id}"))
    send(bench, f"/members/{id}", **form | {"email": "new@leden.example"})
    member = bench.sim.member(id)
    assert (member["status"]["status_id"], member["email"]) == (bench.oud, "new@leden.example")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"primary_last_name_main": " "}, "Verplicht: Achternaam."),
        ({"email": "x" * 256}, "Te lang: E-mail."),
        ({"username": "s1"}, "username s1 is taken"),
        ({"status": "x"}, "Kies een status."),
        ({"status": "99"}, "no status 99"),
        ({"status": "9" * 60}, "Kies een status."),
        ({"last_name_display": HOSTILE}, "Onbekende naamkeuze."),
        ({"address.country_id": "x"}, "Onbekend land."),
        ({"address.country_id": "1"}, "no such country"),
        ({"member_from": "31-12-2026", "email": HOSTILE}, "De ingangsdatum is geen datum."),
    ],
)
def test_a_form_that_does_not_fit_says_why_and_keeps_what_was_typed(bench: Bench, change: dict[str, str], says: str) -> None:
    bench.sim.add_member(username="s1")
    id = bench.sim.add_member()["id"]
    before = bench.sim.members()
    form = shown(page(bench, f"/members/{id}")) | {"nickname": "x", "address.city": "Typed"} | change
    refused = send(bench, f"/members/{id}", **form)
    assert (refused.status_code, says in refused.text, 'value="Typed"' in refused.text) == (400, True, True)
    refused = send(bench, "/members/new", **form)
    assert (refused.status_code, says in refused.text) == (400, True)
    assert bench.sim.members() == before


def test_hostile_texts_are_shown_as_texts(bench: Bench) -> None:
    added = send(bench, "/members/new", primary_last_name_main=HOSTILE, status=str(bench.lid), email=HOSTILE)
    assert added.status_code == 200
    (member,) = bench.sim.members()
    assert (member["last_name"], member["status"]["status_id"]) == (HOSTILE, bench.lid)
    assert member["username"]
    assert shown(page(bench, f"/members/{member['id']}"))["email"] == HOSTILE
    bench.sim.change_member(member["id"], address={"city": HOSTILE}, username=HOSTILE)
    bench.sim.change_status(bench.lid, name=HOSTILE)
    bench.sim.rename(HOSTILE)
    bench.sim.add_key(name=HOSTILE)
    bench.sim.add_webhook(f"http://127.0.0.1:9/{HOSTILE}")
    for path in (
        "/",
        f"/members/{member['id']}",
        "/settings/statuses",
        "/settings/integrations/apps",
        "/settings/integrations/webhooks",
    ):
        assert "&lt;script&gt;" in page(bench, path)


def test_a_half_surrogate_in_a_name_breaks_no_page(bench: Bench) -> None:
    id = bench.sim.add_member(given_name="\ud83d")["id"]
    assert bench.get(f"members/{id}").json()["given_name"] == "?"
    page(bench)
    page(bench, f"/members/{id}")


def test_into_the_bin_and_back(bench: Bench) -> None:
    id = bench.sim.add_member()["id"]
    assert "In de prullenbak gelegd." in send(bench, f"/members/{id}", delete="1").text
    assert bench.ids() == []
    assert "Opslaan" not in page(bench, f"/members/{id}")
    assert "Teruggezet." in send(bench, f"/members/{id}", restore="1").text
    assert bench.ids() == [id]


def test_statuses_are_added_renamed_archived_and_removed(bench: Bench) -> None:
    path = "/settings/statuses"
    send(bench, path, add="1", name="Erelid", hidden="1")
    made = bench.sim.statuses()[-1]
    assert (made["name"], made["hidden"]) == ("Erelid", True)
    send(bench, path, id=str(made["id"]), name="Erelid (oud)", archived="1")
    changed = bench.sim.statuses()[-1]
    assert (changed["name"], changed["hidden"], changed["archived"]) == ("Erelid (oud)", False, True)
    bench.sim.add_member(status=made["id"])
    refused = send(bench, path, remove=str(made["id"]))
    assert (refused.status_code, "Er zijn nog leden met deze status." in refused.text) == (400, True)
    assert send(bench, path, remove=str(bench.oud)).status_code == 200
    assert [status["id"] for status in bench.sim.statuses()] == [bench.lid, made["id"]]
    for wrong in (
        {"add": "1"},
        {"add": "1", "name": "x" * 300},
        {"id": "x"},
        {"id": "99", "name": "x"},
        {"remove": "99"},
        {"remove": "²"},
    ):
        assert send(bench, path, **wrong).status_code == 400


def test_a_key_is_shown_once_and_works(bench: Bench) -> None:
    path = "/settings/integrations/apps"
    made = send(bench, path, name="Koppeling", members="1", webhooks="1")
    assert made.headers["Cache-Control"] == "no-store"
    key = re.findall(r"<code>([^<]+)</code>", made.text)[0]
    assert key not in page(bench, path)
    bench.use(key)
    assert [bench.get(place).status_code for place in ("members", "sale-invoices")] == [200, 403]
    assert send(bench, path, name=" ").status_code == 400
    assert f"…{key[-4:]}" in page(bench, path)
    send(bench, path, remove="1 or more")
    assert bench.get().status_code == 200
    send(bench, path, remove="2")
    assert bench.get().status_code == 401


def test_the_webhooks_and_what_became_of_their_calls(bench: Bench) -> None:
    path = "/settings/integrations/webhooks"
    assert "nog geen webhooks" in page(bench, path)
    with listening() as ear:
        ear.answers = [500, 200]
        bench.sim.turn(webhook_retry_seconds=0.0)
        bench.sim.add_webhook(ear.url)
        id = bench.sim.add_member()["id"]
        assert bench.sim.webhooks_idle()
    text = page(bench, path)
    assert all(part in text for part in (ear.url, "member_added", f"/members/{id}", "500, 200", "success"))


@pytest.mark.parametrize(
    "path", ["/members/", "/members/0", "/members/x", "/members/²", f"/members/{'9' * 40}", "/settings/", "/elsewhere"]
)
def test_where_there_is_nothing(bench: Bench, path: str) -> None:
    assert requests.get(bench.sim.base_url + path, timeout=10).status_code == 404
