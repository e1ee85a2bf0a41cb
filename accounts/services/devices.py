"""On which devices a person is signed in, and ending that. A row per session; the session itself is Django's."""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.devices import recognise
from common.errors import NotVisible

NO_ADDRESS = "0.0.0.0"  # noqa: S104  # the column wants one; where somebody was is not kept


@transaction.atomic
def note_seen(*, user_id: int, session_key: str, user_agent: str, now: datetime) -> None:
    """The person uses this session now."""
    UserSession.objects.update_or_create(
        session_key=session_key,
        defaults={"user_id": user_id, "last_seen_at": now},
        create_defaults={
            "user_id": user_id,
            "last_seen_at": now,
            "created_at": now,
            "user_agent": recognise(user_agent),
            "ip": NO_ADDRESS,
        },
    )


@transaction.atomic
def follow_session(*, old_key: str, new_key: str) -> None:
    """The session with the first key goes on under the second."""
    UserSession.objects.filter(session_key=old_key).update(session_key=new_key)


@transaction.atomic
def end_device(*, actor_id: int, device_id: int) -> str:
    """Sign one of the actor's own devices out: its next request is a stranger's. The key of the session that ended.

    Raises:
        NotVisible: it is not there, or not the actor's.
    """
    found = UserSession.objects.select_for_update().filter(user_id=actor_id, pk=device_id).first()
    if found is None:
        raise NotVisible("device")
    found.end()
    return str(found.session_key)


@transaction.atomic
def end_other_devices(*, user_id: int, session_key: str) -> int:
    """Sign the person out everywhere but in this session; on how many devices they were signed in there.

    The caller knows the person: their own session asks, or they have changed how they sign in.
    """
    others = UserSession.objects.filter(user_id=user_id).exclude(session_key=session_key)
    live = Session.objects.filter(session_key__in=list(others.values_list("session_key", flat=True)))
    ended, _by_model = live.delete()
    others.delete()
    return ended


@transaction.atomic
def forget_ended_devices() -> int:
    """Destroy what is noted of sessions that are over; how many went. For the schedule."""
    gone: int
    gone, _by_model = UserSession.objects.exclude(
        session_key__in=Session.objects.values("session_key")
    ).delete()
    return gone
