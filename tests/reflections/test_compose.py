import dataclasses
import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest

from checklists.rules import Dimension, Tone
from reflections.compose import compose
from reflections.composition import Kind
from reflections.facts import (
    Answer,
    Block,
    Compared,
    Focus,
    OwnMoment,
    PracticeChoice,
    SelfCheck,
    SharedMoment,
    WeekFacts,
    source_digest,
)
from reflections.statistics import Answers

MEMBER, BELA, CARO = uuid.UUID(int=1), uuid.UUID(int=2), uuid.UUID(int=3)
MONDAY = date(2026, 11, 9)
PRACTICES = (
    PracticeChoice("notice", Dimension.SELF, ("limit_set",)),
    PracticeChoice("comfort_first", Dimension.COMFORT, ("bedtime", "night")),
    PracticeChoice("name_it", Dimension.NEEDS, ("sibling",)),
    PracticeChoice("repair_script", Dimension.REPAIR, ("bedtime",)),
)


def moment(number: int, tone: Tone = Tone.IN_TUNE, *, day: int = 0, **fields) -> OwnMoment:
    at = datetime(2026, 11, 9, 8, tzinfo=UTC) + timedelta(days=day, minutes=number)
    base = {"has_note": False, "shared": False, "day": MONDAY + timedelta(days=day), "occurred_at": at}
    return OwnMoment(id=uuid.UUID(int=100 + number), tone=tone, **{**base, **fields})


def shared(number: int, author: uuid.UUID) -> SharedMoment:
    return SharedMoment(
        uuid.UUID(int=500 + number), author, Tone.IN_TUNE, datetime(2026, 11, 10, number, tzinfo=UTC)
    )


def week(*own: OwnMoment, **fields) -> WeekFacts:
    base = {
        "member": MEMBER,
        "label": "2026-W46",
        "start_on": MONDAY,
        "end_on": MONDAY + timedelta(days=7),
        "timezone": "Europe/Lisbon",
        "practices": PRACTICES,
        "prompts": ("body_before", "to_a_friend"),
    }
    return WeekFacts(own=own, **{**base, **fields})


def said(facts: WeekFacts) -> dict[str, dict]:
    """Every sentence of a composition by its rule, as stored."""
    sections = compose(facts).to_json()["sections"]
    return {sentence["rule"]: sentence for section in sections for sentence in section["sentences"]}


def section(facts: WeekFacts, key: str) -> dict | None:
    return next((item for item in compose(facts).to_json()["sections"] if item["key"] == key), None)


FULL = week(
    moment(1, Tone.MISSED, mended_by=(uuid.UUID(int=103),), contexts=("bedtime",), feelings=("tired",)),
    moment(2, day=1, contexts=("play",), done=("waited", "held"), shared=True),
    moment(3, Tone.CAME_BACK, day=2, contexts=("bedtime",), has_note=True),
    moment(4, Tone.MISSED, day=4, answers=(Answer(Dimension.SELF, 2),)),
    checks=(SelfCheck(uuid.UUID(int=900), (Answer(Dimension.NEEDS, 3),)),),
    shared=(shared(1, CARO), shared(2, BELA), shared(3, CARO)),
    focus=Focus(Dimension.NEEDS, MONDAY, Answers(1, (3, 4, 4), not_seen=1), (uuid.UUID(int=101),)),
    late=(uuid.UUID(int=104),),
    late_before=(uuid.UUID(int=77),),
)


class TestCompose:
    def test_the_parts_stand_in_their_order(self):
        keys = [part["key"] for part in compose(FULL).to_json()["sections"]]
        assert keys == ["keep", "late", "noticed", "back", "focus", "you", "small_thing", "small_print"]

    def test_the_same_facts_always_give_the_same_reflection(self):
        assert compose(FULL).to_json() == compose(FULL).to_json()

    def test_another_member_or_week_has_another_seed(self):
        seeds = {
            compose(facts).seed
            for facts in (
                FULL,
                dataclasses.replace(FULL, label="2026-W47"),
                dataclasses.replace(FULL, member=BELA),
            )
        }
        assert len(seeds) == 3

    def test_it_is_json_with_its_schema(self):
        stored = json.loads(json.dumps(compose(FULL).to_json()))
        assert (stored["schema"], stored["kind"]) == (1, "week")

    def test_sentences_about_moments_name_them(self):
        about_moments = {
            "keep.came_back",
            "noticed.count",
            "noticed.contexts",
            "back.of_missed",
            "print.late",
        }
        assert all(said(FULL)[rule]["moments"] for rule in about_moments)


