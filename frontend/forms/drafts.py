"""The form that makes a moment of words that waited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.rules import Visibility
from checklists.rules import Tone
from frontend.forms.fields import who_sees
from frontend.forms.sheets import IdField, SheetForm, WallClockField
from frontend.templatetags.attune import tone_label
from observations.details import Details
from observations.rules import Precision, When
from observations.services import starting_visibility
from observations.sync import Waiting
from observations.when import Said

if TYPE_CHECKING:
    from households.models import Child, Household


class DraftForm(SheetForm):
    """What a moment needs, filled in with what was sent. Ticks and answers come along without being shown."""

    shown_as = {"occurred_at": "picked", "child_id": "child"}

    child = IdField(label=_("With whom?"), widget=forms.RadioSelect)
    tone = forms.ChoiceField(
        label=_("How was it between you?"),
        choices=lambda: [(tone, tone_label(tone)) for tone in Tone],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose how it was between you.")},
    )
    picked = WallClockField(label=_("Day and time"))
    note = forms.CharField(
        required=False,
        strip=False,
        label=_("In your own words"),
        # Sealed on the phone, sealed on the server: the browser must not write it to the disk in between.
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off"}),
    )
    visibility = forms.ChoiceField(label=_("Who sees it?"), widget=forms.RadioSelect)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        waiting: Waiting,
        household: Household,
        children: Sequence[Child],
        coaches: bool,
        standing: str,
        now: datetime,
    ) -> None:
        super().__init__(data)
        self.now = now
        zone = ZoneInfo(household.timezone)
        said = waiting.said
        offered = [(str(child.public_id), child.nickname) for child in children]
        self.fields["child"].widget.choices = offered
        shared_so = coaches or said.get("visibility") == Visibility.COACHES
        self.fields["visibility"].choices = who_sees(coaches=shared_so)  # type: ignore[attr-defined]
        at = waiting.occurred_at or now
        tone = said.get("tone") if said.get("tone") in list(Tone) else ""
        self.initial.update(
            child=said.get("child") or (offered[0][0] if len(offered) == 1 else ""),
            tone=tone,
            picked=at.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0),
            note=waiting.note,
            visibility=said.get("visibility") or starting_visibility(str(tone), standing),
        )

    def details(self) -> Details:
        """What was corrected, as the use case knows it."""
        given = self.cleaned_data
        said = Said(
            at=self.now,
            when=When.PICK,
            picked=given["picked"],
            precision=Precision.EXACT,
        )
        return {
            "tone": given["tone"],
            "note": given["note"],
            "visibility": given["visibility"],
            "occurred": said,
        }
