"""The numbers things get: counted on for ever, so that what is erased never shares its number with something new."""

from __future__ import annotations

from integrations.simulation.store import Store

FIRST = {
    "member": 184001,
    "status": 2101,
    "period": 910001,
    "webhook": 61,
    "webhook call": 7001,
    "response": 9001,
    "username": 1001,
    "key": 1,
}


class Numbers:
    """Callers hold the world's lock."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next: dict[str, int] = FIRST | next(iter(store.all("numbers")), {})

    def take(self, kind: str, wanted: int | None = None) -> int:
        """The next of its kind, or the one wanted, after which counting goes on."""
        number = self._next[kind] if wanted is None else wanted
        self._next[kind] = max(self._next[kind], number + 1)
        self._store.keep("numbers", "numbers", self._next)
        return number
