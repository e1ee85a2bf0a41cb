import json
import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import NotVisible
from households.models import Membership
from households.services import create_household, leave_household
from observations.services import delete_moment, edit_moment
from reflections.models import Reflection, Thought
from reflections.selectors import get_reflection, list_chunks, list_reflections, list_thoughts
from reflections.services import compile_week, ensure_weeks, write_thought
from tests.reflections.conftest import EVENING, LABEL, MONDAY, OCTOBER

DAY = timedelta(days=1)


def run(family, *labels: str, now=EVENING) -> None:
    for label in labels or (LABEL,):
        compile_week(household_ids=[family.household.pk], label=label, now=now)


def page(family, user, label: str = LABEL, now=EVENING):
    return get_reflection(actor_id=user.pk, label=label, now=now)


def texts(found) -> str:
    return " ".join(sentence.text for part in found.parts for sentence in part.sentences)


class TestListReflections:
    def test_it_shows_the_actor_s_own_weeks_latest_first(self, family):
        family.note(family.alice)
        family.note(family.alice, "missed", at=MONDAY + DAY)
        run(family, "2026-W45", LABEL)
        weeks = list_reflections(actor_id=family.alice.pk).items
        assert [week.label for week in weeks] == [LABEL, "2026-W45"]
        assert (weeks[0].count, weeks[0].kind, weeks[1].kind) == (2, "week", "quiet")
        assert [tones for _day, tones in weeks[0].days] == [("in_tune",), ("missed",), (), (), (), (), ()]

    def test_it_pages(self, family):
        run(family, "2026-W43", "2026-W44", "2026-W45", LABEL)
        first = list_reflections(actor_id=family.alice.pk, limit=3)
        second = list_reflections(actor_id=family.alice.pk, limit=3, cursor=first.next_cursor)
        assert [week.label for week in second.items] == ["2026-W43"]
        assert not second.next_cursor

    def test_another_reader_s_cursor_is_refused(self, family):
        run(family, "2026-W45", LABEL)
        cursor = list_reflections(actor_id=family.alice.pk, limit=1).next_cursor
        with pytest.raises(ValidationError):
            list_reflections(actor_id=family.bela.pk, cursor=cursor)

    @pytest.mark.usefixtures("stranger")
    def test_a_stranger_and_a_former_member_see_none(self, family, stranger):
        run(family)
        leave_household(actor_id=family.bela.pk, household_id=family.household.public_id, now=EVENING)
        assert not list_reflections(actor_id=stranger.pk).items
        assert not list_reflections(actor_id=family.bela.pk).items

    def test_a_week_without_a_stored_moment_counts_what_is_there_now(self, family):
        moment = family.note(family.alice)
        run(family)
        delete_moment(actor_id=family.alice.pk, moment_id=moment.public_id, now=EVENING)
        (week,) = list_reflections(actor_id=family.alice.pk).items
        assert (week.count, week.kind) == (0, "quiet")

    def test_ten_more_weeks_cost_no_more_queries(self, family):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                list_reflections(actor_id=family.alice.pk)
            return len(captured)

        run(family, LABEL)
        few = queries()
        run(family, *(f"2026-W{number}" for number in range(41, 46)))
        assert queries() == few


