"""Log lines: one line per event, ids and codes only."""

from __future__ import annotations

import logging


class LineFormatter(logging.Formatter):
    """`time level logger message`, with line breaks escaped so that nobody can forge a second line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line, *trace = super().format(record).split("\nTraceback", 1)
        escaped = line.replace("\r", "\\r").replace("\n", "\\n")
        return "\nTraceback".join([escaped, *trace])
