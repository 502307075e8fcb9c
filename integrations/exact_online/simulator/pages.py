"""Pages for people: what Exact holds now, newest change first, and what is left of today's calls."""

from __future__ import annotations

import time
from html import escape
from urllib.parse import quote

from integrations.simulation.clock import Clock
from integrations.simulation.messages import Request, Response, html_response

from .layout import document
from .ledger import Ledger, Row, trimmed
from .limits import Budget
from .world import Division, World

FRESH = 6.0  # seconds a changed row stays marked
SHOWN = 15  # rows per division on the overview
PER_PAGE = 100
STATUSES = {0: "inactive", 1: "active", 2: "archived"}
COLUMNS = {
    "Code": "Code", "Name": "Name", "AddressLine1": "Address", "Postcode": "Postcode", "City": "City",
    "Country": "Country", "Email": "E-mail", "Phone": "Phone", "Status": "Status",
}  # fmt: skip
WHOLE = ("Code", "Postcode", "Phone")  # read as one, so never broken at a blank


class Pages:
    def __init__(self, world: World, budget: Budget, clock: Clock) -> None:
        self._world, self._budget, self._clock = world, budget, clock

    def answer(self, request: Request) -> Response | None:
        """None for a path that is no page here."""
        first, _, rest = request.path.strip("/").partition("/")
        with self._world.lock:
            if request.path == "/":
                return html_response(200, self._overview())
            if first == "division" and rest.isdecimal():
                return self._division_page(int(rest), request.options().get("page", "1"))
            if request.path == "/docs/CRMAccountCard.aspx":
                return self._card(request.options())
        return None

    def _overview(self) -> str:
        divisions = [self._section(division, SHOWN, 0) for _, division in sorted(self._world.divisions.items())]
        body = "".join(divisions) or '<p class="soft">There are no divisions yet.</p>'
        return document("Relations", f"<h1>What Exact Online holds now</h1>{body}", live=True)

    def _division_page(self, code: int, page: str) -> Response | None:
        division = self._world.divisions.get(code)
        if division is None:
            return None
        number = max(1, int(page)) if page.isdecimal() else 1
        section = self._section(division, PER_PAGE, (number - 1) * PER_PAGE)
        pages = -(-len(self._world.ledgers[code].rows) // PER_PAGE)
        links = "".join(
            f'<a class="button" href="/division/{code}?page={n}">{"Newer" if n < number else "Older"}</a>'
            for n in (number - 1, number + 1)
            if 1 <= n <= pages
        )
        return html_response(200, document(division.description, f'{section}<div class="row">{links}</div>', live=True))

    def _section(self, division: Division, shown: int, skipped: int) -> str:
        ledger = self._world.ledgers[division.code]
        newest = sorted(ledger.rows.values(), key=lambda row: -row["Timestamp"])[skipped : skipped + shown]
        more = len(ledger.rows) > len(newest)
        part = f", {skipped + 1} to {skipped + len(newest)} by newest change" if more and newest else ""
        state = division.reason or STATUSES.get(division.status, "")
        return (
            f'<section><div class="head"><h2><a href="/division/{division.code}">{escape(division.description)}</a></h2>'
            f'<span class="num">{division.code}</span><span class="tag">{escape(state)}</span></div>'
            f'<p class="soft">{_counted(ledger)}{part}</p>{self._left(division.code)}{self._table(newest, division.code)}'
            "</section>"
        )

    def _left(self, division: int) -> str:
        lines = []
        for app in self._world.apps.values():
            day, minute = self._budget.left(app.client_id, division)
            if day.used:
                lines.append(
                    f'<p class="soft num">{escape(app.name)}: {minute.remaining} of {minute.limit} calls left this '
                    f"minute, {day.remaining} of {day.limit} today</p>"
                )
        return "".join(lines)

    def _table(self, rows: list[Row], division: int) -> str:
        if not rows:
            return ""
        heads = "".join(f"<th>{title}</th>" for title in (*COLUMNS.values(), "Changed"))
        lines = "".join(self._line(row, division) for row in rows)
        return f'<div class="scroll"><table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table></div>'

    def _line(self, row: Row, division: int) -> str:
        age = self._clock.now() - row["Modified"] / 1000
        cells = "".join(_cell(name, title, row, division) for name, title in COLUMNS.items())
        changed = "just now" if age < FRESH else time.strftime("%d-%m %H:%M:%S", time.localtime(row["Modified"] / 1000))
        return f'<tr{" class=fresh" if age < FRESH else ""}>{cells}<td class="num" data-label="Changed">{changed}</td></tr>'

    def _card(self, options: dict[str, str]) -> Response:
        """The card of one relation, at the address where Exact has it."""
        division, guid = options.get("_Division_", ""), options.get("AccountID", "").strip("{}").lower()
        ledger = self._world.ledgers.get(int(division) if division.isdecimal() else 0)
        row = ledger.rows.get(guid) if ledger else None
        if row is None:
            return html_response(404, document("Relation", "<h1>There is no such relation.</h1>", narrow=True))
        values = "".join(f"<dt>{name}</dt><dd>{escape(str(value))}</dd>" for name, value in sorted(trimmed(row).items()))
        body = f"<section><h1>{escape(row['Name'])}</h1><dl>{values}</dl></section>"
        return html_response(200, document(row["Name"], body, live=True, narrow=True))


def _counted(ledger: Ledger) -> str:
    return f"{len(ledger.rows):,} relation{'' if len(ledger.rows) == 1 else 's'}"


def _cell(name: str, title: str, row: Row, division: int) -> str:
    text = escape(str(row.get(name) or "").strip())
    if name == "Name":
        link = f"/docs/CRMAccountCard.aspx?AccountID={quote(row['ID'])}&amp;_Division_={division}"
        text = f'<a href="{link}">{text}</a>'
    style = ' class="mail"' if name == "Email" else ' class="num"' if name in WHOLE else ""
    return f'<td{style} data-label="{title}">{text}</td>'
