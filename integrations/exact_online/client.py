"""The calls we make of Exact Online's REST interface: who am I, which administrations, find, create, update, what changed.

There is deliberately no delete: bookings refer to relations, and whoever leaves the association keeps theirs.

One client speaks for one access token and at most one division, one call at a time. The division stands in every
address and is checked in every answer, because Exact has been seen to answer for another one when rights were
missing. A create without a Code is refused here: when its answer is lost, the Code is all there is to look it up by.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from integrations import wire

from . import odata, sync
from .accounts import FIELDS, SELECT, Account
from .divisions import ME_SELECT, Division, Me
from .divisions import SELECT as DIVISION_SELECT
from .errors import Unexpected, Unreachable, WrongDivision, from_response
from .limits import RateLimits
from .sync import Deletion, Page

ACCOUNTS = "crm/Accounts"
SYNC_ACCOUNTS = "sync/CRM/Accounts"
SYNC_DELETED = "sync/Deleted"
DIVISIONS = "system/Divisions"
ME = "current/Me"
_DIVISION_IN_URI = re.compile(r"/api/v1/([0-9]+)/")

Thing = TypeVar("Thing")
Change = TypeVar("Change", Account, Deletion)


class ExactClient:
    """Raises the tree of `errors` from every call, and ValueError for what must not be sent at all.

    `access_token` is asked right before each request: after a wait the token of before may have expired.
    `deadline` is in seconds for each call. A `session` may be handed in to keep connections open between clients.

    `limits` are the limits as last seen, None before any were; `calls` counts requests, failed ones too;
    `http_seconds` is the time spent on them.
    """

    def __init__(
        self,
        base_url: str,
        access_token: Callable[[], str],
        division: int | None = None,
        *,
        deadline: float = wire.DEADLINE,
        session: wire.Session | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.division = division
        self.limits: RateLimits | None = None
        self.calls = 0
        self.http_seconds = 0.0
        self._access_token = access_token
        self._deadline = deadline
        self._session = session or wire.Session()

    def me(self) -> Me:
        """The user who consented. Needs no division."""
        users, _ = self._page(ME, f"{self.base_url}/api/v1/{ME}?{_query(ME_SELECT)}", Me.from_row)
        if len(users) != 1:
            raise Unexpected("GET", ME, why="not one user")
        return users[0]

    def divisions(self, current_division: int) -> list[Division]:
        """All divisions that user and app may reach, asked by way of the user's current one; one call a page."""
        url: str | None = f"{self.base_url}/api/v1/{current_division}/{DIVISIONS}?{_query(DIVISION_SELECT)}"
        found: list[Division] = []
        seen: set[str] = set()
        while url:
            if url in seen:  # would go on for ever, at the cost of the day's calls
                raise Unexpected("GET", DIVISIONS, why="the pages go round in a circle")
            seen.add(url)
            page, url = self._page(DIVISIONS, url, Division.from_row)
            found += page
        return found

    def find_by_code(self, code: str) -> Account | None:
        """The relation with this Code, in one call; ValueError when it cannot be a Code."""
        return self._find(f"Code eq {odata.code(code)}", lambda account: account.code == code.strip())

    def find_by_guid(self, guid: str) -> Account | None:
        """The relation with this guid. A filter, for none is an empty 200; asked by key, none is a counted 404."""
        canonical = odata.canonical_guid(guid)
        return self._find(f"ID eq {odata.guid(guid)}", lambda account: account.guid == canonical)

    def changed_accounts(self, after: int, page_url: str = "") -> Page[Account]:
        """A page of the relations whose row version is higher than `after`; 0 for all there are. One call.

        `page_url` is the `next_url` of the page before, which may have been kept: then it decides, and not `after`. ValueError
        when it leads anywhere else than to this list of this division.
        """
        url = self._changes_url(SYNC_ACCOUNTS, page_url, sync.ACCOUNTS_SELECT, sync.changed_after(after))
        return self._changes(SYNC_ACCOUNTS, url, sync.changed_account)

    def deleted_accounts(self, after: int, page_url: str = "") -> Page[Deletion]:
        """A page of the relations that were deleted after row version `after`; otherwise as `changed_accounts`."""
        url = self._changes_url(SYNC_DELETED, page_url, sync.DELETED_SELECT, sync.deleted_after(after))
        return self._changes(SYNC_DELETED, url, Deletion.from_row)

    def create(self, fields: Mapping[str, str | None]) -> Account:
        """Creates a relation and returns it as Exact holds it. None becomes null.

        ValueError without Code and Name. Any error with `answer_lost` may have created it: look it up by Code.
        """
        code = (fields.get("Code") or "").strip()
        if not code or not (fields.get("Name") or "").strip():
            raise ValueError("a new relation needs Code and Name")
        url, body = self._url(ACCOUNTS), {**_owned(fields), "Code": code}
        # Without Prefer most of the answer is null, and neither division nor Code could be checked.
        answer = self._send("POST", ACCOUNTS, url, body, {"Prefer": "return=representation"})
        account = _created(answer, code)
        self._check_division(account.division, "POST", ACCOUNTS, answer_lost=True)
        if account.code != code:
            raise Unexpected("POST", ACCOUNTS, status=answer.status, answer_lost=True, why="another Code")
        return account

    def update(self, guid: str, fields: Mapping[str, str | None]) -> None:
        """Changes these fields of a relation and no others. None becomes null.

        ValueError when nothing is to change, or Code: Exact refuses it in updates, changed or not.
        """
        if not fields or "Code" in fields:
            raise ValueError("an update needs fields, and Code cannot be one of them")
        self._send("PUT", ACCOUNTS, f"{self._url(ACCOUNTS)}({odata.guid(guid)})", _owned(fields))

    def _find(self, condition: str, is_it: Callable[[Account], bool]) -> Account | None:
        url = f"{self._url(ACCOUNTS)}?{_query(SELECT, condition)}"
        accounts, _ = self._page(ACCOUNTS, url, Account.from_row)
        if not accounts:
            return None
        if len(accounts) > 1 or not is_it(accounts[0]):
            raise Unexpected("GET", ACCOUNTS, why="not the relation asked for")
        if accounts[0].division is not None:
            self._check_division(accounts[0].division, "GET", ACCOUNTS)
        return accounts[0]

    def _changes_url(self, endpoint: str, page_url: str, select: Iterable[str], condition: str) -> str:
        url = self._url(endpoint)
        return odata.page_url(page_url, url, urlsplit(url).path) if page_url else f"{url}?{_query(select, condition)}"

    def _changes(self, endpoint: str, url: str, build: Callable[[Mapping[str, Any]], Change]) -> Page[Change]:
        changes, next_url = self._page(endpoint, url, build, urlsplit(url).path)
        if next_url == url:
            raise Unexpected("GET", endpoint, why="the pages go round in a circle")
        for change in changes:
            if change.division is not None:
                self._check_division(change.division, "GET", endpoint)
        return Page(changes, next_url or "")

    def _page(
        self, endpoint: str, url: str, build: Callable[[Mapping[str, Any]], Thing], path: str = ""
    ) -> tuple[list[Thing], str | None]:
        """What `build` makes of the rows at `url`, and the address of the page after it, which is to lie at `path`."""
        payload = _payload(self._send("GET", endpoint, url), "GET", endpoint)
        try:
            return [build(row) for row in odata.rows(payload)], odata.next_url(payload, self.base_url, path)
        except (TypeError, ValueError):  # their texts quote values, so they are not passed on
            raise Unexpected("GET", endpoint, why="answer not understood") from None

    def _send(
        self,
        method: str,
        endpoint: str,
        url: str,
        body: Mapping[str, str | None] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> wire.Answer:
        answer = self._exchange(method, endpoint, url, body, headers)
        self._note(RateLimits.from_headers(answer.headers))
        if not answer.ok:
            raise from_response(answer, method, endpoint)
        return answer

    def _exchange(
        self, method: str, endpoint: str, url: str, body: Mapping[str, str | None] | None, headers: Mapping[str, str] | None
    ) -> wire.Answer:
        token = self._access_token()
        headers = {"Accept": "application/json", **(headers or {})}
        started = time.monotonic()
        self.calls += 1
        try:
            return wire.send(self._session, method, url, headers=headers, token=token, json=body, deadline=self._deadline)
        except wire.NoAnswer as error:
            lost, why = error.answer_lost, error.why
        finally:
            self.http_seconds += time.monotonic() - started
        raise Unreachable(method, endpoint, answer_lost=lost, why=why)

    def _note(self, limits: RateLimits) -> None:
        if limits.known:
            self.limits = limits.over(self.limits)

    def _url(self, endpoint: str) -> str:
        if self.division is None:
            raise ValueError("relations live in a division, and this client has none")
        return f"{self.base_url}/api/v1/{self.division}/{endpoint}"

    def _check_division(self, told: int | None, method: str, endpoint: str, answer_lost: bool = False) -> None:
        if told != self.division:
            why = f"asked {self.division}, answered {told}"
            raise WrongDivision(method, endpoint, answer_lost=answer_lost, why=why)


def _query(select: Iterable[str], condition: str = "") -> str:
    # Blanks as %20: not every layer of Exact's reads + as a blank, and a padded Code is mostly blanks.
    options = {"$filter": condition} if condition else {}
    return urlencode({**options, "$select": ",".join(select)}, quote_via=quote, safe="$,")


def _owned(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    foreign = sorted(fields.keys() - set(FIELDS))
    if foreign:  # one unknown name and Exact answers 400, which counts towards a blocked key
        raise ValueError(f"not fields of ours: {', '.join(foreign)}")
    return dict(fields)


def _payload(answer: wire.Answer, method: str, endpoint: str) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise from_response(answer, method, endpoint) from None


def _created(answer: wire.Answer, code: str) -> Account:
    payload = _payload(answer, "POST", ACCOUNTS)
    try:
        [row] = odata.rows(payload)
        return Account.from_row({**row, "Code": row.get("Code") or code, "Division": _division(row)})
    except (TypeError, ValueError):
        why = "answer not understood"
        raise Unexpected("POST", ACCOUNTS, status=answer.status, answer_lost=True, why=why) from None


def _division(row: Mapping[str, Any]) -> Any:
    """Division of a row, or, where that is not told, the one in the row's own address."""
    metadata = row.get("__metadata")
    uri = metadata.get("uri") if isinstance(metadata, dict) else None
    named = _DIVISION_IN_URI.search(str(uri))
    return row.get("Division") or (named and named[1])
