from django.apps import AppConfig

from common.estates import register


class HouseholdsConfig(AppConfig):
    """Who belongs together, who may see what, who agreed to it."""

    name = "households"

    def ready(self) -> None:
        from households.estate import HouseholdsEstate

        register(self.label, HouseholdsEstate())
