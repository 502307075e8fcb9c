"""The control door: the simulator's verbs over HTTP, for tests that run it as a process of its own.

`POST /_control/{verb}` with a JSON object of arguments answers `{"result": ...}`; GET does the same with arguments
from the query string, for looking. It asks for no password: it belongs on loopback, like the simulator itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any

from .faults import Gate
from .messages import Request, Response, json_response

if TYPE_CHECKING:
    from .simulator import Simulator

READS = ("users", "apps", "divisions", "accounts", "account", "calls", "dials", "faults", "base_url")
WRITES = (
    "reset", "add_user", "add_app", "add_division", "change_user", "change_app", "change_division", "add_account",
    "edit_account", "delete_account", "authorize", "consent", "revoke", "turn", "add_fault", "clear_faults", "gate",
    "wait_at_gate", "release", "use_up", "fresh_limits", "clear_log", "move_division",
)  # fmt: skip


class Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def answer(self, request: Request) -> Response:
        verb = request.path.removeprefix("/_control/").strip("/")
        allowed = READS if request.method == "GET" else (*READS, *WRITES)
        if verb not in allowed:
            return json_response(404, {"error": f"no such verb: {verb}", "verbs": allowed})
        try:
            return json_response(200, {"result": _plain(self._done(verb, _arguments(request)))})
        except (ValueError, TypeError) as problem:
            return json_response(400, {"error": str(problem)})
        except KeyError as problem:
            return json_response(404, {"error": f"not found: {problem.args[0]}"})

    def _done(self, verb: str, arguments: dict[str, Any]) -> Any:
        if verb == "faults":
            return self._simulator.faults.all()
        attribute = getattr(self._simulator, verb)
        return attribute(**arguments) if callable(attribute) else attribute


def _arguments(request: Request) -> dict[str, Any]:
    if request.method == "GET":
        return {name: int(value) if name == "division" else value for name, value in request.options().items()}
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
