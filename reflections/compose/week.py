"""The parts of a week: which sentences each says, and from which moments. Each is a function of the facts alone."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from accounts.rules import DigestLevel
from checklists.rules import Dimension, Tone
from observations.rules import EMPTY_TANK_MOMENTS, EMPTY_TANK_VALUE
from reflections.composition import Json, Section, Sentence
from reflections.facts import OwnMoment, PracticeChoice, SharedMoment, WeekFacts
from reflections.rules import seed

TOP: Final = 3
ALTERNATIVES_MAX: Final = 4
REPAIR_PRACTICE: Final = "repair_script"


# --- A moment to keep --------------------------------------------------------------------------------------------
def keep(facts: WeekFacts) -> Section | None:
    """A came-back if there is one, else the latest in-tune; after missed ones only, the way back itself."""
    found = _ordered(facts.own, Tone.CAME_BACK) or _ordered(facts.own, Tone.IN_TUNE)
    if found:
        kept = found[0]
        rule = "keep.came_back" if kept.tone is Tone.CAME_BACK else "keep.in_tune"
        others = [str(moment.id) for moment in found[1 : 1 + ALTERNATIVES_MAX]]
        sentence = Sentence(rule, {"day": kept.day.isoformat()}, (kept.id,), DigestLevel.FULL)
        return Section("keep", (sentence,), {"moment": str(kept.id), "alternatives": others})
    return way_back(facts) if facts.is_only_missed else None


def way_back(facts: WeekFacts, *, mail: DigestLevel = DigestLevel.COUNTS) -> Section:
    """In the place of a moment to keep: the practice of repair, as long as the library has it."""
    sentences = [Sentence("way_back.usual", mail=mail)]
    if any(practice.slug == REPAIR_PRACTICE for practice in facts.practices):
        sentences.append(Sentence("way_back.practice", {"practice": REPAIR_PRACTICE}, mail=mail))
    return Section("way_back", tuple(sentences), {"practice": REPAIR_PRACTICE})


def _ordered(own: Iterable[OwnMoment], tone: Tone) -> list[OwnMoment]:
    """Moments of one tone as candidates to keep: those with own words first, then the latest."""
    found = [moment for moment in own if moment.tone is tone]
    return sorted(
        found, key=lambda moment: (moment.has_note, moment.occurred_at, moment.id.int), reverse=True
    )


# --- What you noticed --------------------------------------------------------------------------------------------
def noticed(facts: WeekFacts) -> Section:
    days = {moment.day for moment in facts.own}
    ids = tuple(moment.id for moment in facts.own)
    # The number of moments in a week of missed ones is the number of misses: the mail leaves it out.
    level = None if facts.is_only_missed else DigestLevel.COUNTS
    sentences = []
    if facts.own:
        sentences.append(Sentence("noticed.count", {"moments": len(ids), "days": len(days)}, ids, level))
    if facts.checks:
        sentences.append(Sentence("noticed.check", mail=DigestLevel.COUNTS))
    sentences += _tally("noticed.done", facts.own, lambda moment: moment.done, mail=DigestLevel.FULL)
    # Where and when, and what the child felt, can tell too much to a mailbox that others open.
    sentences += _tally("noticed.contexts", facts.own, lambda moment: moment.contexts)
    sentences += _tally("noticed.feelings", facts.own, lambda moment: moment.feelings)
    sentences += _shared_sentences(facts.shared)
    return Section("noticed", tuple(sentences), {"days": _dots(facts), "shared": _by_author(facts.shared)})


def _tally(
    rule: str,
    own: Sequence[OwnMoment],
    keys: Callable[[OwnMoment], tuple[str, ...]],
    *,
    mail: DigestLevel | None = None,
) -> list[Sentence]:
    """The most frequent keys with their counts, ties in the alphabet's order; nothing when none was ticked."""
    counts = Counter(key for moment in own for key in keys(moment))
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    named = {key for key, _ in top}
    moments = tuple(moment.id for moment in own if not named.isdisjoint(keys(moment)))
    return (
        [Sentence(rule, {rule.partition(".")[2]: [list(item) for item in top]}, moments, mail)] if top else []
    )


