"""Households, their children and members as the API takes and shows them."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api import Input, Instant, Output, PageOutput, Text, WholeNumber
from households.models import Membership
from households.rules import COLOURS, EMOJI_MAX, HOUSEHOLD_NAME_MAX, NICKNAME_MAX, Role

_WEEKDAY = "0 is Monday, 6 is Sunday."
_MONTH = r"^[12][0-9]{3}-(0[1-9]|1[0-2])$"


@extend_schema_field({"type": "string", "pattern": _MONTH, "examples": ["2022-05"]})
class MonthField(serializers.Field[date, Any, str, date]):
    """A month, `2022-05`: the day of birth is nothing that Attune wants to know."""

    def to_internal_value(self, data: Any) -> date:
        if not isinstance(data, str) or not re.fullmatch(_MONTH, data, re.ASCII):
            raise serializers.ValidationError(_("Please give a month like 2022-05."), code="invalid")
        return date.fromisoformat(f"{data}-01")

    def to_representation(self, value: date) -> str:
        return f"{value:%Y-%m}"


# --- In ----------------------------------------------------------------------------------------------------------
class HouseholdEditInput(Input):
    """What changes of a household; what is not named stays."""

    name = Text(max_length=HOUSEHOLD_NAME_MAX, required=False)
    timezone = Text(max_length=64, required=False, help_text="An IANA name, `Europe/Lisbon`.")
    week_starts_on = WholeNumber(min_value=0, max_value=6, required=False, help_text=_WEEKDAY)


class HouseholdInput(HouseholdEditInput):
    name = Text(max_length=HOUSEHOLD_NAME_MAX)
    timezone = Text(max_length=64, help_text="An IANA name, `Europe/Lisbon`.")


class ChildEditInput(Input):
    """What changes of a child; what is not named stays."""

    nickname = Text(max_length=NICKNAME_MAX, required=False)
    birth_month = MonthField(required=False)
    colour = serializers.ChoiceField(choices=COLOURS, required=False)
    emoji = Text(max_length=EMOJI_MAX, allow_blank=True, required=False)


class ChildInput(ChildEditInput):
    """A new child. Without a colour it gets the next one that is free."""

    nickname = Text(max_length=NICKNAME_MAX)
    birth_month = MonthField()


class ChildrenQuery(Input):
    archived = serializers.ChoiceField(
        choices=["false", "true"], required=False, help_text="Those taken out of the pickers."
    )


# --- Out ---------------------------------------------------------------------------------------------------------
class HouseholdOutput(Output):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    timezone = serializers.CharField()
    week_starts_on = serializers.IntegerField(help_text=_WEEKDAY)
    created_at = Instant()


class HouseholdPageOutput(PageOutput):
    """All your households; there is never a second page."""

    items = HouseholdOutput(many=True)


class ChildOutput(Output):
    id = serializers.UUIDField(source="public_id")
    nickname = serializers.CharField()
    birth_month = MonthField()
    colour = serializers.ChoiceField(choices=COLOURS)
    emoji = serializers.CharField()
    archived_at = Instant(allow_null=True)


class ChildPageOutput(PageOutput):
    """All the children; there is never a second page."""

    items = ChildOutput(many=True)


class MemberOutput(Output):
    id = serializers.UUIDField(source="public_id")
    person = serializers.UUIDField(
        source="user.public_id", help_text="What `author` names in what this member writes."
    )
    name = serializers.CharField(source="user.called")
    role = serializers.ChoiceField(choices=list(Role))
    is_you = serializers.SerializerMethodField()
    joined_at = Instant()

    def get_is_you(self, membership: Membership) -> bool:
        return membership.user_id == self.context.get("reader_id")


class MemberPageOutput(PageOutput):
    """Everybody who lives here now; there is never a second page."""

    items = MemberOutput(many=True)
