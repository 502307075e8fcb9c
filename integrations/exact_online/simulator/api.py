"""The REST API: who asks, may they, what is asked, and the answer.

The order of the checks is the order in which a client notices them: a token that means nothing gets 401, a blocked
endpoint and a used-up window 429, and only then rights and the question itself. Everything past the token is
counted, also what fails. Paths are case-sensitive.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from integrations.simulation.clock import Clock
from integrations.simulation.faults import Faults
from integrations.simulation.messages import Request, Response, html_response

from . import queries, shapes
from .accounts import Accounts, BadBody, Invalid
from .dials import Dials
from .faults import Fault
from .fields import ACCOUNT, DELETED, DIVISION, ENTITIES, ME, Entity
from .filters import QueryError, parse_guid
from .ledger import Row
from .limits import Budget, ErrorBlock
from .listings import division_row, me_row
from .log import Call, Log
from .tokens import Tokens
from .world import User, World

PATH = re.compile(r"/api/v1/(?:(?P<division>\d{1,9})|current)/(?P<name>[^()$]+?)(?:\((?P<key>[^)]*)\))?(?P<count>/\$count)?")
NOT_FOUND = "Resource not found for the segment '{}'."


@dataclass(frozen=True)
class Address:
    """What a path names; `division` None for current/Me, `key` the text within the parentheses."""

    endpoint: str
    division: int | None
    key: str | None = None
    count: bool = False


def address(path: str) -> Address:
    match = PATH.fullmatch(path)
    if match is None:
        return Address(path.removeprefix("/api/v1/"), None)
    division = int(match["division"]) if match["division"] else None
    name = match["name"] if division is not None else f"current/{match['name']}"
    return Address(name, division, match["key"], match["count"] is not None)


@dataclass
class Api:
    world: World
    tokens: Tokens
    accounts: Accounts
    budget: Budget
    errors: ErrorBlock
    faults: Faults[Fault]
    log: Log
    dials: Dials
    clock: Clock

    def answer(self, request: Request) -> Response:
        place = address(request.path)
        scheme, _, token = request.header("Authorization").partition(" ")
        bearer = self.tokens.bearer(token.strip()) if scheme.lower() == "bearer" else None
        client, user = (bearer[0].client_id, bearer[0].username) if bearer else ("", "")
        call = self.log.begin(
            request, self.clock.now(), place.endpoint, division=place.division, guid=place.key, client=client, user=user
        )
        response = self._counted(request, place, call, bearer[1]) if bearer else Response(401)
        self.log.finish(call, response)
        return response

    def _counted(self, request: Request, place: Address, call: Call, token_valid: bool) -> Response:
        spot = (call.client, call.user, place.division or 0, place.endpoint)
        time.sleep(self.dials.latency_ms / 1000)
        if self.errors.is_closed(spot):
            return Response(429)
        allowed, headers = True, dict[str, str]()
        if place.division is not None:
            allowed, headers = self.budget.spend(call.client, place.division)
        if not allowed:
            return Response(429, headers=headers)
        response = Response(401)
        if token_valid:
            response = self.faults.play(call, lambda fault: self._executed(request, place, call.user, fault))
        self.errors.note(spot, response.status)
        response.headers = {**headers, **response.headers}
        return response

    def _executed(self, request: Request, place: Address, username: str, fault: Fault | None) -> Response:
        if len(request.query) > self.dials.query_limit:
            return html_response(404, "<html><body><h2>404 - File or directory not found.</h2></body></html>")
        with self.world.lock:
            user = self.world.users[username]
            refusal = self._refusal(request, place, user)
            if refusal:
                return refusal
            try:
                return self._routed(request, place, user, fault.target if fault else 0)
            except (QueryError, BadBody) as problem:
                return shapes.error(request, 400, str(problem))
            except Invalid as problem:
                return shapes.error(request, 500, str(problem))

    def _refusal(self, request: Request, place: Address, user: User) -> Response | None:
        accept = request.header("Accept")
        if "application/xml" in accept and "json" not in accept:
            return shapes.error(request, 415, "Unsupported media type requested.")
        if place.endpoint not in ENTITIES or (place.division is None) is not (place.endpoint == ME.endpoint):
            return shapes.error(request, 404, NOT_FOUND.format(place.endpoint.rpartition("/")[2]))
        if user.reason:
            return shapes.error(request, 403, "Forbidden", user.reason)
        if place.division is None:
            return None
        if place.division not in user.divisions or place.division not in self.world.divisions:
            return shapes.error(request, 403, "Forbidden", "NoDivisionAccess")
        reason = self.world.divisions[place.division].reason
        return shapes.error(request, 403, "Forbidden", reason) if reason else None

    def _routed(self, request: Request, place: Address, user: User, write_to: int) -> Response:
        if request.method == "GET":
            return self._read(request, place, user)
        wants_key = request.method in ("PUT", "DELETE")
        if place.endpoint != ACCOUNT.endpoint or request.method not in ("POST", "PUT", "DELETE") or place.count:
            return shapes.error(request, 405, "Method Not Allowed")
        if wants_key is not (place.key is not None):
            return shapes.error(request, 405, "Method Not Allowed")
        if place.division in user.without_module:
            return shapes.error(request, 403, "Forbidden")
        return self._written(request, place, user, write_to)

    def _written(self, request: Request, place: Address, user: User, write_to: int) -> Response:
        division = self.world.divisions[write_to or place.division or 0]
        ledger = self.world.ledgers[division.code]
        if request.method != "DELETE" and "application/json" not in request.header("Content-Type"):
            return shapes.error(request, 415, "Unsupported media type requested.")
        if place.key is None:
            row, sent = self.accounts.create(ledger, division, user, request.body)
            return self._created(request, row, sent)
        guid = parse_guid(place.key)
        if guid not in ledger.rows:
            return self._unknown(request)
        if request.method == "PUT":
            self.accounts.update(ledger, guid, user, request.body)
        else:
            self.accounts.delete(ledger, guid, user)
        return Response(204)

    def _created(self, request: Request, row: Row, sent: set[str]) -> Response:
        whole = "return=representation" in request.header("Prefer").replace(" ", "")
        shown = row if whole else shapes.sparse(row, sent)
        root = f"{request.base_url}/api/v1/{row['Division']}/{ACCOUNT.endpoint}"
        response = shapes.single(request, 201, ACCOUNT, shown, ACCOUNT.fields.values(), root)
        response.headers["Location"] = f"{root}(guid'{row['ID']}')"
        return response

    def _unknown(self, request: Request) -> Response:
        status = 403 if request.method == "DELETE" else self.dials.unknown_guid_status
        return shapes.error(request, status, NOT_FOUND.format("Accounts") if status == 404 else "Forbidden")

    def _read(self, request: Request, place: Address, user: User) -> Response:
        entity = ENTITIES[place.endpoint]
        root = f"{request.base_url}/api/v1/{place.division or 'current'}/{entity.endpoint.removeprefix('current/')}"
        if place.key is not None:
            return self._one(request, place, user, entity, root)
        if place.count:
            where = queries.condition(request.options(), entity)
            rows = self._rows(place, user, entity, where.keys() if where else None)
            number = sum(1 for row in rows if where is None or where.holds(row))
            return Response(200, str(number).encode(), "text/plain;charset=utf-8")
        query = queries.read(request.options(), entity)
        rows = self._rows(place, user, entity, query.where.keys() if query.where else None)
        page = queries.page(rows, query, entity, self.dials.sync_page_size if entity.is_sync else self.dials.page_size)
        left = None if query.top is None else query.top - len(page.rows)
        return shapes.many(
            request, entity, page.rows, query.select, root, as_list=query.top is not None,
            next_url=shapes.next_link(request, page.token, left) if page.token else "",
            count=page.total if query.counted else None,
        )  # fmt: skip

    def _one(self, request: Request, place: Address, user: User, entity: Entity, root: str) -> Response:
        if place.count:
            raise QueryError("Bad Request - Error in query syntax.")
        key = parse_guid(place.key or "") if entity.key.kind == "Guid" else (place.key or "")
        rows = self._rows(place, user, entity, {("ID", key)} if entity is ACCOUNT else None)
        row = next((row for row in rows if str(row[entity.key.name]) == key), None)
        if row is None:
            return shapes.error(request, 404, NOT_FOUND.format(entity.endpoint.rpartition("/")[2]))
        return shapes.single(request, 200, entity, row, queries.selection(request.options(), entity), root)

    def _rows(self, place: Address, user: User, entity: Entity, keys: set[tuple[str, str]] | None) -> list[Row]:
        if entity is ME:
            return [me_row(user, self.clock)]
        if entity is DIVISION:
            return [division_row(division, user) for division in self.world.seen_by(user)]
        if place.division in user.without_module:
            return []
        ledger = self.world.ledgers[place.division or 0]
        if entity is DELETED:
            oldest = self.clock.milliseconds() - self.dials.deletion_seconds * 1000
            return [deletion for deletion in ledger.deletions if deletion["DeletedDate"] >= oldest]
        return list(ledger.rows.values()) if keys is None else ledger.matching(keys)
