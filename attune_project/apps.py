from django.apps import AppConfig


class AttuneConfig(AppConfig):
    """The composition root."""

    name = "attune_project"

    def ready(self) -> None:
        from attune_project import security

        security.listen()
