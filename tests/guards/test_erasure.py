"""Every model that could hold something of a person says what becomes of it. Whoever adds one, decides it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.apps import apps
from django.db import connection, models
from django.test.utils import isolate_apps

from common.estates import Holding, list_estates

# No row of these is about a person of ours.
ABOUT_NOBODY: Final = {
    "contenttypes.ContentType": "names of models",
    "auth.Group": "names of roles of operators",
    "auth.Permission": "names of rights",
    "checklists.Checklist": "content of the program",
    "checklists.ChecklistVersion": "content of the program",
    "checklists.Term": "content of the program",
    "checklists.Question": "content of the program",
    "checklists.Cue": "content of the program",
    "checklists.Option": "content of the program",
    "checklists.Practice": "content of the program",
    "checklists.Thread": "content of the program",
    "checklists.SelfPrompt": "content of the program",
    "accounts.User_groups": "goes with the person's own row",
    "accounts.User_user_permissions": "goes with the person's own row",
    "auth.Group_permissions": "rights of roles of operators",
}


def holdings() -> list[Holding]:
    return [holding for estate in list_estates() for holding in estate.holdings]


def undecided(found: Iterable[type[models.Model]]) -> list[str]:
    """Models without exactly one place where it stands what becomes of their rows."""
    places = Counter([*(holding.model for holding in holdings()), *ABOUT_NOBODY])
    return [model._meta.label for model in found if places[model._meta.label] != 1]


def all_models() -> list[type[models.Model]]:
    return apps.get_models(include_auto_created=True)


class TestEveryModelIsDecided:
    @isolate_apps("observations")
    def test_the_guard_sees_a_new_model(self) -> None:
        class Diary(models.Model):  # noqa: DJ008
            author = models.ForeignKey("accounts.User", on_delete=models.CASCADE)

            class Meta:
                app_label = "observations"

        assert undecided([Diary]) == ["observations.Diary"]

    def test_every_model_stands_in_one_estate_or_on_the_list(self) -> None:
        assert undecided(all_models()) == []

    def test_every_decision_is_about_a_model_that_exists(self) -> None:
        known = {model._meta.label for model in all_models()}
        assert {holding.model for holding in holdings()} | set(ABOUT_NOBODY) <= known

    def test_what_is_not_erased_says_why(self) -> None:
        silent = [item.model for item in holdings() if not item.owner and len(item.kept_because) < 20]
        assert silent == []

    def test_nothing_is_both_erased_and_kept(self) -> None:
        assert [item.model for item in holdings() if item.owner and item.kept_because] == []


class TestEveryTableIsAModel:
    """A table that is nobody's model would be looked at by nobody."""

    def test_there_is_no_other_table(self, db: None) -> None:
        ours = {model._meta.db_table for model in all_models()}
        others = set(connection.introspection.table_names()) - ours
        # The cache counts attempts under digests; Django notes which migrations have run.
        assert others <= {"attune_cache", "django_migrations", "sqlite_sequence"}


class TestOrder:
    def test_what_refers_to_others_goes_first(self) -> None:
        order = [type(estate).__name__ for estate in list_estates()]
        assert order == [
            "CoachingEstate",
            "RemindersEstate",
            "ReflectionsEstate",
            "ObservationsEstate",
            "HouseholdsEstate",
            "AccountsEstate",
        ]
