"""Reading what to look for, and where to find help.

A published version never changes, so its content is read once per process and kept; which version is current is
kept too. A running process therefore shows a new version after its next start, which is also when new code
arrives; the process that loads it sees it at once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from checklists import models, packs
from checklists.content import Content, Help, HelpLine, Practice, Question, Version
from checklists.rules import BUILTIN, Dimension, HelpKind, languages_to_try
from checklists.shapes import read_content
from common.errors import NotVisible


class LibraryNotLoaded(RuntimeError):
    """The database holds no built-in content yet: `python manage.py load_library` brings it."""


# --- Versions -----------------------------------------------------------------------------------------------


def get_content(language: str = "en", *, checklist_key: str = BUILTIN) -> Content:
    """The current version of a checklist in *language*, or in English where there is no translation.

    Raises:
        LibraryNotLoaded: the built-in checklist was never loaded.
        NotVisible: no published checklist has that key.
    """
    return get_content_of(_current_version_id(language, checklist_key))


@lru_cache(maxsize=64)
def get_content_of(version_id: int) -> Content:
    """Everything one published version holds, current or not: what an older answer was asked.

    Raises:
        NotVisible: no published version has that id.
    """
    version = (
        models.ChecklistVersion.objects.published().select_related("checklist").filter(pk=version_id).first()
    )
    if version is None or version.published_at is None:
        raise NotVisible
    return read_content(version, version.published_at)


def current_version(language: str = "en") -> Version:
    """The version of the built-in checklist that a reader of *language* is asked in now.

    Raises:
        LibraryNotLoaded: the built-in checklist was never loaded.
    """
    return get_content(language).version


def list_versions(language: str = "en") -> tuple[Version, ...]:
    """The current version of every published checklist, by key, for a reader of *language*."""
    keys = (
        models.ChecklistVersion.objects.published()
        .filter(language__in=languages_to_try(language))
        .values_list("checklist__key", flat=True)
        .distinct()
        .order_by("checklist__key")
    )
    return tuple(get_content(language, checklist_key=key).version for key in keys)


def forget_content() -> None:
    """Read everything anew next time: after loading a library, and in tests that change it."""
    for cached in (_current_version_id, get_content_of, _help_pack, _help_lines):
        cached.cache_clear()


@lru_cache(maxsize=64)
def _current_version_id(language: str, checklist_key: str) -> int:
    for candidate in languages_to_try(language):
        found = (
            models.ChecklistVersion.objects.published()
            .filter(checklist__key=checklist_key, language=candidate)
            .order_by("-number")
            .values_list("pk", flat=True)
            .first()
        )
        if found is not None:
            return found
    raise LibraryNotLoaded if checklist_key == BUILTIN else NotVisible


# --- Questions and practices --------------------------------------------------------------------------------


def question_prompt(question: Question, age_months: int | None) -> str:
    """*question* in words that fit a child of *age_months* (`rules.age_in_months`); None is any age."""
    if age_months is None:
        return question.prompt
    return next((w.text for w in question.age_wordings if w.suits(age_months)), question.prompt)


def list_practices(language: str = "en", *, dimension: Dimension | None = None) -> tuple[Practice, ...]:
    """The practices of the current version in the order they are shown, all or those of one dimension."""
    practices = get_content(language).practices
    return tuple(p for p in practices if dimension is None or p.dimension is dimension)


def get_practice(slug: str, language: str = "en") -> Practice:
    """One practice of the current version.

    Raises:
        NotVisible: no practice has that slug.
    """
    practice = get_content(language).practice_by_slug.get(slug)
    if practice is None:
        raise NotVisible
    return practice


# --- Help ---------------------------------------------------------------------------------------------------


def get_help(language: str = "en", country: str = "") -> Help:
    """The help page for a reader of *language* in *country* (ISO 3166-1 alpha-2; '' when it is not known).

    Without a country the emergency numbers of all places are listed, once each, and the page says so. It needs
    no database: help has to appear even when little else works.
    """
    pack, country = _help_pack(language), country.upper()
    lines = tuple(line for line in _help_lines() if line.country == country) if country else _by_place()
    if not country:
        note = pack.lines_note.no_country if lines else pack.lines_note.none
    elif not lines:
        note = pack.lines_note.none
    else:
        only_emergency = all(line.kind is HelpKind.EMERGENCY for line in lines)
        note = pack.lines_note.emergency_only if only_emergency else ""
    return Help(
        promise=pack.promise,
        cards=pack.cards,
        professional=pack.professional,
        notes=pack.notes,
        country=country,
        lines=lines,
        lines_note=note,
    )


def list_help_countries() -> tuple[str, ...]:
    """The countries that have a line of their own, as codes in alphabetical order."""
    return tuple(sorted({line.country for line in _help_lines()}))


def _by_place() -> tuple[HelpLine, ...]:
    """Emergency lines, one per place; a number shared by thirty countries is one line."""
    emergency = [replace(line, country="") for line in _help_lines() if line.kind is HelpKind.EMERGENCY]
    return tuple(dict.fromkeys(emergency))


@lru_cache(maxsize=64)
def _help_pack(language: str) -> packs.HelpPack:
    available = {path.name: path for path in packs.LIBRARY.glob("help.*.yaml")}
    names = (f"help.{candidate}.yaml" for candidate in languages_to_try(language))
    return packs.read_help(next(available[name] for name in names if name in available))


@lru_cache(maxsize=1)
def _help_lines() -> tuple[HelpLine, ...]:
    return packs.read_help_lines(help_lines_file())


def help_lines_file() -> Path:
    """Where this installation keeps its help lines: its own file, or the one that comes with the program."""
    own: str = settings.HELP_LINES_FILE
    return Path(own) if own else packs.LIBRARY / "help_lines.yaml"
