"""Whether anything in the database still names a person: every table and every column is asked, whoever made it.

Erasing goes by what each app says it holds (`common.estates`); this does not. So it finds what somebody forgot to say.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from functools import reduce
from operator import or_
from typing import Any, Final

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db.models import (
    BinaryField,
    CharField,
    Count,
    Field,
    ForeignKey,
    Func,
    IntegerField,
    JSONField,
    Model,
    Q,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.functions import Cast, Lower
from django.db.models.lookups import GreaterThan

from common.sealed import list_sealed_columns

# The ledger remembers that somebody was erased, under a random id that leads nowhere any more.
REMEMBERS: Final = frozenset({"common.LedgerEntry.subject"})


class _Position(Func):
    """Where some characters or bytes stand in a column; 0 for nowhere."""

    function = "INSTR"
    output_field = IntegerField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return super().as_sql(compiler, connection, function='"position"', **context)


def count_traces(*, person_id: int, names: Collection[str]) -> dict[str, int]:
    """How many rows name this person, by column: by the person's key, or with one of *names* anywhere in a text.

    *names* are mail addresses and the public id. It reads whole tables: for the rare day on which somebody is erased.
    """
    lowered = sorted({name.lower() for name in names})
    sealed = {str(column) for column in list_sealed_columns()}
    found: dict[str, int] = {}
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            asked = dict(_questions(model, person_id, lowered))
            found |= _ask(model, {column: asked[column] for column in asked.keys() - sealed - REMEMBERS})
    return found


def _ask(model: type[Model], questions: dict[str, Q]) -> dict[str, int]:
    """How many rows each question is true of, in one pass over the table."""
    columns = sorted(questions)
    counts = {f"at_{at}": Count("pk", filter=questions[column]) for at, column in enumerate(columns)}
    counted = model._default_manager.aggregate(**counts)
    return {column: counted[f"at_{at}"] for at, column in enumerate(columns) if counted[f"at_{at}"]}


def _questions(model: type[Model], person_id: int, names: list[str]) -> Iterator[tuple[str, Q]]:
    """Each column that could name a person, with the condition under which it does."""
    for field in model._meta.concrete_fields:
        question = _question(field, person_id, names)
        if question is not None:
            yield f"{model._meta.label}.{field.name}", question
    if {"content_type", "object_id"} <= {field.name for field in model._meta.concrete_fields}:
        people = ContentType.objects.get_for_model(get_user_model())
        yield f"{model._meta.label}.object_id", Q(content_type=people, object_id=str(person_id))


def _question(field: Field[Any, Any], person_id: int, names: list[str]) -> Q | None:
    if isinstance(field, ForeignKey):
        return Q(**{field.attname: person_id}) if field.related_model is get_user_model() else None
    if isinstance(field, UUIDField):
        return Q(**{f"{field.name}__in": list(_uuids(names))})
    if isinstance(field, BinaryField):
        return _any_within([_Position(field.name, Value(name.encode())) for name in names])
    if isinstance(field, CharField | TextField | JSONField) and not field.choices:
        text = Lower(Cast(field.name, TextField()))
        return _any_within([_Position(text, Value(name)) for name in names])
    return None


def _any_within(positions: list[_Position]) -> Q:
    return reduce(or_, (Q(GreaterThan(position, 0)) for position in positions), Q(pk__in=()))


def _uuids(names: list[str]) -> Iterator[uuid.UUID]:
    for name in names:
        try:
            yield uuid.UUID(name)
        except ValueError:
            continue
