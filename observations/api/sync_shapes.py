"""What phones send and are told: SYNC in the form of OpenAPI. Every instant is UTC, every binary base64url unpadded."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts.rules import Visibility
from common.api import Input, Instant, Output, PublicId, QueryNumber, Text
from observations.api.serializers import MomentOutput, SelfCheckOutput
from observations.rules import OPS_MAX, PAGE_SIZE_MAX, SEALED_CHARS_MAX, OpStatus

KID_CHARS = 32
ACCOUNT_CHARS = 32
REASON_CHARS = 40
DEVICE_CHARS = 64
_ACCOUNT = "What this account is called in an outbox: the same for life."


# --- In ----------------------------------------------------------------------------------------------------------
class OpInput(Input):
    """One sealed operation."""

    op_id = PublicId(help_text="A UUID, made once: sending it again has no second effect for 400 days.")
    moment_id = PublicId()
    kid = Text(max_length=KID_CHARS)
    sealed = Text(
        max_length=SEALED_CHARS_MAX,
        trim_whitespace=False,
        help_text="HPKE: the encapsulated key, then the ciphertext.",
    )


class SyncInput(Input):
    account = Text(max_length=ACCOUNT_CHARS, help_text=_ACCOUNT)
    device_id = Text(
        max_length=DEVICE_CHARS, help_text="A random id of this installation and account. It is not stored."
    )
    client_now = Instant(help_text="What the phone's clock says as it sends this.")
    ops = serializers.ListField(child=OpInput(), allow_empty=True, max_length=OPS_MAX)


class ShutOpInput(OpInput):
    reason = Text(max_length=REASON_CHARS, allow_blank=True)


class RescueInput(Input):
    account = Text(max_length=ACCOUNT_CHARS, help_text=_ACCOUNT)
    ops = serializers.ListField(child=ShutOpInput(), allow_empty=True, max_length=OPS_MAX)


# --- Out ---------------------------------------------------------------------------------------------------------
class ProtocolOutput(Output):
    min = serializers.IntegerField()
    max = serializers.IntegerField()


class KeyOutput(Output):
    kid = serializers.CharField()
    pub = serializers.CharField(help_text="An uncompressed point of P-256, 65 bytes.")
    not_after = Instant()


class LimitsOutput(Output):
    ops = serializers.IntegerField()
    bytes = serializers.IntegerField()


class SessionOutput(Output):
    account = serializers.CharField(help_text=_ACCOUNT)
    csrf = serializers.CharField(help_text="For `X-CSRFToken`. Never to be stored.")
    server_time = Instant()
    protocol = ProtocolOutput()
    keys = KeyOutput(many=True, help_text="The one to use comes first.")
    limits = LimitsOutput()


class OpResultOutput(Output):
    op_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=list(OpStatus))
    rev = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(allow_blank=True)
    received_at = Instant()


class SyncOutput(Output):
    results = OpResultOutput(many=True, help_text="In the order of the request.")
    server_time = Instant()


class RescuedOutput(Output):
    op_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[OpStatus.RESCUED])


class RescueOutput(Output):
    results = RescuedOutput(many=True)


class KitHouseholdOutput(Output):
    id = serializers.UUIDField()
    timezone = serializers.CharField()


class KitChildOutput(Output):
    id = serializers.UUIDField()
    label: Any = serializers.CharField()
    mark = serializers.CharField(allow_blank=True)


class KitMissOutput(Output):
    id = serializers.UUIDField()
    occurred_at = Instant()
    child = serializers.UUIDField()


class KitAnswerOutput(Output):
    key = serializers.CharField()
    words = serializers.CharField()


class KitQuestionOutput(Output):
    id = serializers.UUIDField()
    prompt = serializers.CharField()
    options = KitAnswerOutput(many=True)


class KitOutput(Output):
    """All the family data that a phone may keep unsealed."""

    account = serializers.CharField(help_text=_ACCOUNT)
    household = KitHouseholdOutput(allow_null=True)
    children = KitChildOutput(many=True)
    chosen = serializers.CharField(allow_null=True, help_text="A child's id, `all`, or null.")
    standing_visibility = serializers.ChoiceField(choices=list(Visibility))
    focus = serializers.CharField(allow_blank=True, help_text="A dimension, or nothing.")
    missed = KitMissOutput(many=True)
    own = KitQuestionOutput(many=True, help_text="Your own questions; none in discreet mode.")
    discreet = serializers.BooleanField()


# --- What changed ------------------------------------------------------------------------------------------------
class ChangesQuery(Input):
    cursor = Text(
        required=False, allow_blank=True, help_text="`next` of the page before; none for everything."
    )
    household = PublicId(required=False, help_text="Without a cursor: whose changes. Left out: your first.")
    limit = QueryNumber(required=False, min_value=1, max_value=PAGE_SIZE_MAX, default=PAGE_SIZE_MAX)


class ChangeOutput(Output):
    """One observation as you may see it now. `removed` gives no reason: deleted, or not yours to see any more."""

    id = serializers.UUIDField()
    author = serializers.UUIDField(help_text="The `person` of a member: an id is unique for its author.")
    rev = serializers.IntegerField(allow_null=True, help_text="Null in what somebody else wrote.")
    kind = serializers.ChoiceField(choices=["upsert", "removed"])
    moment = MomentOutput(allow_null=True)
    self_check = SelfCheckOutput(allow_null=True)


class ChangesOutput(Output):
    items = ChangeOutput(many=True)
    next = serializers.CharField(help_text="Send it as `cursor` the next time. It is another each time.")
    has_more = serializers.BooleanField()
    server_time = Instant()
