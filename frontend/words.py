"""What was ticked and answered, in the words of the version in which it was asked. Display only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils import formats
from django.utils.translation import gettext as _

from checklists.content import Content, Question
from checklists.rules import Dimension, Occasion, OptionKind, age_in_months
from checklists.selectors import get_content_of, question_prompt
from frontend.templatetags.attune import day_name, is_long_ago, moment_time
from observations.rules import OwnKind, TickKind
from observations.selectors import OwnSeen, answers_of

if TYPE_CHECKING:
    from households.models import Child
    from observations.models import Observation, Rating


@dataclass(frozen=True, slots=True)
class AnswerShown:
    """One answer on a page."""

    label: str
    prompt: str
    words: str
    only_you: bool


def ticks_in_words(moment: Observation, kind: TickKind) -> list[str]:
    """What was ticked of one kind, in the order it is offered; a key without words shows nothing."""
    ticked = {tick.key for tick in getattr(moment, "shown_ticks", ()) if tick.kind == kind}
    labels = labels_of(get_content_of(moment.checklist_version_id), kind) if ticked else {}
    return [label for key, label in labels.items() if key in ticked]


def labels_of(content: Content, kind: TickKind) -> dict[str, str]:
    """Every key of this kind with its words."""
    if kind is TickKind.CUE:
        return {cue.key: cue.label for cue in content.cues}
    return {key: option.label for key, option in content.options_of[OptionKind(kind)].items()}


def answers_in_words(observation: Observation, occasion: Occasion) -> list[AnswerShown]:
    """The answers the reader may see, in the order the questions are asked; what was skipped is not listed."""
    content = get_content_of(observation.checklist_version_id)
    ratings: Iterable[Rating] = getattr(observation, "shown_ratings", ())
    answered = {Dimension(rating.dimension): rating for rating in ratings if rating.absence != "skipped"}
    shown = []
    for dimension, asked_now in content.questions_of[occasion].items():
        if rating := answered.get(dimension):
            question = content.question_by_id.get(rating.question_id, asked_now)
            shown.append(
                AnswerShown(
                    label=content.dimensions[dimension].label,
                    prompt=prompt_for(question, observation.child, observation.occurred_on),
                    words=answer_in_words(question, rating.value),
                    only_you=question.author_only,
                )
            )
    return shown


def own_in_words(observation: Observation) -> list[AnswerShown]:
    """The answers to its author's own questions that the reader may see, each in the words it was given under."""
    return [
        AnswerShown(
            label="",
            prompt=seen.prompt or _("A question that cannot be opened"),
            words=own_answer_in_words(seen, answer),
            only_you=False,
        )
        for seen, answer in answers_of([observation]).get(observation.pk, ())
    ]


def own_answer_in_words(seen: OwnSeen, answer: str) -> str:
    """The words that were chosen; of a step without words where it lies between the two ends."""
    words = seen.words_of(answer)
    if seen.kind is not OwnKind.STEPS or words != answer or not seen.is_readable:
        return words
    low, high = seen.ends
    return _("%(step)s, from 1 (%(low)s) to 5 (%(high)s)") % {"step": answer, "low": low, "high": high}


def answer_in_words(question: Question, value: int | None) -> str:
    """The anchor of that value; without one, the words for why there is none."""
    return question.absence_label if value is None else question.label_of(value)


def prompt_for(question: Question, child: Child, on: date) -> str:
    """The question as it is put about this child on that day."""
    return question_prompt(question, age_in_months(child.birth_month, on))


def when_in_words(moment: Observation, today: date) -> str:
    """Today, about 19:30; yesterday, some time that day; Monday 16 November, 8:15."""
    days = {today: _("Today"), today - timedelta(days=1): _("Yesterday")}
    day = days.get(moment.occurred_on) or day_name(moment.occurred_on)
    return _("%(day)s, %(time)s") % {"day": day, "time": moment_time(moment)}


def week_in_words(first: date, last: date) -> str:
    """16 to 22 November; 30 November to 6 December."""
    start = formats.date_format(first, "j" if first.month == last.month else "j F")
    end = formats.date_format(last, "j F Y" if is_long_ago(last) else "j F")
    return _("%(first)s to %(last)s") % {"first": start, "last": end}


def instant_in_words(text: str, zone: Any) -> str:
    """An ISO instant of an earlier state, as a day and a time in *zone*."""
    return formats.date_format(datetime.fromisoformat(text).astimezone(zone), "l j F, H:i")
