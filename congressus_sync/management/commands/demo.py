"""The door handle of congressus_sync.demo. It starts itself a second time, in an environment of the demonstration's own.

Whatever the environment says of a database, a broker, mail or keys is dropped there: a demonstration must not write in real
books.
"""

import os
import secrets
import sys
import uuid
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from congressus_sync import keys, prepare, serve
from congressus_sync.demo import congressus, relations, run, treasurer

_OF_A_REAL_INSTALLATION = (
    "ALLOWED_HOSTS",
    "CELERY_BROKER_URL",
    "DATABASE_URL",
    "DEBUG",
    "DEFAULT_FROM_EMAIL",
    "EMAIL_URL",
    "FIELD_ENCRYPTION_KEYS",
    "SECRET_KEY",
    "TRUST_PROXY",
)


class Command(BaseCommand):
    help = (
        "Runs a demonstration: an association of 250 members between simulators of Congressus and Exact Online. Stop with Ctrl-C."
    )
    requires_system_checks = []  # run below, in the demonstration's own environment

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--prepare-in", type=Path, help=SUPPRESS)

    def handle(self, *args: Any, prepare_in: Path | None, **options: Any) -> None:
        exact, congressus_port = _port("SIMULATOR_PORT", 8090), _port("CONGRESSUS_SIMULATOR_PORT", 8091)
        if prepare_in is None:
            _start_again_in(settings.VAR_DIR.absolute() / "demo", exact, congressus_port)
        self.check()
        prepare.database()
        prepare.static_files()
        if congressus.connect(keys.read(prepare_in / run.API_KEY)):
            self.stdout.write("A demonstration association has been made: 250 members in Congressus, in five statuses.")
        treasurer.ensure(prepare_in / run.PASSWORD)
        relations.write(prepare_in / run.RELATIONS)
        congressus.write(prepare_in / run.MEMBERS)
        self.stdout.flush()
        url = settings.PUBLIC_URL
        redirect = url + reverse("exact-online-authorize")
        serve.become(
            "congressus_sync.demo.run",
            port=settings.PORT,
            url=url,
            redirect=redirect,
            simulator=exact,
            congressus=congressus_port,
            var=prepare_in,
        )


def _port(name: str, default: int) -> int:
    try:
        return int(os.environ.get(name) or default)
    except ValueError as error:
        raise CommandError(f"{name} is {os.environ[name]!r}, which is not a port number.") from error


def _start_again_in(folder: Path, exact: int, congressus_port: int) -> NoReturn:
    """Replaces this process. Raises CommandError when a port is taken."""
    try:
        for port in (settings.PORT, exact, congressus_port):
            serve.refuse_taken_port(run.LOOPBACK, port)
    except serve.PortTaken as error:
        raise CommandError(f"{error} The demonstration takes PORT, SIMULATOR_PORT and CONGRESSUS_SIMULATOR_PORT.") from error
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    keys.ensure(folder / "keys")
    keys.write_once(folder / run.CLIENT_ID, str(uuid.uuid4()))
    keys.write_once(folder / run.CLIENT_SECRET, secrets.token_urlsafe(12))
    keys.write_once(folder / run.API_KEY, secrets.token_hex(20))
    environment = {name: value for name, value in os.environ.items() if name not in _OF_A_REAL_INSTALLATION} | {
        "VAR_DIR": str(folder),
        "PUBLIC_URL": f"http://localhost:{settings.PORT}",
        "EXACT_ONLINE_BASE_URL": run.simulator_url(exact),
        "CONGRESSUS_BASE_URL": run.simulator_url(congressus_port),
    }
    os.execve(sys.executable, [*sys.orig_argv, "--prepare-in", str(folder)], environment)  # noqa: S606
