from django.apps import AppConfig

from common.estates import register


class ObservationsConfig(AppConfig):
    """What was noticed: moments and weekly self-checks, by whom, of which child."""

    name = "observations"

    def ready(self) -> None:
        from observations.estate import ObservationsEstate

        register(self.label, ObservationsEstate())
