import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from households.services import edit_household, leave_household
from observations.services import choose_focus, delete_moment, edit_moment
from reflections import gather as gather_module
from reflections.models import DigestWeek, Reflection
from reflections.services import Compiled, compile_closed, compile_week, ensure_weeks
from tests.reflections.conftest import CLOSED, EVENING, LABEL, MONDAY, OCTOBER

DAY = timedelta(days=1)


def compiled(family, user, label: str = LABEL) -> Reflection:
    return Reflection.objects.get(member=family.membership(user), week__label=label)


def rules(reflection: Reflection) -> list[str]:
    return [item["rule"] for part in reflection.content["sections"] for item in part["sentences"]]


def run(*families, now: datetime = EVENING, label: str = LABEL) -> Compiled:
    return compile_week(household_ids=[family.household.pk for family in families], label=label, now=now)


class TestEnsureWeeks:
    def weeks(self, family) -> list[DigestWeek]:
        return list(DigestWeek.objects.filter(household=family.household).order_by("starts_at"))

    def test_it_stores_every_week_up_to_the_open_one(self, family):
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY)
        weeks = self.weeks(family)
        assert [weeks[0].label, weeks[-1].label] == ["2026-W41", LABEL]
        assert all(one.ends_at == two.starts_at for one, two in pairwise(weeks))

    def test_twice_is_once(self, family):
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY)
        assert ensure_weeks(household_ids=[family.household.pk], now=MONDAY) == 0

    def test_the_week_of_a_clock_change_is_as_long_as_it_was(self, family):
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY)
        (week,) = (week for week in self.weeks(family) if week.start_on == date(2026, 10, 19))
        assert week.ends_at - week.starts_at == timedelta(hours=169)

    def test_a_moved_household_keeps_its_past_weeks_and_joins_the_next(self, family):
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY)
        before = [(week.starts_at, week.ends_at) for week in self.weeks(family)]
        edit_household(
            actor_id=family.alice.pk,
            household_id=family.household.public_id,
            timezone="Asia/Kathmandu",
            week_starts_on=6,
            now=MONDAY,
        )
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY + timedelta(weeks=3))
        weeks = self.weeks(family)
        assert [(week.starts_at, week.ends_at) for week in weeks][: len(before)] == before
        transition = weeks[len(before)]
        assert transition.starts_at == before[-1][1]
        assert (transition.end_on - transition.start_on).days == 6
        assert transition.ends_at == datetime(2026, 11, 22, tzinfo=ZoneInfo("Asia/Kathmandu"))

    def test_it_reaches_back_to_a_moment_from_before_only_when_asked(self, family):
        family.note(family.alice, at=OCTOBER - timedelta(weeks=2))
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY)
        assert self.weeks(family)[0].label == "2026-W41"
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY, back=True)
        weeks = self.weeks(family)
        assert weeks[0].label == "2026-W39"
        assert all(one.ends_at == two.starts_at for one, two in pairwise(weeks))


