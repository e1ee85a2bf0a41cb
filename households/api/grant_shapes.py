"""Grants, and who looked, as the API takes and shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.rules import EMAIL_MAX
from common.api import Day, Input, Instant, Output, PageOutput, PublicId, Text
from households.models import AccessEntry, Briefing, Grant
from households.rules import BRIEFING_LABEL_MAX, CHILDREN_MAX, GrantScope, GrantState, Opened, Reader

_SCOPE = (
    "`summary`: counts by week. `ratings`: moments without notes. `ratings_and_notes`: with them, and with answers to "
    "own questions."
)
_FROM = "Moments of this local day and later."


# --- In ----------------------------------------------------------------------------------------------------------
class GrantsQuery(Input):
    household = PublicId(required=False)


class GrantEditInput(Input):
    """What changes of a grant; what is not named stays. Showing more needs a session with a fresh proof."""

    scope = serializers.ChoiceField(choices=list(GrantScope), required=False, help_text=_SCOPE)
    children = serializers.ListField(
        child=PublicId(), max_length=2 * CHILDREN_MAX, required=False, help_text="All of them, once each."
    )
    from_on = Day(required=False, help_text=_FROM)


class GrantInput(GrantEditInput):
    """An offer to a coach, mailed to their address."""

    household = PublicId()
    coach_email = Text(max_length=EMAIL_MAX)
    scope = serializers.ChoiceField(choices=list(GrantScope), help_text=_SCOPE)
    children = serializers.ListField(child=PublicId(), max_length=2 * CHILDREN_MAX)
    briefing = Text(
        max_length=BRIEFING_LABEL_MAX,
        help_text="The `id` of the briefing for the coach's country, once you read it.",
    )
    from_on = Day(required=False, help_text=f"{_FROM} Left out: today.")


class AccessQuery(Input):
    household = PublicId(required=False)
    cursor = Text(required=False, allow_blank=True, help_text="`next_cursor` of the page before.")


def said_terms(values: dict[str, Any]) -> dict[str, Any]:
    """The input's own words as the use cases know them; what was not sent is not there."""
    terms = dict(values)
    if "children" in terms:
        terms["child_ids"] = terms.pop("children")
    return terms


# --- Out ---------------------------------------------------------------------------------------------------------
class GrantOutput(Output):
    id = serializers.UUIDField(source="public_id")
    household = serializers.UUIDField(source="household.public_id")
    coach_email = serializers.CharField(help_text="As you wrote it.")
    scope = serializers.ChoiceField(choices=list(GrantScope), help_text=_SCOPE)
    children = serializers.SerializerMethodField()
    from_on = serializers.DateField(help_text=_FROM)
    briefing = serializers.CharField(
        source="briefing.label",
        default=None,
        allow_null=True,
        help_text="Which briefing you read; null for a grant of before there were any.",
    )
    state = serializers.SerializerMethodField()
    offered_at = Instant()
    offer_expires_at = Instant()
    accepted_at = Instant(allow_null=True)
    expires_at = Instant(allow_null=True)
    is_renewable = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_children(self, grant: Grant) -> list[str]:
        covered = getattr(grant, "covered")  # noqa: B009 - set by the selector's prefetch
        return [str(item.child.public_id) for item in covered]

    @extend_schema_field(serializers.ChoiceField(choices=list(GrantState)))
    def get_state(self, grant: Grant) -> str:
        return grant.state_at(self._now)

    def get_is_renewable(self, grant: Grant) -> bool:
        return grant.is_renewable_at(self._now)

    @property
    def _now(self) -> datetime:
        now: datetime = self.context["now"]
        return now


class BriefingOutput(Output):
    """What to read before letting in a coach who works in this country."""

    id = serializers.CharField(source="label")
    country = serializers.CharField()
    country_name = serializers.SerializerMethodField()
    must_report = serializers.SerializerMethodField(help_text="What a coach must report by law.")
    replies = serializers.SerializerMethodField(help_text="How fast replies come.")
    nights = serializers.SerializerMethodField(help_text="That nobody watches at night, and where to turn.")
    is_example = serializers.BooleanField(
        help_text="An example on a machine of one's own, and no country's law."
    )
    checked_on = serializers.DateField()

    def get_country_name(self, briefing: Briefing) -> str:
        return self._said(briefing)["country"]

    def get_must_report(self, briefing: Briefing) -> str:
        return self._said(briefing)["must_report"]

    def get_replies(self, briefing: Briefing) -> str:
        return self._said(briefing)["replies"]

    def get_nights(self, briefing: Briefing) -> str:
        return self._said(briefing)["nights"]

    @staticmethod
    def _said(briefing: Briefing) -> Mapping[str, str]:
        return briefing.said(get_language() or "en")


class BriefingPageOutput(PageOutput):
    """One for each country, by country; where there is none nobody is let in. There is never a second page."""

    items = BriefingOutput(many=True)


class GrantPageOutput(PageOutput):
    """Your own grants, newest first; there is never a second page."""

    items = GrantOutput(many=True)


class AccessOutput(Output):
    """One look at something of yours."""

    household = serializers.UUIDField(
        source="household.public_id",
        allow_null=True,
        default=None,
        help_text="Null where your account was opened, which is in no household.",
    )
    reader = serializers.ChoiceField(choices=list(Reader), source="reader_kind")
    coach_email = serializers.SerializerMethodField()
    opened = serializers.ChoiceField(choices=list(Opened))
    moment = serializers.UUIDField(
        source="subject_id", allow_null=True, help_text="Which moment or self-check, where one was opened."
    )
    at = Instant()

    @extend_schema_field(
        serializers.CharField(allow_null=True, help_text="As you wrote it; null once the grant is forgotten.")
    )
    def get_coach_email(self, entry: AccessEntry) -> str | None:
        address: str | None = getattr(entry, "known_as")  # noqa: B009 - annotated by the selector
        return address


class AccessPageOutput(PageOutput):
    items = AccessOutput(many=True)
