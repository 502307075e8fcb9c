"""The one thing this floor says to the world: something about members was committed. Without arguments: who cares looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from django.dispatch import Signal

members_changed = Signal()
_writes: ContextVar[list[str | None] | None] = ContextVar("writes", default=None)


def ring() -> None:
    """Told after commit. A receiver that fails must not fail the page that saved a member."""
    members_changed.send_robust(sender=None)


def ring_on_commit(using: str | None = None) -> None:
    writes = _writes.get()
    if writes is None:
        transaction.on_commit(ring, using=using)
    else:
        writes.append(using)


@contextmanager
def one_ring(using: str | None = None) -> Iterator[None]:
    """However many writes within, one ring: a batch of 500 members is one piece of news. Enter it inside the transaction."""
    writes: list[str | None] = []
    token = _writes.set(writes)
    try:
        yield
    finally:
        _writes.reset(token)
    if writes:
        ring_on_commit(using)
