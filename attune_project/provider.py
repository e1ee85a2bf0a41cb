"""Reports of returned mails that a mail provider sends to the site, read by django-anymail. Off unless one is named.

Each request is proved by the provider's signature or, where it makes none, by the name and password in the address that
it was told. Whether anybody has the address in a report shows in no answer.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

# By the name of its module in django-anymail: its view, and the setting that proves its requests.
PROVIDERS: Final = {
    "brevo": ("BrevoTrackingWebhookView", "WEBHOOK_SECRET"),
    "mailersend": ("MailerSendTrackingWebhookView", "MAILERSEND_SIGNING_SECRET"),
    "mailgun": ("MailgunTrackingWebhookView", "MAILGUN_WEBHOOK_SIGNING_KEY"),
    "mailjet": ("MailjetTrackingWebhookView", "WEBHOOK_SECRET"),
    "postal": ("PostalTrackingWebhookView", "POSTAL_WEBHOOK_KEY"),
    "postmark": ("PostmarkTrackingWebhookView", "WEBHOOK_SECRET"),
    "sparkpost": ("SparkPostTrackingWebhookView", "WEBHOOK_SECRET"),
}
SECRET_CHARS_MIN: Final = 16


def reports_settings(provider: str, secret: str) -> dict[str, str]:
    """What django-anymail needs to know.

    Raises:
        RuntimeError: the provider is none of these, or nothing would prove its requests.
    """
    if not provider:
        return {}
    if provider not in PROVIDERS:
        raise RuntimeError(f"MAIL_PROVIDER is {provider!r}: it is one of {', '.join(PROVIDERS)}.")
    name = PROVIDERS[provider][1]
    if len(secret) < SECRET_CHARS_MIN:
        raise RuntimeError(
            "MAIL_PROVIDER_SECRET is missing or short: without it anybody could stop anybody's mail."
        )
    if name == "WEBHOOK_SECRET" and not all(secret.partition(":")):
        raise RuntimeError(f"MAIL_PROVIDER_SECRET is a name and a password for {provider}: name:password.")
    return {name: secret}


def reports_view(provider: str) -> Any:
    """The view that takes in what this provider reports."""
    view = getattr(import_module(f"anymail.webhooks.{provider}"), PROVIDERS[provider][0]).as_view()

    @csrf_exempt
    def reports(request: HttpRequest) -> HttpResponse:
        try:
            answer: HttpResponse = view(request)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            # A report that is none: the library reads what was sent before it knows by whom.
            raise SuspiciousOperation("unreadable report of a mail provider") from error
        return answer

    reports.login_required = False  # type: ignore[attr-defined]  # as `login_not_required` says it
    return reports
