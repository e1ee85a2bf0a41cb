"""From your coach: what was written to the reader, their answers, and asking a coach to look."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.rules import Visibility
from coaching.rules import Wish, reply_due_on
from coaching.selectors import (
    Presented,
    get_comment,
    list_asked,
    list_comments,
    list_muted,
    page_comments,
    present_coaches,
)
from coaching.services import ask_to_look, mark_read, mute_coach, reply_to_comment, unmute_coach
from common.forms import ServiceForm
from frontend.current import Home, SignedInRequest, at_home
from frontend.forms.coaching import ReplyForm
from frontend.forms.fields import posted
from frontend.render import render_page, see_other
from frontend.views.household import form_status
from households.selectors import list_seeing_grants

if TYPE_CHECKING:
    from coaching.models import Comment
    from observations.models import Observation


@dataclass(frozen=True, slots=True)
class CommentShown:
    """One comment as its author reads it."""

    row: Comment
    coach: Presented
    is_muted: bool


# --- On a page of the author's own -------------------------------------------------------------------------------
def said_on(
    request: SignedInRequest,
    *,
    household_pk: int,
    now: datetime,
    observation_id: int | None = None,
    week: str = "",
) -> list[CommentShown]:
    """What coaches wrote to the reader on one moment or week of theirs."""
    found = list_comments(
        actor_id=request.user.pk, household_id=household_pk, observation_id=observation_id, week=week, now=now
    )
    return _shown(request.user.pk, found)


def _shown(actor_id: int, found: Sequence[Comment]) -> list[CommentShown]:
    coaches = present_coaches(actor_id=actor_id, coach_ids={comment.coach_id for comment in found})
    households = {comment.household_id for comment in found}
    muted = {
        (home, coach) for home in households for coach in list_muted(actor_id=actor_id, household_id=home)
    }
    return [
        CommentShown(row, coaches[row.coach_id], (row.household_id, row.coach_id) in muted) for row in found
    ]


def asking(request: SignedInRequest, moment: Observation, *, now: datetime) -> dict[str, Any] | None:
    """Whether the reader may ask coaches to look at this moment of theirs, and who was asked; None: nobody sees it."""
    if moment.author_id != request.user.pk or moment.visibility == Visibility.PRIVATE:
        return None
    grants = list_seeing_grants(
        actor_id=request.user.pk,
        household_id=moment.household_id,
        child_id=moment.child_id,
        on=moment.occurred_on,
        now=now,
    )
    coach_ids = {grant.coach_id for grant in grants if grant.coach_id is not None}
    if not coach_ids:
        return None
    asked = list_asked(actor_id=request.user.pk, observation_id=moment.pk)
    coaches = present_coaches(actor_id=request.user.pk, coach_ids=coach_ids).values()
    return {
        "is_asked": coach_ids <= {coach_id for coach_id, wish in asked if wish == Wish.LOOK},
        "due_on": _due_on(coaches, moment, now),
        "coaches": sorted(coach.called for coach in coaches),
    }


def _due_on(coaches: Iterable[Presented], moment: Observation, now: datetime) -> date:
    """By which local day the slowest of them promises to have replied, were they asked now."""
    slowest = max(coach.reply_days for coach in coaches)
    return reply_due_on(now, working_days=slowest, timezone=moment.timezone)


# --- Pages -------------------------------------------------------------------------------------------------------
@require_safe
@at_home
def comments(request: SignedInRequest, home: Home) -> HttpResponse:
    """All of it, latest first; an address of a page that is over leads back to the top."""
    page = ServiceForm(request.GET).run(
        lambda: page_comments(
            actor_id=request.user.pk,
            household_id=home.household.public_id,
            cursor=request.GET.get("cursor", ""),
            now=timezone.now(),
        )
    )
    if page is None:
        return see_other(request, "comments")
    context = {
        "household": home.household,
        "comments": _shown(request.user.pk, page.items),
        "next_cursor": page.next_cursor,
    }
    return render_page(request, "frontend/comments/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def comment(request: SignedInRequest, comment_id: uuid.UUID) -> HttpResponse:
    """One comment, what was answered, and room for an answer while its coach reads along."""
    actor_id, now = request.user.pk, timezone.now()
    found = get_comment(actor_id=actor_id, comment_id=comment_id, now=now)
    form = ReplyForm(posted(request))
    if request.method == "POST":
        sent = form.run(
            lambda: reply_to_comment(actor_id=actor_id, comment_id=comment_id, **form.cleaned_data, now=now)
        )
        if sent:
            messages.success(request, _("Sent to your coach."))
            return see_other(request, "comment", comment_id=comment_id)
    (shown,) = _shown(actor_id, [found])
    context = {"household": found.household, "shown": shown, "form": form}
    return render_page(request, "frontend/comments/one.html", context, status=form_status(form))


@require_POST
def read(request: SignedInRequest, comment_id: uuid.UUID) -> HttpResponse:
    """The reader's own mark; they stay where they read it."""
    found = mark_read(actor_id=request.user.pk, comment_id=comment_id, now=timezone.now())
    return see_other(request, where(found))


def where(found: Comment) -> str:
    """The page of what a comment is about."""
    if found.observation is not None and found.observation.deleted_at is None:
        return reverse("moment", kwargs={"moment_id": found.observation.public_id}) + "#from-coach"
    if found.week:
        return reverse("reflection", kwargs={"label": found.week}) + "#from-coach"
    return reverse("comments")


@require_POST
def ask(request: SignedInRequest, moment_id: uuid.UUID) -> HttpResponse:
    """One tap: please look at this."""
    form = ServiceForm(request.POST)
    asked = form.run(
        lambda: ask_to_look(
            actor_id=request.user.pk,
            moment_id=moment_id,
            wish=request.POST.get("wish", Wish.LOOK),
            now=timezone.now(),
        )
    )
    if asked:
        messages.success(request, _("Asked."))
    for error in form.non_field_errors():
        messages.info(request, str(error))
    return see_other(request, "moment", moment_id=moment_id)


@require_POST
def mute(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Hear less of one coach, or hear of them again (`hear` in the form)."""
    if "hear" in request.POST:
        unmute_coach(actor_id=request.user.pk, grant_id=grant_id, now=timezone.now())
        messages.success(request, _("You hear of them again."))
    else:
        mute_coach(actor_id=request.user.pk, grant_id=grant_id, now=timezone.now())
        messages.success(request, _("No mail about what they write. They are not told."))
    return see_other(request, "grant", grant_id=grant_id)
