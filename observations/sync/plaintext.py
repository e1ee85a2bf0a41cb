"""What an operation says once it is opened: read as strictly as a body of the API, with its time put right."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError as DomainValidationError
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError

from common.api import Input, Instant, PublicId, Text, WholeNumber, YesOrNo, read_json
from observations.details import Details
from observations.rules import FUTURE_MAX, SKEW_MAX, OpType, Precision, TimeSource, When
from observations.shapes import MomentEditInput, said_details
from observations.when import Said

CHILDREN_MAX = 20
ZONE_CHARS = 64


class Unfit(Exception):
    """It opens, but cannot be done as it is: `field` names what has to be mended, `code` says why."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(field, code)
        self.field, self.code = field, code

    def as_refusal(self) -> DomainValidationError:
        """The same as a page or the API would be told."""
        return DomainValidationError(
            {self.field: DomainValidationError(_("This cannot be kept as it is."), self.code)}
        )

    @property
    def reason(self) -> str:
        """The one word that the phone is told."""
        if self.field == "occurred_at":
            return "bad_time"
        return "too_long" if self.code in ("too_long", "max_length") else self.field


# --- The shape ---------------------------------------------------------------------------------------------------
class WallClock(serializers.Field[Any, Any, Any, Any]):
    """A day and a time as they stand on a clock in the household, without a zone."""

    default_error_messages = {"calendar": _("This time is not on the calendar.")}

    def to_internal_value(self, data: Any) -> datetime:
        try:
            found = datetime.fromisoformat(data) if isinstance(data, str) else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None:
            self.fail("calendar")
        return found