class TestAMomentToKeep:
    def test_a_came_back_goes_before_everything_in_tune(self):
        assert section(FULL, "keep")["data"] == {"moment": str(uuid.UUID(int=103)), "alternatives": []}

    def test_without_one_it_is_the_latest_in_tune_moment(self):
        facts = week(moment(1), moment(2, day=3), moment(3, day=1), moment(4, Tone.MISSED, day=5))
        data = section(facts, "keep")["data"]
        assert data["moment"] == str(uuid.UUID(int=102))
        assert data["alternatives"] == [str(uuid.UUID(int=103)), str(uuid.UUID(int=101))]

    def test_own_words_go_before_none(self):
        facts = week(moment(1, has_note=True), moment(2, day=3))
        assert section(facts, "keep")["data"]["moment"] == str(uuid.UUID(int=101))


class TestAWeekOfMissedMoments:
    FACTS = week(moment(1, Tone.MISSED, contexts=("bedtime",)), moment(2, Tone.MISSED, day=2))

    def test_the_way_back_comes_first(self):
        composed = compose(self.FACTS)
        assert composed.kind is Kind.MISSED
        assert [sentence.rule for sentence in composed.sections[0].sentences] == [
            "way_back.usual",
            "way_back.practice",
        ]
        assert composed.sections[0].data == {"practice": "repair_script"}

    def test_the_mail_holds_no_total_of_misses(self):
        mailed = [sentence for sentence in said(self.FACTS).values() if sentence["mail"]]
        assert mailed
        assert not [item for item in mailed if set(item["params"]) & {"missed", "moments", "n", "days"}]

    def test_the_small_thing_is_another_practice(self):
        assert section(self.FACTS, "small_thing")["data"]["practice"] == "comfort_first"

    def test_there_is_no_deadline(self):
        assert "back.no_deadline" in said(self.FACTS)


class TestWhatYouNoticed:
    def test_it_counts_moments_and_their_days(self):
        assert said(FULL)["noticed.count"]["params"] == {"moments": 4, "days": 4}

    def test_every_day_has_its_dots_and_a_quiet_day_has_none(self):
        days = section(FULL, "noticed")["data"]["days"]
        assert [day["on"] for day in days] == [str(MONDAY + timedelta(days=n)) for n in range(7)]
        assert [len(day["moments"]) for day in days] == [1, 1, 1, 0, 1, 0, 0]

    def test_the_most_frequent_contexts_come_first_and_ties_by_name(self):
        facts = week(moment(1, contexts=("play", "meals")), moment(2, contexts=("meals", "bath", "waking")))
        assert said(facts)["noticed.contexts"]["params"] == {
            "contexts": [["meals", 2], ["bath", 1], ["play", 1]]
        }

    def test_others_are_kept_apart_by_author(self):
        by_author = section(FULL, "noticed")["data"]["shared"]
        assert [(item["author"], len(item["moments"])) for item in by_author] == [
            (str(CARO), 2),
            (str(BELA), 1),
        ]

    def test_where_and_what_the_child_felt_is_never_mailed(self):
        assert said(FULL)["noticed.contexts"]["mail"] is None
        assert said(FULL)["noticed.feelings"]["mail"] is None
        assert said(FULL)["noticed.shared"]["mail"] is None

    def test_a_day_outside_the_dates_of_a_moved_week_still_has_its_dot(self):
        days = section(week(moment(1, day=-1)), "noticed")["data"]["days"]
        assert (len(days), len(days[0]["moments"])) == (8, 1)


class TestComingBack:
    def test_it_tells_how_many_misses_have_a_came_back(self):
        assert said(FULL)["back.of_missed"]["params"] == {"missed": 2, "mended": 1}
        assert str(uuid.UUID(int=103)) in said(FULL)["back.of_missed"]["moments"]

    def test_misses_are_never_counted_in_the_mail(self):
        assert said(FULL)["back.of_missed"]["mail"] is None

    def test_a_mend_of_an_earlier_week_is_told(self):
        facts = week(moment(1, Tone.CAME_BACK, repairs_earlier_week=True))
        assert said(facts)["back.earlier"]["params"] == {"n": 1}

    def test_a_week_in_tune_has_no_such_part(self):
        assert section(week(moment(1)), "back") is None


