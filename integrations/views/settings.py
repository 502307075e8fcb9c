"""The settings of one connection, on one page.

Whatever lacks (a financial administration, a member status, members) can be added from here; what was chosen is kept in the
session meanwhile, all but the client secret. The list of administrations comes from Exact before anything is locked or written.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import View

from finance.forms import FinancialAdministrationForm
from integrations import administrations, connections
from integrations.administrations import Listing
from integrations.forms import EditForm
from integrations.models import ExactOnlineConnection
from members.models import MemberStatus

DRAFTS = "exact_online_drafts"
DRAFT_KEPT = timedelta(hours=1)
CHOSEN = (
    "seen",
    "financial_administration",
    "new_financial_administration",
    "division",
    "site",
    "client_id",
    "name_style",
    "code_start",
    "emptied",
)
CHECKED = ("send_name", "send_address", "send_email", "send_phone")


class Edit(PermissionRequiredMixin, View):
    permission_required = "integrations.change_exactonlineconnection"

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.drafts: dict[str, Any] = request.session.get(DRAFTS, {})

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = self._connection()
        if "fresh" in request.GET:
            self._keep_draft(None)
            return redirect("exact-online-edit", pk)
        draft = self._draft()
        listing = administrations.reached_by(connection.token) if connection.token else None
        form = EditForm(instance=connection, listing=listing, initial=draft)
        return self._page(form, listing, draft)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        self._connection()
        match request.POST.get("then"):
            case "refresh" | "import" | "status" | "new" as errand:
                self._keep_draft(_chosen(request))
                return self._run(errand)
        form, listing = self._filled()
        if form.is_valid() and self._save(form):
            self._keep_draft(None)
            return redirect(form.instance)
        if form.is_valid():
            # Somebody came between looking and saving; looking again says what it was.
            form, listing = self._filled()
            if form.is_valid():
                form.add_error(
                    None, _("The settings changed at this moment, so nothing was saved. Look them over and save once more.")
                )
        return self._page(form, listing, {})

    def _connection(self) -> ExactOnlineConnection:
        live = ExactOnlineConnection.objects.live().select_related("financial_administration", "app", "token")
        return get_object_or_404(live, pk=self.kwargs["pk"])

    def _filled(self) -> tuple[EditForm, Listing | None]:
        connection = self._connection()
        listing = administrations.known_of(connection.token) if connection.token else None
        return EditForm(self.request.POST, instance=connection, listing=listing), listing

    def _save(self, form: EditForm) -> bool:
        """False when somebody was quicker, so that this may no longer be saved."""
        typed = form.cleaned_data
        try:
            with transaction.atomic():
                saved = connections.save_settings(form.instance.pk, typed["seen"], form.values(), typed["statuses"])
                if form.other_app or typed["client_secret"]:
                    stored = self._connection()
                    connections.change_credentials(stored, typed["site"], typed["client_id"], typed["client_secret"])
        except (IntegrityError, connections.SavedMeanwhile, connections.OtherSecret, connections.SecretLacking):
            return False
        self._tell(form, saved)
        return True

    def _tell(self, form: EditForm, saved: bool) -> None:
        if form.other_app:
            messages.warning(
                self.request,
                _(
                    "Saved. The other app needs a consent of its own: choose Connect. Members stay linked, and nothing is sent until then."
                ),
            )
        elif saved or form.cleaned_data["client_secret"]:
            messages.success(self.request, _("The settings were saved."))
        else:
            messages.info(self.request, _("Nothing was different, so nothing was saved."))

    def _page(self, form: EditForm, listing: Listing | None, draft: dict[str, Any]) -> HttpResponse:
        connection = self._connection()
        sharing = connection.app.connections.live().exclude(pk=connection.pk) if connection.app else ()
        context = {
            "connection": connection,
            "form": form,
            "listing": listing,
            "has_draft": bool(draft),
            "new_name": draft.get("new_financial_administration", self.request.POST.get("new_financial_administration", "")),
            "no_statuses": not MemberStatus.objects.exists(),
            "sharing_app": list(sharing),
        }
        return render(self.request, "integrations/exact_online/edit.html", context)

    # Away and back

    def _run(self, errand: str) -> HttpResponse:
        here = reverse("exact-online-edit", args=[self.kwargs["pk"]])
        if errand == "refresh":
            if token := self._connection().token:
                administrations.reached_by(token, refresh=True)
            return HttpResponseRedirect(here)
        if errand == "new":
            self._add_financial_administration()
            return HttpResponseRedirect(here)
        there = reverse("member-import" if errand == "import" else "member-status-new")
        return HttpResponseRedirect(f"{there}?{urlencode({'next': here})}")

    def _add_financial_administration(self) -> None:
        """One that is typed right here; it is chosen at once."""
        if not self.request.user.has_perm("finance.add_financialadministration"):
            raise PermissionDenied
        draft = self._draft()
        form = FinancialAdministrationForm({"name": draft["new_financial_administration"]})
        if not form.is_valid():
            messages.error(self.request, " ".join(str(error) for error in form.errors["name"]))
            return
        added = form.save()
        messages.success(self.request, _("The financial administration %(name)s was saved.") % {"name": added})
        self._keep_draft(draft | {"financial_administration": added.pk, "new_financial_administration": ""})

    def _draft(self) -> dict[str, Any]:
        draft = self.drafts.get(str(self.kwargs["pk"]), {})
        return draft if draft.get("at", 0) > (timezone.now() - DRAFT_KEPT).timestamp() else {}

    def _keep_draft(self, draft: dict[str, Any] | None) -> None:
        others = {pk: kept for pk, kept in self.drafts.items() if pk != str(self.kwargs["pk"])}
        mine = {str(self.kwargs["pk"]): draft} if draft else {}
        if others | mine != self.drafts:
            self.request.session[DRAFTS] = self.drafts = others | mine


def _chosen(request: HttpRequest) -> dict[str, Any]:
    """What was chosen, but no secret. A field that is locked is not in it."""
    data = request.POST
    chosen: dict[str, Any] = {name: data[name] for name in CHOSEN if name in data}
    checked: dict[str, Any] = {name: name in data for name in CHECKED}
    return chosen | checked | {"statuses": data.getlist("statuses"), "at": timezone.now().timestamp()}
