"""The one place that sends: a request goes out, a whole answer or `NoAnswer` comes back, in bounded time.

`requests` bounds a single read only: a server that gives a byte every few seconds, in headers or body, holds a worker for ever.
So the sockets are read through `_PacedReader`, which before every read grants what is left of the deadline. The connection
also notes whether any byte of the request has left, because that, and not the name of the exception, tells whether a write may
have been executed: a POST on a kept-alive connection that the server has just closed fails like one that never left.

Nothing is repeated and nothing is followed from here: no retries, no redirects. Cookies are not kept, for a session cookie of
one user must not travel with the token of another. `.netrc` is not read (it would replace our Authorization header), while
proxies and certificate bundles of the environment are honoured.

Both sealed clients stand on it, so it knows neither of them. What any server may say besides its payload is read here as well: a
wait, a moment, a sentence for people. What is missing or nonsense is unknown, never 0.
"""

import http.client
import io
import math
import re
import socket
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from json import loads
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

USER_AGENT = "congressus_sync"
CONNECT_TIMEOUT = 5.0  # seconds, for each address the host's name stands for
READ_TIMEOUT = 15.0  # seconds, for each read
DEADLINE = 30.0  # seconds, for the whole exchange
SIZE_CAP = 10_000_000  # bytes, after decompression
TOO_LARGE = "answer too large"
FARTHEST_WAIT = timedelta(days=10)
_EARLIEST_RESET = datetime(2015, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)
_CHUNK = 65_536
_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class NoAnswer(Exception):
    """No status line came. `why` names the cause in a word; `answer_lost` tells that a write may have been executed all the same."""

    def __init__(self, why: str, answer_lost: bool) -> None:
        super().__init__(why, answer_lost)
        self.why = why
        self.answer_lost = answer_lost

    def __str__(self) -> str:
        return self.why


@dataclass(frozen=True)
class Answer:
    """A status line, headers and a body; `flaw` tells in a word why the body is missing ('' when it is whole)."""

    status: int
    headers: Mapping[str, str] = field(default_factory=CaseInsensitiveDict)
    body: bytes = field(default=b"", repr=False)
    flaw: str = ""

    @property
    def ok(self) -> bool:
        """A 2xx that is not a page for people."""
        return 200 <= self.status < 300 and not self.is_html

    @property
    def is_html(self) -> bool:
        kind = self.headers.get("Content-Type", "").lower()
        return "html" in kind or self.body.lstrip()[:1] == b"<"

    @property
    def oversized(self) -> bool:
        return self.flaw == TOO_LARGE

    def json(self) -> Any:
        """The body as JSON; ValueError when it is none."""
        if self.flaw:
            raise ValueError(self.flaw)
        try:
            return loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None


class Session(requests.Session):
    """A session whose sockets keep the deadline. May be shared by threads and by clients of different users."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["User-Agent"] = USER_AGENT
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.mount("https://", _PacedAdapter())
        self.mount("http://", _PacedAdapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even to a caller that follows no redirects, requests would read the whole body of one, past the size cap."""


