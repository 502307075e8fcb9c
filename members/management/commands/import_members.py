"""manage.py import_members FILE: take in members and print what became of each row."""

from argparse import ArgumentParser
from collections import deque
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from members.csv_files import CsvFile, FileRefused
from members.intake import Remark, Report, take_in


class Command(BaseCommand):
    help = "Take in members from a CSV file. Ends with exit code 1 when the file as a whole is refused."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Report the same, write nothing.")
        parser.add_argument("--create-statuses", action="store_true", help="Add member statuses that are not there yet.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with options["file"].open("rb") as file:
                batches = take_in(CsvFile(file), create_statuses=options["create_statuses"], dry_run=options["dry_run"])
                report = deque(batches, maxlen=1).pop()
        except OSError as error:
            raise CommandError(
                f"{options['file']} cannot be opened: {error.strerror}. Check the name and who may read it."
            ) from None
        except FileRefused as refusal:
            raise CommandError(str(refusal)) from None
        self._print(report, options["dry_run"])

    def _print(self, report: Report, dry_run: bool) -> None:
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
        counts = ("created", "updated", "unchanged", "refused", "warnings")
        self.stdout.write(", ".join(f"{getattr(report, count)} {count}" for count in counts))
        if report.created_statuses:
            self.stdout.write(f"New member statuses: {', '.join(report.created_statuses)}")
        if report.ignored_columns:
            self.stdout.write(f"Columns that were ignored: {', '.join(report.ignored_columns)}")
        for remark in report.remarks:
            self.stdout.write(_line(remark))
        if report.more:
            self.stdout.write(f"... and {report.more} more")


def _line(remark: Remark) -> str:
    what = f"warning ({remark.column})" if remark.column else "refused"
    return f"line {remark.line}, member {remark.member_number or '-'}: {what}: {remark.reason}"
