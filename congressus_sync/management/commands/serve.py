"""The door handle of congressus_sync.serve: prepares, then becomes the supervisor (see there why)."""

import os
import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from congressus_sync import keys, prepare, serve


class Command(BaseCommand):
    help = "Runs everything in this terminal: broker, worker with scheduler, web server. Stop with Ctrl-C."
    requires_system_checks = []  # run below, when the keys have been made

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--bind",
            default="",
            help="HOST or HOST:PORT to listen on. Without it: PORT, on this machine only "
            "when PUBLIC_URL names this machine, else on all its addresses.",
        )

    def handle(self, *args: Any, bind: str, **options: Any) -> None:
        host, port = where_to_listen(bind)
        try:
            serve.refuse_taken_port(host, port)
        except serve.PortTaken as error:
            raise CommandError(str(error)) from error
        if not os.environ.get("DATABASE_URL") and keys.ensure(settings.VAR_DIR / "keys"):
            os.execv(sys.executable, sys.orig_argv)  # noqa: S606  (once more, now with the keys)
        self.check()
        prepare.database()
        prepare.static_files()
        if not get_user_model().objects.exists():
            self.stdout.write("Nobody can log in yet. In another terminal: .venv/bin/python manage.py createsuperuser")
        self.stdout.flush()
        serve.become(
            "congressus_sync.serve", host=host, port=port, url=settings.PUBLIC_URL, var=settings.VAR_DIR, data=where_the_data_is()
        )


def where_to_listen(bind: str) -> tuple[str, int]:
    """Raises CommandError when `bind` names no port number."""
    address = urlsplit(f"//{bind}")
    try:
        port = address.port or settings.PORT
    except ValueError as error:
        raise CommandError(f"--bind {bind}: {error}. Write it as 127.0.0.1:8000.") from error
    local_only = urlsplit(settings.PUBLIC_URL).hostname in settings.LOOPBACK_HOSTS
    return address.hostname or ("127.0.0.1" if local_only else "0.0.0.0"), port  # noqa: S104  (a proxy may be on another machine)


def where_the_data_is() -> str:
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        return str(database["NAME"])
    return f"database {database['NAME']} on {database.get('HOST') or 'this machine'}"
