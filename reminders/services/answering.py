"""What becomes of a prompt that was sent: shown, opened, put off, answered, or none of it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from accounts.selectors import get_user
from common.dates import local_day
from observations.selectors import latest_received
from reminders.models import Prompt, PushAddress, ReminderChoices
from reminders.push import key_name
from reminders.rules import PROMPTS_KEPT, SNOOZES_MAX, Kind, Said, State, later_today
from reminders.selectors import find_choices, find_prompt


@transaction.atomic
def note_said(*, secret: str, said: Said, now: datetime) -> bool:
    """Write down what the phone says of the prompt with this secret; whether there is such a prompt.

    Whoever knows the secret was shown the prompt: nobody needs to be signed in. Said twice, it counts once.
    """
    prompt = find_prompt(secret=secret)
    if prompt is None or now >= prompt.expires_at:
        return False
    rows = Prompt.objects.filter(pk=prompt.pk)
    rows.filter(shown_at__isnull=True).update(shown_at=now)
    if said in (Said.OPENED, Said.NOTHING):
        rows.filter(answered_at__isnull=True).update(answered_at=now)
    if said is Said.LATER:
        _put_off(prompt, now)
    return True


def _put_off(prompt: Prompt, now: datetime) -> None:
    """The same prompt once more, inside its own window."""
    choices = find_choices(actor_id=prompt.user_id)
    if choices is None or prompt.snoozes >= SNOOZES_MAX:
        return
    again = later_today(choices.as_rule(), now, expires_at=prompt.expires_at)
    if again is not None:
        Prompt.objects.filter(pk=prompt.pk, state=State.SENT, answered_at__isnull=True).update(
            state=State.PLANNED, due_at=again, attempts=0, snoozes=F("snoozes") + 1
        )


@transaction.atomic
def note_nothing(*, actor_id: int, now: datetime) -> None:
    """Nothing to note today: a full answer, and the end of asking for this day.

    Raises:
        NotVisible: the account is closed.
    """
    user = get_user(user_id=actor_id)
    today = Prompt.objects.filter(user_id=actor_id, day=local_day(now, user.timezone))
    today.filter(answered_at__isnull=True).update(answered_at=now)
    today.filter(state=State.PLANNED).update(state=State.DROPPED, code="answered")


@transaction.atomic
def count_answers(*, now: datetime) -> int:
    """Close the prompts whose day is over, and count those that were left; how many were closed. For the schedule.

    What was never shown says nothing about anybody. A moment noted after the prompt is an answer, whoever tapped what.
    """
    over = list(
        Prompt.objects.select_for_update(skip_locked=True)
        .filter(state=State.SENT, expires_at__lte=now)
        .order_by("expires_at", "pk")[:1_000]
    )
    if not over:
        return 0
    since = min(prompt.due_at for prompt in over)
    noted = latest_received(author_ids={prompt.user_id for prompt in over}, since=since)
    answered = {row.user_id for row in over if row.answered_at or _noted_after(row, noted.get(row.user_id))}
    # What somebody wrote asks for nothing: leaving it is no answer.
    ignored = {row.user_id for row in over if row.shown_at and row.kind != Kind.NEWS} - answered
    Prompt.objects.filter(pk__in=[row.pk for row in over], state=State.SENT).update(state=State.OVER)
    ReminderChoices.objects.filter(user_id__in=answered).update(ignored=0)
    ReminderChoices.objects.filter(user_id__in=ignored).update(ignored=F("ignored") + 1)
    return len(over)


def _noted_after(prompt: Prompt, latest: datetime | None) -> bool:
    return latest is not None and latest >= (prompt.sent_at or prompt.due_at)


@transaction.atomic
def forget_prompts(*, now: datetime) -> int:
    """Destroy prompts of more than a month ago, and addresses for a key that is gone as long. For the schedule."""
    before = now - PROMPTS_KEPT
    gone, _by_model = Prompt.objects.filter(expires_at__lt=before).delete()
    if name := key_name():  # an installation that sends none for a while may go on afterwards
        PushAddress.objects.exclude(key_name=name).filter(bound_at__lt=before).delete()
    return gone
