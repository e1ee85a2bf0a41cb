"""The form of having everything erased."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from accounts.services import confirmation_word
from common.forms import ServiceForm

WORD_MAX = 30


class ErasureForm(ServiceForm):
    """A word that nobody types by accident."""

    confirmation = forms.CharField(
        max_length=WORD_MAX,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmation"].label = _("To go on, type “%(word)s”") % {"word": confirmation_word()}