class TestCompileWeek:
    def test_everybody_gets_their_own(self, family):
        family.note(family.alice, tone="came_back")
        assert run(family) == Compiled(written=2)
        assert compiled(family, family.alice).content["kind"] == "week"
        assert compiled(family, family.bela).content["kind"] == "quiet"

    def test_running_it_again_writes_nothing(self, family):
        family.note(family.alice)
        run(family)
        before = list(Reflection.objects.order_by("pk").values())
        assert run(family, now=EVENING + DAY) == Compiled(unchanged=2)
        assert list(Reflection.objects.order_by("pk").values()) == before

    def test_a_change_makes_the_next_revision_for_its_author_only(self, family):
        moment = family.note(family.alice)
        run(family)
        edit_moment(
            actor_id=family.alice.pk,
            moment_id=moment.public_id,
            details={"contexts": ["bedtime"]},
            now=EVENING,
        )
        assert run(family, now=EVENING + DAY) == Compiled(written=1, unchanged=1)
        assert compiled(family, family.alice).revision == 2
        assert compiled(family, family.bela).revision == 1

    def test_a_deleted_moment_is_gone_from_it(self, family):
        moment = family.note(family.alice)
        run(family)
        delete_moment(actor_id=family.alice.pk, moment_id=moment.public_id, now=EVENING)
        run(family)
        assert str(moment.public_id) not in json.dumps(compiled(family, family.alice).content)

    @pytest.mark.parametrize(
        ("at", "label"),
        [
            (datetime(2026, 11, 8, 23, 59, 59, tzinfo=UTC), "2026-W45"),
            (datetime(2026, 11, 9, 0, 0, tzinfo=UTC), LABEL),
            (datetime(2026, 11, 15, 23, 59, 59, tzinfo=UTC), LABEL),
        ],
    )
    def test_a_moment_belongs_to_the_week_of_when_it_happened(self, family, at, label):
        moment = family.note(family.alice, at=at)
        for each in ("2026-W45", LABEL):
            run(family, label=each)
        holding = Reflection.objects.filter(member=family.membership(family.alice))
        found = [row.week.label for row in holding if str(moment.public_id) in json.dumps(row.content)]
        assert found == [label]

    def test_the_night_the_clocks_change_belongs_to_its_week(self, make_family):
        family = make_family(timezone="America/Havana", week_starts_on=6)
        first_midnight = datetime(2026, 11, 1, 4, 30, tzinfo=UTC)  # 00:30, which happens again an hour later
        second_midnight = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
        last_evening = datetime(2026, 11, 1, 3, 59, tzinfo=UTC)
        for at in (first_midnight, second_midnight, last_evening):
            family.note(family.alice, at=at)
        run(family, label="2026-W45")
        params = next(
            item["params"]
            for part in compiled(family, family.alice, "2026-W45").content["sections"]
            for item in part["sentences"]
            if item["rule"] == "noticed.count"
        )
        assert params == {"moments": 2, "days": 1}

    def test_an_open_week_can_be_compiled_and_nothing_in_it_is_late(self, family):
        family.note(family.alice)
        run(family, now=MONDAY + DAY)
        assert compiled(family, family.alice).told_at is None
        family.note(family.alice, at=MONDAY + 2 * DAY)
        run(family)
        assert "print.late" not in rules(compiled(family, family.alice))

    def test_what_arrives_after_it_was_told_is_late_on_its_page_and_told_in_the_next(self, family):
        family.note(family.alice)
        run(family)
        family.note(family.alice, at=MONDAY + DAY, received=EVENING + DAY)
        run(family, now=EVENING + 2 * DAY)
        assert "print.late" in rules(compiled(family, family.alice))
        next_week = EVENING + timedelta(weeks=1)
        run(family, now=next_week, label="2026-W47")
        assert "print.late_before" in rules(compiled(family, family.alice, "2026-W47"))
        assert "print.late_before" not in rules(compiled(family, family.bela, "2026-W47"))
        assert run(family, now=next_week + DAY, label="2026-W47").written == 0

    def test_a_first_partial_week_has_a_page_that_says_so(self, family):
        joined = MONDAY + 2 * DAY
        type(family.membership(family.bela)).objects.filter(user=family.bela).update(joined_at=joined)
        family.note(family.bela, at=joined + DAY)
        run(family)
        assert "print.joined" in rules(compiled(family, family.bela))

    def test_who_joined_later_has_no_page_of_it(self, family):
        type(family.membership(family.bela)).objects.filter(user=family.bela).update(joined_at=CLOSED)
        assert run(family) == Compiled(written=1)

    def test_a_focus_rests_on_four_weeks_since_it_was_chosen(self, family):
        household = family.household
        family.note(family.alice, at=MONDAY - 8 * DAY, ratings={"needs": 1})
        choose_focus(
            actor_id=family.alice.pk,
            household_id=household.public_id,
            dimension="needs",
            now=MONDAY - 7 * DAY,
        )
        for number in range(5):
            at = MONDAY - 2 * DAY + number * DAY
            family.note(family.alice, at=at, ratings={"needs": 4, "openness": 2})
        family.note(family.alice, at=MONDAY + DAY, ratings={"needs": "not_seen"})
        family.note(family.bela, at=MONDAY, ratings={"needs": 1})
        run(family)
        focus = next(p for p in compiled(family, family.alice).content["sections"] if p["key"] == "focus")
        assert (focus["data"]["n"], focus["data"]["mean"], focus["data"]["not_seen"]) == (5, 4.0, 1)
        assert [part["key"] for part in compiled(family, family.bela).content["sections"]].count("focus") == 0

    def test_a_household_that_breaks_leaves_the_others_alone(self, make_family, monkeypatch, caplog):
        families = [make_family(str(number)) for number in range(4)]
        poison = families[2].household.pk
        real = gather_module.gather

        def breaks(weeks):
            if any(week.household_id == poison for week in weeks):
                raise ValueError("poison")
            return real(weeks)

        monkeypatch.setattr("reflections.services.compiling.gather", breaks)
        done = run(*families)
        assert (done.written, len(done.broken)) == (6, 1)
        assert f"household {poison} did not compile" in caplog.text

    def test_ten_times_the_households_cost_no_more_queries(self, make_family):
        def queries(*families) -> int:
            # SQLite takes a thousand values in one statement, so many new weeks are stored in several.
            ensure_weeks(household_ids=[family.household.pk for family in families], now=EVENING)
            with CaptureQueriesContext(connection) as captured:
                run(*families)
            return len(captured)

        def busy(name: str):
            family = make_family(name)
            missed = family.note(family.alice, "missed", contexts=["bedtime"], ratings={"needs": 3})
            family.note(family.bela, visibility="household", note="words")
            came = family.note(family.alice, "came_back", at=MONDAY + DAY, repairs=missed.public_id)
            choose_focus(
                actor_id=family.alice.pk,
                household_id=family.household.public_id,
                dimension="needs",
                now=MONDAY,
            )
            assert came.repairs_id == missed.pk
            return family

        few = queries(busy("a"), busy("b"))
        many = queries(*(busy(f"m{number}") for number in range(20)))
        assert many <= few
        assert few < 35


