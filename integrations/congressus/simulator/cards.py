"""The card of one member, where the secretary changes it, and the form for a new one.

Only what the form shows is changed, and only where it differs. A saved change says so, and the part of the page that keeps itself up to
date says when the webhooks were answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from integrations.simulation.messages import Request, Response, html_response, redirect

from .countries import COUNTRIES, NETHERLANDS
from .deliveries import Delivery
from .fields import BLANK, Row
from .forms import choice, field
from .forms import problem as refusal
from .layout import document
from .naming import CHOICES, called
from .periods import day
from .rows import Member
from .world import World

TEXTS = {
    "username": "Lid-ID", "prefix": "Titel", "initials": "Voorletters", "given_name": "Roepnaam", "first_name": "Voornamen",
    "primary_last_name_prefix": "Tussenvoegsel", "primary_last_name_main": "Achternaam",
    "secondary_last_name_prefix": "Tussenvoegsel partner", "secondary_last_name_main": "Achternaam partner", "email": "E-mail",
}  # fmt: skip
NESTED = {
    "phone_mobile.number": "Mobiel", "phone_home.number": "Telefoon thuis", "address.address": "Adres", "address.zip": "Postcode",
    "address.city": "Plaats", "bank_account.iban": "IBAN",
}  # fmt: skip
LONGEST = 255
DONE = {
    "saved": "Opgeslagen.",
    "deleted": "In de prullenbak gelegd.",
    "restored": "Teruggezet.",
    "same": "Er was niets veranderd.",
}


class Cards:
    """Callers hold the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request, place: str) -> Response | None:
        """None where there is no page."""
        if place == "new":
            return self._new(request)
        member = self._member(place)
        if member is None:
            return None
        if request.method == "POST":
            return self._changed(member, request.form())
        return html_response(200, self._card(member, _shown(member), request.options().get("done", ""), ""))

    def _member(self, place: str) -> Member | None:
        try:
            return self._world.members.get(int(place)) if place.isdecimal() and len(place) < 19 else None
        except KeyError:
            return None

    def _new(self, request: Request) -> Response:
        blank = {"address.country_id": str(NETHERLANDS), "member_from": self._world.members.today.isoformat()}
        if request.method != "POST":
            return html_response(200, self._form(blank, ""))
        form = _stripped(request.form())
        try:
            told, status_id, begins = self._told(form, BLANK, None)
            told |= {"status": status_id, "member_from": begins or self._world.members.today}
            added = self._world.members.add(told, BLANK)
        except (KeyError, ValueError) as problem:
            return html_response(400, self._form(form, f"Niet opgeslagen. {problem.args[0]}"))
        return redirect(f"/members/{added.id}?done=saved")

    def _changed(self, member: Member, form: dict[str, str]) -> Response:
        if "delete" in form:
            self._world.members.delete(member.id)
            return redirect(f"/members/{member.id}?done=deleted")
        if "restore" in form:
            self._world.members.restore(member.id)
            return redirect(f"/members/{member.id}?done=restored")
        form = _stripped(form)
        try:
            done = self._saved(member, form)
        except (KeyError, ValueError) as problem:
            return html_response(400, self._card(member, form, "", f"Niet opgeslagen. {problem.args[0]}"))
        return redirect(f"/members/{member.id}?done={done}")

    def _saved(self, member: Member, form: dict[str, str]) -> str:
        """Raises KeyError or ValueError, and then has changed nothing."""
        current = member.current.status_id if member.current else None
        told, status_id, begins = self._told(form, member.values, current)
        if told:
            self._world.members.change(member.id, told)
        if status_id != current:
            self._world.members.move(member.id, status_id, begins)
        return "saved" if told or status_id != current else "same"

    def _told(self, form: Mapping[str, str], held: Row, current: int | None) -> tuple[dict[str, Any], int, Any]:
        """What differs from what is held, and the status with its first day. Raises KeyError or ValueError."""
        too_long = next((name for name in (*TEXTS, *NESTED) if len(form.get(name, "")) > LONGEST), None)
        if too_long:
            raise ValueError(f"Te lang: {(TEXTS | NESTED)[too_long]}.")
        if not form.get("primary_last_name_main"):
            raise ValueError("Verplicht: Achternaam.")
        if form.get("last_name_display", "own") not in CHOICES:
            raise ValueError("Onbekende naamkeuze.")
        told: dict[str, Any] = {name: form.get(name) or None for name in (*TEXTS, "last_name_display") if name in form}
        for name in (*NESTED, "address.country_id"):
            outer, _, inner = name.partition(".")
            if name in form and form[name] != _inner(held, outer, inner):
                told.setdefault(outer, {})[inner] = _entered(inner, form[name])
        differing = {name: value for name, value in told.items() if isinstance(value, dict) or value != (held[name] or None)}
        return differing, self._status(form, current), _day(form.get("member_from", ""))

    def _status(self, form: Mapping[str, str], current: int | None) -> int:
        """The one somebody has may stay, also after it was removed."""
        told = form.get("status", "")
        if told == str(current):
            return int(told)
        if not told.isdecimal() or len(told) > 18:
            raise ValueError("Kies een status.")
        return self._world.statuses.get(int(told)).id

    def _card(self, member: Member, values: Mapping[str, str], done: str, problem: str) -> str:
        verb, words = ("restore", "Terugzetten") if member.deleted else ("delete", "Verwijderen")
        name = escape(shown_name(member))
        told = f'<p role="status"><strong>{DONE[done]}</strong></p>' if done in DONE else ""
        return document(
            shown_name(member),
            f'<div class="head"><h1>{name}</h1><span class="num">{member.id}</span>'
            f'{"<span class=tag>Prullenbak</span>" if member.deleted else ""}</div>'
            f'<section data-live>{told}{self._heard(member)}{self._periods(member)}</section>'
            f'{"" if member.deleted else _section(self._fields(values, problem))}'
            f'<section><form method="post"><button name="{verb}" value="1">{words}</button></form></section>',
            live=True, narrow=True,
        )  # fmt: skip

    def _form(self, values: Mapping[str, str], problem: str) -> str:
        return document("Nieuw lid", f"<h1>Nieuw lid</h1>{_section(self._fields(values, problem))}", narrow=True)

    def _fields(self, values: Mapping[str, str], problem: str) -> str:
        texts = "".join(field(name, words, values.get(name, "")) for name, words in (TEXTS | NESTED).items())
        countries = {"": "—"} | {str(id): row["name_locale_nl"] for id, row in COUNTRIES.items()}
        statuses = {str(status.id): status.name for status in self._world.statuses.listed()}
        chosen = values.get("status", "")
        if chosen not in statuses:
            statuses = {chosen: "—"} | statuses
        naming = dict(
            zip(CHOICES, ("Eigen naam", "Partnernaam", "Partnernaam - eigen naam", "Eigen naam - partnernaam"), strict=True)
        )
        return (
            refusal(problem) + texts + choice("address.country_id", "Land", countries, values.get("address.country_id", ""))
            + choice("last_name_display", "Naamkeuze", naming, values.get("last_name_display", ""))
            + choice("status", "Status", statuses, chosen)
            + field("member_from", "Ingangsdatum van een andere status", values.get("member_from", ""), kind="date")
        )  # fmt: skip

    def _periods(self, member: Member) -> str:
        lines = "".join(
            f"<li>{escape(self._world.statuses.known[period.status_id].name)}: {period.begins or '…'} t/m {period.ends or '…'}"
            f"{' (nu)' if period == member.current else ''}</li>"
            for period in member.periods
        )
        return f"<ul>{lines}</ul>"

    def _heard(self, member: Member) -> str:
        """Of each webhook the last call about this member."""
        lines = []
        for webhook in self._world.webhooks.held.values():
            calls = (call for call in self._world.deliveries.of(webhook.id) if call.object_id == member.id)
            last = next(calls, None)
            if last:
                lines.append(f'<p class="soft num">Webhook {webhook.id} ({last.signal}): {_fate(last)}</p>')
        return "".join(lines) or '<p class="soft">Voor dit lid is nog geen webhook aangeroepen.</p>'


