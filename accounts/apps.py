from __future__ import annotations

from django.apps import AppConfig

from common.estates import register


class AccountsConfig(AppConfig):
    """The person who signs in: identity, personal choices, API tokens."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import listeners
        from accounts.estate import AccountsEstate

        register(self.label, AccountsEstate())
        listeners.connect()
