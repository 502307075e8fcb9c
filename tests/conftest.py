"""What every test may ask for, and the promise that nothing is skipped where CI asks for that."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from integrations.congressus.simulator import Simulator as CongressusSimulator
from integrations.exact_online.simulator import Simulator
from tests.associations import Association
from tests.worlds import World

LOOPBACK = ("localhost", "127.0.0.1", "::1", "", None)


@pytest.fixture(autouse=True)
def _nobody_outside_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A story that forgets to replace a host must fail, not call it."""
    look_up = socket.getaddrinfo

    def only_here(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in LOOPBACK:
            raise socket.gaierror(f"nobody is asked outside this machine, and not {name}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", only_here)


@pytest.fixture
def exact(settings: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A running, empty Exact Online, which every site of ours is replaced by."""
    with Simulator() as simulator:
        settings.EXACT_ONLINE_BASE_URL = simulator.base_url
        yield simulator


@pytest.fixture
def world(transactional_db: None, exact: Simulator) -> World:
    """Real commits, as in life: the engine's promises are about what is committed when."""
    return World(exact)


@pytest.fixture
def congressus(settings: pytest.FixtureRequest) -> Iterator[CongressusSimulator]:
    """A running, empty Congressus, in the place of the real one."""
    with CongressusSimulator() as simulator:
        settings.CONGRESSUS_BASE_URL = simulator.base_url
        yield simulator


@pytest.fixture
def association(world: World, congressus: CongressusSimulator) -> Association:
    return Association(congressus, world)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("NO_SKIPS") and skipped:
        session.exitstatus = 1
        reporter.write_line(f"{len(skipped)} tests were skipped, and NO_SKIPS is set", red=True)
