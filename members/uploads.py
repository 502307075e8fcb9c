"""A file that was uploaded, taken in by whichever worker claims it.

It is worked at for a minute at most, then given back and published again, so that a large file neither outlives the broker's
patience nor keeps a worker from stopping. What the database could not do now is left as it is: the lease runs out and the next
worker goes on from the last committed batch.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from time import monotonic
from typing import Any
from uuid import uuid4

from django.db import InterfaceError, OperationalError
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from members import intake
from members.csv_files import CsvFile, FileRefused
from members.models import MemberImport
from members.models.member_import import LEASE, MAX_FRUITLESS_STARTS, MemberImportQuerySet

logger = logging.getLogger(__name__)
LONGEST_TURN = 60.0
State = MemberImport.State


class LeaseLost(Exception):
    """Another worker goes on with this import, or it is gone: what we did since the last commit must not stay."""


def run(import_id: int, publish: Callable[[int], Any], longest: float = LONGEST_TURN) -> str:
    """Take in what fits in `longest` seconds and say in a word how it ended; `publish` asks for another turn."""
    holder = uuid4().hex
    if not MemberImport.objects.claim(import_id, holder):
        return "not ours"
    held = MemberImport.objects.held(import_id, holder)
    try:
        member_import = held.select_related("uploaded_by").get()
        if member_import.fruitless_starts > MAX_FRUITLESS_STARTS:
            return _end(held, State.FAILED, _unforeseen(member_import.processed_rows))
        if _take_turn(member_import, held, monotonic() + longest):
            return _end(held, State.DONE)
    except FileRefused as refusal:
        return _end(held, State.REFUSED, str(refusal))
    except (LeaseLost, MemberImport.DoesNotExist):
        return "taken over"
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("Import %s failed", import_id)
        return _end(held, State.FAILED, _unforeseen(held.values_list("processed_rows", flat=True).first() or 0))
    held.update(state=State.QUEUED, holder="", held_until=None)
    publish(import_id)
    return "to be continued"


def _take_turn(member_import: MemberImport, held: MemberImportQuerySet, stop_at: float) -> bool:
    """True when the whole file is in."""
    file = CsvFile(io.BytesIO(bytes(member_import.content)))
    so_far = intake.Report.from_json(member_import.report) if member_import.report else None

    def record(report: intake.Report) -> None:
        kept = {"report": report.as_json(), "processed_rows": report.rows, "total_rows": file.rows}
        if not held.update(**kept, held_until=Now() + LEASE, fruitless_starts=0):
            raise LeaseLost

    batches = intake.take_in(
        file,
        changed_by=member_import.uploaded_by,
        create_statuses=member_import.create_statuses,
        dry_run=member_import.dry_run,
        report=so_far,
        record=record,
    )
    return all(monotonic() < stop_at or report.rows == file.rows for report in batches)


def _end(held: MemberImportQuerySet, state: State, reason: str = "") -> str:
    held.update(state=state, reason=reason, content=b"", finished_at=timezone.now(), holder="", held_until=None)
    return str(state)


def _unforeseen(rows: int) -> str:
    return _(
        "Something went wrong that was not foreseen, after %(rows)d rows. Those rows are in. "
        "Upload the file again: what is in already is not changed a second time."
    ) % {"rows": rows}
