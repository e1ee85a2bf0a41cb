"""`manage.py doctor`: says what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from attune_project.doctor import examine


class Command(BaseCommand):
    help = "Look this installation over. Exit code 1 when something has to be mended; nothing is changed."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        serious = 0
        for name, findings in examine():
            if not findings:
                self.stdout.write(f"  ok     {name}")
            for finding in findings:
                serious += finding.serious
                self.stdout.write(f"  {'MEND' if finding.serious else 'note':<6} {name}: {finding.wrong}")
                self.stdout.write(f"         {finding.mend}")
        if serious:
            self.stdout.write(f"{serious} {'thing has' if serious == 1 else 'things have'} to be mended.")
            sys.exit(1)
        self.stdout.write("Nothing has to be mended.")
