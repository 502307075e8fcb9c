"""Starting a comparison, watching whatever is under way, and stopping it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.vary import vary_on_headers
from django.views.generic import DetailView, View
from django.views.generic.detail import SingleObjectMixin

from integrations import connections, estimate, results, runs
from integrations.connections import Lacking
from integrations.glance import Glance
from integrations.models import ExactOnlineConnection, SyncRun
from integrations.problems import ConnectionProblem
from integrations.progress import Progress
from integrations.views.connections import LeadsToExact, listed_lacking, live_connections


class Compare(PermissionRequiredMixin, SingleObjectMixin, View):
    """What Exact Online holds can be asked before a financial administration is chosen."""

    http_method_names = ("post",)
    permission_required = "integrations.change_exactonlineconnection"

    def get_queryset(self) -> QuerySet[ExactOnlineConnection]:
        return live_connections()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection: ExactOnlineConnection = self.get_object()
        refused = self._refusal(connection)
        if refused:
            messages.error(request, refused)
            return redirect(connection)
        return redirect(runs.start(connection, SyncRun.Kind.COMPARE, request.user.pk))

    def _refusal(self, connection: ExactOnlineConnection) -> str:
        lacks = [what for what in connections.lacking(connection) if what != Lacking.FINANCIAL_ADMINISTRATION]
        if lacks:
            return _("Nothing can be compared yet. What lacks: %(list)s.") % {"list": listed_lacking(lacks)}
        if connection.problem:
            return _("Exact Online cannot be asked now, because this connection needs attention: %(problem)s.") % {
                "problem": connection.problem.label
            }
        return ""


class OfConnection:
    """Runs of one live connection."""

    kwargs: dict[str, Any]
    pk_url_kwarg = "run_pk"

    def get_queryset(self) -> QuerySet[SyncRun]:
        of_connection = SyncRun.objects.filter(connection=self.kwargs["pk"], connection__removed_at=None)
        along = ("connection__financial_administration", "connection__app", "connection__token", "started_by")
        return of_connection.select_related(*along)


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Run(LeadsToExact, OfConnection, PermissionRequiredMixin, DetailView):
    """Asked by htmx it is only the part that moves."""

    permission_required = "integrations.view_exactonlineconnection"
    context_object_name = "run"

    def get_template_names(self) -> list[str]:
        part = "_run" if "HX-Request" in self.request.headers else "run"
        return [f"integrations/exact_online/{part}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        run, now = self.object, timezone.now()
        return super().get_context_data(
            connection=run.connection,
            glance=Glance.at(run.connection, now),
            progress=Progress.of(run, now),
            outcome=SyncRun.Outcome(run.outcome),
            results=self._results(run),
            took=estimate.in_words(run.ended_at - run.started_at) if run.ended_at else "",
            gets_a_mail=bool(run.started_by and run.started_by == self.request.user and run.started_by.email),
            failure=ConnectionProblem(run.problem).sentence(run.problem_details) if run.problem else "",
            **kwargs,
        )

    def _results(self, run: SyncRun) -> list[tuple[int, Any]]:
        """Before anything was compared, only those of an earlier comparison could be told."""
        return [] if run.is_going and run.phase == SyncRun.Phase.READING else results.told(runs.count(run))


class Stop(OfConnection, PermissionRequiredMixin, SingleObjectMixin, View):
    http_method_names = ("post",)
    permission_required = "integrations.change_exactonlineconnection"

    def post(self, request: HttpRequest, pk: int, run_pk: int) -> HttpResponse:
        run: SyncRun = self.get_object()
        if not runs.stop(run):
            messages.info(request, _("This had ended already."))
        elif run.kind == SyncRun.Kind.ENABLE:
            messages.success(request, _("Stopped. The connection is disabled; Actions > Enable goes on where this stopped."))
        else:
            messages.success(request, _("Stopped. Nothing was sent; comparing can be done again at any time."))
        return redirect(run)