def shown_name(member: Member) -> str:
    return called(member.values) or f"Lid {member.id}"


def _fate(delivery: Delivery) -> str:
    if not delivery.responses:
        return "onderweg"
    last = delivery.responses[-1]
    answer = f"beantwoord met {last.status_code}" if last.status_code else "niet beantwoord"
    again = ", wordt herhaald" if delivery.status == "pending" else ""
    return f"{answer} om {last.requested_at[11:19]} UTC, na {last.duration} ms{again}"


def _section(fields: str) -> str:
    return f'<section><form method="post">{fields}<div class="row"><button class="go">Opslaan</button></div></form></section>'


def _shown(member: Member) -> dict[str, str]:
    held = member.values
    shown = {name: str(held[name] or "") for name in (*TEXTS, "last_name_display")}
    for name in (*NESTED, "address.country_id"):
        outer, _, inner = name.partition(".")
        shown[name] = _inner(held, outer, inner)
    return shown | {"status": str(member.current.status_id) if member.current else ""}


def _inner(held: Row, outer: str, inner: str) -> str:
    return str((held[outer] or {}).get(inner) or "")


def _entered(inner: str, text: str) -> Any:
    if inner != "country_id":
        return text or None
    if text and not text.isdecimal():
        raise ValueError("Onbekend land.")
    return int(text) if text else None


def _day(text: str) -> Any:
    try:
        return day(text)
    except ValueError:
        raise ValueError("De ingangsdatum is geen datum.") from None


def _stripped(form: dict[str, str]) -> dict[str, str]:
    return {name: value.strip() for name, value in form.items()}