class TestGetReflection:
    def test_it_tells_the_week_in_words_with_its_moments(self, family):
        moment = family.note(family.alice, contexts=["bedtime"])
        run(family)
        found = page(family, family.alice)
        noticed = next(part for part in found.parts if part.key == "noticed")
        assert noticed.title == "What you noticed"
        assert [name.public_id for name in noticed.sentences[0].moments] == [moment.public_id]
        assert "Bedtime" in texts(found)
        assert (found.revision, found.is_open, found.earlier_label) == (1, False, "")

    def test_it_is_live_and_writes_nothing(self, family):
        run(family)
        family.note(family.alice, "came_back")
        before = list(Reflection.objects.values())
        assert page(family, family.alice).kind == "week"
        assert list(Reflection.objects.values()) == before

    def test_what_was_withdrawn_is_gone_at_once(self, family):
        moment = family.note(family.alice, visibility="household")
        run(family)
        assert "Alice shared 1 moment" in texts(page(family, family.bela))
        edit_moment(
            actor_id=family.alice.pk,
            moment_id=moment.public_id,
            details={"visibility": "private"},
            now=EVENING,
        )
        assert "Alice" not in texts(page(family, family.bela))

    def test_a_private_moment_leaves_no_byte_on_another_s_page(self, family):
        family.note(family.alice, visibility="household")
        run(family)
        before = page(family, family.bela)
        family.note(family.alice, "missed", note="secret", at=MONDAY + DAY)
        run(family, now=EVENING + DAY)
        assert page(family, family.bela) == before

    def test_a_closed_week_is_there_before_the_compile_has_run(self, family):
        family.note(family.alice)
        ensure_weeks(household_ids=[family.household.pk], now=EVENING)
        found = page(family, family.alice)
        assert (found.revision, found.compiled_at, found.kind) == (0, None, "week")

    def test_a_week_is_called_quiet_only_once_it_has_closed(self, family):
        family.note(family.alice)
        run(family)
        running = page(family, family.bela, now=MONDAY + DAY)
        assert [part.key for part in running.parts] == ["so_far", "small_print"]
        assert "Nothing written down yet" in texts(running)
        assert [part.key for part in page(family, family.bela).parts] == ["quiet", "small_print"]
        assert "so_far" not in [part.key for part in page(family, family.alice, now=MONDAY + DAY).parts]

    def test_an_open_week_is_there_once_it_was_compiled(self, family):
        family.note(family.alice)
        ensure_weeks(household_ids=[family.household.pk], now=MONDAY + DAY)
        with pytest.raises(NotVisible):
            page(family, family.alice, now=MONDAY + DAY)
        run(family, now=MONDAY + DAY)
        assert page(family, family.alice, now=MONDAY + DAY).is_open

    @pytest.mark.parametrize("label", ["2026-W47", "2031-W01", "", "nonsense", "2026-W46\x00"])
    def test_a_week_that_is_not_there_is_not_visible(self, family, label):
        run(family)
        with pytest.raises(NotVisible):
            page(family, family.alice, label)

    def test_nobody_else_s_week_is_visible(self, family, stranger):
        run(family)
        with pytest.raises(NotVisible):
            page(family, stranger)
        with pytest.raises(NotVisible):
            get_reflection(actor_id=family.alice.pk, label=LABEL, household_id=uuid.uuid4(), now=EVENING)

    def test_who_left_sees_nothing_any_more(self, family):
        run(family)
        leave_household(actor_id=family.bela.pk, household_id=family.household.public_id, now=EVENING)
        with pytest.raises(NotVisible):
            page(family, family.bela)

    def test_a_week_from_before_somebody_joined_is_not_theirs(self, family):
        Membership.objects.filter(user=family.bela).update(joined_at=EVENING)
        run(family)
        with pytest.raises(NotVisible):
            page(family, family.bela)

    def test_two_households_have_their_own_weeks(self, family):
        other = create_household(
            actor_id=family.alice.pk, name="Cellar", timezone="Asia/Kathmandu", week_starts_on=6, now=OCTOBER
        )
        run(family)
        compile_week(household_ids=[other.pk], label=LABEL, now=EVENING)
        found = get_reflection(
            actor_id=family.alice.pk, label=LABEL, household_id=other.public_id, now=EVENING
        )
        assert (found.timezone, str(found.start_on)) == ("Asia/Kathmandu", "2026-11-08")

    def test_neighbouring_weeks_are_named(self, family):
        run(family, "2026-W44", "2026-W45", LABEL)
        found = page(family, family.alice, "2026-W45")
        assert (found.earlier_label, found.later_label) == ("2026-W44", LABEL)

    def test_more_moments_cost_no_more_queries(self, family):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                page(family, family.alice)
            return len(captured)

        family.note(family.alice, contexts=["bedtime"], ratings={"needs": 3})
        family.note(family.bela, visibility="household")
        run(family)
        few = queries()
        for number in range(10):
            family.note(family.alice, contexts=["play"], at=MONDAY + timedelta(hours=number))
            family.note(family.bela, visibility="household", at=MONDAY + timedelta(hours=number))
        assert queries() == few