class TestPrivacy:
    def test_a_private_moment_leaves_no_byte_in_anybody_else_s_week(self, family):
        family.note(family.alice, visibility="household")
        family.note(family.bela, at=MONDAY + DAY)
        for label in ("2026-W45", LABEL):
            run(family, label=label)
        theirs = Reflection.objects.filter(member=family.membership(family.bela)).order_by("week_id")
        before = list(theirs.values())
        missed = family.note(
            family.alice, "missed", at=MONDAY + DAY, note="secret words", contexts=["bedtime"]
        )
        family.note(
            family.alice, "came_back", at=MONDAY + 2 * DAY, repairs=missed.public_id, ratings={"self": 1}
        )
        family.note(family.alice, at=OCTOBER - timedelta(weeks=3))
        choose_focus(
            actor_id=family.alice.pk,
            household_id=family.household.public_id,
            dimension="safety",
            now=MONDAY,
        )
        for label in ("2026-W38", "2026-W45", LABEL):
            run(family, label=label, now=EVENING + DAY)
        assert list(theirs.values()) == before

    def test_what_is_shared_is_kept_apart_by_author_and_taken_back_with_it(self, family):
        moment = family.note(family.alice, visibility="household")
        run(family)
        shared = next(p for p in compiled(family, family.bela).content["sections"] if p["key"] == "noticed")
        assert shared["data"]["shared"][0]["author"] == str(family.alice.public_id)
        edit_moment(
            actor_id=family.alice.pk,
            moment_id=moment.public_id,
            details={"visibility": "private"},
            now=EVENING,
        )
        run(family)
        assert str(moment.public_id) not in json.dumps(compiled(family, family.bela).content)

    def test_who_leaves_takes_what_they_shared_along(self, family):
        moment = family.note(family.alice, visibility="household")
        run(family)
        leave_household(actor_id=family.alice.pk, household_id=family.household.public_id, now=EVENING)
        run(family)
        assert str(moment.public_id) not in json.dumps(compiled(family, family.bela).content)

    def test_a_private_came_back_of_another_does_not_mend_what_it_mends(self, family):
        missed = family.note(family.alice, "missed", visibility="household")
        private = family.note(
            family.bela, "came_back", at=MONDAY + DAY, repairs=missed.public_id, visibility="private"
        )
        run(family)
        assert str(private.public_id) not in json.dumps(compiled(family, family.alice).content)
        edit_moment(
            actor_id=family.bela.pk,
            moment_id=private.public_id,
            details={"visibility": "household"},
            now=EVENING,
        )
        run(family)
        assert '"mended": 1' in json.dumps(compiled(family, family.alice).content)

    def test_what_is_no_miss_any_more_is_mended_by_nothing(self, family):
        missed = family.note(family.alice, "missed", at=MONDAY - timedelta(weeks=1))
        family.note(family.alice, "came_back", repairs=missed.public_id)
        run(family)
        assert "back.earlier" in rules(compiled(family, family.alice))
        edit_moment(
            actor_id=family.alice.pk, moment_id=missed.public_id, details={"tone": "in_tune"}, now=EVENING
        )
        run(family)
        assert "back.earlier" not in rules(compiled(family, family.alice))

    def test_own_state_of_a_shared_moment_stays_its_author_s(self, family):
        family.note(family.alice, visibility="household", ratings={"self": 1})
        run(family)
        assert "you.states" in rules(compiled(family, family.alice))
        assert not [rule for rule in rules(compiled(family, family.bela)) if rule.startswith("you.states")]

    def test_no_words_are_stored(self, family):
        family.note(family.alice, note="The kite got stuck and we laughed", visibility="household")
        run(family)
        stored = json.dumps([row.content for row in Reflection.objects.all()])
        assert "kite" not in stored
        assert "Pipistrelle" not in stored


