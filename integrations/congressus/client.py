"""The calls we make of the Congressus REST API v30: statuses, members, webhooks, and whose key it is. Members are never written.

Three properties of the API shaped this room. Lists come in pages of at most 100, and nothing tells what changed: reading them is
the common case. Hidden statuses are left out of their list unless asked for, so that list is asked once for each kind. And
`context` cuts out of every member the fields that a form does not show, which would read as emptied: it is never sent.

Nothing is repeated from here, and nothing followed: the waiting is done by whoever counts the calls.
Source: https://api.congressus.nl/v30/docs.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from integrations import wire

from .errors import NoRights, NotThere, Unavailable, Unreachable, WrongKey, from_response
from .limits import RateLimit
from .records import Association, Page, Record, Status, Unreadable, Webhook, text

MEMBERS = "members"
MEMBER = "members/{id}"
STATUSES = "member-statuses"
WEBHOOKS = "webhooks"
SALE_INVOICES = "sale-invoices"
# More is no number of members.
MOST_ROWS = 100_000_000
MOST_PAGES = 200
LONGEST_PAGE = 100
_VISIBLE = re.compile(r"[\x21-\x7e]+")

Thing = TypeVar("Thing", Status, Webhook)
Query = Sequence[tuple[str, str | int]]


class CongressusClient:
    """Raises the tree of `errors` from every call. One call at a time.

    `before_call` runs before every request and may forbid it by raising. A `session` may be handed in to keep connections open
    between clients. `calls` counts requests, failed ones too; `limit` is the limit as last told, None before any was.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        session: wire.Session | None = None,
        before_call: Callable[[], None] = lambda: None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.calls = 0
        self.limit: RateLimit | None = None
        self._key = api_key
        self._before_call = before_call
        self._session = session or wire.Session()

    def statuses(self) -> list[Status]:
        """Every status once: in the order of the association, then the archived, deceased and hidden ones not among those yet."""
        found: dict[int, Status] = {}
        for kind in ("", "archived", "deceased", "hidden"):
            asked: Query = [(kind, 1)] if kind else []
            for status in self._all(STATUSES, Status.from_row, asked):
                found.setdefault(status.id, status)
        return sorted(found.values(), key=lambda status: (status.hidden, status.archived))

    def members(self, page: int = 1, *, status_ids: Sequence[int] = (), order: str = "id", page_size: int = LONGEST_PAGE) -> Page:
        """A page of members, those of `status_ids` only if any are given. Pages count from 1; one call.

        What was removed while pages are read moves the rows after it to an earlier page: one unseen is not therefore gone.
        """
        asked: Query = [("page", page), ("page_size", page_size), ("order", order), *(("status_id", key) for key in status_ids)]
        payload = self._get(MEMBERS, asked)
        rows = _rows(payload, MEMBERS)
        read = [record for row in rows if (record := _record(row))]
        return Page(read, _total(payload), _has_next(payload, MEMBERS), unreadable=len(rows) - len(read))

    def member(self, congressus_id: int) -> Record | None:
        """The member with this number; None where Congressus has none."""
        try:
            payload = self._get(MEMBER, path=f"{MEMBERS}/{congressus_id:d}")
        except NotThere:
            return None
        record = _record(payload)
        if record is None or record.id != congressus_id:
            raise Unavailable("GET", MEMBER, why="not the member asked for")
        return record

    def association(self) -> Association:
        """Whose key this is. Nothing tells but the sender of a sale invoice, which the key may not be allowed to see."""
        try:
            rows = _rows(self._get(SALE_INVOICES, [("page", 1), ("page_size", 1)]), SALE_INVOICES)
        except (NoRights, NotThere):
            return Association("")
        entity = rows[0].get("entity") if rows and isinstance(rows[0], dict) else None
        names = (text(entity.get(name)) for name in ("fullname", "name")) if isinstance(entity, dict) else ()
        return Association(next(filter(None, names), ""))

    def webhooks(self) -> list[Webhook]:
        """All that are registered with this association, by whomever."""
        return list(self._all(WEBHOOKS, Webhook.from_row))

    def register_webhook(self, url: str, signal: str, headers: Mapping[str, str], email: str = "") -> Webhook:
        """Have Congressus call `url`, with these headers and a password of its own making; before it answers it tries the address.

        `email` is whom Congressus may write to about it. After Unreachable it may exist all the same: look at `webhooks`.
        """
        body = {"url": url, "signal": signal, "headers": dict(headers), "http_basic_auth_enabled": True}
        if email:
            body["technical_contact_email"] = email
        answer = self._send("POST", WEBHOOKS, body=body, secrets=(url, *headers.values()))
        try:
            return Webhook.from_row(_payload(answer, "POST", WEBHOOKS))
        except Unreadable:
            raise Unavailable("POST", WEBHOOKS, status=answer.status, why="answer not understood") from None

    def remove_webhook(self, webhook_id: int) -> None:
        """It is gone afterwards, or was before."""
        try:
            self._send("DELETE", "webhooks/{id}", path=f"{WEBHOOKS}/{webhook_id:d}")
        except NotThere:
            return

    def _all(self, endpoint: str, build: Callable[[Any], Thing], asked: Query = ()) -> Iterator[Thing]:
        """What `build` makes of every row of every page. A row it cannot read makes the list incomplete, which is an error."""
        before: list[int] = []
        for page in range(1, MOST_PAGES + 1):
            payload = self._get(endpoint, [*asked, ("page", page), ("page_size", LONGEST_PAGE)])
            try:
                things = [build(row) for row in _rows(payload, endpoint)]
            except Unreadable:
                raise Unavailable("GET", endpoint, why="answer not understood") from None
            yield from things
            if not _has_next(payload, endpoint):
                return
            if before == (before := [thing.id for thing in things]):
                break
        raise Unavailable("GET", endpoint, why="the pages do not end")

    def _get(self, endpoint: str, asked: Query = (), path: str = "") -> dict[str, Any]:
        return _payload(self._send("GET", endpoint, asked, path), "GET", endpoint)

    def _send(
        self,
        method: str,
        endpoint: str,
        asked: Query = (),
        path: str = "",
        body: Mapping[str, Any] | None = None,
        secrets: Iterable[str] = (),
    ) -> wire.Answer:
        """One call. `endpoint` names it in errors, `path` is where it goes where that differs."""
        url = f"{self.base_url}/{path or endpoint}" + (f"?{urlencode(asked)}" if asked else "")
        answer = self._exchange(method, endpoint, url, body)
        limit = RateLimit.from_headers(answer.headers)
        if limit.known:
            self.limit = limit
        if not answer.ok:
            raise from_response(answer, method, endpoint, (self._key, *secrets))
        return answer

    def _exchange(self, method: str, endpoint: str, url: str, body: Mapping[str, Any] | None) -> wire.Answer:
        if not _VISIBLE.fullmatch(self._key):
            raise WrongKey(method, endpoint, why="not a key")
        self._before_call()
        self.calls += 1
        try:
            return wire.send(self._session, method, url, headers={"Accept": "application/json"}, token=self._key, json=body)
        except wire.NoAnswer as error:
            why = error.why
        raise Unreachable(method, endpoint, why=why)


