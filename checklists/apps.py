from django.apps import AppConfig


class ChecklistsConfig(AppConfig):
    """What to look for: questions, ticks, practices and help. It holds no family data."""

    name = "checklists"
