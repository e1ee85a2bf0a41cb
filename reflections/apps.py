from django.apps import AppConfig


class ReflectionsConfig(AppConfig):
    """What a week added up to for one member, and the mail that carries it."""

    name = "reflections"
