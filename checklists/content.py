"""What readers of a checklist see: plain, unchangeable views of one frozen version, and of the help texts.

Pages, the API and the weekly reflection render from these. `checklists.selectors` makes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from types import MappingProxyType

from checklists.rules import (
    Absence,
    Dimension,
    HelpKind,
    Occasion,
    OptionKind,
    QuestionKind,
    Scale,
    TermKind,
    Tone,
)


@dataclass(frozen=True, slots=True)
class Version:
    """Which wording this is: an answer keeps pointing at the version it was asked in."""

    id: int
    checklist_key: str
    number: int
    language: str
    title: str
    about: str
    status: str  # "unvalidated": said in every export
    digest: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Term:
    """The plain name of a dimension or a tone, and one sentence about it."""

    kind: TermKind
    key: str
    label: str
    about: str
    source: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """One of the five answers: its value and the words that stand for it."""

    value: int
    label: str


@dataclass(frozen=True, slots=True)
class AgeWording:
    """How a question is put about a child of `from_months` to `to_months`, both included; None has no end."""

    from_months: int
    to_months: int | None
    text: str

    def suits(self, age_months: int) -> bool:
        """Whether a child of that age is asked in these words."""
        return self.from_months <= age_months and (self.to_months is None or age_months <= self.to_months)


@dataclass(frozen=True, slots=True)
class Question:
    """One question of one dimension, about a moment or a week, with its five anchored answers."""

    id: int
    key: str
    dimension: Dimension
    occasion: Occasion
    kind: QuestionKind
    prompt: str  # in the words for any age; `selectors.question_prompt` knows the child's
    help: str
    scale: Scale
    scale_help: str
    anchors: tuple[Anchor, ...]
    absence: Absence  # what choosing `absence_label` records
    absence_label: str
    age_wordings: tuple[AgeWording, ...]
    gated: bool  # asked about a moment only when the child was hurt, ill or scared
    author_only: bool  # the answer is shown to nobody but its author
    source: str

    def label_of(self, value: int) -> str:
        """The words of the answer with that value."""
        return next(anchor.label for anchor in self.anchors if anchor.value == value)


@dataclass(frozen=True, slots=True)
class Cue:
    """Something the adult did or missed: a tick."""

    key: str
    tone: Tone
    dimension: Dimension
    label: str
    opens_help: bool  # ticking it shows the soft help card
    source: str


@dataclass(frozen=True, slots=True)
class Option:
    """A context of a moment, or a feeling noticed in the child."""

    kind: OptionKind
    key: str
    label: str
    gates_comfort: bool
    source: str


@dataclass(frozen=True, slots=True)
class Practice:
    """One small action of a minute or less."""

    slug: str
    title: str
    summary: str
    why: str
    try_text: str
    not_for: str
    dimension: Dimension
    seconds: int
    contexts: tuple[str, ...]  # keys of the contexts it suits; empty means any
    source: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One of the four threads of listening: how it looks in tune, how it looks missed, and a small scene."""

    key: str
    title: str
    in_tune: str
    missed: str
    scene: str
    example_missed: str
    example_in_tune: str
    example_came_back: str
    source: str


@dataclass(frozen=True, slots=True)
class Chip:
    """A ready-made answer to a self-prompt."""

    key: str
    label: str


@dataclass(frozen=True, slots=True)
class SelfPrompt:
    """A question an adult asks of themselves; the answer is shown to nobody else. At most one a day."""

    key: str
    prompt: str
    chips: tuple[Chip, ...]
    source: str


