"""How django-allauth behaves here: addresses in lower case, subjects that tell a bystander nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.rules import EMAIL_MAX
from accounts.services import take_back_erasure
from common.addresses import client_ip
from common.security import Event, tell


class AccountAdapter(DefaultAccountAdapter):
    """Keeps allauth's flows and only takes away what would show the app's purpose on a lock screen."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": gettext_lazy("That is not the code we sent last. The newest mail has it."),
    }

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

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMessage:
        """Says that no person wrote it, so that nobody's holiday notice answers (RFC 3834)."""
        message: EmailMessage = super().render_mail(*args, **kwargs)
        message.extra_headers["Auto-Submitted"] = "auto-generated"
        return message

    def format_email_subject(self, subject: Any) -> str:
        return " ".join(str(subject).split())
