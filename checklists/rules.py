"""What a checklist is made of, and the rules that need nothing but their arguments."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from enum import StrEnum
from typing import Final


class Dimension(StrEnum):
    """One side of being in tune that a question asks about."""

    NEEDS = "needs"
    SAFETY = "safety"
    OPENNESS = "openness"
    SETTLED = "settled"
    COMFORT = "comfort"
    REPAIR = "repair"
    SELF = "self"


class Tone(StrEnum):
    """The one thing that must be chosen about a moment."""

    IN_TUNE = "in_tune"
    MISSED = "missed"
    CAME_BACK = "came_back"


class Occasion(StrEnum):
    """What an answer is about: one moment, or a whole week."""

    MOMENT = "moment"
    WEEK = "week"


class Scale(StrEnum):
    """How five answers are anchored. All but `SETTLING` are ordered from less to more."""

    DEGREE = "degree"
    SHARE = "share"
    SETTLING = "settling"
    OWN_STATE = "own_state"


class Absence(StrEnum):
    """Why a question that was asked has no value. Never asked is a third thing: no answer at all."""

    NOT_SEEN = "not_seen"
    SKIPPED = "skipped"


class QuestionKind(StrEnum):
    """Whose doing a question asks about; answers of different kinds are never added up."""

    ADULT_ACT = "adult_act"
    CHILD_SIGN = "child_sign"
    CONTEXT = "context"
    DYAD = "dyad"
    ADULT = "adult"


class OptionKind(StrEnum):
    """What an option describes: where and when it happened, or a feeling noticed in the child."""

    CONTEXT = "context"
    FEELING = "feeling"


class TermKind(StrEnum):
    """What a term names in plain words."""

    DIMENSION = "dimension"
    TONE = "tone"


class HelpKind(StrEnum):
    """What a help line is for."""

    EMERGENCY = "emergency"
    CRISIS = "crisis"
    DOMESTIC_VIOLENCE = "domestic_violence"
    PARENTING = "parenting"


BUILTIN: Final = "attune"  # the key of the checklist that comes with the program
FALLBACK_LANGUAGE: Final = "en"

VALUE_MIN: Final = 1
VALUE_MAX: Final = 5
VALUES: Final = tuple(range(VALUE_MIN, VALUE_MAX + 1))

KEY_MAX: Final = 40
LABEL_MAX: Final = 40  # fits a chip on a 360 px phone
TITLE_MAX: Final = 80
PROMPT_MAX: Final = 160
TEXT_MAX: Final = 600
SOURCE_MAX: Final = 300
PRACTICE_SECONDS_MAX: Final = 60

# Answers of these are seen by their author alone, whatever the visibility of the moment they belong to.
AUTHOR_ONLY: Final = frozenset({Dimension.SELF})

# How a child settled is context (teething, a new nursery), no outcome: it is listed, never summed or averaged.
NEVER_AVERAGED: Final = frozenset({Dimension.SETTLED})
NOMINAL_SCALES: Final = frozenset({Scale.SETTLING})

# Asked about a moment only when one of `COMFORT_GATES` was chosen.
GATED: Final = frozenset({Dimension.COMFORT})

# Contexts and feelings that say the child was hurt, ill or scared.
COMFORT_GATES: Final = frozenset({"hurt_ill", "hurt", "afraid"})

# Where a member has chosen no focus yet.
DEFAULT_FOCUS: Final = Dimension.NEEDS


def can_average(dimension: Dimension, scale: Scale) -> bool:
    """Whether answers may be put in order, and so have a median or a mean."""
    return dimension not in NEVER_AVERAGED and scale not in NOMINAL_SCALES


def asks_for_comfort(chosen: Collection[str]) -> bool:
    """Whether the chosen contexts and feelings say that the child was hurt, ill or scared."""
    return not COMFORT_GATES.isdisjoint(chosen)


def default_dimension(focus: Dimension | None, contexts: Collection[str]) -> Dimension:
    """The one dimension asked about a moment by default.

    *contexts* are the keys of the contexts and feelings chosen so far. Comfort comes first when the child was
    hurt, ill or scared, and is not asked otherwise, even of a member whose focus it is.
    """
    if asks_for_comfort(contexts):
        return Dimension.COMFORT
    if focus is None or focus in GATED:
        return DEFAULT_FOCUS
    return focus


def absence_meant_by(scale: Scale) -> Absence:
    """What choosing the absence label records: "rather not say" is a skip, all others were not seen."""
    return Absence.SKIPPED if scale is Scale.OWN_STATE else Absence.NOT_SEEN


def age_in_months(birth_month: date, on: date) -> int:
    """Whole months from the birth month to the month of *on*; 0 before birth.

    Only the month of birth is known, so a child turns a month older on the first of each month.
    """
    months = (on.year - birth_month.year) * 12 + on.month - birth_month.month
    return max(months, 0)


def languages_to_try(language: str) -> tuple[str, ...]:
    """The languages in which a reader of *language* is served, best first: pt-br, then pt, then English."""
    exact = language.lower().replace("_", "-")
    return tuple(dict.fromkeys((exact, exact.partition("-")[0], FALLBACK_LANGUAGE)))