class TestYourFocus:
    def focus(
        self, values: tuple[int, ...], dimension: Dimension = Dimension.NEEDS, **absent: int
    ) -> WeekFacts:
        answers = Answers(1, values, **absent)
        return week(moment(1), focus=Focus(dimension, MONDAY, answers, (uuid.UUID(int=101),)))

    def test_four_answers_are_listed_without_an_average(self):
        facts = self.focus((3, 4, 4, 5))
        assert said(facts)["focus.listed"]["params"]["values"] == [[3, 1], [4, 2], [5, 1]]
        data = section(facts, "focus")["data"]
        assert (data["mean"], data["interval"], data["detail"]) == (None, None, "list")

    def test_five_answers_are_called_few(self):
        params = said(self.focus((3, 4, 4, 5, 5)))["focus.few"]["params"]
        assert params == {"dimension": "needs", "n": 5, "mean": 4.2, "low": 3.2, "high": 4.6}

    def test_twelve_answers_have_their_interval(self):
        assert "focus.average" in said(self.focus((4,) * 6 + (3,) * 6))

    def test_what_was_not_seen_or_skipped_stands_apart(self):
        assert said(self.focus((3,), not_seen=2, skipped=1))["focus.absent"]["params"] == {
            "dimension": "needs",
            "not_seen": 2,
            "skipped": 1,
        }

    def test_no_answer_is_not_a_zero(self):
        facts = self.focus(())
        assert "focus.no_answers" in said(facts)
        assert section(facts, "focus")["data"]["n"] == 0

    def test_how_a_child_settled_is_listed_and_never_averaged(self):
        facts = self.focus((1, 2, 3, 4, 5, 5), Dimension.SETTLED)
        assert "focus.context" in said(facts)
        assert section(facts, "focus")["data"]["mean"] is None

    def test_own_state_as_a_focus_is_never_mailed(self):
        sentences = [
            item for rule, item in said(self.focus((3,) * 12, Dimension.SELF)).items() if "focus" in rule
        ]
        assert {item["mail"] for item in sentences} == {None}

    def test_no_sentence_claims_a_change(self):
        assert not [rule for rule in said(self.focus((4,) * 30)) if "change" in rule or "trend" in rule]

    def test_without_a_focus_there_is_no_such_part(self):
        assert section(week(moment(1)), "focus") is None


class TestYou:
    def test_own_state_is_listed_for_the_page_alone(self):
        assert said(FULL)["you.states"]["params"] == {"values": [[2, 1]]}
        assert said(FULL)["you.states"]["mail"] is None

    def test_three_moments_on_an_empty_tank_offer_help(self):
        empty = (Answer(Dimension.SELF, 1),)
        two = week(*(moment(n, answers=empty) for n in range(2)))
        three = week(*(moment(n, answers=empty) for n in range(3)))
        assert "you.empty_tank" not in said(two)
        assert said(three)["you.empty_tank"]["mail"] is None

    def test_an_absent_state_is_not_one(self):
        assert "you.states" not in said(week(moment(1, answers=(Answer(Dimension.SELF, None, "skipped"),))))


class TestOneSmallThing:
    def test_it_suits_where_the_misses_were(self):
        facts = week(moment(1, Tone.MISSED, contexts=("sibling",)), moment(2, contexts=("bedtime",)))
        assert section(facts, "small_thing")["data"]["practice"] == "name_it"
        assert said(facts)["small.context"]["params"]["context"] == "sibling"

    def test_else_it_goes_with_the_focus(self):
        facts = week(moment(1), focus=Focus(Dimension.COMFORT, MONDAY, Answers(1, ()), ()))
        assert section(facts, "small_thing")["data"]["practice"] == "comfort_first"
        assert "small.focus" in said(facts)

    def test_else_the_library_takes_turns_over_the_weeks(self):
        chosen = {
            section(dataclasses.replace(week(moment(1)), label=f"2026-W{n}"), "small_thing")["data"][
                "practice"
            ]
            for n in range(10, 40)
        }
        assert chosen == {practice.slug for practice in PRACTICES}

    def test_there_is_always_another_one(self):
        data = section(FULL, "small_thing")["data"]
        assert len(data["alternatives"]) == 3
        assert data["practice"] not in data["alternatives"]

    def test_the_mail_never_says_where_the_week_was_hard(self):
        assert said(FULL)["small.context"]["mail"] is None
        assert said(FULL)["small.try"]["mail"] == "full"

    def test_without_practices_there_is_none(self):
        assert section(week(moment(1), practices=()), "small_thing") is None


