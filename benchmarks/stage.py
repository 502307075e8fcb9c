"""A stage for measurements: a fresh test database, an association, and an Exact Online in a box; a Congressus where it is asked for.

`apart=True` runs that Exact Online in a process of its own, as it is in life: in ours it would take turns with us for one
interpreter, and its work would be counted as ours.
"""

from __future__ import annotations

import inspect
import json
import logging
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import django
from django.conf import settings

if TYPE_CHECKING:
    from tests.associations import Association
    from tests.worlds import World


class Told(dict[str, Any]):
    """An object of an answer: rows are read by key, as in the simulator's own process, and everything else by attribute."""

    __getattr__ = dict.__getitem__


class Apart:
    """The verbs of a simulator that runs elsewhere. `like` is its class, which knows what arguments are called."""

    def __init__(self, base_url: str, like: type) -> None:
        self.base_url = base_url
        self._like = like

    def __getattr__(self, verb: str) -> Any:
        known = getattr(self._like, verb, None)
        if not callable(known):
            return self._ask(verb)
        names = list(inspect.signature(known).parameters)[1:]
        return lambda *values, **named: self._ask(verb, **dict(zip(names, values, strict=False)), **named)

    def consent(self, user: Any, app: Any) -> dict[str, str]:
        pair: dict[str, str] = self._ask("consent", user=user.username, app=app.client_id)
        return pair

    def _ask(self, verb: str, **named: Any) -> Any:
        body = json.dumps(named).encode()
        request = urllib.request.Request(f"{self.base_url}/_control/{verb}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer, object_hook=Told).result


@contextmanager
def simulator_apart(like: type) -> Iterator[Any]:
    """An Apart, which takes the place of the simulator itself."""
    command = [sys.executable, "-m", like.__module__.rpartition(".")[0], "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        address = next(word for line in process.stdout for word in line.split() if word.startswith("http://"))
        yield Apart(address.rstrip("/"), like)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def association(world: World) -> Iterator[Association]:
    """An association in a Congressus of its own process, which counts no calls; what is started here finds it there."""
    from integrations.congressus.simulator import Simulator
    from tests.associations import Association

    with simulator_apart(Simulator) as there:
        settings.CONGRESSUS_BASE_URL = there.base_url
        there.turn(minute_limit=1_000_000, hour_limit=1_000_000)
        yield Association(there, world)


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
    box: AbstractContextManager[Any] = simulator_apart(Simulator) if apart else Simulator()
    try:
        with box as exact:
            settings.EXACT_ONLINE_BASE_URL = exact.base_url
            exact.turn(minute_limit=1_000_000, day_limit=1_000_000, **dials)
            yield World(exact)
    finally:
        connection.close()
        connection.creation.destroy_test_db(name, verbosity=0)
        teardown_test_environment()
