"""The filters of the timeline."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from checklists.content import Content
from checklists.rules import Tone
from common.forms import ServiceForm
from frontend.forms.sheets import IdField
from frontend.templatetags.attune import tone_label
from observations.selectors import MomentFilters

if TYPE_CHECKING:
    from households.models import Child, Membership


class FilterForm(ServiceForm):
    """What the timeline is narrowed to; every field may be empty. A choice of one is no choice and is not offered."""

    child = IdField(required=False, label=_("With"), widget=forms.Select)
    author = IdField(required=False, label=_("Noted by"), widget=forms.Select)
    tone = forms.ChoiceField(required=False, label=_("How it was"))
    dimension = forms.ChoiceField(required=False, label=_("About"))
    since = forms.DateField(
        required=False, label=_("From"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        required=False, label=_("To"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    text = forms.CharField(
        required=False,
        label=_("Words in the note"),
        widget=forms.TextInput({"type": "search", "autocomplete": "off"}),
    )

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        children: Iterable[Child],
        members: Iterable[Membership],
        content: Content,
    ) -> None:
        super().__init__(data)
        self._offer("child", [(child.public_id, child.nickname) for child in children], _("Everyone"))
        self._offer("author", [(m.user.public_id, m.user.called) for m in members], _("Anyone"))
        self._offer("tone", [(tone, tone_label(tone)) for tone in Tone], _("Any"))
        self._offer("dimension", [(d, term.label) for d, term in content.dimensions.items()], _("Anything"))

    def _offer(self, name: str, choices: list[tuple[Any, str]], everything: Any) -> None:
        field = self.fields[name]
        offered = [("", everything), *((str(value), label) for value, label in choices)]
        if isinstance(field, forms.ChoiceField):
            field.choices = offered
        else:
            field.widget.choices = offered
        if len(choices) < 2 and not self.data.get(name):
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            raise ValidationError({"until": ValidationError(_("This is before the first day."), "order")})
        return data

    def filters(self, *, household_id: uuid.UUID) -> MomentFilters:
        """The same as the selector takes it, within one household."""
        data = self.cleaned_data
        return MomentFilters(
            household_id=household_id,
            child_id=data["child"],
            author_id=data["author"],
            dimension=data["dimension"],
            tone=data["tone"],
            since=data["since"],
            until=data["until"],
            text=data["text"],
        )

    def query(self) -> str:
        """The filters in use as the beginning of a query string: '' or ending in `&`."""
        used = {name: value for name, value in self.cleaned_data.items() if value}
        return f"{urlencode(used)}&" if used else ""
