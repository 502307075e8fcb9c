"""What running a simulator from the command line takes, whichever it is."""

from __future__ import annotations

import json
import signal
import threading
from typing import Any


def dial(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value as JSON, or else as it stands."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def wait_for_the_end() -> None:
    """Until Ctrl-C or SIGTERM."""
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    end.wait()
