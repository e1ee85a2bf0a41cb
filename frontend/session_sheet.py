"""A session sheet in words: one plain structure that page and file are both made from, so that they say the same.

A sheet is `title`, `lang`, `intro` and `sections` of blocks, and `foot`, a list of sentences. A block has a `kind`:
`text`, `soft` and `words` (somebody's own) have a `text`; `facts` has `rows` of label and value; `table` has `head` and
`rows` of cells; `entry`, which is in sections alone, has a `title` and `blocks` of its own. All of it is text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from checklists.content import Content
from checklists.rules import Occasion, Tone
from coaching.rules import Answer, Slot, Wish
from coaching.selectors import FocusSeen, GrantedMonths, SessionSheet
from coaching.statistics import Comparison
from common.dates import local_day
from frontend.forms.grants import SCOPES_IN_SHORT
from frontend.shown import NoteShown, note_in_words
from frontend.tellings import tell_question
from frontend.templatetags.attune import day_name, moment_time, tone_label, tone_short
from frontend.words import week_in_words
from households.rules import GrantScope
from reflections.patterns import Share
from reflections.statistics import Interval

if TYPE_CHECKING:
    from datetime import datetime

    from coaching.models import Ask, Comment
    from households.models import Grant

Block = dict[str, Any]


def sheet_in_words(sheet: SessionSheet, *, content: Content, language: str) -> dict[str, Any]:
    """The whole sheet; a section that would be empty is not there, but for the first."""
    author = sheet.grants[0].author.called
    written = _by_moment(sheet.comments)
    sections = [
        _section(_("Week by week"), [_weeks(sheet)]),
        _section(_("Asked for"), [_facts(_asked(ask, sheet) for ask in sheet.asks)]),
        _section(_("Something to try"), (_focus(seen) for seen in sheet.focuses)),
        *(_pattern(told, content) for told in sheet.told),
        _section(_("Moments and self-checks"), _moments(sheet, written)),
        _section(_("What I wrote on whole weeks"), _on_weeks(sheet, written.get(None, ()))),
    ]
    return {
        "title": _("For a session"),
        "lang": language,
        "intro": [_facts(_about(sheet, author))],
        "sections": [section for section in sections if section["blocks"]],
        "foot": [
            _(
                "Only what was written down and shared. It stands for nothing else, and a quiet week says nothing."
            ),
            _(
                "A range says which averages are plausible for moments like these, in 95 of 100 cases; below 5 answers "
                "there is none."
            ),
            content.version.about,
            _(
                "%(name)s can see each time this is opened or taken along. It is kept nowhere here; on paper it stays "
                "with whoever has it."
            )
            % {"name": author},
        ],
    }


def _section(title: str, blocks: Iterable[Block | None]) -> dict[str, Any]:
    return {"title": title, "blocks": [block for block in blocks if block]}


def _facts(rows: Iterable[tuple[Any, Any]]) -> Block | None:
    told = [[str(label), str(value)] for label, value in rows if value]
    return {"kind": "facts", "rows": told} if told else None


def _text(text: str, kind: str = "text") -> Block:
    return {"kind": kind, "text": text}


# --- What it is about --------------------------------------------------------------------------------------------
def _about(sheet: SessionSheet, author: str) -> Iterator[tuple[str, str]]:
    yield pgettext("whose notes", "Of"), author
    yield (
        _("Weeks"),
        _("from %(first)s to %(last)s")
        % {"first": date_format(sheet.since, "j F"), "last": date_format(sheet.until, "j F Y")},
    )
    yield (
        _("Last session"),
        date_format(sheet.last_session, "j F Y")
        if sheet.last_session
        else _("none marked; these are the last four weeks and the running one"),
    )
    yield _("What is shown"), "\n".join(_given(grant) for grant in sheet.grants)


def _given(grant: Grant) -> str:
    children = ", ".join(covered.child.nickname for covered in getattr(grant, "covered", ()))
    told = {
        "scope": SCOPES_IN_SHORT[GrantScope(grant.scope)],
        "children": children,
        "day": _day(grant.expires_at),
    }
    return _("%(scope)s, with %(children)s, until %(day)s") % told


def _day(instant: datetime | None) -> str:
    return date_format(timezone.localtime(instant), "j F Y") if instant else ""


def _weeks(sheet: SessionSheet) -> Block:
    if not sheet.weeks:
        return _text(_("Nothing was shared in these weeks."), "soft")
    return {
        "kind": "table",
        "head": [_("Week"), *(tone_short(tone) for tone in Tone)],
        "rows": [
            [
                week_in_words(week.first_day, week.last_day),
                *(str(week.tones.get(tone, 0)) for tone in Tone),
            ]
            for week in sheet.weeks
        ],
    }


def _asked(ask: Ask, sheet: SessionSheet) -> tuple[str, str]:
    asked_on = local_day(ask.asked_at, sheet.grants[0].household.timezone)
    wish = (
        _("Please look")
        if ask.wish == Wish.LOOK
        else _("Shared that the card with where to find help came up")
    )
    about = {"wish": wish, "day": day_name(ask.observation.occurred_on)}
    return day_name(asked_on), _("%(wish)s: the moment of %(day)s") % about


# --- Something to try --------------------------------------------------------------------------------------------
def _focus(seen: FocusSeen) -> Block:
    practice = seen.practice
    blocks = [_text(practice.summary)] if practice else []
    blocks.append(_text(_state(seen), "soft"))
    if seen.asked:
        tried = {"tried": seen.tried, "asked": seen.asked}
        blocks.append(
            _text(_("Tried in %(tried)s of %(asked)s moments in which it was asked.") % tried, "soft")
        )
    if seen.comparison:
        blocks += _compared(seen.comparison)
    return {
        "kind": "entry",
        "title": practice.title if practice else seen.focus.practice,
        "blocks": blocks,
    }


def _state(seen: FocusSeen) -> str:
    focus = seen.focus
    if focus.answer == Answer.WAITING:
        return ngettext(
            "Suggested for %(n)s week; not answered yet.",
            "Suggested for %(n)s weeks; not answered yet.",
            focus.weeks,
        ) % {"n": focus.weeks}
    if focus.answer == Answer.DECLINED:
        return _("Declined.")
    first, last = focus.from_on or "", focus.until_on or ""  # both are there: a constraint
    days = {"first": date_format(first, "j F"), "last": date_format(last, "j F Y")}
    said = _("From %(first)s to %(last)s.") % days
    return f"{said} {_('Changed before it was taken.')}" if focus.is_changed else said


def _compared(found: Comparison) -> Iterator[Block]:
    verdicts = {
        "cannot_tell": _("There is too little here to tell whether anything was different."),
        "not_clear": _("These overlap: no difference is clear. That is not the same as none."),
        "higher": _("The answers were higher while it was tried, by more than chance makes likely."),
        "lower": _("The answers were lower while it was tried, by more than chance makes likely."),
    }
    blocks = ((_("The weeks before"), found.before), (_("While it was tried"), found.during))
    facts = _facts((label, _number(block.mean, block.interval, block.n)) for label, block in blocks)
    if facts:
        yield facts
    yield _text(verdicts[str(found.verdict)])
    yield _text(_("It is one family, one time: other things changed in these weeks too."), "soft")


def _number(mean: float | None, interval: Interval | None, n: int) -> str:
    """A mean with its range and how many there are; too few are said to be."""
    if mean is None or interval is None:
        return ngettext("%(n)s answer: no average", "%(n)s answers: no average", n) % {"n": n}
    told = {
        "mean": number_format(mean, 1),
        "low": number_format(interval.low, 1),
        "high": number_format(interval.high, 1),
        "n": n,
    }
    return _("%(mean)s (plausibly %(low)s to %(high)s), %(n)s answers") % told


# --- Patterns ----------------------------------------------------------------------------------------------------
def _pattern(found: GrantedMonths, content: Content) -> dict[str, Any]:
    """One child's answers and ticks over all of these weeks, each with its range and how many there are."""
    rows = []
    for series in found.series:
        told = tell_question(series, content)
        answers = told["whole"]
        number = (
            answers["words"]
            if answers["mean"] is None
            else _number(answers["mean"], answers["interval"], answers["n"])
        )
        asked = _("about a week") if series.occasion is Occasion.WEEK else _("about a moment")
        rows.append([told["label"], asked, f"{number}\n{answers['absent']}".strip()])
    blocks: list[Block | None] = [
        {
            "kind": "table",
            "head": [_("Question"), _("Asked"), _("Answers")],
            "rows": rows,
        }
        if rows
        else None,
        _facts((tone_short(tone), _ticked(found.cues[tone], content)) for tone in Tone),
        _mended(found),
    ]
    title = _("%(name)s with %(child)s, all of these weeks") % {"name": found.author, "child": found.child}
    return _section(title, blocks)