@dataclass(frozen=True)
class Content:
    """Everything one frozen version holds, in the order it is shown."""

    version: Version
    terms: tuple[Term, ...]
    questions: tuple[Question, ...]
    cues: tuple[Cue, ...]
    options: tuple[Option, ...]
    practices: tuple[Practice, ...]
    threads: tuple[Thread, ...]
    self_prompts: tuple[SelfPrompt, ...]

    @cached_property
    def questions_of(self) -> Mapping[Occasion, Mapping[Dimension, Question]]:
        """By occasion, then by dimension in the order they are asked."""
        return MappingProxyType(
            {
                occasion: MappingProxyType({q.dimension: q for q in self.questions if q.occasion is occasion})
                for occasion in Occasion
            }
        )

    @cached_property
    def question_by_id(self) -> Mapping[int, Question]:
        return MappingProxyType({question.id: question for question in self.questions})

    @cached_property
    def question_by_key(self) -> Mapping[str, Question]:
        return MappingProxyType({question.key: question for question in self.questions})

    @cached_property
    def cues_of(self) -> Mapping[Tone, tuple[Cue, ...]]:
        """The three columns: in tune, missed, came back."""
        return MappingProxyType({tone: tuple(cue for cue in self.cues if cue.tone is tone) for tone in Tone})

    @cached_property
    def cue_by_key(self) -> Mapping[str, Cue]:
        return MappingProxyType({cue.key: cue for cue in self.cues})

    @cached_property
    def options_of(self) -> Mapping[OptionKind, Mapping[str, Option]]:
        """By kind, then by key in the order they are shown."""
        return MappingProxyType(
            {
                kind: MappingProxyType({option.key: option for option in self.options if option.kind is kind})
                for kind in OptionKind
            }
        )

    @property
    def contexts(self) -> tuple[Option, ...]:
        """Where and when it happened."""
        return tuple(self.options_of[OptionKind.CONTEXT].values())

    @property
    def feelings(self) -> tuple[Option, ...]:
        """What may be noticed in the child."""
        return tuple(self.options_of[OptionKind.FEELING].values())

    @cached_property
    def practice_by_slug(self) -> Mapping[str, Practice]:
        return MappingProxyType({practice.slug: practice for practice in self.practices})

    @cached_property
    def dimensions(self) -> Mapping[Dimension, Term]:
        """The names of all dimensions, in the order they are shown."""
        return MappingProxyType(
            {Dimension(term.key): term for term in self.terms if term.kind is TermKind.DIMENSION}
        )

    @cached_property
    def tones(self) -> Mapping[Tone, Term]:
        """The names of the three tones."""
        return MappingProxyType({Tone(term.key): term for term in self.terms if term.kind is TermKind.TONE})

    def question(self, dimension: Dimension, occasion: Occasion) -> Question:
        """The question asked of that dimension about that occasion."""
        return self.questions_of[occasion][dimension]


@dataclass(frozen=True, slots=True)
class HelpLine:
    """Where to call or write in one country."""

    country: str  # ISO 3166-1 alpha-2, upper case
    place: str
    name: str
    kind: HelpKind
    phone: str
    url: str
    hours: str
    reviewed_on: date


@dataclass(frozen=True, slots=True)
class HelpCard:
    """What is shown at once, on the device, with the kinds of help lines that belong under it."""

    key: str
    title: str
    paragraphs: tuple[str, ...]
    line_kinds: tuple[HelpKind, ...]


@dataclass(frozen=True, slots=True)
class HelpNote:
    """A short text to read in a calm minute."""

    key: str
    title: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Professional:
    """When it makes sense to talk to a professional: the same static list for everyone."""

    title: str
    intro: str
    reasons: tuple[str, ...]
    now_title: str
    now_reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Help:
    """The help page in one language, with the lines of one country."""

    promise: str  # nobody watches; nothing is sent unless the reader sends it
    cards: Mapping[str, HelpCard]  # "not_ok", "not_safe", "watched", "soft"
    professional: Professional
    notes: tuple[HelpNote, ...]
    country: str
    lines: tuple[HelpLine, ...]
    lines_note: str  # says honestly which lines are missing; "" when there is nothing to say

    def lines_for(self, card: HelpCard) -> tuple[HelpLine, ...]:
        """The lines that belong under *card*, in the order of its kinds."""
        return tuple(line for kind in card.line_kinds for line in self.lines if line.kind is kind)
