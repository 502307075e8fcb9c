"""How rows and errors look on the wire: verbose OData v2 JSON, and Atom for who does not ask for JSON.

A list comes as `d.results` with an absolute `__next`, except with $top, where `d` itself is the list: both occur, so
a client has to take both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from integrations.simulation.messages import Request, Response, json_response

from .conditions import Row
from .fields import ACCOUNT, Entity, Field, key_literal

ATOM = "application/atom+xml;charset=utf-8"
STAMP = "<updated>2020-01-01T00:00:00Z</updated><author><name/></author>"
NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'
)


def wants_json(request: Request) -> bool:
    return "application/json" in request.header("Accept")


def error(request: Request, status: int, text: str, reason: str = "") -> Response:
    """An error as the API gives it, with the `Reason` header when there is a reason."""
    headers = {"Reason": reason} if reason else {}
    if wants_json(request):
        payload = {"error": {"code": "", "message": {"lang": "", "value": text}}}
        return json_response(status, payload, headers)
    body = f'<error {NAMESPACES}><code></code><message xml:lang="">{escape(text)}</message></error>'
    return Response(status, body.encode(), "application/xml;charset=utf-8", headers)


def single(request: Request, status: int, entity: Entity, row: Row, select: Iterable[Field], root: str) -> Response:
    if wants_json(request):
        return json_response(status, {"d": entry(entity, row, select, root)})
    return _atom(status, _atom_entry(entity, row, select, root, NAMESPACES))


def many(
    request: Request, entity: Entity, rows: list[Row], select: tuple[Field, ...], root: str,
    *, as_list: bool, next_url: str = "", count: int | None = None,
) -> Response:  # fmt: skip
    """`as_list` puts the rows right under `d`; a count or a next link need the object around them."""
    if not wants_json(request):
        entries = "".join(_atom_entry(entity, row, select, root) for row in rows)
        link = f'<link rel="next" href={quoteattr(next_url)}/>' if next_url else ""
        return _atom(
            200, f"<feed {NAMESPACES}><title>{entity.endpoint}</title><id>{escape(root)}</id>{STAMP}{entries}{link}</feed>"
        )
    entries_json = [entry(entity, row, select, root) for row in rows]
    if as_list and not next_url and count is None:
        return json_response(200, {"d": entries_json})
    payload: dict[str, Any] = {} if count is None else {"__count": str(count)}
    payload["results"] = entries_json
    if next_url:
        payload["__next"] = next_url
    return json_response(200, {"d": payload})


def entry(entity: Entity, row: Row, select: Iterable[Field], root: str) -> dict[str, Any]:
    uri = f"{root}({key_literal(entity, row)})"
    shown: dict[str, Any] = {"__metadata": {"uri": uri, "type": entity.type_name}}
    for field in select:
        deferred = {"__deferred": {"uri": f"{uri}/{field.name}"}}
        shown[field.name] = deferred if field.is_collection else _value(field, row)
    return shown


def next_link(request: Request, token: str, left: int | None) -> str:
    """The original question with our token; `left` is what remains of $top."""
    options = {name: value for name, value in request.options().items() if name not in ("$skip", "$skiptoken")}
    if left is not None:
        options["$top"] = str(left)
    pairs = {**options, "$skiptoken": token}.items()
    query = "&".join(f"{quote(name, safe='$')}={quote(value, safe='')}" for name, value in pairs)
    return f"{request.base_url}{request.target.partition('?')[0]}?{query}"


def sparse(row: Row, sent: set[str]) -> Row:
    """What a POST answers when it was not asked for the representation: the guid, what was sent, and else nulls."""
    return dict.fromkeys(ACCOUNT.fields) | {name: value for name, value in row.items() if name in sent or name == "ID"}


def _value(field: Field, row: Row) -> Any:
    value = row.get(field.name, field.empty)
    if value is None:
        return None
    if field.kind == "DateTime":
        return f"/Date({value})/"
    return str(value) if field.kind == "Int64" else value


def _atom(status: int, document: str) -> Response:
    return Response(status, b'<?xml version="1.0" encoding="utf-8"?>' + document.encode(), ATOM)


def _atom_entry(entity: Entity, row: Row, select: Iterable[Field], root: str, namespaces: str = "") -> str:
    properties = "".join(_atom_property(field, row) for field in select if not field.is_collection)
    return (
        f"<entry {namespaces}><id>{escape(f'{root}({key_literal(entity, row)})')}</id><title/>{STAMP}"
        f'<content type="application/xml"><m:properties>{properties}</m:properties></content></entry>'
    )


def _atom_property(field: Field, row: Row) -> str:
    value = row.get(field.name, field.empty)
    if value is None:
        return f'<d:{field.name} m:null="true"/>'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'<d:{field.name} m:type="Edm.{field.kind}">{escape(text)}</d:{field.name}>'
