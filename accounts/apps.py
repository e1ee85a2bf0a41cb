from __future__ import annotations

from typing import Any

from django.apps import AppConfig

from common.estates import register


class AccountsConfig(AppConfig):
    """The person who signs in: identity, personal choices, API tokens."""

    name = "accounts"

    def ready(self) -> None:
        from allauth.account.signals import email_changed

        from accounts.estate import AccountsEstate

        register(self.label, AccountsEstate())
        email_changed.connect(_carry_blocks, dispatch_uid="carry_blocks")
        email_changed.connect(_trust_new_address, dispatch_uid="trust_new_address")


def _carry_blocks(*, from_email_address: Any, to_email_address: Any, **_: Any) -> None:
    from accounts.services import carry_blocks

    if from_email_address is not None:
        carry_blocks(from_email=from_email_address.email, to_email=to_email_address.email)


def _trust_new_address(*, user: Any, **_: Any) -> None:
    from accounts.services import trust_address

    trust_address(actor_id=user.pk)
