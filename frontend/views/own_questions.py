"""One's own questions: written, looked at as on a phone, asked; offered by others, and suggested by a coach."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from coaching.selectors import list_suggested_by, list_suggested_to, present_coaches
from coaching.services import answer_suggested_question, suggest_question
from common.errors import Conflict, Refused
from common.forms import ServiceForm
from frontend.coach_session import at_work
from frontend.covers import covered_in_words
from frontend.current import Home, SignedInRequest, at_home
from frontend.forms.fields import posted
from frontend.forms.own_questions import AskedForm, OwnQuestionForm
from frontend.render import render_page, see_other
from frontend.views.household import form_status, is_guardian
from households.rules import GrantScope, GrantState
from households.selectors import get_given_grant, list_grants
from observations.rules import OWN_QUESTIONS_MAX
from observations.selectors import get_own_list, get_own_question, list_earlier, list_offered
from observations.services import (
    change_question,
    drop_question,
    offer_questions,
    publish_questions,
    retire_question,
    take_question,
    write_question,
)


# --- The author --------------------------------------------------------------------------------------------------
@require_safe
@at_home
def own_questions(request: SignedInRequest, home: Home) -> HttpResponse:
    """What the reader is asked beside the built-in questions, what is to come, and what others offer or suggest."""
    return _list_page(request, home)


def _list_page(request: SignedInRequest, home: Home, form: ServiceForm | None = None) -> HttpResponse:
    actor_id, household_id, now = request.user.pk, home.household.public_id, timezone.now()
    cursor = request.GET.get("cursor", "")
    earlier = ServiceForm(request.GET).run(
        lambda: list_earlier(actor_id=actor_id, household_id=household_id, cursor=cursor)
    )
    if earlier is None:  # an address of a page that is over
        return see_other(request, "own-questions")
    own = get_own_list(actor_id=actor_id, household_id=household_id)
    suggested = list_suggested_to(actor_id=actor_id, household_id=household_id, now=now)
    coaches = present_coaches(actor_id=actor_id, coach_ids={one.coach_id for one in suggested})
    context = {
        "household": home.household,
        "own": own,
        "earlier": earlier,
        "is_later_page": bool(cursor),
        "is_guardian": is_guardian(home),
        "has_room": len(own.coming) < OWN_QUESTIONS_MAX,
        "most": OWN_QUESTIONS_MAX,
        "offered": list_offered(actor_id=actor_id, household_id=household_id),
        "suggested": [{"question": one, "by": coaches[one.coach_id].called} for one in suggested],
        "form": form,
    }
    status = form_status(form or ServiceForm())
    return render_page(request, "frontend/questions/list.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def write(request: SignedInRequest, home: Home) -> HttpResponse:
    """A new question, as a draft."""
    if not is_guardian(home):
        raise Refused("own questions are written by guardians")
    form = OwnQuestionForm(posted(request))
    if request.method == "POST":
        written = form.run(
            lambda: write_question(
                actor_id=request.user.pk,
                household_id=home.household.public_id,
                **form.asked(),
                now=timezone.now(),
            )
        )
        if written:
            return see_other(request, "own-questions-preview")
    context = {"household": home.household, "form": form, "seen": None}
    return render_page(request, "frontend/questions/write.html", context, status=form_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def change(request: SignedInRequest, home: Home, question_id: uuid.UUID) -> HttpResponse:
    """Other words: for a draft at once, for a question that is asked as a draft that will replace it.

    Where there is such a draft it is on the page, and the page saves that one. Whoever wrote theirs before they could
    see it reads it above their own words, and saves once more.
    """
    actor_id, household_id = request.user.pk, home.household.public_id
    seen = get_own_question(actor_id=actor_id, household_id=household_id, question_id=question_id)
    if not is_guardian(home):
        raise Refused("own questions are written by guardians")
    form = OwnQuestionForm(posted(request), initial=OwnQuestionForm.words_of(seen))
    is_there_another = False
    if request.method == "POST":
        try:
            changed = form.run(
                lambda: change_question(
                    actor_id=actor_id,
                    household_id=household_id,
                    question_id=question_id,
                    **form.asked(),
                    now=timezone.now(),
                )
            )
            if changed:
                return see_other(request, "own-questions-preview")
        except Conflict:
            is_there_another = True
    context = {"household": home.household, "form": form, "seen": seen, "another": is_there_another}
    status = 409 if is_there_another else form_status(form)
    return render_page(request, "frontend/questions/write.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def preview(request: SignedInRequest, home: Home) -> HttpResponse:
    """The sheet as it would ask from now on; sent, it does. What changed since it was opened is looked at first."""
    if request.method == "POST":
        try:
            publish_questions(
                actor_id=request.user.pk,
                household_id=home.household.public_id,
                is_offered="offered" in request.POST,
                seen_as=request.POST.get("seen_as", ""),
                now=timezone.now(),
            )
        except Conflict:
            return _preview_page(request, home, conflict=True)
        messages.success(request, _("You are asked so from now on."))
        return see_other(request, "own-questions")
    return _preview_page(request, home)


def _preview_page(request: SignedInRequest, home: Home, *, conflict: bool = False) -> HttpResponse:
    own = get_own_list(actor_id=request.user.pk, household_id=home.household.public_id)
    if conflict and not own.drafts:  # sent twice, or the draft is gone: what is asked stands on the page
        return see_other(request, "own-questions")
    context = {
        "household": home.household,
        "own": own,
        "conflict": conflict,
        "is_offered": "offered" in request.POST if conflict else own.is_offered,
        "is_guardian": is_guardian(home),
        "readers": _readers(request, home) if own.drafts else [],
        "asked": list(AskedForm([seen for seen in own.coming if seen.is_readable])),
    }
    return render_page(request, "frontend/questions/preview.html", context, status=409 if conflict else 200)


def _readers(request: SignedInRequest, home: Home) -> list[tuple[str, str]]:
    """The coaches who see answers to own questions: the address, and what they see in one sentence."""
    now = timezone.now()
    grants = list_grants(actor_id=request.user.pk, household_id=home.household.public_id, now=now)
    return [
        (grant.coach_email, covered_in_words(grant))
        for grant in grants
        if grant.state_at(now) is GrantState.LIVE and grant.scope == GrantScope.RATINGS_AND_NOTES
    ]


@require_POST
@at_home
def drop(request: SignedInRequest, home: Home, question_id: uuid.UUID) -> HttpResponse:
    drop_question(actor_id=request.user.pk, household_id=home.household.public_id, question_id=question_id)
    messages.success(request, _("The draft is gone."))
    return see_other(request, "own-questions")


@require_POST
@at_home
def retire(request: SignedInRequest, home: Home, question_id: uuid.UUID) -> HttpResponse:
    retire_question(
        actor_id=request.user.pk,
        household_id=home.household.public_id,
        question_id=question_id,
        now=timezone.now(),
    )
    messages.success(request, _("It is asked no more. What you answered stays."))
    return see_other(request, "own-questions")


@require_POST
@at_home
def offer(request: SignedInRequest, home: Home) -> HttpResponse:
    """Whether the other adults may read the reader's questions and take them over."""
    offer_questions(
        actor_id=request.user.pk,
        household_id=home.household.public_id,
        is_offered="offered" in request.POST,
    )
    messages.success(request, _("Saved."))
    return see_other(request, "own-questions")


