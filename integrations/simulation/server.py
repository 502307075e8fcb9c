"""HTTP/1.1 around a function that answers requests.

Head and body leave in one write without Nagle's delay, so that loopback is as fast as it can be; connections stay open
between calls, and all are closed on stop, or a client would go on talking to a server that is gone. What a fault asks
(drop, cut, drip) happens here, because only here there is a socket.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import time
import traceback
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .messages import Request, Response, html_response

Answer = Callable[[Request], Response]
PHRASES = {status.value: status.phrase for status in HTTPStatus} | {599: "Network Connect Timeout Error"}
BODILESS = (204, 304)
CHUNK = 65536


class Server(ThreadingHTTPServer):
    """`answer` may be called from many threads; `body_limit` and `date` are asked anew for each request."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, host: str, port: int, answer: Answer, date: Callable[[], str], body_limit: Callable[[], int]) -> None:
        self.answer, self.date, self.body_limit = answer, date, body_limit
        self._open: set[socket.socket] = set()
        super().__init__((host, port), Handler)

    @property
    def base_url(self) -> str:
        host, port = self.server_address[0], self.server_address[1]
        return f"http://{host if isinstance(host, str) else host.decode()}:{port}"

    def server_bind(self) -> None:
        # HTTPServer looks its own name up in the DNS here, which can take seconds on a machine without one.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "simulator", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._open):
            _shut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is no news
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120
    server: Server

    def do_GET(self) -> None:
        body = self._body()
        if body is None:
            self._send(Response(413))
            return
        self._send(self._answered(Request(self.command, self.path, self.headers, body)))

    do_POST = do_PUT = do_DELETE = do_PATCH = do_MERGE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """The call log is the simulator's own; nothing goes to the console."""

    def _answered(self, request: Request) -> Response:
        try:
            return self.server.answer(request)
        except Exception:
            # A defect of the simulator: it must show, and must not look like something the real service would say.
            traceback.print_exc()
            return html_response(500, "<html><body><h1>The simulator failed</h1></body></html>")

    def _body(self) -> bytes | None:
        """The request's body; None when it is too large (it is read and thrown away, and the connection closed)."""
        length = self.headers.get("Content-Length") or "0"
        size = int(length) if length.isdecimal() else 0
        if self.headers.get("Transfer-Encoding") or size > self.server.body_limit():
            self.close_connection = True
            while size > 0 and self.rfile.read(min(size, CHUNK)):
                size -= CHUNK
            return None
        return self.rfile.read(size)

    def _send(self, response: Response) -> None:
        body = b"" if response.status in BODILESS else response.body
        if response.delivery == "drop":
            self._hang_up()
        elif response.delivery == "cut":
            self.wfile.write(self._head(response, len(body)) + body[: len(body) // 2])
            self._hang_up()
        elif response.delivery == "drip":
            self._drip(self._head(response, len(body)), body, response.pause)
        else:
            self.wfile.write(self._head(response, len(body)) + body)

    def _head(self, response: Response, length: int) -> bytes:
        lines = [f"HTTP/1.1 {response.status} {PHRASES.get(response.status, 'Unknown')}", f"Date: {self.server.date()}"]
        if response.content_type:
            lines.append(f"Content-Type: {response.content_type}")
        if response.status not in BODILESS:
            lines.append(f"Content-Length: {length}")
        if self.close_connection:
            lines.append("Connection: close")
        lines += [f"{name}: {' '.join(value.splitlines())}" for name, value in response.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _drip(self, head: bytes, body: bytes, pause: float) -> None:
        self.wfile.write(head)
        for at in range(len(body)):
            time.sleep(pause)
            self.wfile.write(body[at : at + 1])

    def _hang_up(self) -> None:
        self.close_connection = True
        _shut(self.connection)


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was first
        connection.shutdown(socket.SHUT_RDWR)
