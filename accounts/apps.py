from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The person who signs in: identity, personal choices, API tokens."""

    name = "accounts"
