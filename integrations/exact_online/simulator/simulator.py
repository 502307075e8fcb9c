"""An Exact Online in a box: the rooms put together, and the verbs with which a test or a person plays the world.

The same verbs are there in Python (`with Simulator() as exact: exact.add_division(...)`) and over HTTP
(`POST /_control/add_division`), so a test of several processes and a test of one function speak alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from integrations.simulation.chance import Chance
from integrations.simulation.clock import Clock
from integrations.simulation.control import Control
from integrations.simulation.door import Door
from integrations.simulation.faults import Faults, Gate
from integrations.simulation.messages import Request, Response, html_response
from integrations.simulation.store import Store

from . import relations as relations_file
from .accounts import Accounts, entered
from .api import Api
from .appcenter import AppCenter
from .control import NUMBERS, READS, WRITES
from .dials import Dials
from .faults import Fault
from .layout import document
from .ledger import Ledger, Row, trimmed
from .limits import Budget, ErrorBlock
from .log import Call, Log
from .oauth import Oauth
from .pages import Pages
from .seeds import SEEDS
from .tokens import Tokens
from .world import App, Division, User, World

BOOKKEEPER = "00000000-0000-4000-8000-000000000001"  # who changed it, when it was changed in Exact itself
SHOWN = (
    "ID", "Code", "Name", "Status", "Email", "Phone", "AddressLine1", "AddressLine2", "Postcode", "City", "Country",
    "Language",
)  # fmt: skip


class Simulator:
    """`seed` names a world of seeds.py, put in when there is none yet; `state` is a file to keep it all in. `relations` is a file
    of relations to put in with the seed; it is not read when there is a world already.

    `random_seed` makes guids and tokens repeatable. `port` 0 takes a free one. Use as a context manager, or start()
    and stop(). Verbs take a user, API key or division as object or by its username, client id or number.
    """

    def __init__(
        self, seed: str = "", *, state: Path | str | None = None, relations: Path | str | None = None,
        random_seed: int | None = None, host: str = "127.0.0.1", port: int = 0,
    ) -> None:  # fmt: skip
        """Raises ValueError or OSError, and then keeps nothing, when `relations` cannot be put in."""
        self.dials = Dials()
        self.clock = Clock(self.dials)
        self.log = Log()
        self.faults = Faults[Fault]()
        self.budget = Budget(self.dials, self.clock)
        self.errors = ErrorBlock(self.dials, self.clock)
        self._chance = Chance(random_seed)
        self._store = Store(Path(state) if state else None)
        self.world = World(self._store)
        self.tokens = Tokens(self.dials, self.clock, self._chance, self._store, self.world.lock)
        self._accounts = Accounts(self.dials, self.clock, self._chance)
        self._api = Api(
            self.world, self.tokens, self._accounts, self.budget, self.errors, self.faults, self.log, self.dials, self.clock
        )
        self._oauth = Oauth(self.world, self.tokens, self.faults, self.log, self.clock)
        self._app_center = AppCenter(self.world, self._chance)
        self._pages = Pages(self.world, self.budget, self.clock)
        self._control = Control(self, READS, WRITES, NUMBERS)
        self._door = Door(host, port, self.answer, self.clock, self.dials)
        self._seed = _known(seed)
        self._relations = Path(relations) if relations else None
        for dials in self._store.all("dials"):
            self.dials.turn(**dials)
        if self.world.is_empty:
            self._sow()

    def __enter__(self) -> Simulator:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self._store.close()

    @property
    def base_url(self) -> str:
        return self._door.base_url

    def start(self) -> Simulator:
        self._door.open()
        return self

    def stop(self) -> None:
        """Closes the door and every open connection; the world stays, and start() opens again at the same address."""
        if self._door.close():
            self.faults.clear()  # after hanging up: what a gate held is executed, but nobody hears of it

    def answer(self, request: Request) -> Response:
        path = request.path
        if path.startswith("/api/v1/"):
            return self._api.answer(request)
        if path == "/api/oauth2/auth":
            return self._oauth.authorize(request)
        if path == "/api/oauth2/token":
            return self._oauth.token(request)
        if path.startswith("/_control/"):
            return self._control.answer(request)
        if path.startswith("/app-center/"):
            return self._app_center.answer(request)
        page = self._pages.answer(request)
        return page or html_response(404, document("Not found", "<h1>There is nothing here.</h1>", narrow=True))

    def reset(self, seed: str | None = None) -> None:
        """The world of the beginning, or that of another `seed`; dials, faults, log, tokens and limits as on the first day."""
        if seed is not None:
            self._seed, self._relations = _known(seed), None
        self.faults.clear()
        with self.world.lock:
            self.world.reset()
            self.tokens.reset()
            self.dials.reset()
        self.fresh_limits()
        self.log.clear()
        self._sow()

    # The world

    def add_user(
        self, username: str, full_name: str = "", *, email: str = "", language: str = "nl",
        divisions: Iterable[int] | None = None, current_division: int | None = None,
    ) -> User:  # fmt: skip
        """Somebody who can log in, with rights to `divisions` (None: all there are now)."""
        rights = sorted(self.world.divisions) if divisions is None else list(divisions)
        current = current_division if current_division is not None else next(iter(rights), 0)
        name = full_name or username
        return self.world.put_user(User(username, self._chance.guid(), name, email, language, current, rights))

    def add_app(
        self, name: str = "App", redirect_uri: str = "https://app.example/callback", *,
        client_id: str = "", client_secret: str = "",
    ) -> App:  # fmt: skip
        """An API key; without a given id and secret these are made up."""
        app = App(client_id or self._chance.guid(), client_secret or self._chance.token(12), name, redirect_uri)
        return self.world.put_app(app)

    def add_division(self, code: int, description: str = "", **settings: Any) -> Division:
        """`settings` are attributes of Division, such as status, blocking_status, reason."""
        name = description or f"Administratie {code}"
        return self.world.put_division(Division(code, name, **{"customer_name": name, **settings}))

    def change_user(self, user: User | str, **changes: Any) -> User:
        """For example divisions=[...], without_module=[...], reason="BlockedUser", current_division=..."""
        found = self._user(user)
        self.world.amend(found, changes)
        return found

    def change_app(self, app: App | str, **changes: Any) -> App:
        found = self._app(app)
        self.world.amend(found, changes)
        return found

    def change_division(self, division: int, **changes: Any) -> Division:
        """For example status=2, reason="LicenseExpired"."""
        self._ledger(division)
        self.world.amend(self.world.divisions[division], changes)
        return self.world.divisions[division]

    def move_division(self, code: int) -> Division:
        """To another database server: row versions begin anew, deletions are forgotten, and only the division's date tells."""
        with self.world.lock, self._store.together():
            self._ledger(code).renumber()
            return self.change_division(code, move_date=self.clock.milliseconds())

    def users(self) -> list[User]:
        return list(self.world.users.values())

    def apps(self) -> list[App]:
        return list(self.world.apps.values())

    def divisions(self) -> list[Division]:
        return list(self.world.divisions.values())

    # Relations, as somebody enters them in Exact itself

    def add_account(self, division: int, *, used: bool = False, **values: Any) -> Row:
        """`used` means it has transactions. Raises ValueError for a Code that is taken."""
        with self.world.lock:
            ledger = self._ledger(division)
            row = self._accounts.enter(ledger, self.world.divisions[division], values, BOOKKEEPER)
            if used:
                ledger.mark_used(row["ID"])
            return trimmed(row)

    def edit_account(self, division: int, key: str, **values: Any) -> Row:
        """`key` is a guid or a Code. Raises KeyError for an unknown one, ValueError for a Code that is taken."""
        with self.world.lock:
            ledger = self._ledger(division)
            row = ledger.find(key)
            changes = entered(values)
            holder = ledger.by_code(changes.get("Code") or row["Code"])
            if holder is not None and holder is not row:
                raise ValueError(f"Code {values['Code']} is taken")
            return trimmed(ledger.save(row, changes, self.clock.milliseconds(), BOOKKEEPER))

    def delete_account(self, division: int, key: str) -> None:
        with self.world.lock:
            ledger = self._ledger(division)
            self._accounts.strike(ledger, ledger.find(key)["ID"], BOOKKEEPER)

    def accounts(self, division: int) -> list[Row]:
        """What the division holds, by Code: values without padding, None for what is empty of the usual fields."""
        with self.world.lock:
            rows = sorted(self._ledger(division).rows.values(), key=lambda row: str(row["Code"]))
            return [dict.fromkeys(SHOWN) | trimmed(row) for row in rows]

    def account(self, division: int, key: str) -> Row:
        """One relation by guid or Code. Raises KeyError."""
        with self.world.lock:
            return dict.fromkeys(SHOWN) | trimmed(self._ledger(division).find(key))

    # Consent

    def authorize(self, user: User | str, app: App | str) -> str:
        """An authorization code, as if the user had clicked on allow."""
        found = self._app(app)
        return self.tokens.authorize(found, self._user(user), found.redirect_uri)

    def consent(self, user: User | str, app: App | str) -> dict[str, str]:
        """A token pair, as the token endpoint answers it."""
        found = self._app(app)
        return self.tokens.exchange(found, self.authorize(user, app), found.redirect_uri)

    def revoke(self, user: User | str, app: App | str | None = None) -> None:
        """The user takes the consent back, of one API key or of all."""
        self.tokens.revoke(self._user(user).username, self._app(app).client_id if app else "")

    # Trouble

    def turn(self, **dials: Any) -> Dials:
        """Set dials by name, also for after a restart. Raises ValueError."""
        self.dials.turn(**dials)
        with self.world.lock:
            self._store.keep("dials", "dials", vars(self.dials))
        return self.dials

    def add_fault(self, kind: str, **settings: Any) -> Fault:
        """`settings` are attributes of Fault: method, endpoint, division, nth, count, status, body, seconds ..."""
        return self.faults.add(Fault(kind, **settings))

    def clear_faults(self) -> None:
        self.faults.clear()

    def gate(self, **settings: Any) -> Gate:
        """Holds the next matching call; see Fault for the settings, `after=True` holds its answer instead."""
        return Gate(self.faults, self.faults.add(Fault("gate", **settings)).number)

    def wait_at_gate(self, number: int, timeout: float = 10.0) -> bool:
        return self.faults.wait_at(number, timeout)

    def release(self, number: int) -> None:
        self.faults.release(number)

    def use_up(self, app: App | str, division: int, *, minute: int = 0, day: int = 0) -> None:
        """As if that many calls more had been made in the current windows."""
        self.budget.use_up(self._app(app).client_id, division, minute, day)

    def fresh_limits(self) -> None:
        """Full windows again, and no endpoint closed for errors."""
        self.budget.reset()
        self.errors.reset()

    # What happened

    def calls(self, method: str | None = None, endpoint: str | None = None, division: int | None = None) -> list[Call]:
        return self.log.calls(method, endpoint, division)

    def clear_log(self) -> None:
        self.log.clear()

    def _sow(self) -> None:
        with self.world.lock, self._store.together():
            if self._seed:
                SEEDS[self._seed](self)
            if self._relations:
                self._enter(relations_file.read(self._relations))

    def _enter(self, relations: dict[int, list[Row]]) -> None:
        for division, rows in relations.items():
            if division not in self.world.divisions:
                raise ValueError(f"The relations are for division {division}, which this world does not have.")
            for values in rows:
                self.add_account(division, **values)

    def _ledger(self, division: int) -> Ledger:
        if division not in self.world.ledgers:
            raise KeyError(f"no division {division}")
        return self.world.ledgers[division]

    def _user(self, user: User | str) -> User:
        return user if isinstance(user, User) else self.world.users[user]

    def _app(self, app: App | str) -> App:
        return app if isinstance(app, App) else self.world.apps[app]


def _known(seed: str) -> str:
    if seed and seed not in SEEDS:
        raise ValueError(f"no such seed: {seed}")
    return seed
