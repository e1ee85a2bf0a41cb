"""The sheet that adds to a moment or corrects it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.rules import Visibility
from checklists.content import Content
from checklists.rules import Absence, Dimension, Occasion, Tone, default_dimension
from frontend.forms.fields import who_sees
from frontend.forms.own_questions import OWN, own_fields
from frontend.forms.sheets import (
    NOTE_UNREADABLE,
    AnswerField,
    IdField,
    InstantField,
    KeysField,
    SheetForm,
    WallClockField,
)
from frontend.templatetags.attune import tone_label
from frontend.words import labels_of, prompt_for, when_in_words
from observations.details import TICK_FIELDS, Answer, Details
from observations.rules import TickKind, When
from observations.selectors import OwnSeen
from observations.when import Said

if TYPE_CHECKING:
    from households.models import Child
    from observations.models import Observation

KEEP = "keep"
RECENT_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Offer:
    """What a sheet about *moment* offers. `children` is empty where there is no choice; `coaches`: is there one?

    `own` are the author's own questions: those asked now, and those on the sheet that was sent.
    """

    moment: Observation
    content: Content
    focus: Dimension | None
    recent_cues: Sequence[str]
    repairable: Sequence[Observation]
    children: Sequence[Child]
    coaches: bool
    today: date
    now: datetime
    own: Sequence[OwnSeen] = ()

    def ticked(self, kind: TickKind) -> list[str]:
        """The keys of one kind that are ticked now."""
        return [tick.key for tick in getattr(self.moment, "shown_ticks", ()) if tick.kind == kind]

    def answers(self) -> dict[str, str]:
        """The answer each dimension has now, as its radio button is called."""
        ratings = getattr(self.moment, "shown_ratings", ())
        return {rating.dimension: str(rating.value or rating.absence) for rating in ratings}

    def own_answers(self) -> dict[str, str]:
        """The answer each own question has now, by the question's id."""
        shown = getattr(self.moment, "shown_own", ())
        return {str(one.question.public_id): one.answer for one in shown}

    def wall_clock(self) -> datetime:
        """When the moment was, on the clock its author was under."""
        return self.moment.occurred_at.astimezone(ZoneInfo(self.moment.timezone)).replace(
            tzinfo=None, second=0, microsecond=0
        )


