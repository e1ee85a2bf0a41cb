"""Every sentence and heading that a reflection can hold; what stands in its places comes from `labels`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from reflections.phrases.grammar import absent, moments_on_days, of_missed, who_sees

TITLES: Final[Mapping[str, Any]] = {
    "keep": gettext_lazy("A moment to keep"),
    "hard": gettext_lazy("First of all"),  # it stands in the mail as well
    "way_back": gettext_lazy("A way back"),
    "late": gettext_lazy("Arrived later"),
    "noticed": gettext_lazy("What you noticed"),
    "back": gettext_lazy("Coming back"),
    "focus": gettext_lazy("Your focus"),
    "from_coach": gettext_lazy("From your coach"),
    "you": gettext_lazy("You"),
    "small_thing": gettext_lazy("One small thing"),
    "quiet": gettext_lazy("A quiet week"),
    "so_far": gettext_lazy("This week, so far"),
    "small_print": gettext_lazy("Small print"),
}

OFFERS: Final[Mapping[str, Any]] = {
    "in_tune": gettext_lazy("We were in tune"),
    "missed": gettext_lazy("We missed each other"),
    "came_back": gettext_lazy("We came back"),
}

PHRASES: Final[Mapping[str, tuple[Any, ...]]] = {
    # A moment to keep
    "keep.came_back": (
        gettext_lazy("On %(day)s you came back to each other."),
        gettext_lazy("From %(day)s: something had slipped, and you found the way back."),
        gettext_lazy("%(day)s is worth keeping: you found your way back to each other."),
    ),
    "keep.in_tune": (
        gettext_lazy("On %(day)s you two were in tune."),
        gettext_lazy("From %(day)s, when you met each other."),
        gettext_lazy("%(day)s is worth keeping: for a while you were on the same page."),
    ),
    "way_back.usual": (
        gettext_lazy(
            "Missing each other is a usual part of being close. Here is a way back, for when you want one. "
            "It still works days later."
        ),
        gettext_lazy(
            "People who love each other miss each other often. What counts is the way back, and there is no hurry: "
            "here is one you can use."
        ),
        gettext_lazy(
            "Nobody meets another person every time. Here is one way back; it keeps until you want it."
        ),
    ),
    # A hard week
    "hard.kind": (
        gettext_lazy("Some weeks ask a lot of everybody. There is nothing to make up for."),
        gettext_lazy(
            "Some weeks are heavy. Being there again after them is what counts, and there is no hurry."
        ),
        gettext_lazy("Not every week can be light. Nothing has to be put right today."),
    ),
    "hard.moments": (
        gettext_lazy(
            "In some of these moments comfort or ease was hard to find. Writing that down takes courage."
        ),
        gettext_lazy(
            "You wrote that comfort or ease was hard to find at times. Noticing it is already something."
        ),
    ),
    "hard.check": (
        gettext_lazy("Looking at the whole week, you answered that comfort or ease was hard to find."),
        gettext_lazy("About the week as a whole you wrote that comfort or ease was hard to find."),
    ),
    "hard.help": (
        gettext_lazy(
            "If it stays this way, or if you are worried, you do not have to carry it alone. A friend, your "
            "doctor, a "
            "health visitor or a coach can listen; the help page has numbers."
        ),
    ),
    "way_back.practice": (gettext_lazy("%(practice)s"),),
    # What you noticed
    "noticed.count": (
        lambda p: (
            _("You wrote down %(moments)s on %(days)s. Quiet days are not counted.") % moments_on_days(p)
        ),
        lambda p: (
            _("%(moments)s on %(days)s: that is what you wrote down. Quiet days are not counted.")
            % moments_on_days(p)
        ),
        lambda p: (
            _("This week holds %(moments)s from %(days)s. Quiet days are not counted.") % moments_on_days(p)
        ),
    ),
    "noticed.check": (
        gettext_lazy("You answered the weekly self-check."),
        gettext_lazy("The weekly self-check is answered, too."),
    ),
    "noticed.done": (
        gettext_lazy("What you ticked that helped: %(done)s."),
        gettext_lazy("In your own ticks, this is what you did: %(done)s."),
        gettext_lazy("You ticked these as something you did: %(done)s."),
    ),
    "noticed.contexts": (
        gettext_lazy("Where and when: %(contexts)s."),
        gettext_lazy("These came up around the moments: %(contexts)s."),
        gettext_lazy("What was going on around them: %(contexts)s."),
    ),
    "noticed.feelings": (
        gettext_lazy("What you saw in your child: %(feelings)s."),
        gettext_lazy("The feelings you noticed: %(feelings)s."),
        gettext_lazy("You noticed these feelings in your child: %(feelings)s."),
    ),
    "noticed.shared": (
        ngettext_lazy(
            "%(author)s shared %(moments)d moment with the household.",
            "%(author)s shared %(moments)d moments with the household.",
            "moments",
        ),
    ),
    # Coming back
    "back.came_back": (
        ngettext_lazy(
            "You wrote down one moment of coming back to each other.",
            "You wrote down %(n)d moments of coming back to each other.",
            "n",
        ),
        ngettext_lazy("You found the way back once.", "You found the way back %(n)d times.", "n"),
    ),
    "back.of_missed": (of_missed,),
    "back.no_deadline": (
        gettext_lazy("There is no deadline for coming back: tonight counts, and so does next week."),
        gettext_lazy("Coming back has no closing time. A word about it days later still counts."),
    ),
    "back.earlier": (
        ngettext_lazy(
            "One of them mends a moment from an earlier week.",
            "%(n)d of them mend moments from earlier weeks.",
            "n",
        ),
    ),
    # Your focus
    "focus.chosen": (
        gettext_lazy("Your focus since %(since)s: %(dimension)s."),
        gettext_lazy("Since %(since)s you have been asked about this first: %(dimension)s."),
    ),
    "focus.no_answers": (
        gettext_lazy("Nothing is answered about it yet. It is one tap away when you add more to a moment."),
    ),
    "focus.listed": (
        ngettext_lazy(
            "%(n)d answer in the last four weeks: %(values)s. That is too few for an average.",
            "%(n)d answers in the last four weeks: %(values)s. That is too few for an average.",
            "n",
        ),
    ),
    "focus.context": (
        gettext_lazy(
            "%(n)d answers in the last four weeks: %(values)s. Much of this is not in your hands, so it is listed "
            "and "
            "never averaged."
        ),
    ),
    "focus.few": (
        gettext_lazy(
            "In these %(n)d moments of the last four weeks you answered %(mean)s of 5 on average. "
            "They are few: anything from %(low)s to %(high)s is plausible."
        ),
        gettext_lazy(
            "%(n)d moments of the last four weeks have an answer, %(mean)s of 5 on average. That is little to go by: "
            "anything from %(low)s to %(high)s is plausible."
        ),
    ),
    "focus.average": (
        gettext_lazy(
            "In these %(n)d moments of the last four weeks you answered %(mean)s of 5 on average (plausibly "
            "%(low)s to "
            "%(high)s)."
        ),
        gettext_lazy(
            "%(n)d moments of the last four weeks have an answer: %(mean)s of 5 on average, plausibly %(low)s to "
            "%(high)s."
        ),
    ),
    "focus.unclear": (
        gettext_lazy(
            "In the four weeks before, it was %(mean)s from %(n)d moments (plausibly %(low)s to %(high)s). The two "
            "are too "
            "close to say whether anything changed."
        ),
        gettext_lazy(
            "The four weeks before: %(mean)s from %(n)d moments (plausibly %(low)s to %(high)s). That much can be "
            "chance, "
            "so whether anything changed is not clear."
        ),
    ),
    "focus.apart": (
        gettext_lazy(
            "In the four weeks before, it was %(mean)s from %(n)d moments (plausibly %(low)s to %(high)s). That is "
            "further "
            "apart than chance alone brings in 99 of 100 such comparisons. Why, the numbers do not say."
        ),
        gettext_lazy(
            "The four weeks before: %(mean)s from %(n)d moments (plausibly %(low)s to %(high)s). Chance alone "
            "rarely brings "
            "them so far apart, about once in 100 comparisons. What is behind it, only you can know."
        ),
    ),
    "focus.absent": (absent,),
    # From your coach
    "coach.opened": (gettext_lazy("%(coach)s opened in these days: %(opened)s."),),
    # You
    "you.states": (
        gettext_lazy("How you were in these moments: %(values)s."),
        gettext_lazy("You yourself, in these moments: %(values)s."),
    ),
    "you.empty_tank": (
        gettext_lazy(
            "You ran on empty several times this week, and that is a lot to carry. Talking to somebody can help: "
            "a friend, your doctor, a health visitor. The help page has numbers."
        ),
    ),
    "you.question": (
        gettext_lazy("A question to take along, if you like: %(prompt)s"),
        gettext_lazy("Something to think about, for nobody but you: %(prompt)s"),
    ),
    # One small thing
    "small.context": (
        gettext_lazy("Chosen because this came up: %(context)s."),
        gettext_lazy("It goes with what came up this week: %(context)s."),
    ),
    "small.focus": (
        gettext_lazy("Chosen because it goes with your focus: %(dimension)s."),
        gettext_lazy("It goes with what you chose to look at: %(dimension)s."),
    ),
    "small.turn": (
        gettext_lazy("Chosen in turn. If it does not suit you, take another one."),
        gettext_lazy("It is this one’s turn. Leave it, or take another, as you like."),
    ),
    "small.try": (gettext_lazy("%(practice)s"),),
    # A quiet week
    "quiet.note": (
        gettext_lazy(
            "Nothing written down this week, and that is fine. Weeks without notes are still weeks with your child. "
            "If you like: think of one moment, any size. You do not need to catch up."
        ),
        gettext_lazy(
            "You wrote nothing down this week, which is a fine thing to do. If one moment comes to mind, of any "
            "size, it "
            "is welcome. Nothing has to be caught up on."
        ),
    ),
    "quiet.line": (
        gettext_lazy("We will write monthly until you log again; change or stop it whenever you like."),
    ),
    "quiet.monthly": (
        gettext_lazy(
            "Just a monthly hello. Your pages are here whenever you want them; there is nothing to catch up on."
        ),
    ),
    # A week that still runs, with nothing in it yet
    "so_far.note": (
        gettext_lazy(
            "Nothing written down yet, and nothing that has to be. If you like: think of one moment, any size."
        ),
    ),
    # Small print
    "print.late": (
        ngettext_lazy(
            "%(n)d moment arrived after this week was first told.",
            "%(n)d moments arrived after this week was first told.",
            "n",
        ),
        ngettext_lazy(
            "When this week was first told, %(n)d of its moments was still on its way.",
            "When this week was first told, %(n)d of its moments were still on their way.",
            "n",
        ),
    ),
    "late.all": (
        gettext_lazy(
            "Your mail spoke of a week without notes. This page counts what came since; the mail is not sent again."
        ),
    ),
    "print.late_before": (
        ngettext_lazy(
            "%(n)d moment of the week before arrived later. It is on that week's page now.",
            "%(n)d moments of the week before arrived later. They are on that week's page now.",
            "n",
        ),
    ),
    "print.joined": (gettext_lazy("You joined on %(on)s, so this page begins there."),),
    "print.transition": (
        gettext_lazy("This week has %(days)d days, because your household moved the start of its week."),
    ),
    "print.self_selected": (
        gettext_lazy(
            "These are the moments you chose to write down, so they do not stand for the whole week."
        ),
        gettext_lazy("You chose what to write down, so this is a part of the week and not all of it."),
    ),
    "print.who_sees": (who_sees,),
    "print.let_in": (
        gettext_lazy("Until %(until)s, %(coach)s sees what you let them see. You can end that any day."),
    ),
    "print.counted": (
        gettext_lazy(
            "Counted by the day on which a moment happened, in your household's time zone. Answers are only ever "
            "your own; they are never mixed with anybody else's."
        ),
    ),
    "print.pause": (
        gettext_lazy(
            "Pause whenever you like: the weekly mail has a switch, and reminders can rest for a month. Your pages "
            "stay."
        ),
    ),
    "print.help": (
        gettext_lazy(
            "If it is hard, or somebody is not safe: the help page has numbers. It opens offline, too."
        ),
    ),
}
