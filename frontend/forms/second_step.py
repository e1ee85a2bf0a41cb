"""The forms of the second step: codes of an app, recovery codes, passkeys. What they check stays allauth's."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as app_forms
from allauth.mfa.webauthn import forms as passkey_forms
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from common.text import clean_text
from frontend.forms.signing_in import OurWords

PASSKEY_NAME_MAX = 60
CREDENTIAL_MAX = 16 * 1024
_MISSHAPEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


def use_once(user_id: int, code: str) -> None:
    """Refuse a code of the app that was used before.

    allauth remembers a code for one of its half minutes; with a tolerance it would open for longer than that.
    """
    opens_for = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    key = f"app-code-used:{user_id}:{normalize_user_code(code)}"
    if not cache.add(key, True, timeout=opens_for + app_settings.TOTP_PERIOD):
        raise get_adapter().validation_error("incorrect_code")


class _Code(OurWords):
    """Mixed in before an allauth form that asks for a code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs |= {
            "autocapitalize": "off",
            "spellcheck": "false",
            "maxlength": "30",
        }


class _SingleUse(_Code):
    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        code = str(super().clean_code())  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP:
            use_once(self.user.pk, code)
        return code


class AuthenticateForm(_SingleUse, base_forms.AuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(_SingleUse, base_forms.ReauthenticateForm):
    """The second step, to prove again who one is."""


class ActivateAppForm(_Code, app_forms.ActivateTOTPForm):
    """The first code of an app: it shows that the app has the secret."""

    user: Any

    def clean_code(self) -> str:
        code = str(super().clean_code())
        use_once(self.user.pk, code)
        return code


class ProofCodeForm(_Code, ConfirmLoginCodeForm):
    """A mailed code, to prove again who one is."""


class CredentialField(forms.JSONField):
    """What the browser made of a passkey: short JSON of base64, so whatever else comes is nothing a passkey made."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        text = str(value or "")
        try:
            # An escaped character has no place in base64, and some that can be spelled so no database can hold.
            if len(text) > CREDENTIAL_MAX or not text.isascii() or "\\" in text:
                raise ValueError("no credential")
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise get_adapter().validation_error("incorrect_code") from error


class _Passkey(OurWords):
    """Mixed in before an allauth form that takes a passkey's answer."""

    def clean_credential(self) -> Any:
        return _opened(super().clean_credential)  # type: ignore[misc]


def _opened(check: Callable[[], Any]) -> Any:
    """What *check* says. allauth and fido2 take the shape of an answer for granted and stumble over any other."""
    try:
        return check()
    except _MISSHAPEN as error:
        raise get_adapter().validation_error("incorrect_code") from error


class AddPasskeyForm(OurWords, passkey_forms.AddWebAuthnForm):
    """A new passkey. Always one that can sign in by itself: `AddPasskeyView` asks the browser for nothing less."""

    passwordless = None
    name = forms.CharField(
        label=_("What do you call this device?"),
        max_length=PASSKEY_NAME_MAX,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    credential = CredentialField()

    def clean_name(self) -> str:
        return clean_text(str(super().clean_name()), field="name", max_length=PASSKEY_NAME_MAX)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = _opened(super().clean)
        return cleaned


class SignInWithPasskeyForm(_Passkey, passkey_forms.LoginWebAuthnForm):
    """A passkey instead of everything else."""

    credential = CredentialField()


class AuthenticatePasskeyForm(_Passkey, passkey_forms.AuthenticateWebAuthnForm):
    """A passkey as the second step."""

    credential = CredentialField()


class ReauthenticatePasskeyForm(_Passkey, passkey_forms.ReauthenticateWebAuthnForm):
    """A passkey, to prove again who one is."""

    credential = CredentialField()
