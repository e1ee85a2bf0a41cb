"""Rows of one version as the views of `checklists.content`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from checklists import content, models
from checklists.rules import (
    Dimension,
    Occasion,
    OptionKind,
    QuestionKind,
    Scale,
    TermKind,
    Tone,
    absence_meant_by,
)

Row = TypeVar("Row", bound=models.VersionRow)
View = TypeVar("View")


def read_content(version: models.ChecklistVersion, published_at: datetime) -> content.Content:
    """Everything *version*, published at that time, holds: one query per kind of row."""

    def read(kind: type[Row], shape: Callable[[Row], View]) -> tuple[View, ...]:
        rows: models.FrozenQuerySet[Row] = (
            models.FrozenQuerySet(kind).filter(version=version).order_by("position", "pk")
        )
        return tuple(map(shape, rows))

    return content.Content(
        version=_version(version, published_at),
        terms=read(models.Term, _term),
        questions=read(models.Question, _question),
        cues=read(models.Cue, _cue),
        options=read(models.Option, _option),
        practices=read(models.Practice, _practice),
        threads=read(models.Thread, _thread),
        self_prompts=read(models.SelfPrompt, _self_prompt),
    )


def _version(row: models.ChecklistVersion, published_at: datetime) -> content.Version:
    return content.Version(
        id=row.pk,
        checklist_key=row.checklist.key,
        number=row.number,
        language=row.language,
        title=row.title,
        about=row.about,
        status=row.status,
        digest=row.digest,
        published_at=published_at,
    )


def _term(row: models.Term) -> content.Term:
    return content.Term(
        kind=TermKind(row.kind), key=row.key, label=row.label, about=row.about, source=row.source
    )


def _question(row: models.Question) -> content.Question:
    scale = Scale(row.scale)
    return content.Question(
        id=row.pk,
        key=row.key,
        dimension=Dimension(row.dimension),
        occasion=Occasion(row.occasion),
        kind=QuestionKind(row.kind),
        prompt=row.prompt,
        help=row.help,
        scale=scale,
        scale_help=row.scale_help,
        anchors=tuple(content.Anchor(anchor["value"], anchor["label"]) for anchor in row.anchors),
        absence=absence_meant_by(scale),
        absence_label=row.absence_label,
        age_wordings=tuple(
            content.AgeWording(age["from_months"], age["to_months"], age["text"]) for age in row.age_wordings
        ),
        gated=row.gated,
        author_only=row.author_only,
        source=row.source,
    )


def _cue(row: models.Cue) -> content.Cue:
    return content.Cue(
        key=row.key,
        tone=Tone(row.tone),
        dimension=Dimension(row.dimension),
        label=row.label,
        opens_help=row.opens_help,
        source=row.source,
    )


def _option(row: models.Option) -> content.Option:
    return content.Option(
        kind=OptionKind(row.kind),
        key=row.key,
        label=row.label,
        gates_comfort=row.gates_comfort,
        source=row.source,
    )


def _practice(row: models.Practice) -> content.Practice:
    return content.Practice(
        slug=row.slug,
        title=row.title,
        summary=row.summary,
        why=row.why,
        try_text=row.try_text,
        not_for=row.not_for,
        dimension=Dimension(row.dimension),
        seconds=row.seconds,
        contexts=tuple(row.contexts),
        source=row.source,
    )


def _thread(row: models.Thread) -> content.Thread:
    return content.Thread(
        key=row.key,
        title=row.title,
        in_tune=row.in_tune,
        missed=row.missed,
        scene=row.scene,
        example_missed=row.example_missed,
        example_in_tune=row.example_in_tune,
        example_came_back=row.example_came_back,
        source=row.source,
    )


def _self_prompt(row: models.SelfPrompt) -> content.SelfPrompt:
    return content.SelfPrompt(
        key=row.key,
        prompt=row.prompt,
        chips=tuple(content.Chip(chip["key"], chip["label"]) for chip in row.chips),
        source=row.source,
    )
