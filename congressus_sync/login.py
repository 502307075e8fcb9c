"""Who is not logged in is asked to, and comes back to a page that can be opened.

A session may end while somebody fills in a form. The address a form is sent to is often no page (a button that enables something),
so the way back is the page the form stood on; what was typed there is kept by the browser's tab, see app.js.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _


class LoginRequired(LoginRequiredMiddleware):
    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., HttpResponseBase]) -> HttpResponseRedirect:
        if request.method in ("GET", "HEAD"):
            return super().handle_no_permission(request, view_func)
        messages.warning(request, _("You were logged out meanwhile, so nothing was saved or done. Log in, then do it once more."))
        return redirect_to_login(_page_of(request), self.get_login_url(view_func), self.get_redirect_field_name(view_func))


def _page_of(request: HttpRequest) -> str:
    """The page the form stood on; the overview where the browser does not tell."""
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return reverse("home")
    return urlsplit(page)._replace(scheme="", netloc="", fragment="").geturl()
