"""The weeks: what each one added up to, and one's own words on it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from checklists.content import Content
from checklists.rules import Dimension, Occasion
from checklists.selectors import get_content
from common.errors import NotVisible
from common.forms import ServiceForm
from frontend.current import Home, SignedInRequest, at_home, at_named_home
from frontend.forms.reflections import SwapForm, ThoughtForm, WrongForm
from frontend.render import render_page, see_other
from frontend.views.comments import CommentShown, said_on
from observations.selectors import get_moment
from reflections.compose.today import FROM_COACH, place_from_coach
from reflections.mail import period_in_words
from reflections.phrases import title
from reflections.selectors import Part, WeekPage, get_reflection, list_reflections, list_thoughts
from reflections.services import report_sentence, take_back_report, write_thought
from reflections.statistics import Detail

_PRACTICE_IN_SHORT = frozenset({"small.try", "way_back.practice"})


# --- The list ----------------------------------------------------------------------------------------------------
@require_safe
@at_home
def reflections(request: SignedInRequest, home: Home) -> HttpResponse:
    """The reader's own weeks, latest first; an address of a page that is over leads back to the top."""
    now = timezone.now()
    form = ServiceForm(request.GET)
    page = form.run(
        lambda: list_reflections(
            actor_id=request.user.pk,
            household_id=home.household.public_id,
            cursor=request.GET.get("cursor", ""),
        )
    )
    if page is None:
        return see_other(request, "reflections")
    weeks = [
        {
            "label": week.label,
            "words": period_in_words(week.start_on, week.last_on + timedelta(days=1)),
            "kind": week.kind,
            "is_open": now < week.ends_at,
            "count": week.count,
            "days": [{"day": day, "tones": tones} for day, tones in week.days],
        }
        for week in page.items
    ]
    earlier = f"?{urlencode({'cursor': page.next_cursor})}" if page.next_cursor else ""
    context = {"household": home.household, "weeks": weeks, "next_url": earlier}
    return render_page(request, "frontend/reflections/list.html", context)


# --- One week ----------------------------------------------------------------------------------------------------
@require_safe
@at_named_home
def reflection(request: SignedInRequest, home: Home, label: str) -> HttpResponse:
    """The week as it stands now. `?keep=` and `?practice=` show another of the offered ones and store nothing.

    `?home=` says whose week it is for somebody who lives in two households; the links on the page keep it.
    """
    return _week_page(request, home, label=label, form=ThoughtForm())


@require_POST
@at_named_home
def thought(request: SignedInRequest, home: Home, label: str) -> HttpResponse:
    """Keep the reader's words on their week."""
    form = ThoughtForm(request.POST)
    written = form.run(
        lambda: write_thought(
            actor_id=request.user.pk,
            household_id=home.household.public_id,
            label=label,
            **form.cleaned_data,
            now=timezone.now(),
        )
    )
    if written:
        return see_other(request, f"{reverse('reflection', args=[label])}{_named(request)}#thoughts")
    return _week_page(request, home, label=label, form=form)


@require_POST
@at_named_home
def wrong(request: SignedInRequest, home: Home, label: str) -> HttpResponse:
    """Say that a sentence is wrong, hide it or show it again, or take that back: one tap each."""
    form = WrongForm(request.POST)
    if not form.run(lambda: _say_wrong(request, home, label=label, values=form.cleaned_data)):
        return _week_page(request, home, label=label, form=ThoughtForm(), refused=form)
    return see_other(
        request, f"{reverse('reflection', args=[label])}{_named(request)}#{form.cleaned_data['part']}"
    )


def _say_wrong(request: SignedInRequest, home: Home, *, label: str, values: Mapping[str, Any]) -> bool:
    about = {
        "actor_id": request.user.pk,
        "household_id": home.household.public_id,
        "label": label,
        "rule": values["rule"],
    }
    if values["act"] == WrongForm.TAKE_BACK:
        take_back_report(**about)
    else:
        hidden = {WrongForm.HIDE: True, WrongForm.SHOW: False}.get(values["act"])
        words = values["words"] if values["act"] == WrongForm.WORDS else None
        report_sentence(**about, is_hidden=hidden, words=words, now=timezone.now())
    return True


