"""The calls this Congressus was asked, by which key and about which object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.simulation import log


@dataclass(kw_only=True)
class Call(log.Call):
    """`endpoint` such as members, members/{id}, webhooks/{id}/calls; `object_id` the number in it; `key` the name of the API key."""

    object_id: int | None
    query: dict[str, list[str]]
    key: str

    def asks(self, query: Mapping[str, str]) -> bool:
        """Whether each of these was in the query string, as text; one that is repeated counts with each of its values."""
        return all(value in self.query.get(name, ()) for name, value in query.items())


class Log(log.Log[Call]):
    def calls(
        self, method: str | None = None, endpoint: str | None = None, status: int | None = None,
        query: Mapping[str, str] | None = None, object_id: int | None = None,
    ) -> list[Call]:  # fmt: skip
        """The calls so far, oldest first; None means any."""
        wanted = {"method": method, "endpoint": endpoint, "status": status, "object_id": object_id}
        asked = {name: value for name, value in wanted.items() if value is not None}
        return self.matching(
            lambda call: all(getattr(call, name) == value for name, value in asked.items()) and call.asks(query or {})
        )
