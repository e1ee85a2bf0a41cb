"""A person's own choices and tokens as the API takes and shows them."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers

from accounts.rules import (
    DIGEST_HOUR_FIRST,
    DIGEST_HOUR_LAST,
    DISPLAY_NAME_MAX,
    TOKEN_DAYS_DEFAULT,
    TOKEN_DAYS_MAX,
    TOKEN_NAME_MAX,
    DigestLevel,
    TokenScope,
    Visibility,
)
from common.api import Input, Instant, Output, PageOutput, Text, WholeNumber, YesOrNo

_LANGUAGES = [code for code, _label in settings.LANGUAGES]
_DISCREET = "Your pages go under a neutral name, and lists show no words until you tap. Nobody else is told."
_WEEKDAY = "0 is Monday, 6 is Sunday; null is the day on which the household's week closes."


# --- In ----------------------------------------------------------------------------------------------------------
class ChoicesInput(Input):
    """What changes of your choices; what is not named stays."""

    display_name = Text(max_length=DISPLAY_NAME_MAX, allow_blank=True, required=False)
    language = serializers.ChoiceField(choices=_LANGUAGES, required=False)
    timezone = Text(max_length=64, required=False, help_text="An IANA name, `Europe/Lisbon`.")
    digest_level = serializers.ChoiceField(choices=list(DigestLevel), required=False)
    digest_weekday = WholeNumber(
        min_value=0, max_value=6, allow_null=True, required=False, help_text=_WEEKDAY
    )
    digest_hour = WholeNumber(min_value=DIGEST_HOUR_FIRST, max_value=DIGEST_HOUR_LAST, required=False)
    standing_visibility = serializers.ChoiceField(choices=list(Visibility), required=False)
    discreet = YesOrNo(required=False, help_text=_DISCREET)


class TokenInput(Input):
    name = Text(max_length=TOKEN_NAME_MAX)
    scope = serializers.ChoiceField(choices=list(TokenScope), default=TokenScope.READ.value)
    days = WholeNumber(min_value=1, max_value=TOKEN_DAYS_MAX, default=TOKEN_DAYS_DEFAULT)


# --- Out ---------------------------------------------------------------------------------------------------------
class MeOutput(Output):
    id = serializers.UUIDField(source="public_id", help_text="What `author` and `person` name elsewhere.")
    email = serializers.CharField()
    display_name = serializers.CharField()
    language = serializers.CharField()
    timezone = serializers.CharField()
    digest_level = serializers.ChoiceField(choices=list(DigestLevel))
    digest_weekday = serializers.IntegerField(allow_null=True, help_text=_WEEKDAY)
    digest_hour = serializers.IntegerField()
    standing_visibility = serializers.ChoiceField(choices=list(Visibility))
    discreet = serializers.BooleanField(help_text=_DISCREET)


class TokenOutput(Output):
    id = serializers.CharField(source="digest", help_text="Names the token; it signs nobody in.")
    name = serializers.CharField()
    scope = serializers.ChoiceField(choices=list(TokenScope))
    created_at = Instant(source="created")
    expires_at = Instant(source="expiry")


class NewTokenOutput(TokenOutput):
    secret = serializers.CharField(help_text="Shown this once: `Authorization: Bearer <secret>`.")


class TokenPageOutput(PageOutput):
    """All tokens that still work; there is never a second page."""

    items = TokenOutput(many=True)