def send(
    session: Session,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    token: str | None = None,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    deadline: float = DEADLINE,
    size_cap: int = SIZE_CAP,
) -> Answer:
    """One exchange of at most `deadline` seconds.

    Any answer with a status line is returned, whatever its status. NoAnswer when none came; ValueError when `token` cannot be a
    header.
    """
    exchange = _Exchange(deadline)
    mark = _current.set(exchange)
    try:
        with session.request(
            method,
            url,
            headers=headers,
            auth=_bearer(token),
            json=json,
            data=form,
            timeout=(min(CONNECT_TIMEOUT, deadline), READ_TIMEOUT),
            allow_redirects=False,
            stream=True,
        ) as response:
            return Answer(response.status_code, response.headers, *_read(response, size_cap))
    except _FAILURES as error:
        why = _name(error)
    finally:
        _current.reset(mark)
    # Raised out here because the exceptions of requests carry the request, with its token and secrets.
    raise NoAnswer(why, answer_lost=exchange.sent and method != "GET")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds asked for by `Retry-After`, in whatever case it is written; None when absent or nonsense.

    A date in it (RFC 9110, 10.2.3) is reckoned from the `Date` of the same answer: no clock but the server's own, ours may be off.
    """
    told = {name.lower(): value for name, value in headers.items()}
    value = told.get("retry-after")
    seconds = number(value)
    if seconds is None:
        until, date = moment(value), moment(told.get("date"))
        seconds = math.ceil((until - date).total_seconds()) if until and date else None
    return float(seconds) if seconds is not None and 0 <= seconds <= FARTHEST_WAIT.total_seconds() else None


def number(value: str | None) -> int | None:
    return int(value) if value is not None and _NUMBER.fullmatch(value := value.strip()) else None


def moment(value: str | None) -> datetime | None:
    """The moment in a header such as `Date`, aware, UTC."""
    try:
        told = parsedate_to_datetime(value or "")
    except (ValueError, OverflowError):
        return None
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).astimezone(UTC)


def reset(seconds: float | None, date: datetime | None) -> datetime | None:
    """Seconds since 1970 as a moment, UTC. Without a Date header our own clock serves, but only to tell sense from nonsense."""
    latest = (date or datetime.now(UTC)) + FARTHEST_WAIT
    if seconds is None or not _EARLIEST_RESET.timestamp() <= seconds <= latest.timestamp():
        return None
    return datetime.fromtimestamp(seconds, UTC)


def sentences(value: Any, longest: int) -> str:
    """One sentence a line, without what a database or a log cannot hold (NUL, control characters, half surrogates)."""
    if not isinstance(value, str):
        return ""
    whole = value.encode("utf-8", "replace").decode("utf-8")
    lines = ("".join(char for char in line if char.isprintable()).strip() for line in whole.splitlines())
    return "\n".join(line for line in lines if line)[:longest]


def _read(response: requests.Response, size_cap: int) -> tuple[bytes, str]:
    """Body and flaw. A body cut short does not undo the status: a 429 is one, however its connection ended."""
    body = bytearray()
    try:
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > size_cap:
                return b"", TOO_LARGE
    except _FAILURES as error:
        return b"", _name(error)
    return bytes(body), ""


def _bearer(token: str | None) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    # An explicit auth, even one that does nothing, is what keeps requests from looking into .netrc.
    if token is not None and not (token.isascii() and token.isprintable()):
        raise ValueError("the access token holds characters no header can carry")

    def sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _name(error: Exception) -> str:
    """The class name of the innermost known cause; never its text, which may hold addresses and values."""
    cause = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    return type(cause if isinstance(cause, Exception) else error).__name__


class _Exchange:
    """What one exchange still may take, and whether any of it has left the house."""

    def __init__(self, deadline: float) -> None:
        self.ends = time.monotonic() + deadline
        self.sent = False

    def patience(self) -> float:
        """Seconds the next step on the socket may take; TimeoutError when none are left."""
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return min(READ_TIMEOUT, left)


# A context variable, because the sockets lie five layers below and are shared through the pool.
_current: ContextVar[_Exchange] = ContextVar("_current")


class _PacedReader(io.RawIOBase):
    """Reads a socket, granting each read what is left of the deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_current.get().patience())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PacedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_PacedReader(sock))


class _PacedConnection(HTTPConnection):
    response_class = _PacedResponse

    def connect(self) -> None:
        try:
            super().connect()
        finally:  # asking a proxy for a tunnel is sending too, but not our request
            _current.get().sent = False

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        exchange = _current.get()
        self.sock.settimeout(exchange.patience())
        exchange.sent = True
        super().send(data)


class _PacedTLSConnection(_PacedConnection, HTTPSConnection):
    pass


class _PacedPool(HTTPConnectionPool):
    ConnectionCls = _PacedConnection


class _PacedTLSPool(HTTPSConnectionPool):
    ConnectionCls = _PacedTLSConnection


_POOLS = {"http": _PacedPool, "https": _PacedTLSPool}


class _PacedAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