def _ticked(shares: Sequence[Share], content: Content) -> str:
    """Each cue on a line: how often of how many moments, and its range where there are enough."""
    return "\n".join(
        _share(content.cue_by_key[share.key].label, share)
        for share in shares
        if share.key in content.cue_by_key
    )


def _share(label: str, share: Share) -> str:
    told = {"label": label, "times": share.times, "of": share.of}
    said = _("%(label)s: %(times)s of %(of)s") % told
    if share.interval is None:
        return said
    reach = {"low": round(share.interval.low * 100), "high": round(share.interval.high * 100)}
    return said + _(", plausibly %(low)s to %(high)s of 100") % reach


def _mended(found: GrantedMonths) -> Block | None:
    if not found.missed:
        return None
    told = {"n": found.missed, "mended": found.mended}
    return _text(
        ngettext(
            "%(n)s miss was shared; ways back to it that were shared too: %(mended)s.",
            "%(n)s misses were shared; with a way back that was shared too: %(mended)s.",
            found.missed,
        )
        % told
    )


# --- Moments -----------------------------------------------------------------------------------------------------
def _by_moment(comments: Iterable[Comment]) -> Mapping[int | None, list[Comment]]:
    """By what they are on; those on a whole week under None."""
    found: dict[int | None, list[Comment]] = {}
    for row in comments:
        found.setdefault(row.observation_id, []).append(row)
    return found


