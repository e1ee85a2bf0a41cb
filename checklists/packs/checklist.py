"""A checklist file turned into rows that are not saved yet."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from checklists import rules
from checklists.models import (
    ChecklistVersion,
    Cue,
    Option,
    Practice,
    Question,
    SelfPrompt,
    Term,
    Thread,
    VersionRow,
)
from checklists.packs.strict import Entry, read_yaml
from checklists.rules import (
    Dimension,
    Occasion,
    OptionKind,
    QuestionKind,
    Scale,
    TermKind,
    Tone,
)

Row = TypeVar("Row", bound=VersionRow)

NUMBER_MAX = 9999
AGE_MAX = 30 * 12  # months
UNVALIDATED = "unvalidated"


@dataclass(frozen=True, slots=True)
class ScaleText:
    """The words of one scale, shared by all questions that use it."""

    help: str
    absence_label: str
    anchors: list[dict[str, Any]]


@dataclass(frozen=True)
class Pack:
    """One version as its file states it: the version and its rows, none of them saved."""

    file: str
    checklist_key: str
    version: ChecklistVersion
    rows: list[VersionRow] = field(default_factory=list)

    def of(self, kind: type[Row]) -> list[Row]:
        """The rows of one model, in order."""
        return [row for row in self.rows if isinstance(row, kind)]


def read_pack(path: Path) -> Pack:
    """The checklist in the file at *path*, checked from end to end.

    Raises:
        PackError: anything unknown, missing, doubled or too long; the message names file and entry.
    """
    raw = read_yaml(path)
    head = Entry(raw, file=path.name)
    pack = Pack(file=path.name, checklist_key=head.key("checklist"), version=_read_version(head))
    scales = _read_scales(head.section("scales"))

    rows = pack.rows
    rows += _read_rows(head.entries("terms"), _read_term)
    rows += _read_rows(head.entries("questions"), lambda entry: _read_question(entry, scales))
    rows += _read_rows(head.entries("cues"), _read_cue)
    options = head.section("options")
    rows += _read_rows(options.entries("contexts"), lambda entry: _read_option(entry, OptionKind.CONTEXT))
    rows += _read_rows(options.entries("feelings"), lambda entry: _read_option(entry, OptionKind.FEELING))
    options.close()
    contexts = {option.key for option in pack.of(Option) if option.kind == OptionKind.CONTEXT}
    rows += _read_rows(head.entries("threads"), _read_thread)
    rows += _read_rows(head.entries("self_prompts"), _read_self_prompt)
    rows += _read_rows(
        head.entries("practices", named_by="slug"), lambda entry: _read_practice(entry, contexts)
    )
    head.close()
    _check_whole(pack, head)
    pack.version.digest = digest_of(raw)
    return pack


def digest_of(raw: object) -> str:
    """SHA-256 of the content; comments, order of names and line breaks of the file do not count."""
    canonical = json.dumps(raw, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _read_rows(entries: Iterable[Entry], read: Callable[[Entry], Row]) -> list[Row]:
    rows = []
    for position, entry in enumerate(entries):
        row = read(entry)
        row.position = position
        row.source = entry.source()
        rows.append(row)
    return rows


def _read_version(head: Entry) -> ChecklistVersion:
    status = head.text("status")
    if status != UNVALIDATED:
        head.refuse(
            f"'status' is {UNVALIDATED!r}, as no question here was ever checked as a test, not {status!r}"
        )
    return ChecklistVersion(
        number=head.whole("number", low=1, high=NUMBER_MAX),
        language=head.text("language", max_length=12),
        status=status,
        title=head.text("title", max_length=rules.TITLE_MAX),
        about=head.text("about"),
    )


def _read_scales(section: Entry) -> dict[Scale, ScaleText]:
    scales = {}
    for scale in Scale:
        entry = section.section(scale)
        anchors = entry.section("anchors")
        scales[scale] = ScaleText(
            help=entry.text("help"),
            absence_label=entry.label("absence"),
            anchors=[{"value": value, "label": anchors.label(str(value))} for value in rules.VALUES],
        )
        anchors.close()
        entry.close()
    section.close()
    return scales


def _read_term(entry: Entry) -> Term:
    kind = entry.one_of("kind", TermKind)
    return Term(
        kind=kind,
        key=entry.one_of("key", Dimension if kind is TermKind.DIMENSION else Tone),
        label=entry.label(),
        about=entry.text("about"),
    )


def _read_question(entry: Entry, scales: dict[Scale, ScaleText]) -> Question:
    scale = entry.one_of("scale", Scale)
    dimension = entry.one_of("dimension", Dimension)
    question = Question(
        key=entry.key(),
        dimension=dimension,
        occasion=entry.one_of("occasion", Occasion),
        kind=entry.one_of("kind", QuestionKind),
        prompt=entry.text("prompt", max_length=rules.PROMPT_MAX),
        help=entry.text("help"),
        scale=scale,
        scale_help=scales[scale].help,
        anchors=scales[scale].anchors,
        absence_label=scales[scale].absence_label,
        age_wordings=_read_ages(entry) if entry.has("ages") else [],
        gated=entry.flag("gated"),
        author_only=dimension in rules.AUTHOR_ONLY,
    )
    if question.gated != (dimension in rules.GATED and question.occasion == Occasion.MOMENT):
        entry.refuse("'gated' is true for comfort in a moment, and for nothing else")
    return question


def _read_ages(entry: Entry) -> list[dict[str, Any]]:
    """Age wordings that follow one another from birth on without a gap; the last one is open-ended."""
    wordings: list[dict[str, Any]] = []
    next_month: int | None = 0
    for age in entry.entries("ages", named_by="from"):
        if next_month is None:
            age.refuse("only the last wording may be open-ended ('to: null')")
        start = age.whole("from", low=0, high=AGE_MAX)
        if start != next_month:
            age.refuse(f"'from' has to be {next_month}, so that every month has one wording")
        end = age.optional_whole("to", low=start, high=AGE_MAX)
        text = age.text("text", max_length=rules.PROMPT_MAX)
        wordings.append({"from_months": start, "to_months": end, "text": text})
        next_month = None if end is None else end + 1
    if next_month is not None:
        entry.refuse("the last age wording has to be open-ended ('to: null')")
    return wordings


def _read_cue(entry: Entry) -> Cue:
    return Cue(
        key=entry.key(),
        tone=entry.one_of("tone", Tone),
        dimension=entry.one_of("dimension", Dimension),
        label=entry.label(),
        opens_help=entry.flag("opens_help"),
    )


def _read_option(entry: Entry, kind: OptionKind) -> Option:
    key = entry.key()
    return Option(
        kind=kind,
        key=key,
        label=entry.label(),
        gates_comfort=key in rules.COMFORT_GATES,
    )


def _read_thread(entry: Entry) -> Thread:
    return Thread(
        key=entry.key(),
        title=entry.text("title", max_length=rules.TITLE_MAX),
        in_tune=entry.text("in_tune", max_length=rules.PROMPT_MAX),
        missed=entry.text("missed", max_length=rules.PROMPT_MAX),
        scene=entry.text("scene"),
        example_missed=entry.text("example_missed"),
        example_in_tune=entry.text("example_in_tune"),
        example_came_back=entry.text("example_came_back"),
    )


def _read_self_prompt(entry: Entry) -> SelfPrompt:
    return SelfPrompt(
        key=entry.key(),
        prompt=entry.text("prompt", max_length=rules.PROMPT_MAX),
        chips=[{"key": chip.key(), "label": chip.label()} for chip in entry.entries("chips")],
    )


def _read_practice(entry: Entry, known_contexts: Collection[str]) -> Practice:
    contexts = entry.texts("contexts", max_length=rules.KEY_MAX)
    for key in contexts:
        if key not in known_contexts:
            entry.refuse(f"no context has the key {key!r}")
    return Practice(
        slug=entry.key("slug"),
        title=entry.text("title", max_length=rules.TITLE_MAX),
        summary=entry.text("summary", max_length=rules.PROMPT_MAX),
        why=entry.text("why"),
        try_text=entry.text("try"),
        not_for=entry.text("not_for"),
        dimension=entry.one_of("dimension", Dimension),
        seconds=entry.whole("seconds", low=1, high=rules.PRACTICE_SECONDS_MAX),
        contexts=list(contexts),
    )


def _check_whole(pack: Pack, head: Entry) -> None:
    """What a checklist promises as a whole: each dimension asked on each occasion, everything named."""
    asked = Counter((row.dimension, row.occasion) for row in pack.of(Question))
    for dimension, occasion in product(Dimension, Occasion):
        if asked[dimension, occasion] != 1:
            head.refuse(f"questions: '{dimension}' has to be asked exactly once about a {occasion}")
    named = {row.key for row in pack.of(Term)}
    for key in (*Dimension, *Tone):
        if key not in named:
            head.refuse(f"terms: '{key}' has no name")
    offered = {row.key for row in pack.of(Option)}
    for key in rules.COMFORT_GATES - offered:
        head.refuse(f"options: {key!r} is missing, so comfort could not be asked")
