"""The one use case that writes here: bringing the files of the library into the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from django.db import transaction

from checklists import models, packs, selectors
from checklists.packs import Pack, PackError


class Outcome(StrEnum):
    """What loading one file did."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file of the library, and what loading it did."""

    file: str
    checklist_key: str
    language: str
    number: int
    outcome: Outcome
    rows: int


@transaction.atomic
def load_library(*, now: datetime, directory: Path = packs.LIBRARY) -> tuple[Loaded, ...]:
    """Bring every checklist of *directory* into the database: all files, or none of them.

    A version that is there already, with the same content, is left alone; so loading twice changes nothing. A
    new number becomes a new version, published at *now* and frozen from then on; older versions keep their
    rows. The help texts, which are read from their files, are checked along the way.

    Raises:
        PackError: a file cannot be understood, or its content changed while its number stayed.
    """
    for path in sorted(directory.glob("help.*.yaml")):
        packs.read_help(path)
    packs.read_help_lines(selectors.help_lines_file())
    found = [packs.read_pack(path) for path in _checklist_files(directory)]
    loaded = tuple(_load(pack, now) for pack in found)
    selectors.forget_content()
    return loaded


def _checklist_files(directory: Path) -> list[Path]:
    files = sorted(path for path in directory.glob("*.yaml") if not path.name.startswith("help"))
    if not files:
        raise PackError(f"{directory.name}: no checklist file is here")
    return files


def _load(pack: Pack, now: datetime) -> Loaded:
    version = pack.version
    # Two processes may start at once: the second waits here, and then finds the work done.
    models.Checklist.objects.get_or_create(key=pack.checklist_key)
    checklist = models.Checklist.objects.select_for_update().get(key=pack.checklist_key)
    versions = models.ChecklistVersion.objects.filter(checklist=checklist, language=version.language)
    newest = versions.order_by("-number").first()
    there = versions.filter(number=version.number).first()

    if there is None:
        if newest is not None and newest.number > version.number:
            raise PackError(
                f"{pack.file}: number {version.number} is older than the published {newest.number}; "
                f"raise 'number' to {newest.number + 1}"
            )
        _publish(pack, checklist, now)
    elif there.digest != version.digest:
        raise PackError(
            f"{pack.file}: the content changed, but version {version.number} is published and never changes; "
            f"raise 'number' to {(newest or there).number + 1}"
        )
    return Loaded(
        file=pack.file,
        checklist_key=pack.checklist_key,
        language=version.language,
        number=version.number,
        outcome=Outcome.UNCHANGED if there else Outcome.PUBLISHED,
        rows=len(pack.rows),
    )


def _publish(pack: Pack, checklist: models.Checklist, now: datetime) -> None:
    version = pack.version
    version.checklist = checklist
    version.published_at = now
    version.save()
    for kind in models.VersionRow.__subclasses__():
        rows = pack.of(kind)
        for row in rows:
            row.version = version
        kind._default_manager.bulk_create(rows)
