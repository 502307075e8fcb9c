"""The bell: "something changed, look". It carries nothing, may ring too often, and may fail; beat rings every minute anyway."""

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)


def ring() -> None:
    """Publish one task. A broker that is away is not the page's problem: it is noted, and the next minute finds the work."""
    try:
        current_app.send_task("integrations.tasks.ring", expires=55)
    except (OperationalError, OSError) as error:
        logger.warning("bell_not_heard", error=type(error).__name__)


def on_members_changed(sender: object, **kwargs: object) -> None:
    ring()
