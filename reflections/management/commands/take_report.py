"""`manage.py take_report`: takes in one mail that came to the return address, from standard input."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from common.errors import NotVisible
from reflections.reports import REPORT_BYTES_MAX, read_report
from reflections.services import take_report


class Command(BaseCommand):
    help = (
        "Take in a bounce or complaint from standard input, as a mail server pipes it (docs/operations.md). What is "
        "no report about a weekly mail is left alone; exit code 1 when a report names no mail of ours."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = read_report(sys.stdin.buffer.read(REPORT_BYTES_MAX))
            if report is None:
                self.stdout.write("  no report: left alone")
                return
            take_report(report=report, now=timezone.now())
        except (ValueError, NotVisible) as error:
            raise CommandError(f"This report names no weekly mail of ours: {error}") from error
        self.stdout.write(f"  noted: {report.kind}")
