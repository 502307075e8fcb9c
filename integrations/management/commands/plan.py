"""The dry run in this process: compare with what Exact Online holds, say what Enable would do, write it to a file. Nothing is sent."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from integrations import connections, plan, plan_csv, runs, waiting
from integrations.connections import Lacking
from integrations.glance import Glance
from integrations.models import ExactOnlineConnection, SyncRun

# A worker may be taking the step that we are waiting for.
LOOK_AGAIN = 0.5

LACKING = {
    Lacking.CONSENT: lambda: _("the consent of Exact Online"),
    Lacking.ADMINISTRATION: lambda: _("an administration in Exact Online"),
    Lacking.STATUSES: lambda: _("member statuses to synchronize"),
}


class Command(BaseCommand):
    help = "Print what Enable would do with the members of a connection, after comparing them with Exact Online. Nothing is sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--connection", type=int, metavar="N", required=True, help="the number of the connection")
        parser.add_argument("--csv", type=Path, metavar="FILE", help="write the whole plan to this file")
        parser.add_argument("--no-read", action="store_true", help="ask Exact nothing: go by what was read before")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = _connection(options["connection"], reads=not options["no_read"])
        if options["csv"]:
            _open(options["csv"], "a").close()  # said now, not after minutes of reading
        if not options["no_read"]:
            self._read(connection)
            connection.refresh_from_db()
        glance = Glance.at(connection, timezone.now())
        if glance.compared_at is None:
            raise CommandError(
                _("The members of %(connection)s were never compared with Exact Online, so there is no plan.")
                % {"connection": connection}
            )
        plan.refresh(connection, math.inf)
        self._print(glance)
        if options["csv"]:
            with _open(options["csv"], "w") as file:
                plan_csv.write(connection, file)
            self.stdout.write(_("Written to %(file)s.") % {"file": options["csv"]})

    def _read(self, connection: ExactOnlineConnection) -> None:
        """Compare; where Exact cannot be asked, say why and leave it at what was read before."""
        trouble = _compare(connection)
        if trouble:
            self.stderr.write(trouble)

    def _print(self, glance: Glance) -> None:
        self.stdout.write(
            _("%(connection)s, compared with Exact Online at %(time)s. Nothing was sent.")
            % {"connection": glance.connection, "time": waiting.clock(glance.compared_at, glance.now)}  # type: ignore[arg-type]
        )
        for number, words in glance.would:
            self.stdout.write(f"{number_format(number, use_l10n=True, force_grouping=True):>9}  {words}")
        self.stdout.write(_("%(sum)s: ready in %(duration)s.") % {"sum": glance.would_cost, "duration": glance.would_take})


def _connection(number: int, *, reads: bool) -> ExactOnlineConnection:
    connection = ExactOnlineConnection.objects.live().filter(pk=number).first()
    if connection is None:
        raise CommandError(_("There is no connection %(number)s.") % {"number": number})
    # What was read before can be looked at without a consent, and whose books it are is of no matter.
    needed = [LACKING[one]() for one in connections.lacking(connection) if one in LACKING and one != Lacking.CONSENT]
    if needed:
        raise CommandError(
            _(
                "%(connection)s is not complete, so there is no plan. What lacks: %(list)s. Choose it on the page of the connection."
            )
            % {"connection": connection, "list": "; ".join(needed)}
        )
    return connection


def _compare(connection: ExactOnlineConnection) -> str:
    """Compare in this process, together with whichever worker hears of it; why it could not be done, or ""."""
    if Lacking.CONSENT in connections.lacking(connection):
        return _("Exact Online was not asked: there is no consent, or it is no longer accepted.")
    if connection.problem:
        return _("Exact Online was not asked: %(problem)s. %(sentence)s") % {
            "problem": connection.problem.label,
            "sentence": connection.problem_sentence,
        }
    going = SyncRun.objects.going().filter(connection=connection)
    if going.exclude(kind=SyncRun.Kind.COMPARE).exists():
        return _("Exact Online was not asked: what Enable started is still under way.")
    is_ours = not going.exists()
    run = runs.start(connection, SyncRun.Kind.COMPARE, None)
    try:
        return _wait_for(run.pk)
    finally:
        for left in going.filter(pk=run.pk, kind=SyncRun.Kind.COMPARE) if is_ours else ():
            runs.stop(left)


def _wait_for(pk: int) -> str:
    while True:
        more = runs.go_on(pk)
        run, now = SyncRun.objects.select_related("connection").get(pk=pk), timezone.now()
        if run.outcome == SyncRun.Outcome.DONE or run.phase == SyncRun.Phase.SENDING:  # Enable took it over
            return ""
        if not run.is_going or run.connection.problem:
            return _ended(run)
        if resting := waiting.rest(run.connection, now, by_person=True):
            facts = {"reason": resting[1], "time": waiting.clock(resting[0], now)}
            return _("Exact Online could not be asked to the end. %(reason)s It can be asked again at %(time)s.") % facts
        if not more:
            time.sleep(LOOK_AGAIN)


def _ended(run: SyncRun) -> str:
    if run.connection.problem:
        return _("Exact Online could not be asked: %(problem)s. %(sentence)s") % {
            "problem": run.connection.problem.label,
            "sentence": run.connection.problem_sentence,
        }
    return _("The comparison was stopped before it was done.")


def _open(path: Path, mode: str) -> Any:
    try:
        return path.open(mode, encoding="utf-8", newline="")
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be written: %(reason)s. Nothing was written; choose another name or folder.")
            % {"file": path, "reason": error.strerror}
        ) from None
