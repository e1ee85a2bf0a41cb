"""Log lines: one line per event, ids and codes only."""

from __future__ import annotations

import logging
import re

LINE_MAX = 500
_SEGMENT = re.compile(r"(?<=/)[^/\s?#]{25,}")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class LineFormatter(logging.Formatter):
    """`time level logger message`, with line breaks escaped so that nobody can forge a second line.

    Django logs the path of whatever it refuses, and some paths end in a token that opens a door: long parts of paths
    are masked unless they are public ids, and a line ends somewhere, however long the path was.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line, *trace = super().format(record).split("\nTraceback", 1)
        escaped = line.replace("\r", "\\r").replace("\n", "\\n")
        return "\nTraceback".join([_cut(_SEGMENT.sub(_masked, escaped)), *trace])


def _masked(segment: re.Match[str]) -> str:
    return segment[0] if _UUID.fullmatch(segment[0]) else "***"


def _cut(line: str) -> str:
    return line if len(line) <= LINE_MAX else f"{line[: LINE_MAX - 1]}…"
