"""Taking in a large file of members, on a fresh SQLite: how long, how much memory, and how long other writers wait."""

from __future__ import annotations

import csv
import os
import resource
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROWS = 20_000


def write_file(path: Path, rows: int, street: str = "Dorpsstraat") -> None:
    """Every column filled; another `street` changes every member."""
    columns = "member_number;status;initials;first_name;infix;last_name;email;phone;address;postcode;city;country;language;iban"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(columns.split(";"))
        for number in range(1, rows + 1):
            name = ["J.", "Jan", "de", f"Vries {number}", f"lid{number}@example.org", f"06{10_000_000 + number}"]
            home = [f"{street} {number}", f"{1000 + number % 9000} AB", "Delft", "NL", "nl", "NL91 ABNA 0417 1643 00"]
            writer.writerow([number, "Lid", *name, *home])


def take_in(path: Path) -> tuple[float, dict[str, int]]:
    """(seconds, counts)."""
    from members import intake
    from members.csv_files import CsvFile

    started = time.perf_counter()
    with path.open("rb") as file:
        report = deque(intake.take_in(CsvFile(file), create_statuses=True), maxlen=1).pop()
    counts = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "refused", "warnings")}
    return time.perf_counter() - started, counts


@contextmanager
def another_writer(waits: list[float]) -> Iterator[None]:
    """Meanwhile somebody else saves, again and again; each wait is noted in seconds."""
    stop = threading.Event()
    writer = threading.Thread(target=_keep_saving, args=(stop, waits))
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def _keep_saving(stop: threading.Event, waits: list[float]) -> None:
    from django.db import connection

    from members.models import MemberStatus

    while not stop.wait(0.05):
        started = time.perf_counter()
        MemberStatus.objects.filter(name="Lid").update(kind=MemberStatus.Kind.ACTIVE)
        waits.append(time.perf_counter() - started)
    connection.close()


def peak_memory() -> float:
    """MB this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024)


def main(rows: int = ROWS) -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATABASE_URL"] = f"sqlite:///{directory}/bench.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        _measure(Path(directory), rows)


def _measure(directory: Path, rows: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    path = directory / "members.csv"
    write_file(path, 1000)
    take_in(path)
    before = peak_memory()
    for title, street in (("new", "Dorpsstraat"), ("the same again", "Dorpsstraat"), ("all changed", "Kerkstraat")):
        write_file(path, rows, street)
        waits: list[float] = []
        with another_writer(waits):
            seconds, counts = take_in(path)
        print(f"{rows} rows, {title}: {seconds:.1f} s, {counts}; another writer waited {max(waits, default=0):.2f} s at most")
    print(f"Memory after 1,000 rows {before:.0f} MB, after {3 * rows} rows {peak_memory():.0f} MB")


if __name__ == "__main__":
    main()
