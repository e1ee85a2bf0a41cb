"""Everything of one person's own in one zip file, made while it is sent: nothing of it is stored, and little is held.

Each table is in it twice: as JSON, exact, for a program to read again; and as CSV, for a spreadsheet, where a text that
one would compute has an apostrophe before it (OWASP, "CSV Injection"). The manifest with the sums of all other files
comes last, and the zip's own directory after it: an export that broke off opens nowhere.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from django.template.loader import render_to_string

from common.estates import Table, Value, list_estates

SCHEMA: Final = 1
SENT_AT_ONCE: Final = 64 * 1024
MANIFEST: Final = "manifest.json"

# A spreadsheet takes a cell that begins so for a formula; some read the full-width twins as the plain ones.
FORMULA_STARTS: Final = tuple("=+-@\t\r\n＝＋－＠")
# What may stand before it without changing that.
_BLANKS: Final = " \u00a0\u3000\ufeff\u200b"


def list_tables(*, person_id: int, now: datetime) -> list[Table]:
    """All that is this person's own, from every app, what others refer to first. Rows are read when asked for."""
    return [table for estate in reversed(list_estates()) for table in estate.export(person_id, now)]


def file_name(now: datetime) -> str:
    """What the file is called on a disk that others may look at."""
    return f"notes-{now.astimezone(UTC):%Y-%m-%d}.zip"


def stream_export(*, person_id: int, now: datetime) -> Iterator[bytes]:
    """Everything of this person's own as a zip file, piece by piece, in the active language.

    A table's rows are read twice, so what changes meanwhile may be in one of its two files only.
    """
    tables = list_tables(person_id=person_id, now=now)
    readme = render_to_string("common/export.txt", {"tables": tables, "made_at": now.astimezone(UTC)})
    return _archive(tables, readme, now=now)


def _archive(tables: Sequence[Table], readme: str, *, now: datetime) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        members = list(_members(tables, readme))
        for member in members:
            yield from _add(member, archive, pipe, now=now)
        manifest = {
            "schema": SCHEMA,
            "made_at": _plain(now),
            "tables": {table.name: list(table.columns) for table in tables},
            "files": [member.sums() for member in members],
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        yield from _add(_Member(MANIFEST, [text.encode()]), archive, pipe, now=now)
    yield pipe.take()


# --- The file ----------------------------------------------------------------------------------------------------
class _Pipe(io.RawIOBase):
    """Where the zip is written to, and taken from as soon as there is something to send. It cannot be rewound."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._waiting += data
        return len(data)

    def take(self, at_least: int = 0) -> bytes:
        """What waits to be sent; nothing while it is less than *at_least* bytes."""
        if len(self._waiting) < at_least:
            return b""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


@dataclass
class _Member:
    """One file of the archive, and what is known of it once it was read to its end."""

    name: str
    pieces: Iterable[bytes]
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.size += len(piece)
            self.digest.update(piece)
            yield piece

    def sums(self) -> dict[str, Any]:
        return {"name": self.name, "bytes": self.size, "sha256": self.digest.hexdigest()}


def _members(tables: Iterable[Table], readme: str) -> Iterator[_Member]:
    yield _Member("README.txt", [readme.encode()])
    for table in tables:
        yield _Member(f"json/{table.name}.json", as_json(table))
        yield _Member(f"csv/{table.name}.csv", as_csv(table))


def _add(member: _Member, archive: zipfile.ZipFile, pipe: _Pipe, *, now: datetime) -> Iterator[bytes]:
    """Write one file, and give what can be sent of the archive so far."""
    entry = zipfile.ZipInfo(member.name, now.astimezone(UTC).timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    with archive.open(entry, "w") as file:
        for piece in member:
            file.write(piece)
            if ready := pipe.take(SENT_AT_ONCE):
                yield ready


# --- Rows as text ------------------------------------------------------------------------------------------------
def as_json(table: Table) -> Iterator[bytes]:
    """A list of objects, one to a line: times in UTC, ids as the API names them."""
    before = "[\n"
    for row in table.rows():
        values = dict(zip(table.columns, row, strict=True))
        yield f"{before}{json.dumps(values, default=_plain, ensure_ascii=False)}".encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def as_csv(table: Table) -> Iterator[bytes]:
    """RFC 4180, in UTF-8 with the mark that spreadsheets look for, and no cell that one would compute."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield codecs.BOM_UTF8
    for row in itertools.chain([table.columns], table.rows()):
        writer.writerow([cell(value) for value in row])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()


def cell(value: Value) -> str:
    """*value* as a spreadsheet shows it: as text, whatever it begins with."""
    text = _text(value)
    return f"'{text}" if text.lstrip(_BLANKS).startswith(FORMULA_STARTS) else text


def _text(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list() | dict():
            return json.dumps(value, default=_plain, ensure_ascii=False)
        case date():  # and an instant, which is one
            return _plain(value)
    return str(value)


def _plain(value: object) -> str:
    """What JSON has no word for."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no plain value")
