"""The webhooks that are registered: whom to call for what, and with which password.

A webhook for `member` hears of everything that becomes of a member; the others of one kind of change. The Basic password is
made here and shown to whoever may see webhooks.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from integrations.simulation.chance import Chance
from integrations.simulation.store import Store

from .numbers import Numbers
from .questions import Invalid

KINDS = ("member", "event", "event_participation", "sale_invoice")
SIGNALS = tuple(f"{kind}{change}" for kind in KINDS for change in ("", "_added", "_updated", "_deleted"))
BASIC_USER = "congressus"
SETTABLE = ("url", "signal", "technical_contact_email", "headers", "http_basic_auth_enabled")


@dataclass
class Webhook:
    id: int
    url: str
    signal: str
    technical_contact_email: str | None = None
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    http_basic_auth_enabled: bool = False
    http_basic_auth_key: str = field(default="", repr=False)
    version: str = "v30"

    def hears(self, signal: str) -> bool:
        return self.signal in (signal, signal.rpartition("_")[0])

    def call_headers(self) -> dict[str, str]:
        """What its calls carry."""
        headers = {"Content-Type": "application/json", "User-Agent": "Congressus simulator", **self.headers}
        if self.http_basic_auth_enabled:
            pair = f"{BASIC_USER}:{self.http_basic_auth_key}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return headers


class Webhooks:
    """Callers hold the world's lock."""

    def __init__(self, store: Store, chance: Chance, numbers: Numbers) -> None:
        self._store, self._chance, self._numbers = store, chance, numbers
        self.held: dict[int, Webhook] = {body["id"]: Webhook(**body) for body in store.all("webhook")}

    def draft(self, told: Mapping[str, Any], basis: Webhook | None = None) -> Webhook:
        """A webhook as told, not registered yet. Raises questions.Invalid."""
        body: dict[str, Any] = asdict(basis) if basis else {"id": 0, "http_basic_auth_key": self._chance.token(24)}
        _refuse_unfit({name: body[name] for name in SETTABLE if name in body} | dict(told))
        return Webhook(**body | dict(told))

    def put(self, webhook: Webhook) -> Webhook:
        webhook.id = webhook.id or self._numbers.take("webhook")
        self.held[webhook.id] = webhook
        self._store.keep("webhook", webhook.id, asdict(webhook))
        return webhook

    def remove(self, id: int) -> None:
        """Raises KeyError."""
        del self.held[id]
        self._store.forget("webhook", id)

    def hearing(self, signal: str) -> list[Webhook]:
        return [webhook for webhook in self.held.values() if webhook.hears(signal)]


def _refuse_unfit(told: Mapping[str, Any]) -> None:
    errors = {name: ["Unknown field."] for name in told if name not in SETTABLE}
    errors |= {name: ["Missing data for required field."] for name in ("url", "signal") if name not in told}
    for name, value in told.items():
        problem = _problem(name, value)
        if problem:
            errors[name] = [problem]
    if errors:
        raise Invalid("json", errors)


def _problem(name: str, value: Any) -> str:
    if name == "url" and not _is_url(value):
        return "Not a valid URL."
    if name == "signal" and value not in SIGNALS:
        return f"Must be one of: {', '.join(SIGNALS)}."
    if name == "technical_contact_email" and value is not None and not (isinstance(value, str) and "@" in value):
        return "Not a valid email address."
    if name == "headers" and not _are_headers(value):
        return "Not a valid mapping type."
    if name == "http_basic_auth_enabled" and not isinstance(value, bool):
        return "Not a valid boolean."
    return ""


def _is_url(value: Any) -> bool:
    try:
        address = urlsplit(value) if isinstance(value, str) else None
        return bool(address and address.scheme in ("http", "https") and address.hostname and value.isprintable())
    except ValueError:
        return False


def _are_headers(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    return all(
        isinstance(text, str) and text.isprintable() and text.isascii() and name.isascii() and name.replace("-", "").isalnum()
        for name, text in value.items()
    )
