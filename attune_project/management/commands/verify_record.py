"""`manage.py verify_record`: whether what people noted is still what they noted."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.person_keys import remembering
from observations.record import Finding, check_record, last_day, list_author_ids, sum_of_day


class Command(BaseCommand):
    help = (
        "Make every hash of everybody's record again, and say what was changed past the program. Exit code 1 when "
        "something was. Compare the sum it prints with the line of that day in a log that is kept elsewhere."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--person", type=int, help="one person's record only, by the id of the user")
        parser.add_argument("--day", type=date.fromisoformat, help="the day whose sum is printed (the last)")

    def handle(self, *args: Any, person: int | None, day: date | None, **options: Any) -> None:
        authors = list_author_ids() if person is None else [person]
        held = destroyed = flaws = 0
        for author_id in authors:
            with remembering():
                report = check_record(author_id=author_id)
            held, destroyed = held + report.held, destroyed + report.destroyed
            flaws += len(report.findings)
            for finding in report.findings:
                self.stdout.write(f"  user {author_id}: {_told(finding)}")
        self.stdout.write(f"{len(authors)} records: {held} links hold, {destroyed} say nothing any more.")
        if (summed := day or last_day()) is not None:
            total, count = sum_of_day(day=summed)
            self.stdout.write(f"heads of {summed}: sum={total} records={count}")
        if flaws:
            raise CommandError(f"{flaws} things are not as they were recorded.")


def _told(finding: Finding) -> str:
    places = {"link": finding.number, "chain": finding.chain, "id": finding.public_id}
    return " ".join(
        [finding.flaw, *(f"{name}={value}" for name, value in places.items() if value is not None)]
    )
