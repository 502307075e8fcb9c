"""The resources of the API: which endpoint takes which method, what it may be asked, which rights it wants, and what it answers.

Everything happens under the world's lock, but for calling a webhook that is being registered: its receiver may take its time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from integrations.simulation.log import json_body
from integrations.simulation.messages import Request

from . import questions, written
from .countries import COUNTRIES
from .deliveries import call_row
from .fields import BLANK, Row
from .invoices import invoices
from .members import ORDERABLE
from .paging import PAGED, arranged, one_page
from .questions import Refused, asked
from .rows import HIDDEN_IN, Member, found_row, member_row, one_row, period_row, seen_in
from .statuses import status_row
from .webhooks import Webhook
from .world import World

CONTEXT = {"context": questions.one_of(*HIDDEN_IN)}


@dataclass(frozen=True)
class Question:
    """One request for one resource; `id` is the number in its path."""

    world: World
    request: Request
    query: Mapping[str, list[str]]
    id: int

    def options(self, known: Mapping[str, questions.Parameter]) -> dict[str, Any]:
        return asked(self.query, known)

    def body(self) -> dict[str, Any]:
        """Raises Refused for what is no JSON object."""
        self.options({})
        body = json_body(self.request)
        if "json" not in self.request.header("Content-Type") or body is None:
            raise Refused(400, "The request body is no JSON.", {"json": ["Invalid JSON body."]})
        if not isinstance(body, dict):
            raise questions.Invalid("json", {"_schema": ["Invalid input type."]})
        return body

    def page(self, rows: Any, options: Mapping[str, Any], show: Callable[[Any], Any] = lambda row: row) -> tuple[int, Row]:
        return 200, one_page(rows, options, show, self.world.dials.page_past_end)


Answer = Callable[[Question], tuple[int, Any]]  # status and payload


@dataclass(frozen=True)
class Resource:
    answer: Answer
    rights: tuple[str, ...]


def members(question: Question) -> tuple[int, Row]:
    known = PAGED | CONTEXT | {"status_id": questions.integers, "order": questions.order(*ORDERABLE)}
    options, world = question.options(known), question.world
    order = options.get("order", (("id", False),))
    by_modified = [part for part in order if part[0] == "modified"]
    if by_modified and world.dials.orders_by_modified == "refused":
        raise questions.Invalid("query", {"order": ["Cannot order by 'modified'."]})
    if by_modified and world.dials.orders_by_modified == "ignored":
        order = tuple(part for part in order if part not in by_modified) or (("id", False),)
    with world.lock:
        rows = world.members.listed(options.get("status_id", ()), order)
        return question.page(
            rows, options, lambda member: seen_in(member_row(member, world.statuses), options.get("context", ()))
        )


def search(question: Question) -> tuple[int, Row]:
    options = question.options(PAGED | {"term": questions.text(3, 64), "order": questions.order("name", "id")})
    if "term" not in options:
        raise questions.Invalid("query", {"term": ["Missing data for required field."]})
    with question.world.lock:
        rows = [found_row(member, question.world.statuses) for member in question.world.members.found(options["term"])]
        return question.page(arranged(rows, options.get("order", ())), options)


def member(question: Question) -> tuple[int, Row]:
    options = question.options(CONTEXT)
    with question.world.lock:
        found = _member(question)
        return 200, seen_in(one_row(found, question.world.statuses), options.get("context", ()))


def create_member(question: Question) -> tuple[int, Row]:
    body, world = question.body(), question.world
    written.member(body, required=("primary_last_name_main", "status_id"))
    with world.lock, _explained():
        told = {"member_from": world.members.today} | {name: value for name, value in body.items() if value is not None}
        return 201, member_row(world.members.add(told, BLANK), world.statuses)


def change_member(question: Question) -> tuple[int, Row]:
    body, world = question.body(), question.world
    written.member(body)
    with world.lock, _explained():
        _member_not_in_bin(question)
        return 202, one_row(world.members.change(question.id, body), world.statuses)


def delete_member(question: Question) -> tuple[int, None]:
    question.options({})
    with question.world.lock:
        _member_not_in_bin(question)
        question.world.members.delete(question.id)
    return 204, None


def member_statuses(question: Question) -> tuple[int, Row]:
    """Of one member, newest first unless asked otherwise."""
    options = question.options(PAGED | {"order": questions.order("id", "member_from", "member_to", "status_id")})
    with question.world.lock:
        rows = [period_row(period, question.world.statuses) for period in _member(question).periods]
        return question.page(arranged(rows, options.get("order", (("member_from", True),))), options)


def move_member(question: Question) -> tuple[int, Row]:
    body, world = question.body(), question.world
    written.period(body)
    with world.lock, _explained():
        _member_not_in_bin(question)
        return 201, period_row(world.members.move(question.id, body["status_id"], body.get("member_from")), world.statuses)


def statuses(question: Question) -> tuple[int, Row]:
    """Without `hidden` those that are not hidden; the other filters apply only where they are asked."""
    flags = dict.fromkeys(("archived", "hidden", "deceased"), questions.flag)
    options = question.options(
        PAGED | flags | {"order": questions.order("hidden", "archived", "deceased", "order", "name", "id")}
    )
    filters = {"hidden": False} | {name: options[name] for name in flags if name in options}
    with question.world.lock:
        rows = [status_row(status) for status in question.world.statuses.listed()]
        fitting = [row for row in rows if all(row[name] == value for name, value in filters.items())]
        return question.page(arranged(fitting, options.get("order", ())), options)


def status(question: Question) -> tuple[int, Row]:
    question.options({})
    with question.world.lock:
        return 200, status_row(_found(question.world.statuses.get, question.id))


def countries(question: Question) -> tuple[int, Row]:
    options = question.options(PAGED | {"order": questions.order("id", "name", "country_code")})
    return question.page(arranged(list(COUNTRIES.values()), options.get("order", ())), options)


def sale_invoices(question: Question) -> tuple[int, Row]:
    options = question.options(PAGED | {"order": questions.order("id")})
    with question.world.lock:
        return question.page(invoices(question.world.association), options)


def webhooks(question: Question) -> tuple[int, Row]:
    options = question.options(PAGED | {"order": questions.order("id", "url", "signal")})
    with question.world.lock:
        rows = [asdict(webhook) for webhook in question.world.webhooks.held.values()]
        return question.page(arranged(rows, options.get("order", ())), options)


def webhook(question: Question) -> tuple[int, Row]:
    question.options({})
    with question.world.lock:
        return 200, asdict(_webhook(question))


def create_webhook(question: Question) -> tuple[int, Row]:
    with question.world.lock:
        draft = question.world.webhooks.draft(question.body())
    return 201, _registered(question.world, draft)


def change_webhook(question: Question) -> tuple[int, Row]:
    with question.world.lock:
        draft = question.world.webhooks.draft(question.body(), _webhook(question))
    return 202, _registered(question.world, draft)


def delete_webhook(question: Question) -> tuple[int, None]:
    question.options({})
    _found(question.world.remove_webhook, question.id)
    return 204, None


def webhook_calls(question: Question) -> tuple[int, Row]:
    options = question.options(PAGED | {"status_code": questions.integers, "order": questions.order("id", "created")})
    with question.world.lock:
        shown = asdict(_webhook(question))
        rows = [call_row(delivery, shown) for delivery in question.world.deliveries.of(question.id)]
        codes = options.get("status_code", ())
        fitting = [row for row in rows if not codes or any(response["status_code"] in codes for response in row["responses"])]
        return question.page(arranged(fitting, options.get("order", ())), options)


def _registered(world: World, draft: Webhook) -> Row:
    """Called once, and only put in when the answer is 200. Raises Refused."""
    delivery = world.delivery(draft, draft.signal, None, {})
    if not world.deliveries.attempt(delivery):
        raise Refused(400, "The webhook was not registered.", {"json": {"url": ["The URL did not answer with status 200."]}})
    with world.lock:
        put = world.webhooks.put(draft)
        delivery.status = "success"
        world.deliveries.keep(delivery)
        return asdict(put)


def _member(question: Question) -> Member:
    """Raises Refused for one that is not there, or lies in the bin where that counts as not there."""
    found: Member = _found(question.world.members.get, question.id)
    if found.deleted and question.world.dials.deleted_member == "gone":
        raise Refused(404, "The requested object was not found.")
    return found


def _member_not_in_bin(question: Question) -> None:
    if _member(question).deleted:
        raise Refused(404, "The requested object was not found.")


def _webhook(question: Question) -> Webhook:
    found: Webhook = _found(question.world.webhooks.held.__getitem__, question.id)
    return found


def _found(get: Callable[[int], Any], id: int) -> Any:
    try:
        return get(id)
    except KeyError:
        raise Refused(404, "The requested object was not found.") from None


@contextmanager
def _explained() -> Iterator[None]:
    """What the members do not take, a taken username for instance, is a 400 with their words."""
    try:
        yield
    except (KeyError, ValueError) as problem:
        raise Refused(400, str(problem.args[0]), {"json": {"_schema": [str(problem.args[0])]}}) from None


SEES, WRITES = ("members",), ("members", "write")
RESOURCES: dict[str, dict[str, Resource]] = {
    "members": {"GET": Resource(members, SEES), "POST": Resource(create_member, WRITES)},
    "members/search": {"GET": Resource(search, SEES)},
    "members/{id}": {
        "GET": Resource(member, SEES), "PUT": Resource(change_member, WRITES), "DELETE": Resource(delete_member, WRITES),
    },
    "members/{id}/statuses": {"GET": Resource(member_statuses, SEES), "POST": Resource(move_member, WRITES)},
    "member-statuses": {"GET": Resource(statuses, SEES)},
    "member-statuses/{id}": {"GET": Resource(status, SEES)},
    "countries": {"GET": Resource(countries, ())},
    "sale-invoices": {"GET": Resource(sale_invoices, ("invoices",))},
    "webhooks": {"GET": Resource(webhooks, ("webhooks",)), "POST": Resource(create_webhook, ("webhooks",))},
    "webhooks/{id}": {
        "GET": Resource(webhook, ("webhooks",)), "PUT": Resource(change_webhook, ("webhooks",)),
        "DELETE": Resource(delete_webhook, ("webhooks",)),
    },
    "webhooks/{id}/calls": {"GET": Resource(webhook_calls, ("webhooks",))},
}  # fmt: skip