class TestCompileClosed:
    def sweep(self, family, now: datetime) -> Compiled:
        ensure_weeks(household_ids=[family.household.pk], now=now)
        return compile_closed(household_ids=[family.household.pk], now=now)

    def test_phones_get_six_hours_before_a_week_is_compiled(self, family):
        self.sweep(family, CLOSED + timedelta(hours=5, minutes=59))
        assert not Reflection.objects.filter(week__label=LABEL).exists()
        self.sweep(family, CLOSED + timedelta(hours=6))
        assert Reflection.objects.filter(week__label=LABEL).count() == 2

    def test_without_changes_it_looks_at_nothing(self, family):
        self.sweep(family, EVENING)
        assert self.sweep(family, EVENING + timedelta(minutes=5)) == Compiled()

    def test_a_late_moment_brings_it_back_to_its_week_only(self, family):
        self.sweep(family, EVENING)
        family.note(family.alice, received=EVENING + DAY)
        assert self.sweep(family, EVENING + 2 * DAY) == Compiled(written=1, unchanged=1)
        assert compiled(family, family.alice).revision == 2

    def test_a_late_moment_of_an_older_week_is_found_too(self, family):
        run(family, label="2026-W43")
        self.sweep(family, EVENING)
        family.note(family.alice, at=MONDAY - timedelta(weeks=3), received=EVENING + DAY)
        self.sweep(family, EVENING + 2 * DAY)
        assert compiled(family, family.alice, "2026-W43").revision == 2

    def test_a_schedule_that_was_away_for_weeks_leaves_none_of_them_out(self, family):
        self.sweep(family, EVENING + timedelta(weeks=4))
        weeks = Reflection.objects.filter(member=family.membership(family.alice)).order_by("week__starts_at")
        assert list(weeks.values_list("week__label", flat=True)) == [f"2026-W{n}" for n in range(41, 51)]

    def test_weeks_far_apart_are_not_read_as_one_long_span(self, family, monkeypatch):
        spans: list[timedelta] = []
        real = gather_module.gather

        def watched(weeks):
            spans.append(max(week.ends_at for week in weeks) - min(week.starts_at for week in weeks))
            return real(weeks)

        monkeypatch.setattr("reflections.services.compiling.gather", watched)
        self.sweep(family, EVENING)
        assert len(spans) == 6
        assert max(spans) < timedelta(days=14)

    def test_a_week_that_broke_is_tried_again(self, family, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr("reflections.services.compiling.gather", lambda weeks: 1 / 0)
            assert len(self.sweep(family, EVENING).broken) == 6
        assert self.sweep(family, EVENING + timedelta(minutes=15)) == Compiled(written=12)
