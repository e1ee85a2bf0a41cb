"""The pages of a person's own account: ours, and those of django-allauth."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any

from allauth.usersessions.models import UserSession
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reminders.models import PushAddress
from tests.guards.matrix_law import NOTHING, Need, always, button, page
from tests.guards.matrix_world import PEOPLE, Thing, Who, World, blocked_by


def own_token(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    mine = [thing for thing in world.things["token"] if thing.author is who]
    return {"token": mine[0].ids["token_id"] if mine else "f" * 128}


def other_device(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    """The session in which the visitor asks: each of them has one."""
    user = world.users.get(who)
    row = UserSession.objects.filter(user=user).order_by("-pk").first() if user else None
    return {"device": row.pk if row else 1}


def own_block(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    return {"sender": str(world.users[blocked_by(who)].public_id) if who in PEOPLE else ""}


CHOICES = always(
    display_name="Somebody",
    timezone="UTC",
    standing_visibility="private",
    digest_level="discreet",
    digest_hour="18",
    digest_weekday="",
    focus="",
)
CODE = always(code="000000")
PHONE = ec.generate_private_key(ec.SECP256R1()).public_key()
POINT = PHONE.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
PUSHED_TO = always(
    endpoint="https://fcm.googleapis.com/fcm/send/somebody",
    p256dh=urlsafe_b64encode(POINT).decode().rstrip("="),
    auth="MDEyMzQ1Njc4OWFiY2RlZg",
)


def own_address(world: World, who: Who, _thing: Thing | None) -> dict[str, Any]:
    """Where one of the visitor's devices takes reminders."""
    user = world.users.get(who)
    row = PushAddress.objects.filter(user=user).first() if user else None
    return {"address": row.pk if row else 1}


ACCOUNT = {
    "/account/choices/": page(Need.SIGN_IN, sends=CHOICES),
    "/account/mail/again/": button(Need.SIGN_IN),
    "/account/blocked/": page(Need.SIGN_IN),
    "/account/blocked/end/": button(Need.OWNER, sends=own_block),
    "/account/tokens/": page(Need.SIGN_IN, sends=always(name="A key", scope="read", days="5")),
    "/account/tokens/end/": button(Need.OWNER, sends=own_token),
    "/account/reminders/": page(Need.SIGN_IN, sends=always(evening_at="20:30")),
    "/account/reminders/rest/": button(Need.SIGN_IN),
    "/account/reminders/nothing/": button(Need.SIGN_IN),
    "/account/reminders/device/": button(Need.SIGN_IN, sends=PUSHED_TO),
    "/account/reminders/device/end/": button(Need.OWNER, sends=own_address),
    "/account/reminders/try/": button(Need.REACHED),
    # The secret in the body stands for one prompt; the answer never says whether there is one.
    "/account/reminders/noted/": button(Need.NOTHING, sends=always(secret="s" * 32, said="opened")),
    "/account/security/": page(Need.SIGN_IN),
    "/account/sessions/": page(Need.SIGN_IN),
    "/account/sessions/end/": button(Need.SIGN_IN, sends=other_device),
    "/account/sessions/end-others/": button(Need.SIGN_IN),
    "/account/passkeys/add/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/passkeys/{pk}/remove/": page(Need.OWNER, kind="passkey", sends=NOTHING),
    "/account/app/add/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/app/remove/": page(Need.SECOND_STEP, sends=NOTHING),
    "/account/recovery-codes/": page(Need.SECOND_STEP),
    "/account/recovery-codes/new/": page(Need.SIGN_IN, sends=NOTHING),
    # allauth's own, which decide for themselves; a code without its flow leads back to the beginning of the flow.
    "/account/login/": page(Need.NOTHING, sends=NOTHING),
    "/account/logout/": page(Need.NOTHING, sends=NOTHING),
    "/account/inactive/": page(Need.NOTHING),
    "/account/signup/": page(Need.NOTHING, sends=always(email="new@example.org")),
    "/account/confirm-email/": page(Need.NOTHING, sends=CODE),
    "/account/password/reset/": page(Need.NOTHING, sends=always(email="nobody@example.org")),
    "/account/password/reset/done/": page(Need.NOTHING),
    "/account/password/reset/confirm/": page(Need.NOTHING, sends=CODE),
    "/account/password/reset/complete/": page(Need.NOTHING, sends=CODE),
    "/account/login/code/": page(Need.NOTHING, sends=always(email="nobody@example.org")),
    "/account/login/code/confirm/": page(Need.NOTHING, sends=CODE),
    "/account/login/passkey/": page(Need.NOTHING, sends=always(credential="{}")),
    "/account/login/second-step/": page(Need.NOTHING, sends=CODE),
    "/account/reauthenticate/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/reauthenticate/code/": page(Need.SIGN_IN, sends=CODE),
    "/account/reauthenticate/passkey/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/reauthenticate/second-step/": page(Need.SIGN_IN, sends=CODE),
    "/account/email/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/password/change/": page(Need.SIGN_IN, sends=NOTHING),
    "/account/password/set/": page(Need.SIGN_IN, sends=NOTHING),
}
