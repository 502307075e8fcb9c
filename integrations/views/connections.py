"""The list of connections, adding one, and the page of one: its state in one glance, and what people do with it.

A page that holds Connect sends its form to us, and we send the browser on to Exact: Chromium checks that second address against
`form-action` too, so those pages name Exact's host in their policy.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.vary import vary_on_headers
from django.views.generic import DetailView, FormView, ListView, TemplateView, View
from django.views.generic.detail import SingleObjectMixin

from integrations import addresses, brake, connections, consent, problems
from integrations.connections import Lacking
from integrations.exact_online import hosts
from integrations.forms import AddForm
from integrations.glance import Glance
from integrations.models import CongressusConnection, ExactOnlineConnection, RelationLink
from integrations.models.app import Site
from integrations.models.link import SyncState
from members.models import MemberStatus

LISTED = 50

LACKING = {
    Lacking.CONSENT: gettext_lazy("the consent of Exact Online: choose Connect"),
    Lacking.FINANCIAL_ADMINISTRATION: gettext_lazy("a financial administration: choose Actions > Edit"),
    Lacking.ADMINISTRATION: gettext_lazy("an administration in Exact Online: choose Actions > Edit"),
    Lacking.STATUSES: gettext_lazy("member statuses to synchronize: choose Actions > Edit"),
}


class LeadsToExact:
    """For a view with a form that ends at Exact."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        go_on = csp_update({"form-action": self.hosts()})
        return go_on(super().dispatch)(request, *args, **kwargs)  # type: ignore[misc]

    def hosts(self) -> list[str]:
        live = ExactOnlineConnection.objects.live().exclude(app=None)
        return sorted({addresses.exact(site) for site in live.values_list("site", flat=True)})


class Integrations(PermissionRequiredMixin, TemplateView):
    """Who may see either connection may come in."""

    permission_required = ("integrations.view_exactonlineconnection", "integrations.view_congressusconnection")
    template_name = "integrations/index.html"

    def has_permission(self) -> bool:
        return any(self.request.user.has_perm(permission) for permission in self.get_permission_required())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        live = list(ExactOnlineConnection.objects.live())
        return super().get_context_data(
            count=len(live),
            working=sum(one.enabled for one in live),
            attention=sum(bool(one.attention) for one in live),
            congressus=CongressusConnection.objects.first(),
            **kwargs,
        )


