"""A briefing as the operator's file states it, read strictly: what is not understood is refused by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from common.strict import Entry, PackError, read_yaml
from households.rules import BRIEFING_TEXT_MAX, COUNTRY, COUNTRY_NAME_MAX

TEXTS: Final = ("must_report", "replies", "nights")
_LANGUAGE_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class BriefingPack:
    """One file: a country's words in every language there is."""

    country: str
    words: Mapping[str, Mapping[str, str]]
    is_example: bool
    checked_on: date

    @property
    def digest(self) -> str:
        """SHA-256 of what is said; when it was checked does not count, nor do comments and the order of names."""
        said = json.dumps([self.words, self.is_example], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


def read_briefings(directory: Path) -> list[BriefingPack]:
    """Every briefing in *directory*: one file `<country>.yaml` for each country.

    Raises:
        PackError: there is none, or one of them is not whole; the message names file and entry.
    """
    found = [_read(path) for path in sorted(directory.glob("*.yaml"))]
    if not found:
        raise PackError(f"{directory} holds no briefing: one file for each country, such as PT.yaml")
    return found


def _read(path: Path) -> BriefingPack:
    head = Entry(read_yaml(path), file=path.name)
    country = head.text("country", max_length=_LANGUAGE_MAX)
    if not COUNTRY.fullmatch(country):
        head.refuse(f"'country' is a code such as PT or US-CA, not {country!r}")
    if path.stem != country:
        head.refuse(f"a briefing for {country} belongs in {country}.yaml")
    is_example, checked_on = head.flag("example"), head.day("checked_on")
    texts = head.take("texts")
    if not isinstance(texts, dict) or not texts:
        head.refuse("'texts' has to hold at least one language")
    words = {}
    for language, raw in texts.items():
        entry = Entry(raw, file=path.name, path=f"texts.{language}")
        words[str(language)] = {
            "country": entry.text("country", max_length=COUNTRY_NAME_MAX),
            **{name: entry.text(name, max_length=BRIEFING_TEXT_MAX) for name in TEXTS},
        }
        entry.close()
    head.close()
    return BriefingPack(country, words, is_example, checked_on)
