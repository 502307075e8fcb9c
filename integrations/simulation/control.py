"""The control door: a simulator's verbs over HTTP, for tests that run it as a process of its own.

`POST /_control/{verb}` with a JSON object of arguments answers `{"result": ...}`; GET does the same with arguments
from the query string, for looking. It asks for no password: it belongs on loopback, like the simulator itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, is_dataclass
from typing import Any

from .faults import Faults, Gate
from .messages import Request, Response, json_response


class Control:
    """`reads` may be had by GET, `writes` by POST only; `numbers` are the arguments of a GET that are no text."""

    def __init__(
        self, simulator: object, reads: Collection[str], writes: Collection[str], numbers: Collection[str] = ()
    ) -> None:  # fmt: skip
        self._simulator, self._reads, self._writes, self._numbers = simulator, reads, writes, numbers

    def answer(self, request: Request) -> Response:
        verb = request.path.removeprefix("/_control/").strip("/")
        allowed = [*self._reads] if request.method == "GET" else [*self._reads, *self._writes]
        if verb not in allowed:
            return json_response(404, {"error": f"no such verb: {verb}", "verbs": allowed})
        try:
            return json_response(200, {"result": _plain(self._done(verb, self._arguments(request)))})
        except (ValueError, TypeError) as problem:
            return json_response(400, {"error": str(problem)})
        except KeyError as problem:
            return json_response(404, {"error": f"not found: {problem.args[0]}"})

    def _done(self, verb: str, arguments: dict[str, Any]) -> Any:
        attribute = getattr(self._simulator, verb)
        if isinstance(attribute, Faults):
            return attribute.all()
        return attribute(**arguments) if callable(attribute) else attribute

    def _arguments(self, request: Request) -> dict[str, Any]:
        if request.method == "GET":
            return {name: int(value) if name in self._numbers else value for name, value in request.options().items()}
        arguments = json.loads(request.body or b"{}")
        if not isinstance(arguments, dict):
            raise ValueError("the body must be a JSON object of arguments")
        return arguments


def _plain(value: Any) -> Any:
    if isinstance(value, Gate):
        return {"number": value.number}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value
