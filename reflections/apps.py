from django.apps import AppConfig

from common.estates import register


class ReflectionsConfig(AppConfig):
    """What a week added up to for one member, and the mail that carries it."""

    name = "reflections"

    def ready(self) -> None:
        from reflections.estate import ReflectionsEstate

        register(self.label, ReflectionsEstate())
