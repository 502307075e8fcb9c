"""Keeps the world in a file, so that a restart forgets nothing that was answered.

SQLite in WAL mode, one row per thing, written before the answer goes out: a simulator that is killed must not forget
what a client was told. Without a file nothing is kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = "CREATE TABLE IF NOT EXISTS kept (kind TEXT, name TEXT, body TEXT, PRIMARY KEY (kind, name)) WITHOUT ROWID"


class Store:
    """Not thread-safe by itself: callers hold the world's lock."""

    def __init__(self, path: Path | None) -> None:
        self._database: sqlite3.Connection | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(SCHEMA)

    def keep(self, kind: str, name: object, body: Any) -> None:
        if self._database:
            row = (kind, str(name), json.dumps(body))
            self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", row)

    def forget(self, kind: str, name: object) -> None:
        if self._database:
            self._database.execute("DELETE FROM kept WHERE kind = ? AND name = ?", (kind, str(name)))

    def all(self, kind: str) -> Iterator[Any]:
        if self._database:
            for (body,) in self._database.execute("SELECT body FROM kept WHERE kind = ?", (kind,)):
                yield json.loads(body)

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is kept within it, or after a failure or a kill nothing of it."""
        if not self._database:
            yield
            return
        self._database.execute("BEGIN")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def clear(self) -> None:
        if self._database:
            self._database.execute("DELETE FROM kept")

    def close(self) -> None:
        if self._database:
            self._database.close()
            self._database = None
