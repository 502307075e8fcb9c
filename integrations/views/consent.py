"""To Exact Online and back. What Exact adds to the address on the way back is a secret: it is not logged, kept or passed on."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import View

from integrations import consent
from integrations.consent import ConsentFailed
from integrations.models import ExactOnlineConnection


class Connect(PermissionRequiredMixin, View):
    http_method_names = ("post",)
    permission_required = "integrations.change_exactonlineconnection"

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        connection = get_object_or_404(ExactOnlineConnection.objects.live().select_related("app"), pk=pk)
        try:
            return HttpResponseRedirect(consent.begin(request.session, connection, timezone.now()))
        except ConsentFailed as why:
            messages.error(request, str(why))
            return redirect(connection)


@method_decorator([login_not_required, never_cache], name="dispatch")
class Authorize(PermissionRequiredMixin, View):
    """Where Exact sends people back to: the Redirect URL.

    Open to whoever is not logged in, only to send them to log in by itself: the usual way would put the code in an address once more.
    """

    http_method_names = ("get",)
    permission_required = "integrations.change_exactonlineconnection"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase
        if request.user.is_authenticated:
            response = super().dispatch(request, *args, **kwargs)
        else:
            messages.error(
                request, _("You were logged out while you were at Exact Online. Log in, and choose Connect once more.")
            )
            response = redirect_to_login(reverse("exact-online-connections"))
        response["Referrer-Policy"] = "no-referrer"
        return response

    def get(self, request: HttpRequest) -> HttpResponse:
        state = request.GET.get("state", "")
        try:
            connection = consent.take(request.session, state, timezone.now())
            code = consent.code_in(request.GET)
            request.session.save()  # the state is spent before the code is: whatever happens next, this address is of no more use
            received = consent.receive(connection, code)
        except ConsentFailed as why:
            messages.error(request, str(why))
            return self._back(request, state)
        messages.success(request, _("Connected with Exact Online as %(user)s.") % {"user": received.token})
        if received.warning:
            messages.warning(request, received.warning)
        return redirect(connection if connection.division else reverse("exact-online-edit", args=[connection.pk]))

    def _back(self, request: HttpRequest, state: str) -> HttpResponse:
        """Where the person was, if that is known."""
        pk = consent.connection_of(request.session, state)
        about = ExactOnlineConnection.objects.live().filter(pk=pk).first() if pk else None
        return redirect(about or "exact-online-connections")
