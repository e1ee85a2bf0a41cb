"""Sending a prompt: claimed by compare-and-set, handed over outside of any transaction, and never a second time.

A prompt that may have arrived is not sent again: one that is lost costs nothing, one that comes twice is a nuisance.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from accounts.selectors import get_user
from common.dates import local_day
from common.errors import NotVisible
from observations.selectors import latest_received
from reminders.models import Prompt, PushAddress, ReminderChoices
from reminders.news import list_latest
from reminders.push import Answer, Outcome, hand_over, write_prompt, write_try
from reminders.rules import LATE_MAX, LEASE, Kind, State, Wish, quiet_until, retry_at
from reminders.selectors import digest_of, find_choices, live_addresses
from reminders.services.addresses import open_target
from reminders.services.planning import has_noted

TRY_LIVES: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one prompt, once."""

    prompt: Prompt
    addresses: Sequence[PushAddress]
    message: str


# --- Claiming ----------------------------------------------------------------------------------------------------
@transaction.atomic
def claim_prompt(*, prompt_id: int, now: datetime) -> Claim | None:
    """Take a prompt that is due; None when there is nothing to take.

    Everything is asked again here, on live rows: what the person wishes, whether they rest, whether this is an hour
    they keep free, whether they noted something meanwhile or something is still new, and where they are signed in.
    """
    prompt = (
        Prompt.objects.select_for_update(of=("self",)).select_related("user").filter(pk=prompt_id).first()
    )
    if prompt is None or prompt.due_at > now:
        return None
    if prompt.state == State.SENDING and prompt.claimed_at is not None and prompt.claimed_at <= now - LEASE:
        # Its sender fell silent. It may have been shown, so it is not sent again.
        _end(prompt, State.SENT, code="lost", from_state=State.SENDING)
        return None
    if prompt.state != State.PLANNED:
        return None
    choices = find_choices(actor_id=prompt.user_id)
    if code := _refusal(prompt, choices, now):
        _end(prompt, State.DROPPED, code=code, from_state=State.PLANNED)
        return None
    free_at = quiet_until(choices.as_rule(), now) if choices is not None else None
    if free_at is not None:
        Prompt.objects.filter(pk=prompt.pk, state=State.PLANNED).update(due_at=free_at)
        return None
    return _claim(prompt, now)


def _refusal(prompt: Prompt, choices: ReminderChoices | None, now: datetime) -> str:
    """Why this prompt is not sent; '' when it is."""
    if choices is None or not _wished(prompt, choices):
        return "not wished"
    wish = choices.as_rule()
    if choices.resting_until is not None and prompt.day < choices.resting_until:
        return "rests"
    if now >= prompt.expires_at or local_day(now, wish.timezone) > prompt.day:
        return "expired"
    if not (prompt.attempts or prompt.snoozes) and now >= prompt.due_at + LATE_MAX:
        return "late"
    if prompt.kind == Kind.EVENING and _has_noted(prompt, wish, now):
        return "noted"
    if prompt.kind == Kind.NEWS and not list_latest(user_ids=[prompt.user_id], now=now):
        return "nothing new"
    return "" if live_addresses(now=now).filter(user_id=prompt.user_id).exists() else "no device"


def _wished(prompt: Prompt, choices: ReminderChoices) -> bool:
    match prompt.kind:
        case Kind.EVENING:
            return choices.evening_at is not None
        case Kind.MOMENT:
            return choices.moment_from is not None
        case Kind.NEWS:
            return choices.something_new
    return choices.week_ready


def _has_noted(prompt: Prompt, wish: Wish, now: datetime) -> bool:
    latest = latest_received(author_ids=[prompt.user_id], since=now - timedelta(days=2))
    return has_noted(wish, prompt.day, latest.get(prompt.user_id))


def _claim(prompt: Prompt, now: datetime) -> Claim | None:
    secret = secrets.token_urlsafe(24)
    claimed = Prompt.objects.filter(pk=prompt.pk, state=State.PLANNED, attempts=prompt.attempts).update(
        state=State.SENDING, claimed_at=now, attempts=F("attempts") + 1, secret_digest=digest_of(secret)
    )
    if not claimed:
        return None
    prompt.attempts += 1
    addresses = live_addresses(now=now).filter(user_id=prompt.user_id).select_related("user").order_by("pk")
    message = write_prompt(prompt.user, Kind(prompt.kind), label=prompt.label, secret=secret)
    return Claim(prompt, list(addresses), message)


# --- Sending -----------------------------------------------------------------------------------------------------
def send_prompt(*, prompt_id: int, now: datetime) -> State | None:
    """Do whatever is due for one prompt, up to handing it over once; its state then, None where nothing was due."""
    claim = claim_prompt(prompt_id=prompt_id, now=now)
    if claim is None:
        return None
    topic = digest_of(f"prompt {claim.prompt.pk}")[:32]
    lives = claim.prompt.expires_at - now
    outcomes = [_hand_over(address, claim.message, lives=lives, topic=topic) for address in claim.addresses]
    return _note(claim.prompt, outcomes, now=now)


def _hand_over(address: PushAddress, message: str, *, lives: timedelta, topic: str = "") -> Outcome:
    """Give it to one device; where nobody is any more, the address goes."""
    target = open_target(address)
    outcome = (
        hand_over(target, message, lives=lives, topic=topic) if target is not None else Outcome(Answer.GONE)
    )
    if outcome.answer is Answer.GONE:
        PushAddress.objects.filter(pk=address.pk, digest=address.digest).delete()
    return outcome


@transaction.atomic
def _note(prompt: Prompt, outcomes: Sequence[Outcome], *, now: datetime) -> State:
    """Write down how it went. As soon as one device may have it, it is not sent again to any."""
    answers = {outcome.answer for outcome in outcomes}
    if answers & {Answer.TAKEN, Answer.UNHEARD}:
        return _end(prompt, State.SENT, code="" if Answer.TAKEN in answers else "unheard", sent_at=now)
    if Answer.LATER not in answers:
        return _end(prompt, State.DROPPED, code="refused" if Answer.REFUSED in answers else "no device")
    wait = max(outcome.wait for outcome in outcomes)
    again = retry_at(prompt.attempts, now=now, wait=wait, expires_at=prompt.expires_at)
    if again is None:
        return _end(prompt, State.DROPPED, code="not taken")
    Prompt.objects.filter(pk=prompt.pk, state=State.SENDING).update(state=State.PLANNED, due_at=again)
    return State.PLANNED


def _end(
    prompt: Prompt,
    state: State,
    *,
    code: str,
    from_state: State = State.SENDING,
    sent_at: datetime | None = None,
) -> State:
    Prompt.objects.filter(pk=prompt.pk, state=from_state).update(state=state, code=code, sent_at=sent_at)
    return state


def send_try(*, actor_id: int, session_key: str, now: datetime) -> Answer:
    """Show the actor on this very device how a prompt looks; it counts as none.

    Raises:
        NotVisible: nothing is sent to this device.
    """
    user = get_user(user_id=actor_id)
    own = live_addresses(now=now).filter(user_id=actor_id, session__session_key=session_key)
    address = own.select_related("user").first()
    if address is None:
        raise NotVisible("push address")
    return _hand_over(address, write_try(user), lives=TRY_LIVES).answer
