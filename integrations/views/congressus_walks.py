"""Watching a walk through the members in Congressus, and stopping it."""

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

from integrations import estimate
from integrations.arrivals import walk as walks
from integrations.inflow import Progress
from integrations.models import CongressusWalk


class OfConnection:
    def get_queryset(self) -> QuerySet[CongressusWalk]:
        return CongressusWalk.objects.select_related("connection", "started_by")


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Walk(OfConnection, PermissionRequiredMixin, DetailView):
    """Asked by htmx it is only the part that moves."""

    permission_required = "integrations.view_congressusconnection"
    context_object_name = "walk"

    def get_template_names(self) -> list[str]:
        part = "_walk" if "HX-Request" in self.request.headers else "walk"
        return [f"integrations/congressus/{part}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        walk = self.object
        return super().get_context_data(
            connection=walk.connection,
            progress=Progress(walk, timezone.now()),
            outcome=CongressusWalk.Outcome(walk.outcome),
            results=_results(walk),
            took=estimate.in_words(walk.ended_at - walk.started_at) if walk.ended_at else "",
            **kwargs,
        )


def _results(walk: CongressusWalk) -> list[tuple[int, str]]:
    """Numbers and words of what was found."""
    return [
        (walk.created, _("new here")),
        (walk.changed, _("changed")),
        (walk.unchanged, _("as they were")),
        (walk.refused, _("not taken over")),
        (walk.gone, _("no longer in Congressus")),
        (walk.calls, _("calls made")),
    ]


class Stop(OfConnection, PermissionRequiredMixin, SingleObjectMixin, View):
    http_method_names = ("post",)
    permission_required = "integrations.sync_congressusconnection"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        walk: CongressusWalk = self.get_object()
        if walks.stop(walk):
            messages.success(request, _("Stopped. What was read stays; Actions > Fetch now begins anew."))
        else:
            messages.info(request, _("This had ended already."))
        return redirect(walk)
