"""The pages that belong to no floor: the door to the settings, and the answer to "are you alive?"."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.mixins import PermissionRequiredMixin
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.generic import TemplateView


class Settings(PermissionRequiredMixin, TemplateView):
    """A treasurer and a membership secretary both come by here; who may see any card may come in."""

    permission_required = (
        "integrations.view_exactonlineconnection",
        "integrations.view_congressusconnection",
        "finance.view_financialadministration",
        "members.view_memberstatus",
    )
    template_name = "settings.html"

    def has_permission(self) -> bool:
        return any(self.request.user.has_perm(permission) for permission in self.get_permission_required())


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when this process and its database answer, else 503 with the reason in words, without the address of the database."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "reason": _("The database does not answer.")}, status=503)
    return JsonResponse({"status": "ok"})
