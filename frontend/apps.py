from django.apps import AppConfig


class FrontendConfig(AppConfig):
    """The HTML door: pages for phones first, working without JavaScript and better with it."""

    name = "frontend"