class MomentForm(SheetForm):
    """Everything that can be added to a saved moment; `EditForm` has the two things it began with as well.

    What is ticked is the whole list. Of the questions, an answer is one; a question named in `asked` and left empty
    was skipped; any other left empty was never asked.
    """

    shown_as = {"occurred_at": "picked", "child_id": "child"}

    revision = forms.IntegerField(required=False, widget=forms.HiddenInput)
    opened_at = InstantField()
    asked = KeysField(widget=forms.MultipleHiddenInput)
    when = forms.ChoiceField(required=False, label=_("When was it?"), widget=forms.RadioSelect)
    picked = WallClockField(required=False, label=_("Day and time"))
    contexts = KeysField(label=_("Where and when"))
    cues = KeysField(label=_("What did you notice in yourself?"))
    feelings = KeysField(label=_("What did you see in your child?"))
    note = forms.CharField(
        required=False,
        strip=False,
        label=_("In your own words"),
        # Browsers write what is half typed to the disk, to bring it back: here the sealed draft does that.
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "sentences", "autocomplete": "off"}),
    )
    repairs = IdField(required=False, label=_("Which miss does it mend?"), widget=forms.RadioSelect)
    about_adult = forms.BooleanField(
        required=False,
        label=_("It is also about another adult"),
        help_text=_(
            "What you felt and what you saw help most, now and later. It stays with you for a night and a day; then "
            "you decide who sees it, and you may keep it. Nobody else sees this mark."
        ),
    )
    visibility = forms.ChoiceField(
        required=False,
        label=_("Who sees it?"),
        help_text=_("How you were yourself stays with you, whatever you choose."),
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, offer: Offer) -> None:
        super().__init__(data)
        self.offer = offer
        shared_so = offer.coaches or offer.moment.visibility == Visibility.COACHES
        self._choose_from("visibility", who_sees(coaches=shared_so))
        self._offer_times()
        self._offer_ticks()
        self._offer_repairs()
        self.initial.update(
            revision=offer.moment.revision,
            opened_at=offer.now,
            note=offer.moment.note,
            visibility=offer.moment.visibility,
            about_adult=offer.moment.about_adult,
        )
        if offer.moment.note_unreadable:
            self.fields["note"].help_text = NOTE_UNREADABLE
        self.main = self._main_dimension()
        self.initial["asked"] = [self.main]
        self._offer_questions()
        self._offer_own()

    # --- What it offers ------------------------------------------------------------------------------------------
    def _offer_times(self) -> None:
        said = when_in_words(self.offer.moment, self.offer.today)
        choices = [
            (KEEP, said),
            (When.EARLIER_TODAY, _("Earlier today")),
            (When.LAST_NIGHT, _("Last night")),
            (When.PICK, _("Pick a time")),
        ]
        self._choose_from("when", choices)
        self.initial.update(when=KEEP, picked=self.offer.wall_clock())

    def _offer_ticks(self) -> None:
        for name, kind in TICK_FIELDS.items():
            self.initial[name] = self.offer.ticked(kind)
            labels = labels_of(self.offer.content, kind)
            choices: list[Any] = list(labels.items())
            if kind is TickKind.CUE:
                choices = self._cue_choices(labels)
            # What an older version of the content offered can stay ticked; it just has no words here any more.
            choices += [(key, key) for key in self.initial[name] if key not in labels]
            self._choose_from(name, choices)

    def _cue_choices(self, labels: Mapping[str, str]) -> list[Any]:
        """Six of the tone's own column, the ticked and the recent ones first; the rest a tap away."""
        tone = Tone(self.offer.moment.tone)
        own = [cue.key for cue in self.offer.content.cues_of[tone]]
        first = [key for key in (*self.initial["cues"], *self.offer.recent_cues) if key in own]
        ordered = list(dict.fromkeys((*first, *own)))
        shown = max(RECENT_SHOWN, len(set(self.initial["cues"]) & set(own)))
        choices: list[Any] = [(key, labels[key]) for key in ordered[:shown]]
        if ordered[shown:]:
            choices.append((_("More"), [(key, labels[key]) for key in ordered[shown:]]))
        choices += [
            (tone_label(other), [(cue.key, cue.label) for cue in self.offer.content.cues_of[other]])
            for other in Tone
            if other is not tone
        ]
        return choices

    def _offer_repairs(self) -> None:
        if self.offer.moment.tone != Tone.CAME_BACK or not self.offer.repairable:
            del self.fields["repairs"]
            return
        words = [(str(m.public_id), when_in_words(m, self.offer.today)) for m in self.offer.repairable]
        self.fields["repairs"].widget.choices = [("", _("None of these")), *words]
        linked = self.offer.moment.repairs
        self.initial["repairs"] = str(linked.public_id) if linked else ""

    def _offer_questions(self) -> None:
        answers = self.offer.answers()
        for dimension, question in self.offer.content.questions_of[Occasion.MOMENT].items():
            prompt = prompt_for(question, self.offer.moment.child, self.offer.moment.occurred_on)
            answered = dimension in answers
            self.fields[f"rating_{dimension}"] = AnswerField(question, prompt=prompt, answered=answered)
            self.initial[f"rating_{dimension}"] = answers.get(dimension, "")

    def _offer_own(self) -> None:
        answers = self.offer.own_answers()
        self.fields.update(own_fields(self.offer.own, answers))
        self.initial.update({f"{OWN}{public_id}": answer for public_id, answer in answers.items()})

    def _main_dimension(self) -> Dimension:
        """The one question asked by default; on a sheet that came back, the one that was on it."""
        chosen: Collection[str] = (*self.initial["contexts"], *self.initial["feelings"])
        posted = (
            [name for name in self["asked"].data or () if name in list(Dimension)] if self.is_bound else []
        )
        return Dimension(posted[0]) if posted else default_dimension(self.offer.focus, chosen)

    def _choose_from(self, name: str, choices: Sequence[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    # --- How the template asks -----------------------------------------------------------------------------------
    def questions(self) -> dict[str, Any]:
        """The one question, the others folded away, and the parent's own state."""
        rest = [dimension for dimension in Dimension if dimension not in (self.main, Dimension.SELF)]
        others = [self._question(dimension) for dimension in rest]
        own = [self[name] for name in self.fields if name.startswith(OWN)]
        return {
            "asked": self._question(self.main),
            "others": others,
            "others_answered": any(field.value() or field.errors for field in others),
            "own": own,
            "own_answered": any(field.value() or field.errors for field in own),
            "own_state": None if self.main is Dimension.SELF else self._question(Dimension.SELF),
        }

    def _question(self, dimension: Dimension) -> BoundField:
        return self[f"rating_{dimension}"]

    def before(self) -> str:
        """What the moment says, by the fields' names and as a page has it: JSON."""
        values = {name: self.initial.get(name, "") for name in self.fields}
        picked = self.fields["picked"].widget.format_value(values["picked"])
        return json.dumps({**values, "picked": picked}, cls=DjangoJSONEncoder)

    def renew(self) -> None:
        """Let the next save of this very sheet win over what was saved elsewhere meanwhile."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["revision"] = str(self.offer.moment.revision)
        self.data = data

    # --- What it says --------------------------------------------------------------------------------------------
    def details(self) -> Details:
        """What the sheet says, for `edit_moment`."""
        data = self.cleaned_data
        said: Details = {
            "cues": data["cues"],
            "contexts": data["contexts"],
            "feelings": data["feelings"],
            "note": data["note"],
            "ratings": self._ratings(),
            "own": self._own(),
            "about_adult": data["about_adult"],
        }
        # Who just ticked that leaves the choice below as it stood, and is told beside the tick what comes of it.
        newly_so = data["about_adult"] and not self.offer.moment.about_adult
        if data["visibility"] and not newly_so:
            said["visibility"] = data["visibility"]
        if "repairs" in data and data.get("tone", Tone.CAME_BACK) == Tone.CAME_BACK:
            said["repairs"] = data["repairs"]
        if occurred := self._occurred():
            said["occurred"] = occurred
        return said

    def _occurred(self) -> Said | None:
        """The time, if the sheet says another. A picked time counts even where the button beside it was not tapped."""
        when, picked = self.cleaned_data["when"] or KEEP, self.cleaned_data["picked"]
        if when == KEEP and picked and picked != self.initial["picked"]:
            when = When.PICK
        if when == KEEP:
            return None
        return Said(at=self.cleaned_data["opened_at"] or self.offer.now, when=When(when), picked=picked)

    def _own(self) -> dict[uuid.UUID, str | None]:
        given = {seen.id: self.cleaned_data[f"{OWN}{seen.id}"] for seen in self.offer.own}
        return {public_id: answer for public_id, answer in given.items() if answer != ""}

    def _ratings(self) -> dict[str, Answer]:
        given = {dimension: self.cleaned_data[f"rating_{dimension}"] for dimension in Dimension}
        ratings: dict[str, Answer] = {name: answer for name, answer in given.items() if answer != ""}
        skipped = [name for name in self.cleaned_data["asked"] if name not in ratings]
        return {**ratings, **dict.fromkeys(skipped, Absence.SKIPPED)}


class EditForm(MomentForm):
    """The same sheet with child and tone."""

    tone = forms.ChoiceField(
        label=_("How was it between you?"),
        choices=[(tone, tone) for tone in Tone],
        widget=forms.RadioSelect(attrs={"class": "tones"}),
    )
    child = IdField(label=_("With"), widget=forms.RadioSelect)

    def __init__(self, data: Mapping[str, Any] | None = None, *, offer: Offer) -> None:
        super().__init__(data, offer=offer)
        self._choose_from("tone", [(tone, tone_label(tone)) for tone in Tone])
        self.initial.update(tone=offer.moment.tone, child=str(offer.moment.child.public_id))
        names = [(str(child.public_id), child.nickname) for child in offer.children]
        self.fields["child"].widget.choices = names
        if not offer.children:
            del self.fields["child"]

    def details(self) -> Details:
        said = super().details()
        said["tone"] = self.cleaned_data["tone"]
        if "child" in self.cleaned_data:
            said["child_id"] = self.cleaned_data["child"]
        return said
