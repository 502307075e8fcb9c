"""The page of the connection with Congressus: adding it, its state in one glance, and what people do with it.

There is one connection at most, so its address has no number, and where there is none the same address leads to one.
"""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.vary import vary_on_headers
from django.views.generic import View
from django_htmx.http import HttpResponseClientRefresh

from integrations import inflow
from integrations.arrivals import connecting, endings, probe, webhook
from integrations.arrivals.connecting import KeyRefused, Lacking
from integrations.arrivals.webhook import WebhookRefused
from integrations.congressus import hosts
from integrations.congressus_forms import KeyForm
from integrations.failures import Stopped
from integrations.inflow import Inflow
from integrations.models import CongressusConnection, CongressusMember
from integrations.models.secret import SecretUnreadable
from integrations.problems import ArrivalProblem
from members.congressus_pages import member_page
from members.models import Member

LISTED = 50

LACKING = {Lacking.STATUSES: gettext_lazy("member statuses to fetch: choose Actions > Edit")}


def only() -> CongressusConnection:
    """The one there is. Raises Http404 where there is none."""
    connection = CongressusConnection.objects.first()
    if connection is None:
        raise Http404
    return connection


def look(connection: CongressusConnection) -> Inflow:
    return Inflow(connection, timezone.now())


@method_decorator(vary_on_headers("HX-Request"), name="dispatch")
class Overview(PermissionRequiredMixin, View):
    """Asked by htmx it is only the part that moves."""

    permission_required = "integrations.view_congressusconnection"

    def get_permission_required(self) -> tuple[str, ...]:
        posts = self.request.method == "POST"
        return ("integrations.add_congressusconnection",) if posts else tuple(super().get_permission_required())

    def get(self, request: HttpRequest) -> HttpResponse:
        connection = CongressusConnection.objects.first()
        moves = "HX-Request" in request.headers
        if connection is None:
            return HttpResponseClientRefresh() if moves else self._add(KeyForm())
        glance = look(connection)
        context = {"connection": connection, "glance": glance, "listed": str(glance.in_trouble)}
        if moves:
            context["listed"] = request.GET.get("listed", "")
            return render(request, "integrations/congressus/_state.html", context)
        return render(request, "integrations/congressus/connection.html", context | self._lists() | _webhook(connection))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Connect."""
        if (connection := CongressusConnection.objects.first()) is not None:
            messages.info(
                request, _("Congressus is connected already, so nothing was stored. Actions > Edit changes the API key.")
            )
            return redirect(connection)
        form = KeyForm(request.POST)
        if form.is_valid():
            try:
                connection = connecting.connect(form.cleaned_data["api_key"], request.user.pk)
            except KeyRefused as why:
                form.add_error("api_key", str(why))
            else:
                messages.success(request, _("Connected. Now choose which members are fetched."))
                return redirect(
                    "congressus-edit" if request.user.has_perm("integrations.change_congressusconnection") else connection
                )
        return self._add(form)

    def _add(self, form: KeyForm) -> HttpResponse:
        context = {"form": form, "keys_page": hosts.keys_page(settings.CONGRESSUS_BASE_URL)}
        return render(self.request, "integrations/congressus/add.html", context)

    def _lists(self) -> dict[str, Any]:
        return {
            "in_trouble": self._page(inflow.in_trouble().order_by("pk"), "trouble"),
            "warned": self._page(inflow.warned().select_related("member").order_by("pk"), "warned"),
            "ending": self._page(_ending(), "ending"),
        }

    def _page(self, rows: QuerySet[CongressusMember], name: str) -> Page:
        page = Paginator(rows, LISTED).get_page(self.request.GET.get(name))
        page.object_list = cast(Any, [Line(row) for row in page.object_list])
        return page


class Line:
    """What the page says of one member in Congressus."""

    def __init__(self, row: CongressusMember) -> None:
        self.row = row
        self.member = row.member

    @property
    def there(self) -> str:
        """Its page in Congressus."""
        return member_page(self.row.pk)

    @property
    def problem(self) -> ArrivalProblem:
        return ArrivalProblem(self.row.problem)

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """Field and sentence."""
        return [(_label(name), said) for name, said in self.row.warnings.items()]


def _label(field: str) -> str:
    """Our word for a field of a member."""
    labelled: Any = Member._meta.get_field(field)
    return str(labelled.verbose_name)


def _ending() -> QuerySet[CongressusMember]:
    if not CongressusConnection.objects.exclude(held_since=None).exists():
        return CongressusMember.objects.none()
    return CongressusMember.objects.to_end().select_related("member__status", "status").order_by("pk")


def _webhook(connection: CongressusConnection) -> dict[str, Any]:
    return {
        "webhook_registered": webhook.is_registered(connection),
        # One that was made by hand is only known by its calls.
        "webhook_works": webhook.is_registered(connection) or connection.webhook_heard_at is not None,
        "webhook_doubtful": connecting.webhook_address_doubt(),
        "webhooks_page": hosts.webhooks_page(settings.CONGRESSUS_BASE_URL),
        "public_url": settings.PUBLIC_URL,
    }


# What people do -----------------------------------------------------------------------------------------------------------


class Act(PermissionRequiredMixin, View):
    """A button. Whatever it does, the connection's page says what became of it."""

    http_method_names = ("post",)
    permission_required = "integrations.change_congressusconnection"

    def post(self, request: HttpRequest) -> HttpResponse:
        connection = only()
        level, said = self.act(connection)
        messages.add_message(request, level, said)
        return self.leave(connection)

    def leave(self, connection: CongressusConnection) -> HttpResponse:
        return redirect("congressus")

    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        """Do it; returns the level and words of the message."""
        raise NotImplementedError


