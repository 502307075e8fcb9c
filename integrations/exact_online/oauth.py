"""Consent and tokens: one-time codes, one-time refresh tokens, and the odd rules of Exact Online around them.

An access token lives 600 seconds and a new one is refused for the first 570 of them, so there are two moments: `expires_at`, and
`refreshable_at` 25 s before it. Both are reckoned from the arrival of the answer. Exact issued the token a little earlier, which
makes `refreshable_at` late by the time the answer travelled (refreshing late costs nothing, early is refused) and overstates
`expires_at` by as much (25 s of margin cover it; beyond that one call ends in a 401).

Nothing here is stored, locked or repeated: a refresh token works once, so who may refresh is for the keeper of the tokens.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from integrations import wire

from .errors import TOKEN_ENDPOINT, TokenServiceUnavailable, Unexpected, from_token_response

REFRESH_MARGIN = timedelta(seconds=25)
_LONGEST_LIFE = 86_400
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_SECONDS = re.compile(r"[0-9]{1,6}")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class AppCredentials:
    """What Exact gave when the app was registered."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True)
class Token:
    """An access token and the refresh token that follows it; `issued_at` aware, UTC; `expires_in` seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    issued_at: datetime
    expires_in: int

    @property
    def expires_at(self) -> datetime:
        return self.issued_at + timedelta(seconds=self.expires_in)

    @property
    def refreshable_at(self) -> datetime:
        """From when on Exact gives a new one."""
        return max(self.issued_at, self.expires_at - REFRESH_MARGIN)


def authorization_url(base_url: str, client_id: str, redirect_uri: str, state: str, force_login: bool = True) -> str:
    """Where to send a person to consent. Without `force_login` whoever is logged in at Exact consents unseen."""
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "state": state,
        "force_login": int(force_login),
    }
    return f"{base_url}/api/oauth2/auth?{urlencode(query)}"


def exchange_code(
    base_url: str,
    credentials: AppCredentials,
    code: str,
    redirect_uri: str,
    now: Callable[[], datetime] = utc_now,
) -> Token:
    """The first token for a code, which is valid once and for 3 minutes.

    `code` as a query parser gave it (decoded once), `redirect_uri` letter for letter as before. Raises TokenError, Unexpected.
    """
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _ask(base_url, credentials, form, now)


def refresh(base_url: str, credentials: AppCredentials, refresh_token: str, now: Callable[[], datetime] = utc_now) -> Token:
    """The next token; afterwards `refresh_token` is worthless. Raises TokenError, Unexpected.

    `answer_lost` on the error means that Exact may have renewed the pair without our getting it.
    """
    return _ask(base_url, credentials, {"grant_type": "refresh_token", "refresh_token": refresh_token}, now)


def _ask(base_url: str, credentials: AppCredentials, form: dict[str, str], now: Callable[[], datetime]) -> Token:
    answer = _post(f"{base_url}/api/{TOKEN_ENDPOINT}", credentials, form)
    arrived = now()
    if not answer.ok:
        raise from_token_response(answer)
    try:
        payload = answer.json()
    except ValueError:
        raise from_token_response(answer) from None
    return _token(payload, arrived, answer.status)


def _post(url: str, credentials: AppCredentials, form: dict[str, str]) -> wire.Answer:
    form = {**form, "client_id": credentials.client_id, "client_secret": credentials.client_secret}
    headers = {"Accept": "application/json"}
    try:
        with wire.Session() as session:
            return wire.send(session, "POST", url, headers=headers, form=form)
    except wire.NoAnswer as error:
        lost, why = error.answer_lost, error.why
    raise TokenServiceUnavailable("POST", TOKEN_ENDPOINT, answer_lost=lost, why=why)


def _token(payload: Any, arrived: datetime, status: int) -> Token:
    payload = payload if isinstance(payload, dict) else {}
    access, follow_up = payload.get("access_token"), payload.get("refresh_token")
    seconds = _seconds(payload.get("expires_in"))
    bearer = str(payload.get("token_type")).casefold() == "bearer"
    if not (_usable(access) and _usable(follow_up) and seconds and bearer):
        raise Unexpected("POST", TOKEN_ENDPOINT, status=status, answer_lost=True, why="no usable token")
    return Token(access, follow_up, arrived, seconds)


def _usable(value: Any) -> bool:
    return isinstance(value, str) and _VISIBLE.fullmatch(value) is not None


def _seconds(value: Any) -> int:
    """`expires_in`, which Exact writes as text; 0 when it is nonsense."""
    whole = _SECONDS.fullmatch(str(value))
    seconds = int(whole[0]) if whole else 0
    return seconds if seconds <= _LONGEST_LIFE else 0
