"""A stage for measurements: a fresh test database, an association, and an Exact Online in a box.

`apart=True` runs that Exact Online in a process of its own, as it is in life: in ours it would take turns with us for one
interpreter, and its work would be counted as ours.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

if TYPE_CHECKING:
    from tests.worlds import World


class Apart:
    """The verbs of a simulator that runs elsewhere; what it answers has attributes."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def __getattr__(self, verb: str) -> Callable[..., Any]:
        return lambda *values, **named: self._ask(verb, *values, **named)

    def add_division(self, code: int, description: str = "") -> Any:
        return self._ask("add_division", code=code, description=description)

    def add_user(self, username: str, full_name: str = "", **more: Any) -> Any:
        return self._ask("add_user", username=username, full_name=full_name, **more)

    def add_app(self, name: str, redirect_uri: str) -> Any:
        return self._ask("add_app", name=name, redirect_uri=redirect_uri)

    def consent(self, user: Any, app: Any) -> dict[str, str]:
        return vars(self._ask("consent", user=user.username, app=app.client_id))

    def _ask(self, verb: str, **named: Any) -> Any:
        body = json.dumps(named).encode()
        request = urllib.request.Request(f"{self.base_url}/_control/{verb}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer, object_hook=lambda found: SimpleNamespace(**found)).result


@contextmanager
def simulator_apart() -> Iterator[Apart]:
    command = [sys.executable, "-m", "integrations.exact_online.simulator", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        yield Apart(address.rstrip("/"))
    finally:
        process.terminate()
        process.wait()


@contextmanager
def world(*, apart: bool = False, **dials: object) -> Iterator[World]:
    django.setup()
    from django.db import connection
    from django.test.utils import setup_test_environment, teardown_test_environment

    from integrations.exact_online.simulator import Simulator
    from tests.worlds import World

    logging.disable(logging.WARNING)
    setup_test_environment()
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    box: AbstractContextManager[Any] = simulator_apart() if apart else Simulator()
    try:
        with box as exact:
            settings.EXACT_ONLINE_BASE_URL = exact.base_url
            exact.turn(minute_limit=1_000_000, day_limit=1_000_000, **dials)
            yield World(exact)
    finally:
        connection.close()
        connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()