class FieldsInput(MomentEditInput):
    """The fields of a moment in the words of the API, and how the sheet asked for its time and its children."""

    occurred_at = None  # type: ignore[assignment]  # it stands beside the fields
    children = serializers.ListField(
        child=PublicId(), required=False, allow_empty=False, max_length=CHILDREN_MAX
    )
    when = serializers.ChoiceField(choices=list(When), required=False)
    picked = WallClock(required=False, allow_null=True)
    whole = YesOrNo(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return attrs


class BaseInput(Input):
    """What an operation builds on: a revision, or the operation before it on the same phone."""

    rev = WholeNumber(required=False, min_value=1, max_value=2**31 - 1)
    op = PublicId(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Name a revision or an operation."), code="base")
        return attrs


class HeardInput(Input):
    """When the phone last heard the time from here: what it was told, and what its own clock said then."""

    at = Instant()
    clock = Instant()


class PlaintextInput(Input):
    """An operation. One of its fields is called `fields`; the serializer's own property of that name stays as it is."""

    type = serializers.ChoiceField(choices=list(OpType))
    base = BaseInput(required=False, allow_null=True)
    occurred_at = Instant(required=False, allow_null=True)
    tz = Text(required=False, allow_blank=True, allow_null=True, max_length=ZONE_CHARS)
    occurred_src = serializers.ChoiceField(choices=list(TimeSource), required=False, allow_null=True)
    logged_at = Instant(required=False, allow_null=True)
    heard = HeardInput(required=False, allow_null=True)
    fields = FieldsInput(required=False)  # type: ignore[assignment]


# --- Read --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Clock:
    """When a batch came, and what the phone's clock said then; None where that is not known any more."""

    now: datetime
    client_now: datetime | None

    @property
    def behind(self) -> timedelta:
        """By how much the phone's clock is behind."""
        return timedelta() if self.client_now is None else self.now - self.client_now


@dataclass(frozen=True, slots=True)
class Plain:
    """One operation, read. `details` are what its fields say; `occurred` stands apart, as in the use cases."""

    type: OpType
    base_rev: int | None = None
    base_op: uuid.UUID | None = None
    children: tuple[uuid.UUID, ...] = ()
    details: Details = field(default_factory=Details)
    occurred: Said | None = None
    whole: bool = False
    is_fit: bool = True  # a half-typed draft need not be
    content: dict[str, Any] = field(default_factory=dict)

    @property
    def changes(self) -> Details:
        """All that an edit would write."""
        details = dict(self.details)
        if self.occurred is not None:
            details["occurred"] = self.occurred
        if len(self.children) == 1:
            details["child_id"] = self.children[0]
        return details  # type: ignore[return-value]


def as_content(opened: bytes) -> dict[str, Any]:
    """What was opened as a JSON object; under `raw` where it is none, so that no words are lost."""
    try:
        found = read_json(opened)
    except APIException:
        found = None
    return found if isinstance(found, dict) else {"raw": opened.decode("utf-8", "replace")}


def read_plaintext(content: dict[str, Any], *, clock: Clock) -> Plain:
    """What *content* asks for, with a time from a wrong clock corrected.

    Raises:
        Unfit: something in it is not as it has to be.
    """
    try:
        return _read(content, clock=clock)
    except Unfit:
        if content.get("type") != OpType.DRAFT:
            raise
        return Plain(type=OpType.DRAFT, base_op=_base_op(content), is_fit=False, content=content)


def _base_op(content: dict[str, Any]) -> uuid.UUID | None:
    """What *content* builds on, whatever else in it is not as it has to be."""
    given = BaseInput(data=content.get("base"))
    return given.validated_data.get("op") if given.is_valid() else None


def _read(content: dict[str, Any], *, clock: Clock) -> Plain:
    try:
        values: dict[str, Any] = _shape().run_validation(content)
    except ValidationError as error:
        raise Unfit(*_first(error.detail)) from error
    said = dict(values.get("fields") or {})
    base = values.get("base") or {}
    occurred = _read_time(values, said, clock=clock)
    children = tuple(dict.fromkeys(said.pop("children", None) or filter(None, [said.pop("child", None)])))
    said.pop("child", None)
    whole = said.pop("whole", False)
    for name in ("when", "picked", "precision"):
        said.pop(name, None)
    return Plain(
        type=OpType(values["type"]),
        base_rev=base.get("rev"),
        base_op=base.get("op"),
        children=children,
        details=said_details(said),
        occurred=occurred,
        whole=whole,
        content=content,
    )


@cache
def _shape() -> PlaintextInput:
    """Made once: to make it takes longer than to read an operation with it."""
    return PlaintextInput()


def _read_time(values: dict[str, Any], said: dict[str, Any], *, clock: Clock) -> Said | None:
    """When it was. A time that the phone's clock told is put right; one that a person typed stays as it is."""
    at = values.get("occurred_at")
    if at is None:
        return None
    source = TimeSource(values.get("occurred_src") or TimeSource.AUTO)
    skew = _skew(values, clock) if source is TimeSource.AUTO else None
    try:
        at += skew or timedelta()
    except OverflowError as error:
        raise Unfit("occurred_at", "calendar") from error
    if at > clock.now + FUTURE_MAX:
        raise Unfit("occurred_at", "future")
    default = Precision.ABOUT if source is TimeSource.AUTO else Precision.EXACT
    return Said(
        at=at,
        when=When(said.get("when", When.JUST_NOW)),
        picked=said.get("picked"),
        precision=Precision(said.get("precision", default)),
        source=source,
        skew=None if skew is None else round(skew.total_seconds()),
    )


def _skew(values: dict[str, Any], clock: Clock) -> timedelta | None:
    """By how much the phone's clock was behind as this was noted; None where it was right, or so little off.

    It is known of two moments: of the sending, and of when the phone last heard from here, if it says so. Where the two
    differ, the clock was moved between them, before the noting or after it. A phone notes nothing before it heard the
    time that it names, nor after it came here: that rules one of the two out, or both. Where both may be, the clock is
    taken to have been mended last; the moment says either way that its clock was wrong.

    Raises:
        Unfit: no clock that is known of explains when it was noted.
    """
    heard, logged = values.get("heard"), values.get("logged_at")
    if heard is None or logged is None or clock.client_now is None or heard["at"] > clock.now + SKEW_MAX:
        return _if_far(clock.behind)
    then = heard["at"] - heard["clock"]
    is_moved = abs(then - clock.behind) > SKEW_MAX
    for behind in (then, clock.behind) if is_moved else (clock.behind,):
        if heard["at"] - logged - SKEW_MAX <= behind <= clock.now - logged + SKEW_MAX:
            return _if_far(behind) or (timedelta() if is_moved else None)
    raise Unfit("occurred_at", "clock")


def _if_far(behind: timedelta) -> timedelta | None:
    return behind if abs(behind) > SKEW_MAX else None


def _first(detail: Any, name: str = "all") -> tuple[str, str]:
    """The first field that is wrong, and why: the innermost name that is a word."""
    if isinstance(detail, dict):
        inner, found = next(iter(detail.items()))
        # A name of ours is a word; a phone may send any text as one, also what no database stores.
        known = str(inner).isidentifier() and inner not in ("fields", "non_field_errors")
        return _first(found, str(inner)[:40] if known and name in ("all", "fields") else name)
    if isinstance(detail, list):
        return _first(next(item for item in detail if item), name)
    return name, str(detail.code if isinstance(detail, ErrorDetail) else "invalid")[:40]


def write_content(content: dict[str, Any]) -> str:
    """*content* as text that can be stored whatever characters are in it."""
    return json.dumps(content, ensure_ascii=True)