class TestWriteThought:
    def write(self, family, user=None, text: str = "We were tired.", **fields) -> Thought:
        return write_thought(
            actor_id=(user or family.alice).pk, label=LABEL, text=text, now=EVENING, **fields
        )

    @pytest.fixture(autouse=True)
    def _compiled(self, family):
        run(family)

    def test_it_keeps_the_words_sealed(self, family):
        thought = self.write(family, text="We were tired. \u202eIt was late.")
        assert Thought.objects.get(pk=thought.pk).text == "We were tired. It was late."
        assert b"tired" not in bytes(thought.text_sealed)

    def test_one_that_does_not_open_is_named_on_the_page_and_the_week_stays(self, family, client_of):
        thought = self.write(family, text="We were tired")
        Thought.objects.filter(pk=thought.pk).update(text_sealed=b"damaged")
        assert Thought.objects.get(pk=thought.pk).text_unreadable
        page = client_of(family.alice).get(f"/reflections/{LABEL}/")
        assert page.status_code == 200
        assert "This note cannot be opened." in page.content.decode()

    def test_it_is_its_author_s_alone_unless_shared(self, family):
        self.write(family)
        assert not list_thoughts(actor_id=family.bela.pk, label=LABEL)
        self.write(family, visibility="household")
        (shown,) = list_thoughts(actor_id=family.bela.pk, label=LABEL)
        assert shown.visibility == "household"
        assert len(list_thoughts(actor_id=family.alice.pk, label=LABEL)) == 2

    @pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\x00b", "\ud800"])
    def test_words_that_cannot_be_kept_are_refused(self, family, text):
        with pytest.raises(ValidationError) as caught:
            self.write(family, text=text)
        assert list(caught.value.error_dict) == ["text"]
        assert not Thought.objects.exists()

    def test_an_unknown_visibility_is_refused(self, family):
        with pytest.raises(ValidationError) as caught:
            self.write(family, visibility="everybody")
        assert list(caught.value.error_dict) == ["visibility"]

    def test_a_stranger_cannot_write_here(self, family, stranger):
        with pytest.raises(NotVisible):
            self.write(family, user=stranger)
        with pytest.raises(NotVisible):
            list_thoughts(actor_id=stranger.pk, label=LABEL)

    def test_who_left_takes_their_thoughts_along(self, family):
        self.write(family, visibility="household")
        leave_household(actor_id=family.alice.pk, household_id=family.household.public_id, now=EVENING)
        assert not list_thoughts(actor_id=family.bela.pk, label=LABEL)


class TestListChunks:
    def test_every_household_is_in_one_chunk(self, make_family):
        made = {make_family(str(number)).household.pk for number in range(5)}
        chunks = list(list_chunks(size=2))
        assert [len(chunk) for chunk in chunks] == [2, 2, 1]
        assert {key for chunk in chunks for key in chunk} == made


class TestApi:
    @pytest.fixture(autouse=True)
    def _compiled(self, family):
        family.note(family.alice, note="We built a tower")
        run(family)

    def test_weeks_are_listed(self, family, api_of):
        answer = api_of(family.alice).get("/api/v1/reflections/")
        assert answer.status_code == 200
        (week,) = answer.json()["items"]
        assert (week["week"], week["kind"], week["moments"]) == (LABEL, "week", 1)

    def test_a_week_is_told_with_its_rules(self, family, api_of):
        answer = api_of(family.alice).get(f"/api/v1/reflections/{LABEL}/")
        assert answer.status_code == 200
        rules = [item["rule"] for part in answer.json()["parts"] for item in part["sentences"]]
        assert "noticed.count" in rules
        assert "tower" not in json.dumps(answer.json())

    @pytest.mark.parametrize("path", ["2026-W01/", "nonsense/", "2026-W01/thoughts/"])
    def test_what_is_not_there_is_a_404(self, family, api_of, path):
        answer = api_of(family.alice).get(f"/api/v1/reflections/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_a_stranger_gets_the_same_404(self, stranger, api_of):
        assert api_of(stranger).get(f"/api/v1/reflections/{LABEL}/").status_code == 404

    def test_a_thought_is_written_and_read(self, family, api_of):
        api = api_of(family.alice)
        path = f"/api/v1/reflections/{LABEL}/thoughts/"
        written = api.post(path, {"text": "Slower mornings."}, format="json")
        assert (written.status_code, written.json()["visibility"]) == (201, "private")
        assert [item["text"] for item in api.get(path).json()["items"]] == ["Slower mornings."]
        assert api_of(family.bela).get(path).json()["items"] == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "text"), ({"text": ""}, "text"), ({"text": "x", "visibility": "all"}, "visibility")],
    )
    def test_a_thought_that_cannot_be_kept_names_its_field(self, family, api_of, body, field):
        answer = api_of(family.alice).post(f"/api/v1/reflections/{LABEL}/thoughts/", body, format="json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
