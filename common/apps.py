from celery.signals import task_postrun, task_prerun
from django.apps import AppConfig
from django.conf import settings
from django.core.signals import request_finished, request_started

from common.sealing import current_key_id


class CommonConfig(AppConfig):
    """The shared kernel: errors, time, sealing, forms and API bases. It knows no noun of the product."""

    name = "common"

    def ready(self) -> None:
        # A key that cannot seal is found when the process starts, not when the first parent writes a note.
        # The operator's process has none: whatever it tried to open would stay closed.
        if settings.SERVES != "admin":
            current_key_id()
        from common import person_keys

        for begins, ends in ((request_started, request_finished), (task_prerun, task_postrun)):
            begins.connect(person_keys.begin_remembering)
            ends.connect(person_keys.forget_all)
