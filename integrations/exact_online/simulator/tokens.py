"""The one-time refresh tokens: who may hold which, and what is answered to the wrong one.

A consent starts a chain; every refresh replaces both tokens of it, and the refresh token before is spent. Spent on a
living chain means "Old refresh token used."; on a dead one only the chain is named. A new consent of the same
user for the same API key ends the chain before. Two refreshes at once with the same token: the lock lets one
through, the other finds its token spent.

Open in the real service, decided here: the chain before ends when the new code is exchanged; within the grace
period (off by default) the previous refresh token is not bound to the minimum age, else it would be no help to anyone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from threading import RLock

from integrations.simulation.chance import Chance
from integrations.simulation.clock import Clock
from integrations.simulation.store import Store

from .dials import Dials
from .world import App, User

DAY = 86400
REMEMBERED = 20  # spent refresh tokens recognised per chain
EXPIRED_KNOWN = 3600  # seconds an expired access token still tells whose it was
NO_CHAIN = "Token is not allowed, because of invalid or empty chainId"
TOO_EARLY = "Rate limit exceeded: access_token not expired"


class Refused(Exception):
    """A token request that gets no tokens; carries what the endpoint answers."""

    def __init__(self, status: int, error: str = "", description: str = "", reason: str = "") -> None:
        super().__init__(f"{status} {error}")
        self.status, self.error, self.description, self.reason = status, error, description, reason


@dataclass
class Code:
    client_id: str
    username: str
    redirect_uri: str
    expires_at: float


@dataclass
class Chain:
    """What follows from one consent. `access` maps each access token to its end of life."""

    chain_id: str
    client_id: str
    username: str
    issued_at: float = 0.0
    refresh_token: str = field(default="", repr=False)
    newest_access: str = field(default="", repr=False)
    newest_used: bool = False
    spent: list[str] = field(default_factory=list, repr=False)
    access: dict[str, float] = field(default_factory=dict, repr=False)
    alive: bool = True


class Tokens:
    def __init__(self, dials: Dials, clock: Clock, chance: Chance, store: Store, lock: RLock) -> None:
        self._dials, self._clock, self._chance, self._store, self._lock = dials, clock, chance, store, lock
        self._codes: dict[str, Code] = {}
        self._chains = {body["chain_id"]: Chain(**body) for body in store.all("chain")}
        self._by_access = {token: chain for chain in self._chains.values() for token in chain.access}
        self._by_refresh = {token: chain for chain in self._chains.values() for token in (chain.refresh_token, *chain.spent)}
        self._calls: Counter[tuple[str, str, int]] = Counter()

    def authorize(self, app: App, user: User, redirect_uri: str) -> str:
        """A single-use authorization code. It holds a `!`, so it must be decoded exactly once."""
        code = f"stamp{self._chance.token(3)}!{self._chance.token(60)}"
        with self._lock:
            expires_at = self._clock.now() + self._dials.code_seconds
            self._codes[code] = Code(app.client_id, user.username, redirect_uri, expires_at)
        return code

    def exchange(self, app: App, code: str, redirect_uri: str) -> dict[str, str]:
        """The first token pair of a new chain. Raises Refused."""
        with self._lock:
            granted = self._codes.pop(code, None)
            if granted is None or granted.client_id != app.client_id or granted.redirect_uri != redirect_uri:
                raise Refused(400, "invalid_grant", NO_CHAIN)
            if granted.expires_at < self._clock.now():
                raise Refused(400, "invalid_grant", NO_CHAIN)
            self._count(app.client_id, granted.username)
            self.revoke(granted.username, app.client_id)
            chain = Chain(self._chance.guid(), app.client_id, granted.username)
            self._chains[chain.chain_id] = chain
            return self._issue(chain)

    def refresh(self, app: App, refresh_token: str) -> dict[str, str]:
        """The next token pair of the chain. Raises Refused."""
        with self._lock:
            chain = self._by_refresh.get(refresh_token)
            if chain is None or chain.client_id != app.client_id:
                raise Refused(400, "invalid_grant", NO_CHAIN)
            self._count(chain.client_id, chain.username)
            self._check(chain, refresh_token)
            return self._issue(chain)

    def holder(self, refresh_token: str) -> Chain | None:
        """The chain a refresh token belongs or belonged to."""
        with self._lock:
            return self._by_refresh.get(refresh_token)

    def bearer(self, token: str) -> tuple[Chain, bool] | None:
        """Whose access token this is and whether it is valid; None when nobody's."""
        with self._lock:
            chain = self._by_access.get(token)
            if chain is None:
                return None
            if token == chain.newest_access and not chain.newest_used:
                chain.newest_used = True
                self._keep(chain)
            return chain, chain.alive and self._clock.now() < chain.access[token]

    def revoke(self, username: str, client_id: str = "") -> None:
        """Ends the chains of a user, of one API key or of all."""
        with self._lock:
            for chain in self._chains.values():
                if chain.alive and chain.username == username and client_id in ("", chain.client_id):
                    chain.alive = False
                    self._keep(chain)

    def reset(self) -> None:
        with self._lock:
            for kept in (self._codes, self._chains, self._by_access, self._by_refresh, self._calls):
                kept.clear()

    def _check(self, chain: Chain, refresh_token: str) -> None:
        idle = self._clock.now() - chain.issued_at
        if not chain.alive or idle > self._dials.refresh_idle_seconds:
            raise Refused(400, "invalid_grant", NO_CHAIN)
        if refresh_token != chain.refresh_token:
            if self._in_grace(chain, refresh_token):
                return
            raise Refused(401, "unauthorized_client", "Old refresh token used.")
        if idle < self._dials.refresh_minimum_age:
            raise Refused(400, "access_denied", TOO_EARLY, f"TooEarlyToRefreshTokens: {TOO_EARLY}")

    def _in_grace(self, chain: Chain, refresh_token: str) -> bool:
        return self._dials.refresh_grace and not chain.newest_used and refresh_token == chain.spent[-1]

    def _issue(self, chain: Chain) -> dict[str, str]:
        now = self._clock.now()
        if chain.refresh_token:
            chain.spent.append(chain.refresh_token)
        self._drop_old(chain, now)
        chain.refresh_token, chain.newest_access = self._chance.token(300), self._chance.token(760)
        chain.issued_at, chain.newest_used = now, False
        chain.access[chain.newest_access] = now + self._dials.access_token_seconds
        self._by_access[chain.newest_access] = self._by_refresh[chain.refresh_token] = chain
        self._keep(chain)
        return {
            "access_token": chain.newest_access,
            "token_type": "bearer",
            "expires_in": str(int(self._dials.access_token_seconds)),
            "refresh_token": chain.refresh_token,
        }

    def _drop_old(self, chain: Chain, now: float) -> None:
        for token in [token for token, end in chain.access.items() if end + EXPIRED_KNOWN < now]:
            del chain.access[token], self._by_access[token]
        for token in chain.spent[:-REMEMBERED]:
            del self._by_refresh[token]
        del chain.spent[:-REMEMBERED]

    def _count(self, client_id: str, username: str) -> None:
        key = (client_id, username, int(self._clock.now() // DAY))
        self._calls[key] += 1
        if self._calls[key] > self._dials.token_calls_per_day:
            raise Refused(429)

    def _keep(self, chain: Chain) -> None:
        self._store.keep("chain", chain.chain_id, asdict(chain))
