"""Configuration -> client: the one place where our rows and the sealed client of Exact Online meet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from integrations import tokens
from integrations.exact_online import errors
from integrations.exact_online.client import ExactClient
from integrations.failures import ConnectionNeedsAttention
from integrations.models import ExactOnlineConnection, ExactOnlineToken
from integrations.wire import Session

Answer = TypeVar("Answer")


class AuthorizedClient:
    """A client that keeps its own access token good. One call at a time.

    `before_call` may forbid a call by raising; `after_error` hears of every failed call, also of those that are dealt with here.
    """

    def __init__(
        self,
        base_url: str,
        token: ExactOnlineToken,
        division: int | None = None,
        *,
        before_call: Callable[[], None] = lambda: None,
        after_error: Callable[[errors.ExactError], None] = lambda error: None,
        session: Session | None = None,
        now: tokens.Clock = timezone.now,
    ) -> None:
        self.token = token
        self.before_call = before_call
        self.after_error = after_error
        self.now = now
        self.client = ExactClient(base_url, lambda: self._token, division, session=session)
        self._token = ""

    def call(self, ask: Callable[[ExactClient], Answer], note: Callable[[], None] = lambda: None) -> Answer:
        """The answer to `ask(client)`; a refused access token is replaced once. Raises ExactError and what `tokens` raises.

        `note` is committed before the call, in one transaction with the permission for it. Repeating is safe also for a write:
        Exact does nothing for a request it answers with 401.
        """
        # First the token, then the permission to call: fetching a token can take long, and a permission grows stale.
        self._token = tokens.access_token(self.token.pk, self.now, self.token)
        try:
            return self._ask(ask, note)
        except errors.Unauthorized:
            self._token = tokens.after_401(self.token.pk, self._token, self.now)
        return self._ask(ask, note)

    def _ask(self, ask: Callable[[ExactClient], Answer], note: Callable[[], None]) -> Answer:
        with transaction.atomic():
            self.before_call()
            note()
        try:
            return ask(self.client)
        except errors.ExactError as error:
            self.after_error(error)
            raise


def for_connection(connection: ExactOnlineConnection, **settings: Any) -> AuthorizedClient:
    """A client for the administration of this connection; `settings` as of AuthorizedClient.

    Raises ConnectionNeedsAttention where nobody has consented.
    """
    if connection.app is None or connection.token is None:
        raise ConnectionNeedsAttention("consent_lost")
    return AuthorizedClient(connection.app.base_url(), connection.token, connection.division, **settings)


def for_token(token: ExactOnlineToken) -> AuthorizedClient:
    """A client for what belongs to the Exact user, not to an administration: who am I, which administrations."""
    return AuthorizedClient(token.app.base_url(), token)