def _moments(sheet: SessionSheet, written: Mapping[int | None, list[Comment]]) -> Iterator[Block]:
    if sheet.left_out:
        yield _text(
            ngettext(
                "%(n)s earlier one has no room here.", "%(n)s earlier ones have no room here.", sheet.left_out
            )
            % {"n": sheet.left_out},
            "soft",
        )
    for row in sheet.moments:
        yield _moment(note_in_words(row), written.get(row.pk, ()))


def _moment(note: NoteShown, comments: Sequence[Comment]) -> Block:
    row = note.row
    when = f"{day_name(row.occurred_on)}, {moment_time(row)}" if note.tone else note.week
    what = tone_label(note.tone) if note.tone else _("Self-check")
    said = _facts(
        [
            (_("Where and when"), ", ".join(note.contexts)),
            (_("What the parent noticed in themselves"), "\n".join(note.cues)),
            (_("What they saw in the child"), ", ".join(note.feelings)),
            *((answer.prompt, answer.words) for answer in note.answers),
            (
                _("Came back to"),
                _("the miss of %(day)s") % {"day": day_name(row.repairs.occurred_on)} if row.repairs else "",
            ),
        ]
    )
    blocks = [said] if said else []
    if row.note:
        blocks.insert(0, _text(row.note, "words"))
    elif row.note_unreadable:
        blocks.insert(0, _text(_("This note cannot be opened."), "soft"))
    for comment in comments:
        blocks += _said(comment)
    return {"kind": "entry", "title": f"{what} · {when} · {row.child.nickname}", "blocks": blocks}


def _on_weeks(sheet: SessionSheet, comments: Iterable[Comment]) -> Iterator[Block]:
    words = {week.label: week_in_words(week.first_day, week.last_day) for week in sheet.weeks}
    for row in comments:
        yield {"kind": "entry", "title": words.get(row.week, row.week), "blocks": _said(row)}


def _said(row: Comment) -> list[Block]:
    """The coach's own words, slot by slot."""
    slots = {
        Slot.SAW: _("What I saw you do"),
        Slot.GIVES: _("What that gives"),
        Slot.CHILD: _("What your child did then"),
        Slot.MORE: _("A question or a suggestion"),
    }
    blocks = [_text(_("I wrote on %(day)s:") % {"day": _day(row.written_at)}, "soft")]
    said = _facts((label, getattr(row, slot)) for slot, label in slots.items())
    if said:
        blocks.append(said)
    if row.unreadable:
        blocks.append(_text(_("This cannot be opened."), "soft"))
    return blocks
