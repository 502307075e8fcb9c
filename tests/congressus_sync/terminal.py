"""Starting the real thing in a process of its own, in a folder of its own, as somebody does in a terminal."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.running import eventually

ROOT = Path(__file__).resolve().parent.parent.parent
# What the suite itself set, or the machine that runs it: a terminal of somebody new has none of it.
NOT_THEIRS = (
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
    "EMAIL_URL",
    "FIELD_ENCRYPTION_KEYS",
    "SECRET_KEY",
)


def a_clean_environment(**more: object) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_THEIRS}
    return kept | {name: str(value) for name, value in more.items()}


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A `manage.py` command that runs, and what it has said so far."""

    def __init__(self, command: str, folder: Path, **environment: object) -> None:
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *command.split()],
                cwd=ROOT,
                env=a_clean_environment(TMPDIR=folder, **environment),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def says(self, words: str, within: float = 40.0) -> str:
        """All it said, once it has said this."""
        eventually(lambda: words in self.said or self.has_ended(), within, f"not within {within:.0f} s: {words!r}")
        assert words in self.said, f"It did not say {words!r} but:\n{self.said}"
        return self.said

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=40)

    def processes(self) -> dict[int, str]:
        """Everything that descends from it now: number and command line."""
        found: dict[int, str] = {}
        waiting = [self.process.pid]
        while waiting:
            number = waiting.pop()
            found[number] = command_line(number)
            waiting += children_of(number)
        return found

    def running(self, word: str) -> list[int]:
        """The numbers of its direct children whose command line holds the word."""
        return [number for number in children_of(self.process.pid) if word in command_line(number)]


@contextmanager
def running(command: str, folder: Path, **environment: object) -> Iterator[Running]:
    """However the test ends, nothing of it stays."""
    it = Running(command, folder, **environment)
    try:
        yield it
    finally:
        everything = it.processes()
        if not it.has_ended():
            it.process.kill()
            it.process.wait()
        for number in everything:
            if command_line(number):
                os.kill(number, signal.SIGKILL)


def children_of(number: int) -> list[int]:
    try:
        return [int(child) for child in re.findall(r"\d+", Path(f"/proc/{number}/task/{number}/children").read_text())]
    except (FileNotFoundError, ProcessLookupError):
        return []


def command_line(number: int) -> str:
    """Empty once the process is gone."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def status_of(url: str) -> int:
    """0 when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
