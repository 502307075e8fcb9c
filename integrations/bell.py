"""The bell: "something changed, look". It carries nothing, may ring too often, and may fail; beat rings every minute anyway."""

import threading

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

logger = structlog.get_logger(__name__)

_wanted = threading.Event()
_ringing = threading.Lock()


def ring(countdown: float = 0.0) -> None:
    """Publish one task, to be taken so many seconds later.

    A broker that is away is not the page's problem: it is noted, and the next minute finds the work.
    """
    try:
        current_app.send_task("integrations.tasks.ring", countdown=countdown or None, expires=55)
    except (OperationalError, OSError) as error:
        logger.warning("bell_not_heard", error=type(error).__name__)


def ring_aside() -> None:
    """Ring without waiting for the broker, which may take seconds to be found away. However many ask at once, one does it."""
    _wanted.set()
    if _ringing.acquire(blocking=False):
        threading.Thread(target=_ring_while_wanted, name="bell", daemon=True).start()


def _ring_while_wanted() -> None:
    try:
        while _wanted.is_set():
            _wanted.clear()
            ring()
    finally:
        _ringing.release()
    if _wanted.is_set():  # asked for between our last look and the release
        ring_aside()


def on_members_changed(sender: object, **kwargs: object) -> None:
    ring()
