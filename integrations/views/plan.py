"""The dry run: what Enable would do with every member, on a page and as a file. Looking at it sends nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, cast

from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.vary import vary_on_headers
from django.views.generic import DetailView, View
from django.views.generic.detail import SingleObjectMixin

from integrations import plan, plan_csv, planned
from integrations.glance import Glance
from integrations.models import ExactOnlineConnection
from integrations.planned import NOT_COMPARED, NOT_COMPARED_LABEL, Line
from integrations.views.connections import LISTED, LeadsToExact, live_connections

# As long as a page may take to look at what changed since it was last planned.
PATIENCE = 3.0


@dataclass(frozen=True)
class Chip:
    """One kind of line, and how many there are."""

    kind: str
    label: str | Promise
    number: int


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Plan(LeadsToExact, PermissionRequiredMixin, DetailView):
    """Asked by htmx it is only the part that moves, while there are members still to look at."""

    permission_required = "integrations.view_exactonlineconnection"
    context_object_name = "connection"

    def get_queryset(self) -> QuerySet[ExactOnlineConnection]:
        return live_connections()

    def get_template_names(self) -> list[str]:
        part = "_plan" if "HX-Request" in self.request.headers else "plan"
        return [f"integrations/exact_online/{part}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        connection = self.object
        glance = Glance.at(connection, timezone.now())
        context = super().get_context_data(glance=glance, **kwargs)
        if glance.compared_at is None:
            return context
        left = plan.refresh(connection, PATIENCE)
        chips = _chips(glance.tally)
        asked = self.request.GET.get("kind", "")
        kind = asked if asked in [chip.kind for chip in chips] else ""
        return context | {
            "left": left,
            "chips": chips,
            "kind": kind,
            "page": self._page(kind),
        }

    def _page(self, kind: str) -> Page:
        lacking = kind == NOT_COMPARED
        rows: QuerySet[Any] = planned.not_compared(self.object) if lacking else planned.links(self.object, kind)
        page = Paginator(rows, LISTED).get_page(self.request.GET.get("page"))
        page.object_list = cast(Any, [Line(row) if lacking else Line.of(row) for row in page.object_list])
        return page


def _chips(tally: plan.Tally) -> list[Chip]:
    """All of them, those of nobody too: that there are no conflicts is worth reading."""
    kinds = [Chip(kind.value, kind.label, number) for kind, number in tally.counts.items()]
    return [
        Chip("", _("All"), sum(tally.counts.values())),
        *kinds,
        Chip(NOT_COMPARED, NOT_COMPARED_LABEL, tally.unknown),
    ]


class PlanCsv(PermissionRequiredMixin, SingleObjectMixin, View):
    """The whole of it, planned anew to the last member first."""

    permission_required = "integrations.view_exactonlineconnection"
    http_method_names = ("get",)

    def get_queryset(self) -> QuerySet[ExactOnlineConnection]:
        return live_connections()

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection: ExactOnlineConnection = self.get_object()
        plan.refresh(connection, math.inf)
        name = f"{slugify(_('Dry run'))}-{slugify(str(connection)) or connection.pk}-{timezone.localdate():%Y-%m-%d}.csv"
        response = HttpResponse(
            content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )
        plan_csv.write(connection, response)
        return response