class TestAQuietWeek:
    def test_it_gets_the_kind_short_one(self):
        composed = compose(week())
        assert composed.kind is Kind.QUIET
        assert [part.key for part in composed.sections] == ["quiet", "small_print"]

    def test_what_others_shared_is_still_there(self):
        facts = week(shared=(shared(1, BELA),))
        assert compose(facts).kind is Kind.QUIET
        assert section(facts, "noticed")["data"]["shared"][0]["author"] == str(BELA)

    def test_a_self_check_alone_is_not_quiet(self):
        facts = week(checks=(SelfCheck(uuid.UUID(int=900), ()),))
        assert compose(facts).kind is Kind.WEEK
        assert "noticed.count" not in said(facts)
        assert "noticed.check" in said(facts)


class TestTheSmallPrint:
    def test_late_moments_are_told(self):
        assert said(FULL)["print.late"]["params"] == {"n": 1}
        assert said(FULL)["print.late_before"]["params"] == {"n": 1}

    def test_a_first_partial_week_says_where_it_begins(self):
        assert said(week(moment(1), joined_on=date(2026, 11, 12)))["print.joined"]["params"] == {
            "on": "2026-11-12"
        }

    def test_a_transition_week_says_its_length(self):
        assert said(week(moment(1), end_on=MONDAY + timedelta(days=5)))["print.transition"]["params"] == {
            "days": 5
        }

    def test_it_says_once_that_moments_are_chosen(self):
        rules = [s["rule"] for part in compose(FULL).to_json()["sections"] for s in part["sentences"]]
        assert rules.count("print.self_selected") == 1

    def test_it_says_who_can_see(self):
        assert said(FULL)["print.who_sees"]["params"] == {"shared": 1, "own": 4}


class TestSourceDigest:
    def test_it_changes_with_what_happened(self):
        assert source_digest(FULL, schema=1) != source_digest(dataclasses.replace(FULL, late=()), schema=1)

    def test_it_does_not_change_with_what_the_library_offers(self):
        assert source_digest(FULL, schema=1) == source_digest(
            dataclasses.replace(FULL, practices=(), prompts=()), schema=1
        )

    @pytest.mark.parametrize("field", [f.name for f in dataclasses.fields(WeekFacts)])
    def test_every_fact_is_in_it_or_named_as_offered(self, field):
        changed = dataclasses.replace(FULL, **{field: "another"})
        same = source_digest(changed, schema=1) == source_digest(FULL, schema=1)
        assert same is (field in {"practices", "prompts"})


def low(number: int, value: int = 2, dimension: Dimension = Dimension.COMFORT, **fields) -> OwnMoment:
    return moment(number, answers=(Answer(dimension, value),), **fields)


class TestAHardWeek:
    HARD = week(low(1, tone=Tone.MISSED), low(2, 1, Dimension.SAFETY, day=2), moment(3, day=3))

    def keys(self, facts):
        return [part["key"] for part in compose(facts).to_json()["sections"]]

    @pytest.mark.parametrize(
        ("values", "hard"),
        [((2, 2), True), ((1, 2, 5, 5), True), ((2,), False), ((2, 2, 4, 4, 5), False), ((3, 3), False)],
    )
    def test_it_takes_two_low_answers_and_half_of_all(self, values, hard):
        facts = week(*[low(number, value) for number, value in enumerate(values)])
        assert (compose(facts).kind is Kind.HARD) is hard

    @pytest.mark.parametrize(
        ("dimension", "value", "hard"),
        [
            (Dimension.SAFETY, 2, True),
            (Dimension.COMFORT, 1, True),
            (Dimension.COMFORT, 3, False),
            (Dimension.NEEDS, 1, False),
        ],
    )
    def test_one_answer_about_the_whole_week_is_enough(self, dimension, value, hard):
        facts = week(moment(1), checks=(SelfCheck(uuid.UUID(int=9), (Answer(dimension, value),)),))
        assert (compose(facts).kind is Kind.HARD) is hard
        assert ("hard.check" in said(facts)) is hard

    def test_other_questions_make_no_week_hard(self):
        facts = week(*[low(n, 1, Dimension.NEEDS) for n in (1, 2, 3)])
        assert compose(facts).kind is Kind.WEEK

    def test_kind_words_come_first_and_then_the_way_back(self):
        assert self.keys(self.HARD)[:3] == ["hard", "way_back", "keep"]
        came = week(low(1), low(2), moment(3, Tone.CAME_BACK))
        assert self.keys(came)[:2] == ["hard", "keep"]
        assert "way_back" not in self.keys(came)

    def test_it_names_the_moments_it_rests_on(self):
        assert said(self.HARD)["hard.moments"]["moments"] == [str(moment(n).id) for n in (1, 2)]

    def test_the_way_to_help_is_on_the_page_and_nothing_of_what_was_low_is_in_a_mail(self):
        mailed = {rule: sentence["mail"] for rule, sentence in said(self.HARD).items()}
        assert (mailed["hard.moments"], mailed["hard.help"]) == (None, None)
        assert mailed["hard.kind"] == mailed["way_back.usual"] == "full"

    def test_a_focus_that_says_so_stays_on_the_page(self):
        focus = Focus(Dimension.COMFORT, MONDAY, Answers(1, (1, 2, 2, 1, 2)), ())
        facts = dataclasses.replace(self.HARD, focus=focus)
        assert said(facts)["focus.few"]["mail"] is None
        other = dataclasses.replace(self.HARD, focus=dataclasses.replace(focus, dimension=Dimension.NEEDS))
        assert said(other)["focus.few"]["mail"] == "full"


