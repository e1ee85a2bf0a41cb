"""The contents of links, made again from what stands in the database now.

What an observation was after a link stands in the first version that was kept since, or in itself if none was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from accounts.rules import Visibility
from common.dates import local_day
from observations.history import state_of
from observations.models import Observation, RecordLink
from observations.record.chain import content_hash
from observations.record.content import content_of
from observations.rules import Act


@dataclass(frozen=True, slots=True)
class Version:
    """What an observation was after a link: its fields, how its note may have entered the hash, and if there was one.

    *was_narrowed*: others stopped seeing it before the next version was kept, so whom it was for is not known.
    """

    fields: Mapping[str, Any]
    notes: tuple[str, ...]
    has_note: bool
    was_narrowed: bool = False


Renaming = tuple[int, Mapping[str, str]]
"""Behind the link with this number children have other ids; how each was called before, by how it is called since."""


def is_as_left(row: Observation, last: RecordLink) -> bool:
    """Whether the observation is deleted, or not, as its last link says, and its day is that of its instant."""
    left_at = last.at if last.act == Act.DELETED else None
    return row.deleted_at == left_at and row.occurred_on == local_day(row.occurred_at, row.timezone)


def list_versions(row: Observation, links: Sequence[RecordLink]) -> list[tuple[RecordLink, Version]]:
    """Each of its links with what the observation was after it. Its revisions are prefetched."""
    kept = sorted(row.revisions.all(), key=attrgetter("number"))
    versions = [(one.number, _version(one, one.state)) for one in kept]
    versions.append((row.revision, _version(row, state_of(row).fields)))
    found, was_narrowed, later = [], False, None
    for link in reversed(links):
        version = next(
            (version for last, version in versions if last >= (link.revision or 0)), versions[-1][1]
        )
        was_narrowed = was_narrowed and version is later
        found.append((link, replace(version, was_narrowed=was_narrowed)))
        was_narrowed, later = was_narrowed or link.act == Act.NARROWED, version
    return found[::-1]


def _version(row: Any, fields: Mapping[str, Any]) -> Version:
    note = type(row).note
    as_it_reads, as_bytes = note.fingerprint(row), note.fingerprint_shut(row)
    return Version(fields, (as_it_reads, as_bytes), has_note=bool(row.note_sealed))


def says_so(row: Observation, link: RecordLink, version: Version, *, renamings: Sequence[Renaming]) -> bool:
    """Whether *link* is what is made again of this version of the observation."""
    if link.at is None or link.revision is None:
        return False
    fields = {**version.fields, "child": _called_then(version.fields["child"], link, renamings)}
    circles = list(Visibility) if version.was_narrowed else [fields["visibility"]]
    contents = (
        content_of(
            row,
            act=link.act,
            revision=link.revision,
            at=link.at,
            fields={**fields, "visibility": circle},
            note=note,
        )
        for circle in circles
        for note in version.notes
    )
    return any(content_hash(content, salt=bytes(row.salt)) == bytes(link.content) for content in contents)


def _called_then(child: str, link: RecordLink, renamings: Sequence[Renaming]) -> str:
    for number, called_before in renamings:
        if number > link.number:
            child = called_before.get(child, child)
    return child
