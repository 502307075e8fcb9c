"""The REST API: who asks, may they ask so much, is it there, may they, and the answer.

Whatever is known by its key is counted, also what fails. The key travels as `Bearer key`; the notation of the former version,
with a colon and no blank, is no key. A fault strikes what is counted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from integrations.simulation.clock import Clock
from integrations.simulation.faults import Faults
from integrations.simulation.log import json_body
from integrations.simulation.messages import Request, Response, json_response

from .dials import Dials
from .faults import Fault, spoil
from .limits import Budget
from .log import Call, Log
from .questions import Refused
from .resources import RESOURCES, Question
from .world import Key, World

BASE = "/v30/"


@dataclass(frozen=True)
class Api:
    world: World
    budget: Budget
    faults: Faults[Fault]
    log: Log
    dials: Dials
    clock: Clock

    def answer(self, request: Request) -> Response:
        endpoint, object_id = address(request.path)
        scheme, _, token = request.header("Authorization").partition(" ")
        key = self.world.keys.get(token.strip()) if scheme.lower() == "bearer" else None
        call = self.log.enter(
            Call(
                at=self.clock.now(), method=request.method, endpoint=endpoint, object_id=object_id, query=request.repeated_options(),
                key=key.name if key else "", body=_body(request, endpoint),
            )
        )  # fmt: skip
        response = self._counted(request, call, key) if key else Refused(401, "The API key is missing or unknown.").response()
        self.log.finish(call, response)
        return response

    def _counted(self, request: Request, call: Call, key: Key) -> Response:
        time.sleep(self.dials.latency_ms / 1000)
        allowed, headers = self.budget.spend(key.key)
        if allowed:
            response = self.faults.play(call, lambda fault: self._executed(request, call, key, fault))
        else:
            response = Refused(429, "Too many requests.").response()
        response.headers = {**headers, **response.headers}
        return response

    def _executed(self, request: Request, call: Call, key: Key, fault: Fault | None) -> Response:
        self.world.turn_day()
        try:
            status, payload = self._routed(request, call, key)
        except Refused as refused:
            return refused.response()
        if status == 204:
            return Response(status)
        return json_response(status, spoil(payload, fault) if fault else payload)

    def _routed(self, request: Request, call: Call, key: Key) -> tuple[int, object]:
        methods = RESOURCES.get(call.endpoint)
        if methods is None:
            raise Refused(404, "The requested URL was not found on the server.")
        if request.method not in methods:
            raise Refused(405, "The method is not allowed for the requested URL.")
        resource = methods[request.method]
        if not all(getattr(key, right) for right in resource.rights):
            raise Refused(403, "You don't have the permission to access the requested resource.")
        return resource.answer(Question(self.world, request, call.query, call.object_id or 0))


def _body(request: Request, endpoint: str) -> object:
    """For the log; that of a webhook holds secrets, in its address and its headers."""
    return json_body(request) if request.method in ("POST", "PUT") and not endpoint.startswith("webhooks") else None


def address(path: str) -> tuple[str, int | None]:
    """The endpoint a path names, with {id} for its number, and that number."""
    parts = path.removeprefix(BASE).split("/")
    numbers = [part for part in parts if part.isdecimal() and part.isascii() and len(part) < 19]
    return "/".join("{id}" if part in numbers else part for part in parts), int(numbers[0]) if numbers else None
