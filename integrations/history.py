"""How long the history is kept. It holds personal data (old -> new), so not longer than it serves."""

from datetime import datetime, timedelta

from integrations.models import PushAttempt

KEPT = timedelta(days=90)


def prune(now: datetime) -> int:
    """Delete the entries that are older than 90 days; returns how many."""
    return PushAttempt.objects.filter(at__lt=now - KEPT).delete()[0]
