"""What exists in this Exact Online: users, API keys, divisions and the relations in them.

One lock guards it all; whoever reads or changes more than one thing holds it. Every change goes through a verb here
that also keeps it in the store. A division may carry a `reason`, a user too: the word in the `Reason` header with
which Exact refuses them (DivisionBlocked, LicenseExpired, BlockedUser ...).
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from integrations.simulation.store import Store

from .ledger import Ledger


@dataclass
class User:
    """Somebody who can log in. `divisions` are those this user has rights to."""

    username: str
    user_id: str
    full_name: str
    email: str
    language: str  # "nl" or "en": the language Exact's messages come in
    current_division: int
    divisions: list[int] = field(default_factory=list)
    without_module: list[int] = field(default_factory=list)  # divisions where lists stay empty for lack of rights
    reason: str = ""


@dataclass
class App:
    """An API key as registered in the App Center."""

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    redirect_uri: str


@dataclass
class Division:
    """`status` 0 inactive, 1 active, 2 archived; `blocking_status` 0 is not blocked; dates in milliseconds, None for never."""

    code: int
    description: str
    customer_name: str
    country: str = "NL"
    status: int = 1
    blocking_status: int = 0
    is_main: bool = False
    is_dossier: bool = False
    is_practice: bool = False
    is_hr: bool = False
    reason: str = ""
    move_date: int | None = None
    hr_link_unlink_date: int | None = None


class World:
    def __init__(self, store: Store) -> None:
        self.lock = threading.RLock()
        self.store = store
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self.divisions: dict[int, Division] = {}
        self.ledgers: dict[int, Ledger] = {}
        self._load()

    @property
    def is_empty(self) -> bool:
        return not (self.users or self.apps or self.divisions)

    def put_user(self, user: User) -> User:
        with self.lock:
            self.users[user.username] = user
            self.store.keep("user", user.username, asdict(user))
        return user

    def put_app(self, app: App) -> App:
        with self.lock:
            self.apps[app.client_id] = app
            self.store.keep("app", app.client_id, asdict(app))
        return app

    def put_division(self, division: Division) -> Division:
        with self.lock:
            self.divisions[division.code] = division
            self.ledgers.setdefault(division.code, Ledger(division.code, self.store))
            self.store.keep("division", division.code, asdict(division))
        return division

    def amend(self, thing: User | App | Division, changes: dict[str, Any]) -> None:
        """Changes attributes and keeps the result. Raises ValueError for an attribute it has not."""
        unknown = set(changes) - {attribute.name for attribute in fields(thing)}
        if unknown:
            raise ValueError(f"{type(thing).__name__} has no {', '.join(sorted(unknown))}")
        with self.lock:
            for name, value in changes.items():
                setattr(thing, name, value)
            self._put(thing)

    def seen_by(self, user: User) -> list[Division]:
        return [division for code, division in sorted(self.divisions.items()) if code in user.divisions]

    def reset(self) -> None:
        with self.lock:
            for kept in (self.users, self.apps, self.divisions, self.ledgers):
                kept.clear()
            self.store.clear()

    def _put(self, thing: User | App | Division) -> None:
        if isinstance(thing, User):
            self.put_user(thing)
        elif isinstance(thing, App):
            self.put_app(thing)
        else:
            self.put_division(thing)

    def _load(self) -> None:
        self.users = {body["username"]: User(**body) for body in self.store.all("user")}
        self.apps = {body["client_id"]: App(**body) for body in self.store.all("app")}
        self.divisions = {body["code"]: Division(**body) for body in self.store.all("division")}
        versions = {body["division"]: body for body in self.store.all("ledger")}
        for code in self.divisions:
            ledger = self.ledgers[code] = Ledger(code, self.store)
            kept = versions.get(code, {"version": 0, "used": []})
            rows, deletions = self.store.all(f"account {code}"), self.store.all(f"deletion {code}")
            ledger.load(kept["version"], kept["used"], rows, deletions)