def _payload(answer: wire.Answer, method: str, endpoint: str) -> dict[str, Any]:
    try:
        payload = answer.json()
    except ValueError:
        raise from_response(answer, method, endpoint) from None
    if not isinstance(payload, dict):
        raise Unavailable(method, endpoint, status=answer.status, why="answer not understood")
    return payload


def _rows(payload: Mapping[str, Any], endpoint: str) -> list[Any]:
    rows = payload.get("data")
    if not isinstance(rows, list):
        raise Unavailable("GET", endpoint, why="answer without data")
    return rows


def _record(row: Any) -> Record | None:
    try:
        return Record.from_row(row)
    except Unreadable:
        return None


def _has_next(payload: Mapping[str, Any], endpoint: str) -> bool:
    """Whether more pages follow: `has_next`, in its documents also "has next". Untold is an error: half a list looks like a whole one."""
    for name in ("has_next", "has next"):
        if isinstance(payload.get(name), bool):
            return payload[name] is True
    if "next_num" in payload:
        return payload["next_num"] is not None
    raise Unavailable("GET", endpoint, why="answer does not say whether more follow")


def _total(payload: Mapping[str, Any]) -> int | None:
    total = payload.get("total")
    if isinstance(total, str):
        total = wire.number(total)
    if not isinstance(total, int) or isinstance(total, bool):
        return None
    return total if 0 <= total <= MOST_ROWS else None
