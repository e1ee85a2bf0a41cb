from django.apps import AppConfig

from common.sealing import current_key_id


class CommonConfig(AppConfig):
    """The shared kernel: errors, time, sealing, forms and API bases. It knows no noun of the product."""

    name = "common"

    def ready(self) -> None:
        # A key that cannot seal is found when the process starts, not when the first parent writes a note.
        current_key_id()
