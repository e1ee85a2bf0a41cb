"""When each rule speaks, in words: what a page answers to "why this sentence?", and what tests hold rules to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

REASONS: Final[Mapping[str, Any]] = {
    "keep.came_back": _(
        "It is said when you wrote down a moment of coming back: one with words first, then the latest."
    ),
    "keep.in_tune": _(
        "It is said when you wrote down a moment in tune and none of coming back: one with words first, then the "
        "latest."
    ),
    "way_back.usual": _(
        "It is said when you wrote down only missed moments, or in a hard week without coming back."
    ),
    "way_back.practice": _(
        "It stands under the sentence before it, as long as this practice is in the library."
    ),
    "hard.kind": _("It is said in every hard week: see the sentence under it."),
    "hard.moments": _(
        "It is said when at least two answers of this week about safety or comfort, and at least half of them, are "
        "“not "
        "really” or “a little”."
    ),
    "hard.check": _(
        "It is said when your self-check answers safety or comfort with less than half of the time, and your "
        "moments do not "
        "say so already."
    ),
    "hard.help": _("It is said in every hard week, whatever else is in it. Nobody was told."),
    "noticed.count": _("It is said when you wrote down any moment: how many, and on how many days."),
    "noticed.check": _("It is said when you answered a self-check about this week."),
    "noticed.done": _(
        "It is said when you ticked anything in a moment in tune or of coming back: the three most frequent."
    ),
    "noticed.contexts": _("It is said when you ticked what was going on: the three most frequent."),
    "noticed.feelings": _("It is said when you ticked feelings you noticed: the three most frequent."),
    "noticed.shared": _(
        "It is said when somebody else shared moments of this week with your household, one person at a time."
    ),
    "back.came_back": _("It is said when you wrote down a moment of coming back."),
    "back.of_missed": _(
        "It is said when you wrote down a missed moment: how many have a came-back that you may see."
    ),
    "back.no_deadline": _("It is said when a missed moment has no came-back linked to it."),
    "back.earlier": _("It is said when a moment of coming back is linked to a miss of an earlier week."),
    "focus.chosen": _("It is said as long as you have chosen a question to be asked first."),
    "focus.no_answers": _("It is said when your focus has no answer in the last four weeks."),
    "focus.listed": _(
        "It is said when your focus has 1 to 4 answers in the last four weeks: too few for an average."
    ),
    "focus.context": _("It is said when your focus is something that is listed and never averaged."),
    "focus.few": _("It is said when your focus has 5 to 11 answers in the last four weeks."),
    "focus.average": _("It is said when your focus has 12 answers or more in the last four weeks."),
    "focus.unclear": _(
        "It is looked at once in four weeks, when both blocks of four weeks began after you chose this focus and "
        "have 24 "
        "answers or more on 8 days or more. It is said when the two could differ by chance."
    ),
    "focus.apart": _(
        "It is looked at once in four weeks, when both blocks of four weeks began after you chose this focus and "
        "have 24 "
        "answers or more on 8 days or more. It is said when chance alone brings such a difference once in 100 times."
    ),
    "focus.absent": _("It is said when you could not tell, or left the question of your focus open."),
    "coach.opened": _(
        "It is said when a coach opened something of yours in the days of this week, one person at a time. Only you "
        "see it, and it is in no mail."
    ),
    "you.states": _("It is said when you answered how you were. Only you see it."),
    "you.empty_tank": _(
        "It is said when you ran on empty in three moments of this week or more. Only you see it."
    ),
    "you.question": _("It takes turns from week to week, and rests on nothing you wrote."),
    "small.try": _("One practice a week: the sentence under it says why this one."),
    "small.context": _(
        "It is said when most of your missed moments were there, and the practice is meant for it."
    ),
    "small.focus": _(
        "It is said when the practice belongs to your focus, and none is meant for where you missed each other."
    ),
    "small.turn": _("It is said when neither your moments nor your focus name a practice: they take turns."),
    "quiet.note": _("It is said when you wrote nothing down in this week."),
    "quiet.line": _("It is said in the mail of a third quiet week in a row."),
    "quiet.monthly": _("It is said in the monthly mail while nothing is written down."),
    "so_far.note": _("It is said while the week still runs and nothing is written down."),
    "print.late": _("It is said when moments of this week arrived after its mail was due."),
    "late.all": _("It is said when all moments of this week arrived after its mail was due."),
    "print.late_before": _("It is said when moments of the week before arrived after its mail was due."),
    "print.joined": _("It is said in the week in which you joined this household."),
    "print.transition": _("It is said when this week does not have seven days."),
    "print.self_selected": _("It is said on every page with something in it."),
    "print.who_sees": _("It is said on every page."),
    "print.let_in": _(
        "It is said as long as you let a coach look, one coach at a time, with the last day of it. Only you see it, "
        "and it is in no mail."
    ),
    "print.counted": _("It is said on every page with something in it."),
    "print.pause": _("It is said on every page."),
    "print.help": _("It is said on every page, whatever is on it. Nobody is told."),
}
