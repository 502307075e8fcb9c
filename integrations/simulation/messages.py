"""A request as it came in and an answer as it will go out, free of sockets.

Every room answers with a Response; only the server knows how bytes travel. `delivery` lets a fault say that the answer
must not arrive properly, which no status code can express.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, unquote

Delivery = Literal["whole", "drop", "cut", "drip"]


@dataclass(frozen=True)
class Request:
    """`target` is the path and query as sent; `headers` compares names without case."""

    method: str
    target: str
    headers: Message
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def base_url(self) -> str:
        """The address the client used, for the absolute links in answers."""
        return f"http://{self.header('Host') or 'localhost'}"

    def header(self, name: str) -> str:
        return self.headers.get(name) or ""

    def options(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def repeated_options(self) -> dict[str, list[str]]:
        """As `options`, for names that may come more than once."""
        return parse_qs(self.query, keep_blank_values=True)

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def cookie(self, name: str) -> str:
        pairs = (part.strip().partition("=") for part in self.header("Cookie").split(";"))
        return next((unquote(value) for key, _, value in pairs if key == name), "")


@dataclass
class Response:
    status: int
    body: bytes = field(default=b"", repr=False)
    content_type: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delivery: Delivery = "whole"
    pause: float = 0.0  # seconds between the pieces of a dripping body


def json_response(status: int, payload: Any, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
    return Response(status, body, "application/json; charset=utf-8", dict(headers or {}))


def html_response(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, text.encode("utf-8", "replace"), "text/html; charset=utf-8", dict(headers or {}))


def redirect(location: str, headers: Mapping[str, str] | None = None) -> Response:
    return Response(302, headers={"Location": location, **(headers or {})})
