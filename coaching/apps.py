from django.apps import AppConfig

from common.estates import register


class CoachingConfig(AppConfig):
    """The coach's side of a household, under a live grant."""

    name = "coaching"

    def ready(self) -> None:
        from coaching.estate import CoachingEstate
        from coaching.selectors.waiting import list_news
        from reminders import news

        register(self.label, CoachingEstate())
        news.register(self.label, list_news)
