"""The pages for people: which address shows what, and the list of members that keeps itself up to date."""

from __future__ import annotations

import time
from html import escape
from urllib.parse import urlencode

from integrations.simulation.messages import Request, Response, html_response

from .cards import Cards, shown_name
from .layout import document
from .rows import Member
from .settings_pages import Settings
from .world import World

FRESH = 6.0  # seconds a changed row stays marked
PER_PAGE = 50
COLUMNS = ("Lid-ID", "Naam", "Status", "E-mail", "Plaats", "Gewijzigd")


class Pages:
    def __init__(self, world: World) -> None:
        self._world, self._cards, self._settings = world, Cards(world), Settings(world)

    def answer(self, request: Request) -> Response:
        with self._world.lock:
            page = self._page(request)
        return page or html_response(404, document("Niet gevonden", "<h1>Hier is niets.</h1>", narrow=True))

    def _page(self, request: Request) -> Response | None:
        """None where there is no page."""
        if request.path == "/":
            return html_response(200, self._list(request.options()))
        if request.path.startswith("/members/"):
            return self._cards.answer(request, request.path.removeprefix("/members/"))
        return self._settings.answer(request, request.path.removeprefix("/settings/"))

    def _list(self, options: dict[str, str]) -> str:
        """The last changed first; the bin only when asked for."""
        asked, in_bin, number = options.get("q", ""), "bin" in options, _number(options.get("page", "1"))
        found = self._found(asked, in_bin)
        shown = found[(number - 1) * PER_PAGE : number * PER_PAGE]
        rows = "".join(self._line(member) for member in shown)
        heads = "".join(f"<th>{name}</th>" for name in COLUMNS)
        table = f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>' if shown else ""
        links = _links(options, number, -(-len(found) // PER_PAGE))
        title = "Prullenbak" if in_bin else "Leden"
        return document(
            title,
            f'<div class="head"><h1>{escape(self._world.association)}</h1><a class="button go" href="/members/new">Nieuw lid</a>'
            f'<a class="button" href="{"/" if in_bin else "/?bin=1"}">{"Leden" if in_bin else "Prullenbak"}</a></div>'
            f'<form class="search" role="search"><input type="text" name="q" aria-label="Zoeken" value="{escape(asked)}">'
            f"{'<input type=hidden name=bin value=1>' if in_bin else ''}<button>Zoeken</button></form>"
            f'<section data-live><h2>{title}</h2><p class="soft num">{_counted(len(found))}</p>{table}'
            f'<div class="row">{links}</div></section>',
            live=True,
        )

    def _found(self, asked: str, in_bin: bool) -> list[Member]:
        members = self._world.members
        if in_bin:
            binned = [member for member in members.everyone() if member.deleted]
            return sorted(binned, key=lambda member: -member.modified)
        newest = members.listed((), (("modified", True),))
        if not asked.strip():
            return newest
        wanted = {member.id for member in members.found(asked)}
        return [member for member in newest if member.id in wanted]

    def _line(self, member: Member) -> str:
        values, age = member.values, self._world.clock.now() - member.modified / 1_000_000
        status = self._world.statuses.known[member.current.status_id].name if member.current else ""
        changed = "zojuist" if age < FRESH else time.strftime("%d-%m %H:%M:%S", time.localtime(member.modified / 1_000_000))
        name = f'<a href="/members/{member.id}">{escape(shown_name(member))}</a>'
        texts = (escape(str(values["username"] or "")), name, escape(status), escape(str(values["email"] or "")))
        cells = (*texts, escape(str((values["address"] or {}).get("city") or "")), changed)
        filled = zip(COLUMNS, cells, strict=True)
        row = "".join(
            f'<td{" class=mail" if title == "E-mail" else ""} data-label="{title}">{cell}</td>' for title, cell in filled
        )
        return f"<tr{' class=fresh' if age < FRESH else ''}>{row}</tr>"


def _counted(number: int) -> str:
    return f"{number} {'lid' if number == 1 else 'leden'}"


def _number(text: str) -> int:
    return max(1, int(text)) if text.isdecimal() and len(text) < 9 else 1


def _links(options: dict[str, str], number: int, pages: int) -> str:
    def link(page: int, words: str) -> str:
        return (
            f'<a class="button" href="/?{escape(urlencode({**options, "page": page}))}">{words}</a>' if 1 <= page <= pages else ""
        )

    return link(number - 1, "Vorige") + link(number + 1, "Volgende")