def _week_page(
    request: SignedInRequest,
    home: Home,
    *,
    label: str,
    form: ThoughtForm,
    refused: WrongForm | None = None,
) -> HttpResponse:
    actor_id, household_id = request.user.pk, home.household.public_id
    week = get_reflection(actor_id=actor_id, household_id=household_id, label=label, now=timezone.now())
    swap = SwapForm(request.GET)
    chosen = swap.cleaned_data if swap.is_valid() else {}
    drawing = _Drawing(actor_id, get_content(request.user.language), chosen, request.GET.get("home", ""))
    # Words can be kept on a week once it was compiled: until then nothing is stored that they could belong to.
    compiled = week.revision > 0
    thoughts = list_thoughts(actor_id=actor_id, household_id=household_id, label=label) if compiled else ()
    context = {
        "household": home.household,
        "named_home": _named(request),
        "week": {"label": week.label, "words": _words(week)},
        "earlier_label": week.earlier_label,
        "later_label": week.later_label,
        "is_open": week.is_open,
        "can_report": compiled,
        "sections": _with_comments(
            [drawing.section(part) for part in week.parts],
            said_on(request, household_pk=home.household.pk, week=week.label, now=timezone.now()),
        ),
        "thoughts": thoughts,
        "thought_form": form if compiled else None,
        "refused": refused,
    }
    status = 422 if form.errors or refused else 200
    return render_page(request, "frontend/reflections/week.html", context, status=status)


def _with_comments(sections: list[dict[str, Any]], comments: Sequence[CommentShown]) -> list[dict[str, Any]]:
    """The same sections, with what coaches wrote about this week in its place."""
    if not comments:
        return sections
    keys = [section["key"] for section in sections]
    if FROM_COACH not in keys:
        found = {"key": FROM_COACH, "title": title(FROM_COACH), "sentences": ()}
        sections.insert(place_from_coach(keys), found)
    return [
        section | {"comments": comments} if section["key"] == FROM_COACH else section for section in sections
    ]


def _named(request: SignedInRequest) -> str:
    """The query that keeps the named household on the way to another address, '' when none was named."""
    home = request.GET.get("home", "")
    return f"?{urlencode({'home': home})}" if home else ""


def _words(week: WeekPage) -> str:
    return period_in_words(week.start_on, week.last_on + timedelta(days=1))


# --- What is drawn beside the sentences ------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Drawing:
    """Turns the stored data of each section into what its template draws, for one reader and their swaps."""

    actor_id: int
    content: Content
    chosen: Mapping[str, int | None]
    named_home: str

    def section(self, part: Part) -> dict[str, Any]:
        # Where the practice itself stands on the page, the mail's one-line form of it would say it twice.
        said = tuple(sentence for sentence in part.sentences if sentence.rule not in _PRACTICE_IN_SHORT)
        shown = {"key": part.key, "title": part.title, "sentences": said}
        match part.key:
            case "keep":
                return shown | self._keep(part.data)
            case "way_back":
                return shown | {"practice": self.content.practice_by_slug.get(part.data["practice"])}
            case "noticed":
                return shown | {"days": _days(part.data)}
            case "focus":
                return shown | self._focus(part.data)
            case "small_thing":
                return shown | self._practice(part.data)
        return shown

    def _keep(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The moment with its note, which is opened here and now and stored nowhere.

        The stored sentence speaks of the first one, so it goes when another is shown; so does a practice's.
        """
        offered = [data["moment"], *data["alternatives"]]
        moment_id, another = self._turn("keep", offered)
        try:
            moment = get_moment(actor_id=self.actor_id, moment_id=uuid.UUID(moment_id))
        except NotVisible:
            # Deleted between the page's two looks: the next one tells the week without it.
            return {"moment": None}
        said = {} if moment_id == offered[0] else {"sentences": ()}
        return {"moment": moment, "swap_url": another, **said}

    def _practice(self, data: Mapping[str, Any]) -> dict[str, Any]:
        offered = [data["practice"], *data["alternatives"]]
        known = [slug for slug in offered if slug in self.content.practice_by_slug]
        if not known:
            return {}
        slug, another = self._turn("practice", known)
        said = {} if slug == offered[0] else {"sentences": ()}
        return {"practice": self.content.practice_by_slug[slug], "swap_url": another, **said}

    def _turn(self, name: str, offered: Sequence[str]) -> tuple[str, str]:
        """The one at the chosen place, and the address that shows the next ('' when there is only one)."""
        place = (self.chosen.get(name) or 0) % len(offered)
        others = {other: self.chosen.get(other) for other in ("keep", "practice") if other != name}
        kept = {key: value for key, value in {"home": self.named_home, **others}.items() if value}
        query = {**kept, name: (place + 1) % len(offered)}
        return offered[place], f"?{urlencode(query)}" if len(offered) > 1 else ""

    def _focus(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Five bars with their words; an interval only where there are answers enough for one."""
        if data["detail"] == Detail.LIST:
            return {}
        anchors = self.content.question(Dimension(data["dimension"]), Occasion.MOMENT).anchors
        low, high = data["interval"] or (None, None)
        rows = [
            {"value": anchor.value, "label": anchor.label, "count": data["spread"][str(anchor.value)]}
            for anchor in anchors
        ]
        return {"rows": rows, "low": low, "mean": data["mean"], "high": high}


def _days(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"day": date.fromisoformat(day["on"]), "tones": [moment["tone"] for moment in day["moments"]]}
        for day in data["days"]
    ]
