"""Push what is due now, in this process, and say what happened. The same work as the worker's."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from integrations import runs
from integrations.drain import Drain
from integrations.models import ExactOnlineConnection, SyncRun
from integrations.problems import RESTS


class Command(BaseCommand):
    help = "Push members that changed to Exact Online, once, and print what was done."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--connection", type=int, metavar="N", help="only the connection with this number")

    def handle(self, *args: Any, **options: Any) -> None:
        connections = ExactOnlineConnection.objects.live()
        if options["connection"] is not None:
            connections = connections.filter(pk=options["connection"])
            if not connections:
                raise CommandError(_("There is no connection %(number)s.") % {"number": options["connection"]})
        if not connections:
            self.stdout.write(_("There are no connections yet; add one under Settings > Integrations > Exact Online."))
        for connection in connections:
            self.stdout.write(f"{connection.pk}  {connection}: {self._push(connection)}")

    def _push(self, connection: ExactOnlineConnection) -> str:
        if not connection.enabled:
            return _("not enabled, nothing sent.")
        for run in SyncRun.objects.comparing().filter(connection=connection):
            while runs.go_on(run.pk):
                pass
        drain = Drain(connection.pk).run()
        runs.settle(timezone.now(), connection.pk)
        connection.refresh_from_db()
        if drain.claimed:
            done = ", ".join(f"{count} {outcome}" for outcome, count in sorted(drain.counts.items())) or _("nothing to do")
            return f"{done}. {self._what_follows(connection)}".strip()
        return self._what_follows(connection) or _("another process is busy with it.")

    def _what_follows(self, connection: ExactOnlineConnection) -> str:
        if connection.problem:
            words = {"problem": connection.problem.label, "sentence": connection.problem_sentence}
            return _("Needs attention: %(problem)s. %(sentence)s") % words
        rests = max(filter(None, (connection.resume_at, connection.bulk_resume_at)), default=None)
        if rests and rests > timezone.now():
            reason, moment = RESTS.get(connection.resume_reason, ""), f"{timezone.localtime(rests):%H:%M:%S}"
            return _("%(reason)s Goes on at %(time)s.") % {"reason": reason, "time": moment}
        return ""