class Enable(Act):
    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        if connecting.enable(connection):
            return messages.SUCCESS, _("Enabled. The members are fetched now, and kept up to date from then on.")
        if lacks := connecting.lacking(connection):
            listed = "; ".join(str(LACKING[one]) for one in lacks)
            return messages.ERROR, _("Nothing was enabled. What lacks: %(list)s.") % {"list": listed}
        return messages.INFO, _("The connection is enabled already.")


class Disable(Act):
    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        connecting.disable(connection)
        return messages.SUCCESS, _("Disabled. Nothing is fetched any more; Actions > Enable catches up.")


class FetchNow(Act):
    permission_required = "integrations.sync_congressusconnection"

    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        self.walk = connecting.fetch_now(connection, self.request.user.pk)
        if self.walk is not None:
            return messages.SUCCESS, _("All members are fetched now.")
        if not connection.enabled:
            return messages.INFO, _("Nothing is fetched while the connection is not enabled. Choose Actions > Enable.")
        return messages.INFO, _("Congressus is asked again now.")

    def leave(self, connection: CongressusConnection) -> HttpResponse:
        return redirect(self.walk or connection)


class Endings(Act):
    """The word that unusually many endings wait for: `answer` is go_on or not_these."""

    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        seen = str(endings.asked(connection))
        if self.request.POST.get("seen", seen) != seen:
            return messages.WARNING, _("What is held back changed meanwhile, so nothing was done. Look at the numbers once more.")
        match self.request.POST.get("answer"):
            case "go_on":
                count = endings.go_on(connection)
                said = ngettext(
                    "It goes on: %(count)s member is as Congressus has it.",
                    "It goes on: %(count)s members are as Congressus has them.",
                    count,
                )
                return messages.SUCCESS, said % {"count": count}
            case "not_these":
                count = endings.not_these(connection)
                said = ngettext(
                    "%(count)s member stays as it is here, until Congressus says something else of it.",
                    "%(count)s members stay as they are here, until Congressus says something else of them.",
                    count,
                )
                return messages.SUCCESS, said % {"count": count}
        return messages.ERROR, _("Nothing was done. Choose “Go on” or “Not these”.")


class Remove(Act):
    permission_required = "integrations.delete_congressusconnection"

    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        connecting.remove(connection)
        return messages.SUCCESS, _("The connection with Congressus was removed. The members stay here as they are.")


class RegisterWebhook(Act):
    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        try:
            webhook.register(connection)
        except WebhookRefused as why:
            return messages.ERROR, str(why)
        return messages.SUCCESS, _("Registered. From now on Congressus tells of each change at once.")


class RemoveWebhook(Act):
    def act(self, connection: CongressusConnection) -> tuple[int, str]:
        try:
            webhook.unregister(connection)
        except WebhookRefused as why:
            return messages.ERROR, str(why)
        said = _(
            "The webhook was removed; one made by hand has to be removed in Congressus too. Changes still arrive, only later."
        )
        return messages.SUCCESS, said


class Test(PermissionRequiredMixin, View):
    """What the key can do, seen just now and not kept; so the answer is the page itself."""

    http_method_names = ("post",)
    permission_required = "integrations.change_congressusconnection"

    def post(self, request: HttpRequest) -> HttpResponse:
        connection = only()
        try:
            tested = probe.test(connection)
        except KeyRefused as why:
            messages.error(request, str(why))
            return redirect(connection)
        connection = only()  # by now; somebody may have removed it
        selected = set(connection.statuses.all())
        counts = [number for status, number in tested.per_status if status in selected]
        context = {
            "connection": connection,
            "glance": look(connection),
            "tested": tested,
            "selected": selected,
            "to_fetch": None if None in counts else sum(number or 0 for number in counts),
        }
        return render(request, "integrations/congressus/tested.html", context)


@method_decorator(never_cache, name="dispatch")
class WebhookByHand(PermissionRequiredMixin, View):
    """What to enter in Congressus. Secrets, so only who presses the button sees them, and no browser keeps the page."""

    http_method_names = ("post",)
    permission_required = "integrations.change_congressusconnection"

    def post(self, request: HttpRequest) -> HttpResponse:
        connection = only()
        try:
            by_hand = webhook.by_hand(connection)
        except SecretUnreadable as why:
            messages.error(request, str(why))
            return redirect(connection)
        except Stopped:
            messages.error(request, _("Somebody removed the connection this moment."))
            return redirect("congressus")
        context = {"connection": connection, "by_hand": by_hand} | _webhook(connection)
        return render(request, "integrations/congressus/by_hand.html", context)
