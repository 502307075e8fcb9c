"""The whole installation in one terminal: broker, worker with its scheduler, web server.

`manage.py serve` prepares the database and then becomes this module, which knows no Django: the process that only watches the
others stays small. `python -m congressus_sync.serve` is therefore not for people; it trusts that everything is prepared.
"""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from congressus_sync.broker import Broker, NoBroker
from congressus_sync.processes import NotReady, Program, Supervisor, accepts_connections

HERE = Path(__file__).resolve().parent.parent
# The longest a drain lasts (60 s) and one call to Exact Online (30 s): a job that runs gets to its end.
WORKER_GRACE = 90.0


class PortTaken(Exception):
    """The text names the port and what to do."""


def web(host: str, port: int) -> Program:
    command = (sys.executable, "-m", "gunicorn", "--config", "python:congressus_sync.web", "--bind", _join(host, port))
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  (compared, not bound)
    return Program("web", command, grace=35.0, is_ready=partial(accepts_connections, reachable, port))


def worker(var: Path) -> Program:
    """The worker and, inside it, the scheduler: there must be one scheduler, and here is one worker."""
    command = (sys.executable, "-m", "congressus_sync.worker", "--schedule", str(var / "celerybeat-schedule"))
    return Program("worker", command, grace=WORKER_GRACE)


def supervise(programs: Sequence[Program], var: Path, welcome: str, logs: Path | None = None) -> int:
    """Run the programs, and before them a broker when the environment names none. Returns the exit status.

    `welcome` is printed once everything is up. `logs` is a folder for what the programs say; without it they say it here.
    """
    # glibc would give each thread a heap of its own: 10 MB that nobody needs.
    environment = {"MALLOC_ARENA_MAX": "2", **os.environ}
    try:
        broker = None if environment.get("CELERY_BROKER_URL") else Broker.embedded()
    except NoBroker as error:
        _complain(str(error))
        return 1
    try:
        if broker:
            environment["CELERY_BROKER_URL"] = broker.url
            programs = [Program("broker", broker.command, is_ready=broker.answers), *programs]
        var.mkdir(mode=0o700, parents=True, exist_ok=True)
        Supervisor(programs, environment, HERE, logs, _say).run(on_ready=partial(_say, welcome))
    except NotReady as error:
        _complain(str(error))
        return 1
    finally:
        if broker:
            broker.remove()
    _say("Stopped.")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m congressus_sync.serve")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--url", required=True)
    parser.add_argument("--var", required=True, type=Path)
    parser.add_argument("--data", required=True, help="where the data is, in words")
    options = parser.parse_args(arguments)
    welcome = (
        f"congressus_sync is ready: {options.url}\n"
        f"Data: {options.data}\n"
        "Stop with Ctrl-C; a synchronization that runs is finished first."
    )
    return supervise([worker(options.var), web(options.host, options.port)], options.var, welcome)


def refuse_taken_port(host: str, port: int) -> None:
    """Raises PortTaken, before anything is begun; the web server itself would say it in a traceback."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Port {port} on {host} cannot be used ({error.strerror}): another program may be listening there, perhaps an "
                "earlier start of this one. Stop it, or choose another port (see .env.example)."
            ) from error


def become(module: str, **options: object) -> NoReturn:
    """Replace this process, Django and all, by the small one that `python -m module --name value ...` is."""
    arguments = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    os.chdir(HERE)
    os.execv(sys.executable, [sys.executable, "-m", module, *arguments])  # noqa: S606


def _join(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    raise SystemExit(main())
