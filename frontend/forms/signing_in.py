"""The forms of signing in, in the words of the other pages; what they do stays allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

_LABELS = {
    "email": _("E-mail address"),
    "login": _("E-mail address"),
    "oldpassword": _("Your password so far"),
    "code": _("Code"),
}
_NEW_PASSWORD = {"password1": _("New password"), "password2": _("The same once more")}
_PASSWORD_HELP = _("At least twelve characters. A few words in a row are easy to remember.")


class OurWords:
    """Mixed in before an allauth form: its fields get our labels, and one sentence instead of a list of rules."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in {**_LABELS, **_NEW_PASSWORD}.items():
            if name in self.fields:
                self.fields[name].label = label
        # A placeholder would say the label once more, and vanish when one types.
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        if "password1" in self.fields:
            self.fields["password1"].help_text = _PASSWORD_HELP


class SignupForm(OurWords, forms.SignupForm):
    """A new account."""

    def try_save(self, request: HttpRequest) -> tuple[Any, Any]:
        """An address that has an account costs a hash too, so that nobody hears the difference."""
        if self.account_already_exists and self.cleaned_data.get("password1"):
            make_password(self.cleaned_data["password1"])
        saved: tuple[Any, Any] = super().try_save(request)
        return saved


class LoginForm(OurWords, forms.LoginForm):
    """With a password."""


class AddEmailForm(OurWords, forms.AddEmailForm):
    """Another address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")


class ChangePasswordForm(OurWords, forms.ChangePasswordForm):
    """Another password."""


class SetPasswordForm(OurWords, forms.SetPasswordForm):
    """The first password of an account that began without one."""


class ResetPasswordForm(OurWords, forms.ResetPasswordForm):
    """A forgotten password."""


class ResetPasswordKeyForm(OurWords, forms.ResetPasswordKeyForm):
    """A new password after a forgotten one."""


class RequestLoginCodeForm(OurWords, forms.RequestLoginCodeForm):
    """A code by mail."""
