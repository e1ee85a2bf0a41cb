"""Every row about a family says which household it belongs to, and its hot indexes begin there."""

from __future__ import annotations

from django.apps import apps
from django.db import models

NO_FAMILY = {
    "households.Household",  # the tenant itself
    "households.Briefing",  # the operator's words, the same to every family
    "observations.RecordHead",  # a hash that outlives its household, and then names none
    "reflections.MailGate",  # one row, about the mail server
    "observations.SealingKey",  # the installation's, for every phone
    "observations.SyncOp",  # that one person sent something; what it did stands in other rows
    "observations.Draft",  # one person's, in whatever household they live: nobody else ever reads it
    "reflections.CompileRun",  # a pass over all households
    "reflections.CompileChunk",  # a range of households of such a pass
    "coaching.OwnNote",  # a coach's own, which outlives every family
    "coaching.CoachProfile",  # a coach's own, the same to every family
    "coaching.FamilyInvitation",  # to an address: whose household it will be about, if any, is not known
    "coaching.Supervision",  # between a supervisor and a coach; it names no family and opens none
}
# A look at an account, which may live nowhere: a constraint allows it for that kind of entry alone.
WITHOUT_A_HOUSEHOLD = "households.AccessEntry"
FAMILY_APPS = ("households", "observations", "reflections", "coaching")


def family_models() -> list[type[models.Model]]:
    return [
        model
        for label in FAMILY_APPS
        for model in apps.get_app_config(label).get_models()
        if model._meta.label not in NO_FAMILY
    ]


def fields_of(model: type[models.Model]) -> dict[str, models.Field]:
    return {field.name: field for field in model._meta.get_fields() if isinstance(field, models.Field)}


class TestTenantKey:
    def test_the_guard_sees_the_family_models(self) -> None:
        labels = {model._meta.label for model in family_models()}
        assert {"households.Child", "observations.Observation", "observations.Rating"} <= labels

    def test_every_family_row_carries_its_household(self) -> None:
        without = [
            model._meta.label
            for model in family_models()
            if getattr(fields_of(model).get("household"), "null", True)
        ]
        assert without == [WITHOUT_A_HOUSEHOLD]

    def test_every_index_that_a_family_page_walks_begins_with_the_household(self) -> None:
        # Partial indexes serve a sweep over all households, and say so with their condition.
        astray = [
            index.name
            for model in family_models()
            for index in model._meta.indexes
            if index.condition is None and index.fields[0].lstrip("-") != "household"
        ]
        assert astray == []

    def test_no_row_is_stored_twice_for_the_same_thing(self) -> None:
        # A public id is either unique for everybody or, where a client makes it, for its author.
        loose = []
        for model in family_models():
            field = fields_of(model).get("public_id")
            constrained = {
                name
                for constraint in model._meta.constraints
                if isinstance(constraint, models.UniqueConstraint)
                for name in constraint.fields
            }
            if field is not None and not (field.unique or "public_id" in constrained):
                loose.append(model._meta.label)
        assert loose == []
