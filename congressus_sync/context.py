"""What every page knows of this installation."""

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, object]:
    return {
        "support_contact": settings.SUPPORT_CONTACT,
        "exact_online_replaced_by": settings.EXACT_ONLINE_BASE_URL,
        "congressus_replaced_by": settings.CONGRESSUS_BASE_URL,
    }
