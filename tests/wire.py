"""A server that says exactly the bytes it is told to: the manners no well-behaved server library can show.

Each act answers one request (the last act answers all that follow) and returns whether the connection stays open.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Act = Callable[[socket.socket], bool]


class Wire:
    """What reached the server: `requests` whole, as text; `connections` that were opened."""

    def __init__(self, acts: tuple[Act, ...]) -> None:
        self.requests: list[str] = []
        self.connections = 0
        self.hung_up = threading.Event()  # set once a connection was closed from here
        self._acts = list(acts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self._closed = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._closed.set()
        for thread in self._threads:
            thread.join(5)
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = self._listener.accept()
                self.connections += 1
                self._threads.append(threading.Thread(target=self._serve, args=[connection]))
                self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        with connection, contextlib.suppress(OSError):
            while request := self._read(connection):
                self.requests.append(request.decode("latin-1"))
                act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
                if not act(connection):
                    break
        self.hung_up.set()

    def _read(self, connection: socket.socket) -> bytes:
        data = b""
        while not _whole(data):
            if self._closed.is_set():
                return b""
            with contextlib.suppress(TimeoutError):
                if not (more := connection.recv(65_536)):
                    return b""
                data += more
        return data


@contextlib.contextmanager
def wire(*acts: Act) -> Iterator[Wire]:
    server = Wire(acts)
    try:
        yield server
    finally:
        server.close()


def say(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Act:
    """An ordinary answer on a connection that stays open."""
    told = {"Content-Length": str(len(body)), **(headers or {})}
    head = f"HTTP/1.1 {status} So\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return raw(head.encode() + b"\r\n" + body, stay=True)


def say_json(status: int, payload: Any) -> Act:
    return say(status, json.dumps(payload).encode(), {"Content-Type": "application/json"})


def raw(data: bytes, stay: bool = False) -> Act:
    """Exactly these bytes; then the connection is closed, unless it stays."""

    def act(connection: socket.socket) -> bool:
        connection.sendall(data)
        return stay

    return act


def drip(before: bytes, pace: float = 0.02, seconds: float = 5.0) -> Act:
    """`before` at once, and then a byte every `pace` seconds for as long as anybody listens."""

    def act(connection: socket.socket) -> bool:
        connection.sendall(before)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            connection.sendall(b"x")
            time.sleep(pace)
        return False

    return act


def silence(connection: socket.socket) -> bool:
    """Nothing, until the other side gives up."""
    ends = time.monotonic() + 5
    while time.monotonic() < ends:
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                break
    return False


def hang_up(connection: socket.socket) -> bool:
    """The request is read, and then the connection closed without a word."""
    return False


def _whole(data: bytes) -> bool:
    if data.startswith(b"\x16\x03"):  # a TLS hello, to a server that knows no TLS
        return True
    head, found, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(found) and len(body) >= int(lengths[0] if lengths else 0)
