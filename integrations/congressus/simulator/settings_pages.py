"""The settings of the association: its statuses, its API keys, and the webhooks with what became of their calls.

A key is shown once, when it is made; after that its end, to tell it from another.
"""

from __future__ import annotations

from html import escape

from integrations.simulation.messages import Request, Response, html_response, redirect

from .deliveries import Delivery
from .forms import check, field, problem
from .layout import document
from .statuses import Status
from .webhooks import Webhook
from .world import Key, World

KINDS = {"archived": "Archief", "hidden": "Verborgen", "deceased": "Overleden"}
RIGHTS = {"members": "Leden lezen", "write": "Leden wijzigen", "webhooks": "Webhooks", "invoices": "Facturen lezen"}
SHOWN = 50  # calls per webhook
SHORT = 12  # a key of so few characters keeps its end to itself


class Settings:
    """Callers hold the world's lock."""

    def __init__(self, world: World) -> None:
        self._world = world

    def answer(self, request: Request, place: str) -> Response | None:
        """None where there is no page."""
        form = {name: value.strip() for name, value in request.form().items()} if request.method == "POST" else None
        if place == "statuses":
            return self._statuses() if form is None else self._changed_statuses(form)
        if place == "integrations/apps":
            return self._keys() if form is None else self._changed_keys(form)
        return self._webhooks() if place == "integrations/webhooks" else None

    def _changed_statuses(self, form: dict[str, str]) -> Response:
        kinds = {name: name in form for name in KINDS}
        try:
            if "add" in form:
                self._world.statuses.add(form.get("name", ""), **kinds)
            elif "remove" in form:
                self._remove(_number(form["remove"]))
            else:
                self._world.statuses.change(_number(form.get("id", "")), name=form.get("name", ""), **kinds)
        except (KeyError, ValueError) as refused:
            return self._statuses(str(refused.args[0]), 400)
        return redirect("/settings/statuses")

    def _remove(self, id: int) -> None:
        """Raises ValueError while somebody has it."""
        if self._world.members.listed([id]):
            raise ValueError("Er zijn nog leden met deze status.")
        self._world.statuses.remove(id)

    def _statuses(self, refusal: str = "", code: int = 200) -> Response:
        cards = "".join(self._status(status) for status in self._world.statuses.listed())
        new = (
            f'<section><h2>Nieuwe status</h2><form method="post">{field("name", "Naam", "")}{_kinds(None)}'
            '<div class="row"><button class="go" name="add" value="1">Toevoegen</button></div></form></section>'
        )
        return html_response(code, document("Statussen", f"<h1>Statussen</h1>{problem(refusal)}{cards}{new}", narrow=True))

    def _status(self, status: Status) -> str:
        members = len(self._world.members.listed([status.id]))
        return (
            f'<section><div class="head"><h2>{escape(status.name)}</h2><span class="num">{status.id}</span>'
            f'<span class="tag">{members} {"lid" if members == 1 else "leden"}</span></div><details><summary>Wijzigen</summary>'
            f'<form method="post"><input type="hidden" name="id" value="{status.id}">{field("name", "Naam", status.name)}'
            f'{_kinds(status)}<div class="row"><button class="go">Opslaan</button>'
            f'<button name="remove" value="{status.id}">Verwijderen</button></div></form></details></section>'
        )

    def _changed_keys(self, form: dict[str, str]) -> Response:
        if "remove" in form:
            self._withdraw(form["remove"])
            return redirect("/settings/integrations/apps")
        if not form.get("name") or len(form["name"]) > 255:
            return self._keys(refusal="Verplicht: Naam, ten hoogste 255 tekens.", code=400)
        made = self._world.add_key("", form["name"], **{right: right in form for right in RIGHTS})
        return self._keys(made)

    def _withdraw(self, number: str) -> None:
        for key in [key for key in self._world.keys.values() if str(key.number) == number]:
            self._world.remove_key(key.key)

    def _keys(self, made: Key | None = None, refusal: str = "", code: int = 200) -> Response:
        shown = _shown_once(made) if made else ""
        cards = "".join(_card(key) for key in self._world.keys.values())
        rights = "".join(check(name, words, name != "write") for name, words in RIGHTS.items())
        new = (
            f'<section><h2>Nieuwe sleutel</h2><form method="post">{field("name", "Naam", "")}{rights}'
            '<div class="row"><button class="go">Aanmaken</button></div></form></section>'
        )
        page = document("API-sleutels", f"<h1>API-sleutels</h1>{problem(refusal)}{shown}{cards}{new}", narrow=True)
        return html_response(code, page, {"Cache-Control": "no-store"})

    def _webhooks(self) -> Response:
        cards = "".join(self._webhook(webhook) for webhook in self._world.webhooks.held.values())
        nothing = '<section><p class="soft">Er zijn nog geen webhooks.</p></section>'
        return html_response(200, document("Webhooks", f"<h1>Webhooks</h1>{cards or nothing}", live=True))

    def _webhook(self, webhook: Webhook) -> str:
        lines = "".join(_line(delivery) for delivery in self._world.deliveries.of(webhook.id)[:SHOWN])
        heads = "".join(f"<th>{title}</th>" for title in ("Aangemaakt (UTC)", "Signaal", "Lid", "Stand", "Antwoorden"))
        return (
            f'<section><div class="head"><h2>{escape(webhook.signal)}</h2><span class="num">{webhook.id}</span></div>'
            f'<p class="soft"><code>{escape(webhook.url)}</code></p>'
            f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div></section>'
        )


def _kinds(status: Status | None) -> str:
    return "".join(check(name, words, bool(status and getattr(status, name))) for name, words in KINDS.items())


def _shown_once(key: Key) -> str:
    return (
        f'<section><h2>{escape(key.name)}</h2><p role="status">De sleutel wordt nu één keer getoond:</p>'
        f"<p><code>{escape(key.key)}</code></p></section>"
    )


def _card(key: Key) -> str:
    rights = ", ".join(words for name, words in RIGHTS.items() if getattr(key, name)) or "geen rechten"
    ending = escape(key.key[-4:]) if len(key.key) > SHORT else ""
    return (
        f'<section><div class="head"><h2>{escape(key.name)}</h2><span class="num">…{ending}</span></div>'
        f'<p class="soft">{rights}</p><form method="post"><button name="remove" value="{key.number}">Intrekken</button></form></section>'
    )


def _line(delivery: Delivery) -> str:
    codes = ", ".join(str(response.status_code or "geen antwoord") for response in delivery.responses)
    member = f'<a href="/members/{delivery.object_id}">{delivery.object_id}</a>' if delivery.object_id else ""
    cells = {
        "Aangemaakt": delivery.created[:19].replace("T", " "), "Signaal": delivery.signal, "Lid": member, "Stand": delivery.status,
        "Antwoorden": codes,
    }  # fmt: skip
    return "<tr>" + "".join(f'<td data-label="{title}">{cell}</td>' for title, cell in cells.items()) + "</tr>"


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise ValueError("Onbekende status.")
    return int(text)