class Connections(LeadsToExact, PermissionRequiredMixin, ListView):
    permission_required = "integrations.view_exactonlineconnection"
    template_name = "integrations/exact_online/list.html"

    def get_queryset(self) -> QuerySet[ExactOnlineConnection]:
        return live_connections()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        glances = [Glance.at(connection, now) for connection in self.object_list]
        return super().get_context_data(glances=glances, **kwargs)


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Add(PermissionRequiredMixin, FormView):
    """Step 1 of the guide in our words, and below it the form for what comes out of it."""

    permission_required = "integrations.add_exactonlineconnection"
    template_name = "integrations/exact_online/add.html"
    form_class = AddForm

    def get_template_names(self) -> list[str]:
        return ["integrations/exact_online/_steps.html" if "HX-Request" in self.request.headers else self.template_name]

    def get_initial(self) -> dict[str, Any]:
        return {"site": self._site()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        base_url = addresses.exact(self._site())
        return super().get_context_data(
            redirect_url=consent.redirect_url(),
            exact_url=base_url,
            exact_host=urlsplit(base_url).netloc,
            app_center_url=f"{base_url}/app-center/" if settings.EXACT_ONLINE_BASE_URL else "",
            address_doubts=addresses.doubts(self.request),
            public_url=settings.PUBLIC_URL,
            **kwargs,
        )

    def _site(self) -> str:
        asked = self.request.POST.get("site") or self.request.GET.get("site") or ""
        return asked if asked in hosts.SITES else Site.NL.value

    def form_valid(self, form: AddForm) -> HttpResponse:
        typed = form.cleaned_data
        try:
            connection = connections.add(typed["site"], typed["client_id"], typed["client_secret"], self.request.user.pk)
        except (connections.OtherSecret, connections.SecretLacking):  # somebody stored another one this moment
            form.check_credentials()
            return self.form_invalid(form)
        messages.success(self.request, _("The Client ID and Client secret were saved. Choose Connect to go to Exact Online."))
        return redirect(connection)


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Connection(LeadsToExact, PermissionRequiredMixin, DetailView):
    """Asked by htmx it is only the part that moves."""

    permission_required = "integrations.view_exactonlineconnection"
    context_object_name = "connection"

    def get_queryset(self) -> QuerySet[ExactOnlineConnection]:
        return live_connections()

    def get_template_names(self) -> list[str]:
        part = "_state" if "HX-Request" in self.request.headers else "connection"
        return [f"integrations/exact_online/{part}.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        connection = self.object
        context = super().get_context_data(glance=Glance.at(connection, timezone.now()), **kwargs)
        if "HX-Request" in self.request.headers:
            return context | {"listed": self.request.GET.get("listed", "")}
        links = RelationLink.objects.filter(connection=connection).select_related("member")
        left_out = links.with_state(connection.mapping_key).filter(sync_state=SyncState.LEFT_OUT)  # type: ignore[misc]
        kept = RelationLink.objects.kept_by(connection).select_related("member")
        parked = RelationLink.objects.parked(connection).select_related("member").order_by("pk")
        return context | {
            "parked": self._page(parked, "parked"),
            "warned": self._page(kept.filter(left_out=False).exclude(warnings=[]).order_by("pk"), "warned"),
            "left_out": self._page(left_out.order_by("pk"), "left_out"),
            "listed": str(context["glance"].parked),
            "sharing": _sharing(connection),
            "gone_statuses": [status for status in connection.statuses.all() if status.gone_at],
            "unfetched_statuses": _unfetched(connection),
            "redirect_url": consent.redirect_url(),
            "address_doubts": addresses.doubts(self.request),
            "public_url": settings.PUBLIC_URL,
            "exact_host": urlsplit(addresses.exact(connection.site)).netloc,
        }

    def _page(self, links: QuerySet[RelationLink], name: str) -> Page:
        page = Paginator(links, LISTED).get_page(self.request.GET.get(name))
        page.object_list = cast(Any, [_Line(link) for link in page.object_list])
        return page


class _Line:
    """What the page says of one link."""

    def __init__(self, link: RelationLink) -> None:
        self.link = link
        self.member = link.member

    @property
    def problem(self) -> problems.LinkProblem | None:
        return problems.LinkProblem(self.link.reason) if self.link.reason else None

    @property
    def sentence(self) -> str:
        return self.problem.sentence(self.link.problem_details) if self.problem else ""

    @property
    def said(self) -> str:
        return self.link.problem_details.get("said", "")

    @property
    def may_link(self) -> bool:
        return connections.may_link(self.link)

    @property
    def warnings(self) -> list[str]:
        return [problems.warning_sentence(**warning) for warning in self.link.warnings]


def live_connections() -> QuerySet[ExactOnlineConnection]:
    live = ExactOnlineConnection.objects.live().select_related("financial_administration", "app", "token")
    return live.prefetch_related("statuses")


def _sharing(connection: ExactOnlineConnection) -> list[ExactOnlineConnection]:
    """The others that live by the same consent."""
    if connection.token is None:
        return []
    return list(connection.token.connections.live().exclude(pk=connection.pk).select_related("financial_administration"))


def _unfetched(connection: ExactOnlineConnection) -> list[MemberStatus]:
    """Statuses of Congressus that are sent, and with which nobody arrives because they are not among those fetched."""
    congressus = CongressusConnection.objects.first()
    if congressus is None:
        return []
    fetched = set(congressus.statuses.all())
    return [
        status
        for status in connection.statuses.all()
        if status.is_from_congressus and not status.gone_at and status not in fetched
    ]


# What people do -----------------------------------------------------------------------------------------------------------


class Act(PermissionRequiredMixin, SingleObjectMixin, View):
    """A button. Whatever it does, the connection's page says what became of it."""

    http_method_names = ("post",)
    permission_required = "integrations.change_exactonlineconnection"

    def get_queryset(self) -> QuerySet[ExactOnlineConnection]:
        return live_connections()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection: ExactOnlineConnection = self.get_object()
        level, said = self.act(connection)
        messages.add_message(request, level, said)
        return self.leave(connection)

    def leave(self, connection: ExactOnlineConnection) -> HttpResponse:
        return redirect(connection)

    def act(self, connection: ExactOnlineConnection) -> tuple[int, str]:
        """Do it; returns the level and words of the message."""
        raise NotImplementedError


class Enable(Act):
    def act(self, connection: ExactOnlineConnection) -> tuple[int, str]:
        if connections.enable(connection, self.request.user.pk):
            return messages.SUCCESS, _("Enabled. From now on these members are kept up to date in Exact Online.")
        if lacks := connections.lacking(connection):
            return messages.ERROR, _("Nothing was enabled. What lacks: %(list)s.") % {"list": listed_lacking(lacks)}
        return messages.INFO, _("The connection is enabled already.")


class Disable(Act):
    def act(self, connection: ExactOnlineConnection) -> tuple[int, str]:
        connections.disable(connection)
        return messages.SUCCESS, _("Disabled. Nothing is sent any more; changes wait here, and Actions > Enable catches up.")


class Brake(Act):
    """The word that an import or the like waits for: `answer` is go_on or not_these."""

    def act(self, connection: ExactOnlineConnection) -> tuple[int, str]:
        if self.request.POST.get("seen", _seen(connection)) != _seen(connection):
            return messages.WARNING, _("What is held back changed meanwhile, so nothing was done. Look at the numbers once more.")
        match self.request.POST.get("answer"):
            case "go_on":
                count = brake.go_on(connection)
                said = ngettext("It goes on: %(count)s member is sent.", "It goes on: %(count)s members are sent.", count)
                return messages.SUCCESS, said % {"count": count}
            case "not_these":
                count = brake.not_these(connection)
                said = ngettext(
                    "%(count)s change is not sent. What is changed next of that member is.",
                    "%(count)s changes are not sent. What is changed next of those members is.",
                    count,
                )
                return messages.SUCCESS, said % {"count": count}
        return messages.ERROR, _("Nothing was done. Choose “Go on” or “Not these”.")


def _seen(connection: ExactOnlineConnection) -> str:
    """Changes with what is held back."""
    found = brake.asked(connection)
    return f"{found.created}-{found.changed}"


class SyncNow(Act):
    permission_required = "integrations.sync_exactonlineconnection"

    def act(self, connection: ExactOnlineConnection) -> tuple[int, str]:
        if Lacking.CONSENT in connections.lacking(connection):
            return messages.ERROR, _("Nothing can be sent without the consent of Exact Online. Choose Connect first.")
        connections.sync_now(connection)
        if not connection.enabled:
            return messages.INFO, _("Nothing is sent while the connection is not enabled. Choose Actions > Enable.")
        return messages.SUCCESS, _("What waits is sent now.")


class Remove(Act):
    permission_required = "integrations.delete_exactonlineconnection"

    def act(self, connection: ExactOnlineConnection) -> tuple[int, str]:
        connections.remove(connection)
        said = _("The connection %(connection)s was removed. What Exact Online has was left as it is.")
        return messages.SUCCESS, said % {"connection": connection}

    def leave(self, connection: ExactOnlineConnection) -> HttpResponse:
        return redirect("exact-online-connections")


def listed_lacking(lacks: Iterable[Lacking]) -> str:
    return "; ".join(str(LACKING[one]) for one in lacks)
