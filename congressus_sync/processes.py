"""Keeping a handful of programs alive, and ending them in good order.

Each program gets a session of its own: Ctrl-C in the terminal reaches the supervisor alone, which then stops them in the reverse
order of their start, so that a job can finish while its broker is still there. A program that ends by itself is started again
after a pause that grows; what it left behind in its session (a pool process, a beat) is killed first, or there would be two.

Only the standard library here, and no Django: this process does nothing all day and should weigh nothing.
"""

import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_AFTER = 60.0  # seconds alive after which the pause begins small again
READY_WITHIN = 60.0
_PR_SET_PDEATHSIG = 1


class NotReady(Exception):
    """A program ended, or kept silent, before the first start was complete. The text says which, and how."""


def _at_once() -> bool:
    return True


@dataclass(frozen=True)
class Program:
    """What to run. `grace` is the time in seconds it gets to end by itself; `is_ready` tells whether the next one may start."""

    name: str
    command: Sequence[str]
    grace: float = 10.0
    is_ready: Callable[[], bool] = _at_once


def accepts_connections(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False


class Child:
    """A program and the process that runs it now, if any."""

    def __init__(self, program: Program, environment: Mapping[str, str], directory: Path, log: IO[bytes] | None) -> None:
        self.program = program
        self._environment = environment
        self._directory = directory
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._pause = 0.0
        self.restart_at: float | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603
            self.program.command,
            cwd=self._directory,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=_end_with(os.getpid()),  # safe: this process has one thread
        )
        self._started, self.restart_at = time.monotonic(), None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode if self._process else 0
        return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"

    def plan_restart(self) -> float:
        """Clear away what it left behind and choose the pause, in seconds."""
        self.kill()
        now = time.monotonic()
        steady = now - self._started >= STEADY_AFTER
        self._pause = FIRST_PAUSE if steady or not self._pause else min(self._pause * 2, LONGEST_PAUSE)
        self.restart_at = now + self._pause
        return self._pause

    def ask_to_end(self) -> None:
        if self._process and self.is_running:
            self._process.terminate()

    def kill(self) -> None:
        """The process and whatever still lives in its session. Once: later the number may be another's."""
        if not self._process:
            return
        with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of the dead
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


class Supervisor:
    """Starts the programs in order, keeps them running and stops them in reverse order.

    `environment` is that of the programs; `logs` a folder for their output (one file each, begun anew), or None for our own
    output; `say` takes one line for people.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        environment: Mapping[str, str],
        directory: Path,
        logs: Path | None,
        say: Callable[[str], None],
    ) -> None:
        self._logs = logs
        self._say = say
        self._children = [Child(program, environment, directory, self._log_of(program)) for program in programs]
        self._requests_to_stop = 0
        self._wake, self._waker = os.pipe()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Until SIGINT, SIGTERM or SIGHUP. Raises NotReady; whatever happens, no program is left running."""
        with self._listening():
            try:
                for child in self._children:
                    self._bring_up(child)
                if not self._requests_to_stop:
                    on_ready()
                while not self._requests_to_stop:
                    self._tend()
                self._say("Stopping: what runs is finished first. Ctrl-C once more ends it at once.")
            finally:
                self._stop()

    def _bring_up(self, child: Child) -> None:
        if self._requests_to_stop:
            return
        child.start()
        deadline = time.monotonic() + READY_WITHIN
        while not self._requests_to_stop and not child.program.is_ready():
            if not child.is_running:
                raise NotReady(f"The {child.program.name} {child.ending} while starting.{self._where_to_look(child)}")
            if time.monotonic() > deadline:
                raise NotReady(f"The {child.program.name} did not come up in {READY_WITHIN:.0f} s.{self._where_to_look(child)}")
            self._doze(0.05)

    def _tend(self) -> None:
        for child in self._children:
            if child.is_running:
                continue
            if child.restart_at is None:
                ending, pause = child.ending, child.plan_restart()
                self._say(f"The {child.program.name} {ending}; it is started again in {pause:.0f} s.{self._where_to_look(child)}")
            elif child.restart_at <= time.monotonic():
                child.start()
        restarts = [child.restart_at for child in self._children if child.restart_at is not None]
        self._doze(min(restarts) - time.monotonic() if restarts else LONGEST_PAUSE)

    def _stop(self) -> None:
        hurry_at = 2 if self._requests_to_stop else 1  # one more than it took to come here
        for child in reversed(self._children):
            child.ask_to_end()
            deadline = time.monotonic() + child.program.grace
            while child.is_running and time.monotonic() < deadline and self._requests_to_stop < hurry_at:
                self._doze(0.2)
            child.kill()

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Signals wake the loop through a pipe: a child that ends and a Ctrl-C are seen at once, without looking every moment."""
        os.set_blocking(self._waker, False)
        old_fd = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        old = {number: signal.signal(number, self._ask_to_stop) for number in asked}
        old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda number, frame: None)
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(old_fd)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._requests_to_stop += 1

    def _doze(self, seconds: float) -> None:
        if select.select([self._wake], [], [], max(seconds, 0))[0]:
            os.read(self._wake, 4096)

    def _log_of(self, program: Program) -> IO[bytes] | None:
        if not self._logs:
            return None
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        return (self._logs / f"{program.name}.log").open("wb")

    def _where_to_look(self, child: Child) -> str:
        return f" What it said: {self._logs / child.program.name}.log" if self._logs else ""


def _end_with(parent: int) -> Callable[[], None] | None:
    """On Linux the kernel tells a child when the supervisor is gone, even when that was killed and could tell nobody."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def in_the_child() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it went in between
            os.kill(os.getpid(), signal.SIGKILL)

    return in_the_child
