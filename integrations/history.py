"""How long the history is kept. It holds personal data (old -> new), so not longer than it serves."""

from datetime import datetime, timedelta

from integrations.models import CongressusWalk, PushAttempt

KEPT = timedelta(days=90)


def prune(now: datetime) -> int:
    """Delete the entries that are older than 90 days; returns how many of those of Exact Online."""
    CongressusWalk.objects.filter(ended_at__lt=now - KEPT).delete()
    return PushAttempt.objects.filter(at__lt=now - KEPT).delete()[0]
