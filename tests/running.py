"""Real processes for stories: a broker, workers that can be killed, a web server; all on the database of the test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import connection, connections

from congressus_sync.broker import Broker
from congressus_sync.celery import app

HERE = Path(__file__).resolve().parent.parent


def eventually(holds: Callable[[], object], within: float = 20.0, why: str = "") -> None:
    """Wait until something holds, looking often; fail with `why` when it does not within so many seconds."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, why or "it did not happen in time"
        time.sleep(0.02)


def database_url() -> str:
    """The address of the test database, for processes of our own."""
    config = connection.settings_dict
    if config["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{config['NAME']}"
    return f"postgres://{config['USER']}:{config['PASSWORD']}@{config['HOST']}:{config['PORT']}/{config['NAME']}"


@contextmanager
def broker() -> Iterator[str]:
    """The URL of a broker: the one the environment names, else one of our own."""
    if settings.HAS_BROKER:
        yield _database_of_our_own(os.environ["CELERY_BROKER_URL"])
        return
    own = Broker.embedded()
    process = subprocess.Popen(own.command, stdout=subprocess.DEVNULL)
    try:
        eventually(own.answers, why="the broker did not start")
        yield own.url
    finally:
        process.kill()
        process.wait()
        own.remove()


def _database_of_our_own(url: str) -> str:
    """Test processes side by side share a Redis server, not its queues: redis://host/9 becomes /9, /10, ..."""
    base, _, number = url.rpartition("/")
    return f"{base}/{int(number) + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:])}"


class Processes:
    """Workers and a web server that see the same database, broker and Exact Online as the test."""

    def __init__(self, broker_url: str, exact_url: str) -> None:
        self.broker_url = broker_url
        self._exact_url = exact_url
        self._running: list[subprocess.Popen[bytes]] = []
        self._folder = Path(tempfile.mkdtemp())
        self._logs: list[Path] = []

    def environment(self, **more: str) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": self.broker_url,
            "EXACT_ONLINE_BASE_URL": self._exact_url,
            "CONGRESSUS_BASE_URL": settings.CONGRESSUS_BASE_URL,
            **more,
        }

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        log = self._folder / f"{len(self._logs)}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                command, cwd=HERE, env=self.environment(**environment), start_new_session=True, stdout=said, stderr=said
            )
        self._logs.append(log)
        self._running.append(process)
        return process

    def worker(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A Celery worker with one pool process; returns when it takes tasks."""
        command = (sys.executable, "-m", "celery", "-A", "congressus_sync", "worker", "--concurrency=1", "--loglevel=INFO")
        process = self.start(*command, "--without-gossip", "--without-mingle", *arguments)
        log = self._logs[-1]
        eventually(lambda: b"ready." in log.read_bytes(), within=30, why="the worker did not start")
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Without a chance to tidy up, pool processes and all."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in self._running:
            self.kill(process)
        if "pytest" in sys.modules:  # which shows it when the story fails
            sys.stdout.writelines(log.read_text(errors="replace") for log in self._logs)
        shutil.rmtree(self._folder)


@contextmanager
def processes(exact_url: str) -> Iterator[Processes]:
    """A broker, and whatever the story starts on it; all of it ends with the story."""
    with broker() as url, publishing_to(url):
        with app.connection_for_write() as link:
            link.default_channel.client.flushdb()
        started = Processes(url, exact_url)
        try:
            yield started
        finally:
            started.end()


@contextmanager
def publishing_to(url: str) -> Iterator[None]:
    """This process, too, publishes there. Celery keeps pools of connections, which must be forgotten."""
    before = app.conf.broker_url
    _use(url)
    try:
        yield
    finally:
        _use(before)


def _use(url: str) -> None:
    app.conf.broker_url = app.conf.broker_read_url = app.conf.broker_write_url = url
    app._after_fork()


class Aside:
    """Work in a thread of its own; what it raised is raised again by `join`."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        finally:
            connections.close_all()

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        if self._error:
            raise self._error
