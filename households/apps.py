from django.apps import AppConfig


class HouseholdsConfig(AppConfig):
    """Who belongs together, who may see what, who agreed to it."""

    name = "households"
