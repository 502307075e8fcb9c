"""Where the sites of Exact Online are for this installation, and whether Exact can send people back here."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from integrations.exact_online import hosts

PRIVATE_ENDINGS = ("localhost", "local", "internal", "lan", "home", "test", "example", "invalid")


def exact(site: str) -> str:
    """The address of a site, or of what replaces all of them here."""
    return hosts.base_url(site, settings.EXACT_ONLINE_BASE_URL)


def doubts(request: HttpRequest) -> list[str]:
    """What is odd about PUBLIC_URL: "not_https", "not_public" (Exact takes neither), "elsewhere" (this page came from another host)."""
    public = urlsplit(settings.PUBLIC_URL)
    found = []
    if not settings.EXACT_ONLINE_BASE_URL:  # what stands in for Exact takes any address
        found += ["not_https"] if public.scheme != "https" else []
        found += [] if _is_public(public.hostname or "") else ["not_public"]
    # Coming back to another host, the browser shows none of the cookies it got here.
    if public.netloc != request.get_host():
        found.append("elsewhere")
    return found


def _is_public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and host.rpartition(".")[2] not in PRIVATE_ENDINGS
