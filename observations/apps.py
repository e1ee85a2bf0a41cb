from django.apps import AppConfig


class ObservationsConfig(AppConfig):
    """What was noticed: moments and weekly self-checks, by whom, of which child."""

    name = "observations"
