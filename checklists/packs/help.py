"""The help texts of one language, and the help lines of the installation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from checklists.content import HelpCard, HelpLine, HelpNote, Professional
from checklists.packs.strict import Entry, read_yaml
from checklists.rules import TITLE_MAX, HelpKind

CARDS = ("not_ok", "not_safe", "watched", "soft")

_COUNTRY = re.compile(r"[A-Z]{2}")
_PHONE = re.compile(r"\+?[0-9][0-9 ]*")


@dataclass(frozen=True, slots=True)
class LinesNote:
    """What is said in place of lines that are missing."""

    no_country: str
    emergency_only: str
    none: str


@dataclass(frozen=True, slots=True)
class HelpPack:
    """The static help texts of one language."""

    language: str
    promise: str
    lines_note: LinesNote
    cards: Mapping[str, HelpCard]
    professional: Professional
    notes: tuple[HelpNote, ...]


def read_help(path: Path) -> HelpPack:
    """The help texts in the file at *path*.

    Raises:
        PackError: anything unknown, missing, doubled or too long; the message names file and entry.
    """
    head = Entry(read_yaml(path), file=path.name)
    pack = HelpPack(
        language=head.text("language", max_length=12),
        promise=head.text("promise"),
        lines_note=_read_lines_note(head.section("lines_note")),
        cards={card.key: card for card in map(_read_card, head.entries("cards"))},
        professional=_read_professional(head.section("professional")),
        notes=tuple(map(_read_note, head.entries("notes"))),
    )
    head.close()
    if set(pack.cards) != set(CARDS):
        head.refuse(f"cards: {', '.join(CARDS)} are needed, and no others")
    return pack


def read_help_lines(path: Path) -> tuple[HelpLine, ...]:
    """The help lines in the file at *path*, one per country; an empty list is a valid answer.

    Raises:
        PackError: a line without a way to reach it or a day of review, or anything unknown.
    """
    head = Entry(read_yaml(path), file=path.name)
    lines: list[HelpLine] = []
    for number, raw in enumerate(head.listed("lines"), start=1):
        entry = Entry(raw, file=path.name, path=f"lines[{number}]")
        lines.extend(_read_lines(entry))
        entry.close()
    head.close()
    return tuple(lines)


def _read_lines_note(entry: Entry) -> LinesNote:
    note = LinesNote(
        no_country=entry.text("no_country"),
        emergency_only=entry.text("emergency_only"),
        none=entry.text("none"),
    )
    entry.close()
    return note


def _read_card(entry: Entry) -> HelpCard:
    key = entry.key()
    title = entry.text("title", max_length=TITLE_MAX)
    paragraphs = entry.texts("paragraphs")
    kinds = entry.texts("lines")
    for kind in kinds:
        if kind not in set(HelpKind):
            entry.refuse(f"'lines' holds {', '.join(HelpKind)}, not {kind!r}")
    return HelpCard(
        key=key,
        title=title,
        paragraphs=paragraphs,
        line_kinds=tuple(map(HelpKind, kinds)),
    )


def _read_professional(entry: Entry) -> Professional:
    professional = Professional(
        title=entry.text("title", max_length=TITLE_MAX),
        intro=entry.text("intro"),
        reasons=entry.texts("reasons"),
        now_title=entry.text("now_title", max_length=TITLE_MAX),
        now_reasons=entry.texts("now_reasons"),
    )
    entry.close()
    return professional


def _read_note(entry: Entry) -> HelpNote:
    return HelpNote(
        key=entry.key(),
        title=entry.text("title", max_length=TITLE_MAX),
        text=entry.text("text"),
        source=entry.source(),
    )


def _read_lines(entry: Entry) -> list[HelpLine]:
    countries = entry.texts("countries", max_length=2)
    for country in countries:
        if not _COUNTRY.fullmatch(country):
            entry.refuse(f"'countries' holds two-letter codes such as GB, not {country!r}")
    place, name = (
        entry.text("place", max_length=TITLE_MAX),
        entry.text("name", max_length=TITLE_MAX),
    )
    kind = entry.one_of("kind", HelpKind)
    phone, url = (
        entry.optional_text("phone", max_length=30),
        entry.optional_text("url", max_length=200),
    )
    if not phone and not url:
        entry.refuse("'phone' or 'url' is needed, or nobody could reach this line")
    if phone and not _PHONE.fullmatch(phone):
        entry.refuse(f"'phone' holds digits and spaces, in quotes, not {phone!r}")
    if url and not url.startswith("https://"):
        entry.refuse(f"'url' begins with https://, not {url!r}")
    hours, reviewed_on = (
        entry.text("hours", max_length=TITLE_MAX),
        entry.day("reviewed_on"),
    )
    return [HelpLine(country, place, name, kind, phone, url, hours, reviewed_on) for country in countries]
