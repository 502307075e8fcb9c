"""The calls of this Exact Online: who asked in which division, and whether two of one client met there.

Of a token request only the grant type is entered.
"""

from __future__ import annotations

from dataclasses import dataclass

from integrations.simulation import log
from integrations.simulation.messages import Request


@dataclass(kw_only=True)
class Call(log.Call):
    """`endpoint` such as crm/Accounts, oauth2/token."""

    division: int | None
    guid: str | None
    query: dict[str, str]
    client: str
    user: str
    overlapped: bool = False  # another call of the same client and division was in flight meanwhile


class Log(log.Log[Call]):
    def begin(
        self, request: Request, at: float, endpoint: str, *, division: int | None = None, guid: str | None = None,
        client: str = "", user: str = "", query: dict[str, str] | None = None,
    ) -> Call:  # fmt: skip
        body = log.json_body(request) if request.method in ("POST", "PUT") and endpoint != "oauth2/token" else None
        call = Call(
            at=at, method=request.method, endpoint=endpoint, division=division, guid=guid,
            query=request.options() if query is None else query, body=body, client=client, user=user,
        )  # fmt: skip
        with self._lock:
            self._mark_overlap(call)
            return self.enter(call)

    def calls(self, method: str | None = None, endpoint: str | None = None, division: int | None = None) -> list[Call]:
        """The calls so far, oldest first; None means any."""
        return self.matching(
            lambda call: method in (None, call.method) and endpoint in (None, call.endpoint) and division in (None, call.division)
        )

    def _mark_overlap(self, call: Call) -> None:
        if call.division is None:
            return
        for other in self._running.values():
            if (other.client, other.division) == (call.client, call.division):
                call.overlapped = other.overlapped = True
