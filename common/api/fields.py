"""What a client may send, taken at its word: a string is a string, a number a number, and nothing else is let in."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

_FULL_DATE = r"\d{4}-\d{2}-\d{2}"
_DATE = re.compile(_FULL_DATE, re.ASCII)
# RFC 3339; a missing offset is let through to be told apart from nonsense.
_DATE_TIME = re.compile(
    rf"{_FULL_DATE}[Tt ]\d{{2}}:\d{{2}}:\d{{2}}(?:\.\d{{1,9}})?(?P<offset>[Zz]|[+-]\d{{2}}:\d{{2}})?",
    re.ASCII,
)
_DIGITS = re.compile(r"[+-]?\d{1,9}", re.ASCII)
_UUID_CHARS = 36


# --- Whole inputs ------------------------------------------------------------------------------------------------
class Input(serializers.Serializer[Any]):
    """What a client sends. Whatever it names that is not declared here is refused, so nothing slips past unseen."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = self._unknown(data)
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            known = error.detail if isinstance(error.detail, dict) else {}
            raise ValidationError({**known, **unknown}) from error
        if unknown:
            raise ValidationError(unknown)
        return values

    def _unknown(self, data: Any) -> dict[str, list[ErrorDetail]]:
        if not isinstance(data, Mapping):
            return {}
        message = ErrorDetail(str(_("There is no such field.")), code="unknown")
        return {str(name): [message] for name in data if name not in self.fields}


class Output(serializers.Serializer[Any]):
    """What the API shows, field by field: a new attribute of a row stays inside until it is named here."""

    if (
        TYPE_CHECKING
    ):  # names that a view may need, and that DRF's own `Field` has too, kept apart at run time
        errors: Any
        label: Any
        source: Any


class PageOutput(Output):
    """Base of a page of a list; a subclass declares `items`."""

    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page; null on the last one."
    )


def read_body(kind: type[Input], request: Request, *, partial: bool = False) -> dict[str, Any]:
    """The checked body of *request*.

    Raises:
        ValidationError: on each field that is wrong or unknown.
    """
    return _checked(kind(data=request.data, partial=partial))


def read_query(kind: type[Input], request: Request) -> dict[str, Any]:
    """The checked query of *request*; a parameter given twice or not known is refused like a wrong one.

    Raises:
        ValidationError: on each parameter that is wrong, unknown or doubled.
    """
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        message = ErrorDetail(str(_("Please give this once.")), code="repeated")
        raise ValidationError({name: [message] for name in twice})
    return _checked(kind(data=request.query_params.dict()))


def _checked(given: Input) -> dict[str, Any]:
    given.is_valid(raise_exception=True)
    values: dict[str, Any] = given.validated_data
    return values


# --- Fields ------------------------------------------------------------------------------------------------------
class Text(serializers.CharField):
    """A string; DRF's own field would also take a number for one."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class YesOrNo(serializers.BooleanField):
    """`true` or `false`; DRF's own field would also take "on", 1 and "no"."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=type(data).__name__)
        return data


class WholeNumber(serializers.IntegerField):
    """A JSON integer (3.0 is one, "3" is not)."""

    def to_internal_value(self, data: Any) -> int:
        whole = isinstance(data, int) or (isinstance(data, float) and data.is_integer())
        if isinstance(data, bool) or not whole:
            self.fail("invalid")
        return super().to_internal_value(int(data))


class QueryNumber(serializers.IntegerField):
    """An integer in a query string, written in ASCII digits."""

    def to_internal_value(self, data: Any) -> int:
        if not _DIGITS.fullmatch(str(data)):
            self.fail("invalid")
        return super().to_internal_value(data)


class PublicId(serializers.UUIDField):
    """A UUID in its usual form of 36 characters."""

    def to_internal_value(self, data: Any) -> uuid.UUID:
        if not isinstance(data, str) or len(data) != _UUID_CHARS:
            self.fail("invalid", value="")
        return super().to_internal_value(data)


class Day(serializers.DateField):
    """A calendar day, `2026-11-18`."""

    def to_internal_value(self, data: Any) -> dt.date:
        if not isinstance(data, str) or not _DATE.fullmatch(data):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


class Instant(serializers.DateTimeField):
    """A point in time (RFC 3339): in with its offset from UTC, out in UTC whoever reads it."""

    default_error_messages = {"no_zone": _("Please give the time with its offset from UTC.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=dt.UTC, **kwargs)

    def to_internal_value(self, data: Any) -> dt.datetime:
        match = _DATE_TIME.fullmatch(data) if isinstance(data, str) else None
        if match is None:
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss+hh:mm")
        if not match["offset"]:
            self.fail("no_zone")
        return super().to_internal_value(data)
