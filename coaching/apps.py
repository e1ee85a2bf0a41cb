from django.apps import AppConfig


class CoachingConfig(AppConfig):
    """The coach's side of a household, under a live grant."""

    name = "coaching"
