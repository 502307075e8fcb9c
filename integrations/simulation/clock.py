"""The simulator's own clock.

It runs beside the real one at a distance that can be dialled, so a test can put the service thirty days ahead without
touching the clock of the process under test.
"""

from __future__ import annotations

import time
from email.utils import formatdate

from .dials import Dials


class Clock:
    def __init__(self, dials: Dials) -> None:
        self._dials = dials

    def now(self) -> float:
        """Seconds since the epoch, as this service sees it."""
        return time.time() + self._dials.clock_offset

    def milliseconds(self) -> int:
        return int(self.now() * 1000)

    def date_header(self) -> str:
        return formatdate(self.now() + self._dials.date_skew, usegmt=True)
