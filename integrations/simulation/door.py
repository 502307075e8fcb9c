"""Where a simulator is reached: opened and closed as often as a test likes, always at the same address."""

from __future__ import annotations

import threading

from .clock import Clock
from .dials import Dials
from .server import Answer, Server


class Door:
    """`port` 0 takes a free one, and keeps it."""

    def __init__(self, host: str, port: int, answer: Answer, clock: Clock, dials: Dials) -> None:
        self._host, self._port, self._answer, self._clock, self._dials = host, port, answer, clock, dials
        self._server: Server | None = None

    @property
    def base_url(self) -> str:
        """Raises RuntimeError while it is closed."""
        if self._server is None:
            raise RuntimeError("the simulator is not running")
        return self._server.base_url

    def open(self) -> None:
        self._server = Server(self._host, self._port, self._answer, self._clock.date_header, lambda: self._dials.body_limit)
        self._port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> bool:
        """Also hangs up every open connection. False when it was closed already."""
        if self._server is None:
            return False
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        self._server = None
        return True
