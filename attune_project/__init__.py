"""The composition root: settings, URLs, the Celery application, commands over all apps."""

from attune_project.celery import app as celery_app

__all__ = ["celery_app"]
