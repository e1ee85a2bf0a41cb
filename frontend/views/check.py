"""The weekly self-check."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from accounts.rules import Visibility
from checklists.rules import Occasion
from checklists.selectors import get_content
from common.dates import local_day, week_label, week_start
from frontend.current import Home, SignedInRequest, with_child
from frontend.forms.check import CheckForm, WeekForm
from frontend.render import render_page, see_other
from frontend.words import answers_in_words, week_in_words
from households.selectors import has_grants
from observations.rules import SELF_CHECK_WEEKS_BACK
from observations.selectors import find_own_self_check, get_self_check
from observations.services import answer_self_check

if TYPE_CHECKING:
    from households.models import Child


# On the first two days of a week there is more to say about the one that just closed.
_STILL_LAST_WEEK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose week it is about."""

    child: Child
    first_day: date
    today: date
    errors: list[str]

    @property
    def words(self) -> str:
        return week_in_words(self.first_day, self.first_day + timedelta(days=6))


@require_http_methods(["GET", "HEAD", "POST"])
@with_child
def check(request: SignedInRequest, home: Home) -> HttpResponse:
    """Seven questions about one child's week. A week that cannot be answered shows this one, and says so at 422."""
    now = timezone.now()
    asked = _asked(request, home, now=now)
    before = find_own_self_check(
        actor_id=request.user.pk, child_id=asked.child.public_id, first_day=asked.first_day
    )
    form = CheckForm(
        request.POST if request.method == "POST" else None,
        content=get_content(request.user.language),
        child=asked.child,
        first_day=asked.first_day,
        before=before,
        coaches=has_grants(actor_id=request.user.pk, household_id=home.household.pk, now=now),
        fresh_id=uuid.uuid4(),
    )
    if form.is_bound and not asked.errors:
        answered = form.run(lambda: _answer(request, form, asked=asked, now=now))
        if answered is not None:
            return see_other(request, "check-done", check_id=answered.public_id)
    context = _context(home, form=form, asked=asked, answered_before=before is not None)
    status = 422 if form.errors or asked.errors else 200
    return render_page(request, "frontend/check/form.html", context, status=status)


@require_safe
@with_child
def done(request: SignedInRequest, home: Home, check_id: uuid.UUID) -> HttpResponse:
    """What was answered, once more, and nothing added up."""
    answered = get_self_check(actor_id=request.user.pk, check_id=check_id)
    week = {"week": week_label(answered.occurred_on), "child": str(answered.child.public_id)}
    context = {
        "household": home.household,
        "answers": answers_in_words(answered, Occasion.WEEK),
        "change_url": f"{reverse('check')}?{urlencode(week)}",
    }
    return render_page(request, "frontend/check/done.html", context)


def _asked(request: SignedInRequest, home: Home, *, now: datetime) -> Asked:
    form = WeekForm(request.GET)
    form.is_valid()
    today = local_day(now, home.household.timezone)
    child_id, day = form.cleaned_data.get("child"), form.cleaned_data.get("week")
    return Asked(
        child=home.find_child(child_id) if child_id else home.children[0],
        first_day=week_start(day or today - _STILL_LAST_WEEK, home.household.week_starts_on),
        today=today,
        errors=[str(message) for messages in form.errors.values() for message in messages],
    )


def _answer(request: SignedInRequest, form: CheckForm, *, asked: Asked, now: datetime) -> Any:
    return answer_self_check(
        actor_id=request.user.pk,
        check_id=form.cleaned_data["check_id"],
        child_id=asked.child.public_id,
        day=asked.first_day,
        ratings=form.ratings(),
        note=form.cleaned_data["note"],
        visibility=form.cleaned_data["visibility"] or Visibility.PRIVATE,
        now=now,
    )


def _context(home: Home, *, form: CheckForm, asked: Asked, answered_before: bool) -> dict[str, Any]:
    this_week = week_start(asked.today, home.household.week_starts_on)
    earlier = [this_week - timedelta(weeks=back) for back in range(SELF_CHECK_WEEKS_BACK + 1)]
    return {
        "household": home.household,
        "form": form,
        "child": asked.child,
        "children": home.children,
        "week": week_label(asked.first_day),
        "week_words": asked.words,
        "weeks": [
            {"label": week_label(day), "words": week_in_words(day, day + timedelta(days=6)), "day": day}
            for day in earlier
        ],
        "answered_before": answered_before,
        "errors": asked.errors,
    }