class TestALateWeek:
    def test_what_came_later_has_a_part_of_its_own_and_is_in_no_mail(self):
        found = section(week(moment(1), moment(2), late=(moment(2).id,)), "late")
        assert [item["rule"] for item in found["sentences"]] == ["print.late"]
        assert {item["mail"] for item in found["sentences"]} == {None}

    def test_a_week_that_was_told_as_quiet_says_so(self):
        found = section(week(moment(1), late=(moment(1).id,)), "late")
        assert [item["rule"] for item in found["sentences"]] == ["print.late", "late.all"]

    def test_without_late_moments_there_is_no_such_part(self):
        assert section(week(moment(1)), "late") is None


def block(*values: int, days: int = 12) -> Block:
    on = tuple(MONDAY + timedelta(days=number % days) for number in range(len(values)))
    return Block(Answers(1, values), on, tuple(uuid.UUID(int=700 + n) for n in range(len(values))))


class TestTheFocusCompared:
    LATER = (2, 2, 1, 3) * 7
    EARLIER = (4, 5, 4, 3) * 7

    def facts(self, earlier: Block, later: Block, dimension: Dimension = Dimension.NEEDS) -> WeekFacts:
        compared = Compared(earlier, later)
        return week(moment(1), focus=Focus(dimension, MONDAY, later.answers, later.moments, compared))

    def test_two_blocks_far_apart_are_said_to_be(self):
        sentence = said(self.facts(block(*self.EARLIER), block(*self.LATER)))["focus.apart"]
        assert (sentence["params"]["n"], sentence["params"]["mean"]) == (28, 4.0)
        assert sentence["mail"] == "full"
        assert len(sentence["moments"]) == 56

    def test_two_that_chance_can_bring_are_unclear_and_never_the_same(self):
        found = said(self.facts(block(*self.EARLIER), block(*self.EARLIER)))
        assert "focus.unclear" in found
        assert "focus.apart" not in found

    @pytest.mark.parametrize(
        ("earlier", "later"),
        [
            (block(*EARLIER[:23]), block(*LATER)),
            (block(*EARLIER), block(*LATER[:23])),
            (block(*EARLIER, days=7), block(*LATER)),
            (block(*EARLIER), block(*LATER, days=7)),
        ],
    )
    def test_too_few_answers_or_days_say_nothing(self, earlier, later):
        assert not {"focus.apart", "focus.unclear"} & set(said(self.facts(earlier, later)))

    def test_what_is_never_averaged_is_never_compared(self):
        found = said(self.facts(block(*self.EARLIER), block(*self.LATER), Dimension.SETTLED))
        assert not {"focus.apart", "focus.unclear"} & set(found)

    def test_own_state_is_compared_for_its_author_alone(self):
        found = said(self.facts(block(*self.EARLIER), block(*self.LATER), Dimension.SELF))
        assert found["focus.apart"]["mail"] is None

    def test_in_the_three_weeks_between_nothing_is_said(self):
        focus = Focus(Dimension.NEEDS, MONDAY, Answers(1, self.LATER), ())
        assert not {"focus.apart", "focus.unclear"} & set(said(week(moment(1), focus=focus)))
