"""The settings of the connection with Congressus, on one page. A new key is tried at Congressus before anything is stored."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View

from integrations.arrivals import connecting
from integrations.arrivals.connecting import KeyRefused
from integrations.congressus import hosts
from integrations.congressus_forms import SettingsForm, stored_settings
from integrations.models import CongressusConnection
from integrations.views.congressus import only


class Edit(PermissionRequiredMixin, View):
    permission_required = "integrations.change_congressusconnection"

    def get(self, request: HttpRequest) -> HttpResponse:
        connection = only()
        return self._page(connection, SettingsForm(connection=connection))

    def post(self, request: HttpRequest) -> HttpResponse:
        connection = only()
        form = SettingsForm(request.POST, connection=connection)
        if form.is_valid() and self._save(connection, form):
            return redirect(connection)
        return self._page(connection, form)

    def _save(self, connection: CongressusConnection, form: SettingsForm) -> bool:
        """The key first: with one that is refused nothing is stored. What speaks against it is added to the form."""
        key = form.cleaned_data["api_key"]
        try:
            if key:
                connecting.change_key(key)
        except KeyRefused as why:
            form.add_error("api_key", str(why))
            return False
        before = stored_settings(connection)
        if not connecting.save_settings(form.cleaned_data["seen"], **form.values()):
            if key:
                messages.info(self.request, _("The new API key was stored; the other settings were not yet."))
            form.look_at(only())
            form.say_when_saved_meanwhile()
            return False
        self._tell(different=bool(key) or before != stored_settings(only()))
        return True

    def _tell(self, *, different: bool) -> None:
        if different:
            messages.success(self.request, _("The settings were saved."))
        else:
            messages.info(self.request, _("Nothing was different, so nothing was saved."))

    def _page(self, connection: CongressusConnection, form: SettingsForm) -> HttpResponse:
        context = {"connection": connection, "form": form, "keys_page": hosts.keys_page(settings.CONGRESSUS_BASE_URL)}
        return render(self.request, "integrations/congressus/edit.html", context)
