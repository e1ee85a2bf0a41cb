"""How django-allauth behaves here: subjects tell a bystander nothing, and proof of who one is means something."""

from __future__ import annotations

import base64
import logging
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.devices import in_words, recognise
from accounts.mail import AUTOMATIC, not_me_url, send_notice
from accounts.models import User
from accounts.proof import proved_lately
from accounts.rules import EMAIL_MAX
from accounts.selectors import get_verified_address
from accounts.services import take_back_erasure
from common import person_keys
from common.addresses import client_ip
from common.sealing import SealBroken
from common.security import Event, tell

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Keeps allauth's flows; takes away what would show the app's purpose, and asks everybody who they are."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": gettext_lazy("That is not the code we sent last. The newest mail has it."),
    }

    # --- Addresses ---------------------------------------------------------------------------------------------------
    def clean_email(self, email: str) -> str:
        cleaned = str(super().clean_email(email)).lower()
        if len(cleaned) > EMAIL_MAX:
            raise ValidationError(_("This address is longer than any that gets mail."), code="too_long")
        return cleaned

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponseBase:
        """Whoever had asked to be erased and signs in is told that everything stays."""
        response: HttpResponseBase = super().post_login(request, user, **kwargs)
        if take_back_erasure(user_id=user.pk, now=timezone.now()):
            tell(Event.ERASURE_TAKEN_BACK, request=request, user=user.pk)
            return HttpResponseRedirect(reverse("erasure-taken-back"))
        return response

    def is_safe_url(self, url: str | None) -> bool:
        """An address that is none, like `//[x`, is not safe; allauth stumbles over it."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("security")

    # --- Mail --------------------------------------------------------------------------------------------------------
    def render_mail(
        self, template_prefix: str, email: Any, context: dict[str, Any], **kwargs: Any
    ) -> EmailMessage:
        told = {**context, "not_me_url": not_me_url(email=str(email))}
        message: EmailMessage = super().render_mail(template_prefix, email, told, **kwargs)
        message.extra_headers.update(AUTOMATIC)
        return message

    def format_email_subject(self, subject: Any) -> str:
        return " ".join(str(subject).split())

    def send_notification_mail(  # noqa: PLR0917  # allauth's
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """A change of the address is told to the old one and to the new one."""
        details = context or {}
        told = (email or get_verified_address(user_id=user.pk), details.get("to_email", ""))
        send_notice(
            template_prefix,
            user=user,
            to=[address for address in told if address],
            now=timezone.now(),
            user_agent=self.get_http_user_agent(self.request),
            details=details,
        )

    # --- Proving again who one is ------------------------------------------------------------------------------------
    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Whether to ask again who is there. Raises instead of saying yes.

        After a yes allauth would look for a password or a second step, and let everybody pass who has neither.
        """
        if proved_lately(self.request):
            return False
        raise ReauthenticationRequired

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """With a second step that alone, since whoever set one up trusts nothing less; else a password; else a code."""
        if not user.is_authenticated:
            return []
        found = {method["id"]: method for method in super().get_reauthentication_methods(user)}
        second_step = [
            {**found[name], "description": words}
            for name, words in (
                ("mfa_reauthenticate:webauthn", _("Use a passkey instead")),
                ("mfa_reauthenticate", _("Use a code instead")),
            )
            if name in found
        ]
        by_mail = {"id": "code", "description": "", "url": reverse("account_reauthenticate_by_code")}
        return second_step or list(found.values()) or [by_mail]


class MFAAdapter(DefaultMFAAdapter):
    """The second step: its secrets are sealed at rest, and what a phone shows of it names no purpose it need not."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": gettext_lazy(
            "That did not open it. A code works once, and only for half a minute."
        ),
    }

    def encrypt(self, text: str) -> str:
        """Sealed under the key of whoever sets it up, so that it goes when they are erased.

        Not bound to its row: allauth does not say which, and who could swap two rows could as well delete one.
        """
        owner_id = int(self.request.user.pk)
        sealed = person_keys.seal(text, owner_id=owner_id, row=str(owner_id), **_PLACE)
        return f"{owner_id}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; one that does not open is taken for one that nobody has, and nothing opens with it."""
        owner_id, _colon, sealed = encrypted_text.partition(":")
        try:
            return person_keys.unseal(
                base64.b64decode(sealed), owner_id=int(owner_id), row=owner_id, **_PLACE
            )
        except SealBroken as error:
            logger.error("the second step of user %s: %s", owner_id, error)
            return str(generate_totp_secret())

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002  # allauth's word
        """A passkey is called like the device that made it."""
        request: HttpRequest = self.request
        return in_words(recognise(request.headers.get("User-Agent", "")))

    def get_totp_issuer(self) -> str:
        """The name in the list of an authenticator app: neutral for whoever uses Attune discreetly."""
        return "Notes" if self.request.user.discreet else "Attune"

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "display_name": user.email}


_PLACE = {"table": "mfa_authenticator", "field": "data"}
