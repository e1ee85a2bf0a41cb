from django.apps import AppConfig

from common.estates import register


class RemindersConfig(AppConfig):
    """What a person asked to be reminded of, where their devices can be reached, and each prompt."""

    name = "reminders"

    def ready(self) -> None:
        from reminders import listeners
        from reminders.estate import RemindersEstate

        register(self.label, RemindersEstate())
        listeners.connect()