def _dots(facts: WeekFacts) -> list[Json]:
    """Every day of the week with its own moments; a quiet day is an empty list, never a zero of anything."""
    by_day: dict[date, list[Json]] = {
        facts.start_on + timedelta(days=n): [] for n in range((facts.end_on - facts.start_on).days)
    }
    for moment in facts.own:
        by_day.setdefault(moment.day, []).append({"id": str(moment.id), "tone": moment.tone})
    return [{"on": day.isoformat(), "moments": by_day[day]} for day in sorted(by_day)]


def _by_author(shared: Sequence[SharedMoment]) -> list[Json]:
    """What others shared, in the order of their first moment of the week, never added up over authors."""
    authors = dict.fromkeys(moment.author for moment in shared)
    return [
        {
            "author": str(author),
            "moments": [{"id": str(item.id), "tone": item.tone} for item in shared if item.author == author],
        }
        for author in authors
    ]


def _shared_sentences(shared: Sequence[SharedMoment]) -> list[Sentence]:
    found = []
    for author in dict.fromkeys(moment.author for moment in shared):
        ids = tuple(moment.id for moment in shared if moment.author == author)
        found.append(Sentence("noticed.shared", {"author": str(author), "moments": len(ids)}, ids))
    return found


# --- Coming back -------------------------------------------------------------------------------------------------
def back(facts: WeekFacts) -> Section | None:
    missed = [moment for moment in facts.own if moment.tone is Tone.MISSED]
    mended = [moment for moment in missed if moment.mended_by]
    came = [moment for moment in facts.own if moment.tone is Tone.CAME_BACK]
    earlier = [moment for moment in came if moment.repairs_earlier_week]
    sentences = []
    if came:
        sentences.append(Sentence("back.came_back", {"n": len(came)}, ids_of(came), DigestLevel.COUNTS))
    if missed:
        links = tuple(link for moment in mended for link in moment.mended_by)
        params = {"missed": len(missed), "mended": len(mended)}
        sentences.append(Sentence("back.of_missed", params, (*ids_of(missed), *links)))
    if len(mended) < len(missed):
        sentences.append(Sentence("back.no_deadline", moments=ids_of(m for m in missed if not m.mended_by)))
    if earlier:
        sentences.append(Sentence("back.earlier", {"n": len(earlier)}, ids_of(earlier), DigestLevel.FULL))
    return Section("back", tuple(sentences)) if sentences else None


def ids_of(moments: Iterable[OwnMoment]) -> tuple[uuid.UUID, ...]:
    return tuple(moment.id for moment in moments)


def times_of(values: Iterable[int]) -> list[list[int]]:
    """How often each value was answered, from the lowest: never only the most frequent."""
    return [[value, times] for value, times in sorted(Counter(values).items())]


# --- You ---------------------------------------------------------------------------------------------------------
def you(facts: WeekFacts) -> Section | None:
    """Own state, for the author's page alone; and a question to think about, which needs no data."""
    states = [
        (moment.id, answer.value)
        for moment in facts.own
        for answer in moment.answers
        if answer.dimension is Dimension.SELF and answer.value is not None
    ]
    sentences = []
    if states:
        values = times_of(value for _, value in states)
        sentences.append(Sentence("you.states", {"values": values}, tuple(moment for moment, _ in states)))
    empty = tuple(moment for moment, value in states if value == EMPTY_TANK_VALUE)
    if len(empty) >= EMPTY_TANK_MOMENTS:
        sentences.append(Sentence("you.empty_tank", moments=empty))
    if facts.prompts:
        prompt = facts.prompts[seed(str(facts.member), facts.label, "prompt") % len(facts.prompts)]
        sentences.append(Sentence("you.question", {"prompt": prompt}, mail=DigestLevel.FULL))
    return Section("you", tuple(sentences)) if sentences else None


