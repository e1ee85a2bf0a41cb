"""The sheet of a moment that only the phone knows yet: the built-in content and nothing of a family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.utils.translation import gettext as _

from checklists.content import Content
from checklists.rules import Occasion, Tone
from checklists.selectors import question_prompt
from frontend.forms.moments import KEEP, MomentForm, Offer
from frontend.forms.sheets import AnswerField
from frontend.templatetags.attune import tone_label
from observations.rules import When


@dataclass(frozen=True, slots=True)
class _AnyMoment:
    """What a sheet asks of its moment, where nothing is known of it."""

    tone: str = Tone.CAME_BACK
    visibility: str = ""
    revision: str = ""
    note: str = ""
    note_unreadable: bool = False
    about_adult: bool = False
    repairs: None = None


class ShellForm(MomentForm):
    """`MomentForm` for any moment: the phone puts the tone's own cues first and fills in what the family adds."""

    def __init__(self, *, content: Content, now: datetime) -> None:
        offer = Offer(
            moment=cast("Any", _AnyMoment()),
            content=content,
            focus=None,
            recent_cues=(),
            repairable=(),
            children=(),
            coaches=True,
            today=now.date(),
            now=now,
        )
        super().__init__(offer=offer)
        # A page that is kept for days says nothing of the hour in which it was fetched.
        self.initial.pop("opened_at")

    def _offer_times(self) -> None:
        choices = [
            (KEEP, _("Just now")),
            (When.EARLIER_TODAY, _("Earlier today")),
            (When.LAST_NIGHT, _("Last night")),
            (When.PICK, _("Pick a time")),
        ]
        self._choose_from("when", choices)
        self.initial["when"] = KEEP

    def _cue_choices(self, labels: Any) -> list[Any]:
        return [
            (tone_label(tone), [(cue.key, cue.label) for cue in self.offer.content.cues_of[tone]])
            for tone in Tone
        ]

    def _offer_repairs(self) -> None:
        self.fields["repairs"].widget.choices = [("", _("None of these"))]
        self.initial["repairs"] = ""

    def _offer_questions(self) -> None:
        for dimension, question in self.offer.content.questions_of[Occasion.MOMENT].items():
            self.fields[f"rating_{dimension}"] = AnswerField(question, prompt=question_prompt(question, None))
