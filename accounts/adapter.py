"""How django-allauth behaves here: addresses in lower case, subjects that tell a bystander nothing."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Keeps allauth's flows and only takes away what would show the app's purpose on a lock screen."""

    def clean_email(self, email: str) -> str:
        return str(super().clean_email(email)).lower()

    def format_email_subject(self, subject: Any) -> str:
        return " ".join(str(subject).split())