# --- One small thing ---------------------------------------------------------------------------------------------
def small_thing(facts: WeekFacts) -> Section | None:
    """A practice that suits where the week's misses were, else the focus, else a week's turn of the library."""
    offered = [practice for practice in facts.practices if not _shown_already(practice, facts)]
    if not offered:
        return None
    turn = seed(str(facts.member), facts.label, "practice") % len(offered)
    turned = offered[turn:] + offered[:turn]
    context = _hardest_context(facts.own)
    focus = facts.focus.dimension if facts.focus else None
    ranked = sorted(turned, key=lambda p: (context not in p.contexts, p.dimension != focus))
    chosen = ranked[0]
    moments: tuple[uuid.UUID, ...] = ()
    rule, params = "small.turn", {"practice": chosen.slug}
    if context in chosen.contexts:
        rule, params = "small.context", {**params, "context": context}
        moments = ids_of(m for m in facts.own if context in m.contexts)
    elif chosen.dimension == focus:
        rule, params = "small.focus", {**params, "dimension": focus}
    # The reason stays on the page: the mail offers the practice without saying where the week was hard. In a hard week
    # the way back is practice enough, and what suits the week would tell of it.
    mail = None if facts.is_hard else DigestLevel.FULL
    offer = Sentence("small.try", {"practice": chosen.slug}, mail=mail)
    sentences = (offer, Sentence(rule, params, moments))
    others = [practice.slug for practice in ranked[1 : 1 + ALTERNATIVES_MAX]]
    return Section("small_thing", sentences, {"practice": chosen.slug, "alternatives": others})


def _shown_already(practice: PracticeChoice, facts: WeekFacts) -> bool:
    return practice.slug == REPAIR_PRACTICE and (facts.is_only_missed or facts.is_hard)


def _hardest_context(own: Sequence[OwnMoment]) -> str:
    """Where most missed moments happened, '' without one; ties in the alphabet's order."""
    counts = Counter(key for moment in own if moment.tone is Tone.MISSED for key in moment.contexts)
    return min(counts, key=lambda key: (-counts[key], key), default="")


# --- Quiet, and the small print ----------------------------------------------------------------------------------
def quiet(_facts: WeekFacts) -> Section:
    return Section("quiet", (Sentence("quiet.note", mail=DigestLevel.COUNTS),), {"offer": [*Tone]})


def shared_only(facts: WeekFacts) -> Section | None:
    sentences = tuple(_shared_sentences(facts.shared))
    return (
        Section("noticed", sentences, {"days": [], "shared": _by_author(facts.shared)}) if sentences else None
    )


def late(facts: WeekFacts) -> Section | None:
    """What came after the week was told stands apart: the numbers on the page are no longer those of the mail."""
    if not facts.late:
        return None
    sentences = [Sentence("print.late", {"n": len(facts.late)}, facts.late)]
    if len(facts.late) == len(facts.own) and not facts.checks:
        sentences.append(Sentence("late.all", moments=facts.late))
    return Section("late", tuple(sentences))


def small_print(facts: WeekFacts) -> Section:
    shared = tuple(moment.id for moment in facts.own if moment.shared)
    days = (facts.end_on - facts.start_on).days
    told = None if facts.is_only_missed else DigestLevel.COUNTS
    said = [
        (
            bool(facts.late_before),
            Sentence(
                "print.late_before", {"n": len(facts.late_before)}, facts.late_before, DigestLevel.COUNTS
            ),
        ),
        (facts.joined_on is not None, Sentence("print.joined", {"on": str(facts.joined_on or "")})),
        (days != 7, Sentence("print.transition", {"days": days})),
        (not facts.is_quiet, Sentence("print.self_selected", mail=told)),
        (True, Sentence("print.who_sees", {"shared": len(shared), "own": len(facts.own)}, shared)),
        (not facts.is_quiet, Sentence("print.counted")),
    ]
    return Section("small_print", tuple(sentence for holds, sentence in said if holds))
