"""The first page: what Attune is, or, signed in, today and this week so far."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.selectors import has_disowned
from checklists.rules import Tone
from coaching.selectors import count_unread, has_suggestion
from common.dates import local_day, week_start
from frontend import soft_card
from frontend.current import Home, SignedInRequest, with_child
from frontend.look import is_discreet
from frontend.render import render_page
from frontend.words import week_in_words
from observations.selectors import MomentFilters, list_checked_child_ids, list_moments, list_tones_by_day
from observations.sync import count_waiting
from reflections.selectors import list_reflections

if TYPE_CHECKING:
    from observations.models import Observation

# Set by js/install.js on a phone whose owner wants no hint, or has the app on the home screen already.
INSTALL_COOKIE = "no-install-hint"
_OFFERED_KEY = "came_back_offered"
_OFFERED_FOR = timedelta(days=7)
# Right after a miss was noted the phone goes down; the question waits for the next time it is picked up.
_OFFERED_AFTER = timedelta(minutes=30)
_CHECK_DUE_BEFORE_END = timedelta(days=1)
_WEEK_SHOWN_FOR = timedelta(days=7)


@require_safe
@login_not_required
def today(request: HttpRequest) -> HttpResponse:
    """The landing page, or Today for somebody who is signed in."""
    if request.user.is_authenticated:
        return _today(request)
    landing = "landing_plain" if is_discreet(request) else "landing"
    return render_page(request, f"frontend/{landing}.html", {})


@with_child
def _today(request: SignedInRequest, home: Home) -> HttpResponse:
    now = timezone.now()
    day = local_day(now, home.household.timezone)
    first = week_start(day, home.household.week_starts_on)
    week = _week(request, home, first=first, today=day)
    moments = list_moments(
        actor_id=request.user.pk,
        filters=MomentFilters(household_id=home.household.public_id, since=day, until=day),
    )
    context = {
        "household": home.household,
        "day": day,
        "several_children": len(home.children) > 1,
        "week": week,
        "count": sum(len(entry["tones"]) for entry in week),
        "day_count": sum(bool(entry["tones"]) for entry in week),
        "moments": moments.items,
        "came_back_offer": _offer_once(request, home, since=day - _OFFERED_FOR, now=now),
        "reflection": _ready_week(request, home, today=day),
        "check_due": _is_check_due(request, home, first=first, today=day),
        "soft_card": soft_card.take(request),
        "disowned": bool(request.user.mail_stopped_at) and has_disowned(user_id=request.user.pk),
        "to_settle": count_waiting(actor_id=request.user.pk),
        # Only once the app was of use, and never where its name should not be told.
        "offers_install": any(entry["tones"] for entry in week)
        and not is_discreet(request)
        and INSTALL_COOKIE not in request.COOKIES,
        "suggested": has_suggestion(actor_id=request.user.pk, household_id=home.household.pk, now=now),
        "unread": count_unread(actor_id=request.user.pk, household_id=home.household.pk),
    }
    return render_page(request, "frontend/today.html", context)


def _week(request: SignedInRequest, home: Home, *, first: date, today: date) -> list[dict[str, Any]]:
    """Seven days with the tones of the reader's own moments."""
    last = first + timedelta(days=6)
    tones = list_tones_by_day(
        actor_id=request.user.pk, household_id=home.household.pk, since=first, until=last
    )
    days = (first + timedelta(days=offset) for offset in range(7))
    return [{"day": day, "is_today": day == today, "tones": tones.get(day, [])} for day in days]


def _offer_once(request: SignedInRequest, home: Home, *, since: date, now: datetime) -> Observation | None:
    """The reader's latest miss of these days, if it is not mended and was not asked about before."""
    filters = MomentFilters(
        household_id=home.household.public_id, author_id=request.user.public_id, tone=Tone.MISSED, since=since
    )
    latest = next(iter(list_moments(actor_id=request.user.pk, filters=filters, limit=1).items), None)
    if latest is None or latest.received_at > now - _OFFERED_AFTER or getattr(latest, "mended_by", None):
        return None
    if request.session.get(_OFFERED_KEY) == str(latest.public_id):
        return None
    request.session[_OFFERED_KEY] = str(latest.public_id)
    return latest


def _ready_week(request: SignedInRequest, home: Home, *, today: date) -> dict[str, str] | None:
    """The week that closed last, for a week from then on."""
    weeks = list_reflections(actor_id=request.user.pk, household_id=home.household.public_id, limit=2).items
    closed = (week for week in weeks if today - _WEEK_SHOWN_FOR <= week.last_on < today)
    latest = next(closed, None)
    if latest is None:
        return None
    return {"label": latest.label, "words": week_in_words(latest.start_on, latest.last_on)}


def _is_check_due(request: SignedInRequest, home: Home, *, first: date, today: date) -> bool:
    """On the last two days of a week, while a child's self-check is not answered yet."""
    if today < first + timedelta(days=6) - _CHECK_DUE_BEFORE_END:
        return False
    checked = list_checked_child_ids(
        actor_id=request.user.pk, household_id=home.household.pk, first_day=first
    )
    return any(child.pk not in checked for child in home.children)
