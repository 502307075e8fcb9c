"""Where people find a member in Congressus, the membership system that keeps it.

The path is what its users report, not documented: a broken link costs a click, so nothing else rests on it.
"""

from django.conf import settings

MANAGER = "https://manager.congressus.nl"


def member_page(congressus_id: int) -> str:
    return f"{settings.CONGRESSUS_BASE_URL or MANAGER}/members/{congressus_id}"