@require_POST
@at_home
def take(request: SignedInRequest, home: Home, question_id: uuid.UUID) -> HttpResponse:
    """A question that another adult offers, as a draft of the reader's own."""
    form = ServiceForm(request.POST)
    taken = form.run(
        lambda: take_question(
            actor_id=request.user.pk,
            household_id=home.household.public_id,
            question_id=question_id,
            now=timezone.now(),
        )
    )
    return see_other(request, "own-questions-preview") if taken else _list_page(request, home, form)


@require_POST
@at_home
def answer_suggested(request: SignedInRequest, home: Home, suggested_id: uuid.UUID) -> HttpResponse:
    """A coach's question taken over as a draft, or left."""
    is_taken = "take" in request.POST
    form = ServiceForm(request.POST)
    form.run(
        lambda: answer_suggested_question(
            actor_id=request.user.pk, suggested_id=suggested_id, is_taken=is_taken, now=timezone.now()
        )
    )
    if form.errors:
        return _list_page(request, home, form)
    if is_taken:
        return see_other(request, "own-questions-preview")
    messages.success(request, _("Left. Nobody is told."))
    return see_other(request, "own-questions")


# --- The coach ---------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@at_work
def suggest(request: SignedInRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Suggest a question to whoever gave this grant. What becomes of it is theirs."""
    coach_id, now = request.user.pk, timezone.now()
    form = OwnQuestionForm(posted(request))
    if request.method == "POST":
        done = form.run(
            lambda: suggest_question(actor_id=coach_id, grant_id=grant_id, **form.asked(), now=now)
        )
        if done:
            messages.success(request, _("Suggested. They decide."))
            return see_other(request, "coach-questions", grant_id=grant_id)
    given = get_given_grant(coach_id=coach_id, grant_id=grant_id, now=now)
    suggested, are_more = list_suggested_by(
        coach_id=coach_id, household_id=given.household_id, author_id=given.author_id, now=now
    )
    context: dict[str, Any] = {
        "household_id": given.household.public_id,
        "author": given.author.called,
        "form": form,
        "suggested": suggested,
        "are_more": are_more,
    }
    return render_page(request, "frontend/coach/questions.html", context, status=form_status(form))
