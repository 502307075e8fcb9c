"""Where Congressus calls. The only address that needs no login: two secrets take its place, and neither is ever logged.

Wrong: 401, and nothing is done. Right: noted and 200, at once, whatever else is down. Only without the database is it 503, because then
nothing was noted, and Congressus tries again.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from integrations import bell
from integrations.arrivals import webhook
from integrations.congressus import hints
from integrations.models import CongressusConnection


@method_decorator((csrf_exempt, login_not_required, never_cache), name="dispatch")
class CongressusWebhook(View):
    def get(self, request: HttpRequest, secret: str) -> HttpResponse:
        """Whether anybody is there: asked when a webhook is registered."""
        return self.post(request, secret)

    def post(self, request: HttpRequest, secret: str) -> HttpResponse:
        try:
            return _plain(self._receive(request, secret))
        except (DatabaseError, InterfaceError):
            return _plain(503)

    def _receive(self, request: HttpRequest, secret: str) -> int:
        connection = CongressusConnection.objects.first()
        if connection is None or not webhook.is_ours(connection, secret):
            return 401
        body, now = _body(request), timezone.now()
        if not webhook.is_from_congressus(connection, request.headers):
            return 200 if webhook.is_unverified(connection, request.headers, body, now) else 401
        if webhook.hear(hints.read(body), now):
            bell.ring_aside()
        return 200


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:  # then it is not read at all, and changes are looked for instead
        return b" too large "


def _plain(status: int) -> HttpResponse:
    response: Any = HttpResponse(status=status, content_type="text/plain")
    # Django would log a 503 with its path, in which a secret stands.
    response._has_been_logged = True
    return response
