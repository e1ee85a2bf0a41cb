"""What an operator may ask for."""

from __future__ import annotations

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.rules import EMAIL_MAX
from attune_project.operators.services import Change, Reason
from common.forms import ServiceForm

WHY: Final = (
    ("", _("Please choose")),
    (Reason.ASKED, _("Its owner asked for help")),
    (Reason.DELIVERY, _("Mail does not arrive")),
    (Reason.ABUSE, _("Somebody reported it")),
    (Reason.LEGAL, _("A court or an authority asked")),
)


class FindAccountForm(ServiceForm):
    """An account by its exact address: there is no list to look through."""

    email = forms.EmailField(label=_("Exact mail address"), max_length=EMAIL_MAX)
    reason = forms.ChoiceField(label=_("Why"), choices=WHY)


class ChangeForm(ServiceForm):
    """One button."""

    change = forms.ChoiceField(choices=[(change, change) for change in Change])
