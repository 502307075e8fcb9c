"""The supervisor among programs that misbehave. Each story runs in a process of its own: its signals are real."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from congressus_sync import processes
from congressus_sync.processes import Child, Program
from tests.congressus_sync.terminal import ROOT, command_line

BEGIN = """
import os, signal, sys, time
from pathlib import Path
from congressus_sync import processes
from congressus_sync.processes import NotReady, Program, Supervisor
folder = Path(sys.argv[1])
def script(name, text, **more):
    return Program(name, [sys.executable, "-c", text, str(folder)], **more)
def say(text):
    print(text, flush=True)
def supervise(*programs, logs=None):
    Supervisor(programs, os.environ, folder, logs, say).run(on_ready=lambda: say("ready"))
"""
# Ends only when it is killed
STUBBORN = "import os, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + (
    "open(sys.argv[1] + '/pid', 'w').write(str(os.getpid())); time.sleep(60)"
)


@contextmanager
def told(folder: Path, story: str) -> Iterator[subprocess.Popen[str]]:
    """The process that lives through the story; gone afterwards, whatever happened."""
    text = BEGIN + f"STUBBORN = {STUBBORN!r}\n" + textwrap.dedent(story)
    command = [sys.executable, "-c", text, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as teller:
        try:
            yield teller
        finally:
            teller.kill()


def all_said(folder: Path, story: str) -> str:
    with told(folder, story) as teller:
        said, _ = teller.communicate(timeout=20)
        assert teller.returncode == 0, said
    return said


def test_a_program_that_ends_at_once_ends_the_start_and_says_where_to_look(tmp_path: Path) -> None:
    said = all_said(
        tmp_path,
        """
        good = script("good", STUBBORN, grace=0.1, is_ready=(folder / "pid").exists)
        bad = script("bad", "print('no licence'); raise SystemExit(3)", is_ready=lambda: False)
        try:
            supervise(good, bad, logs=folder / "logs")
        except NotReady as error:
            say(error)
        """,
    )

    assert f"The bad ended with status 3 while starting. What it said: {tmp_path}/logs/bad.log" in said
    assert "ready" not in said.splitlines()
    assert (tmp_path / "logs" / "bad.log").read_text() == "no licence\n"
    assert not command_line(int((tmp_path / "pid").read_text()))  # the good one was not left behind


def test_a_program_that_keeps_ending_is_started_again_and_again(tmp_path: Path) -> None:
    said = all_said(
        tmp_path,
        """
        processes.FIRST_PAUSE = 0.01
        # The fourth start asks the supervisor to stop.
        count = "import os, signal, sys; starts = open(sys.argv[1] + '/starts', 'a'); starts.write('x'); starts.flush(); "
        stop = "os.path.getsize(sys.argv[1] + '/starts') == 4 and os.kill(os.getppid(), signal.SIGTERM)"
        supervise(script("moth", count + stop))
        """,
    )

    assert said.count("The moth ended with status 0; it is started again") == 3
    assert "Stopping" in said


def test_what_a_program_leaves_behind_is_gone_before_it_starts_again(tmp_path: Path) -> None:
    said = all_said(
        tmp_path,
        """
        processes.FIRST_PAUSE = 0.01
        # The first start forks somebody stubborn and dies; the second asks to stop.
        first = "import os, signal, subprocess, sys, time\\nif os.path.exists(sys.argv[1] + '/pid'): "
        first += "os.kill(os.getppid(), signal.SIGTERM); time.sleep(60)\\n"
        first += f"subprocess.Popen([sys.executable, '-c', {STUBBORN!r}, sys.argv[1]])\\n"
        first += "while not os.path.exists(sys.argv[1] + '/pid'): time.sleep(0.01)\\nos.kill(os.getpid(), signal.SIGKILL)"
        supervise(script("parent", first))
        """,
    )

    assert "The parent was ended by SIGKILL" in said
    assert not command_line(int((tmp_path / "pid").read_text()))


def test_the_second_ctrl_c_waits_for_nobody(tmp_path: Path) -> None:
    with told(tmp_path, 'supervise(script("stubborn", STUBBORN, grace=60, is_ready=(folder / "pid").exists))') as teller:
        assert next(teller.stdout or iter(())) == "ready\n"

        teller.send_signal(signal.SIGINT)
        assert next(teller.stdout or iter(())).startswith("Stopping")
        assert teller.poll() is None  # it waits
        teller.send_signal(signal.SIGINT)

        assert teller.wait(timeout=10) == 0
    assert not command_line(int((tmp_path / "pid").read_text()))


def test_grace_ends(tmp_path: Path) -> None:
    with told(tmp_path, 'supervise(script("stubborn", STUBBORN, grace=0.3, is_ready=(folder / "pid").exists))') as teller:
        assert next(teller.stdout or iter(())) == "ready\n"

        teller.send_signal(signal.SIGTERM)

        assert teller.wait(timeout=10) == 0
    assert not command_line(int((tmp_path / "pid").read_text()))


def test_pauses_grow_and_begin_small_again_after_a_steady_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(processes.time, "monotonic", lambda: now)
    child = Child(Program("moth", ["true"]), {"PATH": "/usr/bin:/bin"}, Path("/"), None)

    pauses = []
    for _ in range(7):
        child.start()
        now += 5
        pauses.append(child.plan_restart())
    child.start()
    now += 60
    pauses.append(child.plan_restart())

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 1]
