"""Everything about the simulated Congressus that a test may want different: the limits, and what nobody outside knows.

Limits are those of the real service. Where its behaviour is not published the default is what seems likely, and the other
possibilities are to be had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from integrations.simulation import dials


@dataclass
class Dials(dials.Dials):
    CHOICES: ClassVar[dict[str, tuple[object, ...]]] = {
        "orders_by_modified": ("yes", "ignored", "refused"),
        "deleted_member": ("flag", "gone"),
        "page_past_end": ("empty", "missing"),
        "webhook_data": ("object", "list"),
    }

    minute_limit: int = 60
    minute_seconds: float = 60.0
    hour_limit: int = 1000
    hour_seconds: float = 3600.0

    orders_by_modified: str = "yes"  # "ignored": members come in the order of their ids; "refused": 422
    deleted_member: str = "flag"  # one in the bin, asked for by id: 200 with deleted true; "gone": 404
    page_past_end: str = "empty"  # a page behind the last: 200 without rows; "missing": 404
    webhook_data: str = "object"  # {"member": {...}}; "list": [{...}]
    dated_status_fires: bool = False  # a status that begins today moves `modified` and calls the webhooks
    webhook_retry_seconds: float = 30.0  # before the first retry; each further gap is twice as long
