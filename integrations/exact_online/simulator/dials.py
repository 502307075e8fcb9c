"""Everything about the simulated Exact Online that a test may want different from the real one.

Defaults are the values of the real service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from integrations.simulation import dials


@dataclass
class Dials(dials.Dials):
    CHOICES: ClassVar[dict[str, tuple[object, ...]]] = {
        "over_length": ("refuse", "truncate"),
        "unknown_guid_status": (404, 403),
    }

    access_token_seconds: float = 600.0  # lifetime of an access token
    refresh_minimum_age: float = 570.0  # a refresh sooner after the last token is refused
    refresh_idle_seconds: float = 30.0 * 86400  # an unused refresh token dies after this
    refresh_grace: bool = False  # the previous refresh token works until the new access token is used
    code_seconds: float = 180.0  # lifetime of an authorization code
    token_calls_per_day: int = 200  # per app and user

    minute_limit: int = 60
    minute_seconds: float = 60.0
    day_limit: int = 5000
    day_seconds: float = 86400.0

    error_limit: int = 10  # counted errors per key, user, division, endpoint and error window
    error_seconds: float = 3600.0
    block_seconds: float = 3600.0  # doubles with every further block

    page_size: int = 60
    sync_page_size: int = 1000
    deletion_seconds: float = 60.0 * 86400  # a deletion is listed this long: "two months", and here never longer
    query_limit: int = 2048  # characters of the query string as sent
    over_length: str = "refuse"  # or "truncate": what becomes of a text that is too long
    unknown_guid_status: int = 404  # or 403: what a PUT to an unknown guid is answered
