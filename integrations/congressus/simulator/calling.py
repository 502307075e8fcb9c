"""One call to a webhook's address: loopback only, so that a simulator never reaches anybody outside the machine it runs on."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

TIMEOUT = 10.0  # seconds


@dataclass(frozen=True)
class Called:
    """`status` None where nothing answered; `seconds` it took."""

    status: int | None
    seconds: float


def call(url: str, headers: Mapping[str, str], body: bytes) -> Called:
    """POSTs `body`; redirects are answers like any other."""
    start = time.monotonic()
    address = urlsplit(url)
    status = _answered(address, headers, body) if is_near(url) else None
    return Called(status, time.monotonic() - start)


def is_near(url: str) -> bool:
    """Whether this is an address on the machine itself."""
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _answered(address: SplitResult, headers: Mapping[str, str], body: bytes) -> int | None:
    connection: HTTPConnection | None = None
    try:
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=TIMEOUT)
        target = (address.path or "/") + (f"?{address.query}" if address.query else "")
        connection.request("POST", target, body, dict(headers))
        answer = connection.getresponse()
        answer.read()
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        if connection is not None:
            connection.close()
    return answer.status
