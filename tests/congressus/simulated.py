"""A Congressus with two statuses, a plain HTTP client that holds a key to it, and somebody who is called by its webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from integrations.congressus.simulator import Simulator


class Bench:
    """`sim` is the world, with the statuses `lid` and `oud` (archived); the verbs are calls with its first key."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.lid: int = sim.add_status("Lid")["id"]
        self.oud: int = sim.add_status("Oud-lid", archived=True)["id"]
        self.session = requests.Session()
        self.use(sim.key)

    def use(self, key: str) -> None:
        self.session.headers["Authorization"] = f"Bearer {key}"

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.sim.base_url}/v30/{path}", timeout=10, allow_redirects=False, **kwargs)

    def get(self, path: str = "members", **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def rows(self, path: str = "members", **params: Any) -> list[dict[str, Any]]:
        answer = self.get(path, **params)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"])

    def ids(self, **params: Any) -> list[int]:
        return [row["id"] for row in self.rows(**params)]

    def wrong(self, path: str = "members", **params: Any) -> dict[str, list[str]]:
        """What is said of each of these parameters."""
        answer = self.get(path, **params)
        assert answer.status_code == 422, answer.text
        return dict(answer.json()["errors"]["query"])


@dataclass
class Heard:
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Ear:
    """What was called at `url`; `answers` are the statuses it gives, the last one for ever."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    heard: list[Heard] = field(default_factory=list)

    def signals(self) -> list[tuple[str, int]]:
        """Of each call but those of registering: what triggered it, and whom it is about."""
        bodies = [heard.body for heard in self.heard if heard.body]
        return [(body["webhook_event_trigger"], body["data"]["member"]["id"]) for body in bodies]


@contextmanager
def listening() -> Iterator[Ear]:
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ear.heard.append(Heard(self.path, dict(self.headers), json.loads(body)))
            self.send_response(ear.answers.pop(0) if len(ear.answers) > 1 else ear.answers[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ear.url = f"http://127.0.0.1:{server.server_port}/hook?secret=s3"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield ear
        server.shutdown()
