"""The week's page: sentences with their reasons, a moment opened when it is shown, one's own words."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from coaching.services import comment_on_week
from households.models import AccessEntry, Child, Grant, Household
from households.rules import Opened, Reader
from households.services import create_household, note_access, withdraw_grant
from observations.details import Details
from observations.models import Observation
from observations.services import delete_moment
from observations.when import Said
from reflections.models import Reflection, Thought
from reflections.services import compile_week, ensure_weeks

pytestmark = pytest.mark.usefixtures("that_evening")
LABEL = "2026-W47"
NOTE = "You reached for my hand & I noticed."


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def compiled(household: Household, now: datetime) -> Callable[[], None]:
    def compile_() -> None:
        ensure_weeks(household_ids=[household.pk], now=now)
        compile_week(household_ids=[household.pk], label=LABEL, now=now)

    return compile_


@pytest.fixture
def week(
    browser: Client, record: Callable[..., Observation], compiled: Callable[[], None], now: datetime
) -> list[Observation]:
    """A miss, a came-back with a note, two in tune."""
    moments = [
        record(tone="missed", occurred=Said(at=now - timedelta(hours=6))),
        record(tone="came_back", details=Details(note=NOTE), occurred=Said(at=now - timedelta(hours=5))),
        record(tone="in_tune"),
        record(tone="came_back", occurred=Said(at=now - timedelta(hours=2))),
    ]
    compiled()
    return moments


def sections(page: Any) -> dict[str, dict[str, Any]]:
    return {section["key"]: section for section in page.context["sections"]}


class TestList:
    def test_without_a_week_says_that_one_is_under_way(self, browser: Client) -> None:
        assert "under way" in browser.get(reverse("reflections")).content.decode()

    def test_leads_to_each_week(self, browser: Client, week: list[Observation]) -> None:
        page = browser.get(reverse("reflections"))
        (shown,) = page.context["weeks"]
        assert (shown["label"], shown["words"], shown["count"]) == (LABEL, "16 to 22 November", 4)
        assert reverse("reflection", args=[LABEL]) in page.content.decode()

    @pytest.mark.parametrize(
        ("at", "moments", "said"),
        [
            ("2026-11-22T23:59:59+00:00", 0, "this week, so far"),
            ("2026-11-22T23:59:59+00:00", 1, "1 moment so far"),
            ("2026-11-23T00:00:00+00:00", 0, "a quiet week"),
            ("2026-11-23T00:00:00+00:00", 2, "2 moments<"),
        ],
    )
    def test_no_verdict_is_passed_on_a_week_before_it_has_closed(
        self,
        browser: Client,
        record: Callable[..., Observation],
        compiled: Callable[[], None],
        at: str,
        moments: int,
        said: str,
    ) -> None:
        for _ in range(moments):
            record()
        compiled()
        with time_machine.travel(datetime.fromisoformat(at), tick=False):
            page = browser.get(reverse("reflections")).content.decode()
        sayings = {"this week, so far", "1 moment so far", "a quiet week", "2 moments<"}
        assert {saying for saying in sayings if saying in page} == {said}

    @pytest.mark.parametrize("cursor", ["x", "=" * 9, "x" * 3000, "é"])
    def test_a_damaged_place_in_the_list_leads_to_its_top(self, browser: Client, cursor: str) -> None:
        answer = browser.get(reverse("reflections"), {"cursor": cursor})
        assert (answer.status_code, answer["Location"]) == (303, reverse("reflections"))

    def test_nobody_sees_anybody_elses(
        self, client_of: Callable[[User], Client], week: list[Observation], stranger: User
    ) -> None:
        assert client_of(stranger).get(reverse("reflections")).context["weeks"] == []


class TestWeek:
    def test_comes_in_its_order_with_the_repair_to_keep_first(
        self, browser: Client, week: list[Observation]
    ) -> None:
        page = browser.get(reverse("reflection", args=[LABEL]))
        assert page.status_code == 200
        keys = [section["key"] for section in page.context["sections"]]
        assert keys == [
            key
            for key in ("keep", "noticed", "back", "focus", "you", "small_thing", "small_print")
            if key in keys
        ]
        assert sections(page)["keep"]["moment"].public_id == week[1].public_id
        assert "You reached for my hand &amp; I noticed." in page.content.decode()
        assert "This week is still open" in page.content.decode()

    def test_the_note_is_opened_when_it_is_shown_and_stored_nowhere(
        self, browser: Client, week: list[Observation]
    ) -> None:
        stored = str(Reflection.objects.get(member__user__email="alice@example.org").content)
        assert "reached" not in stored
        assert str(week[1].public_id) in stored

    def test_every_sentence_says_why(self, browser: Client, week: list[Observation]) -> None:
        page = browser.get(reverse("reflection", args=[LABEL]))
        text = page.content.decode()
        told = [sentence for section in page.context["sections"] for sentence in section["sentences"]]
        assert text.count("<b>Why this sentence?</b>") == len(told) > 5
        for sentence in told:
            assert f"<code>{sentence.rule}</code>" in text
            for moment in sentence.moments:
                assert reverse("moment", args=[moment.public_id]) in text

    def test_another_moment_can_be_shown_and_nothing_is_stored(
        self, browser: Client, week: list[Observation]
    ) -> None:
        address = reverse("reflection", args=[LABEL])
        first = browser.get(address)
        swap = sections(first)["keep"]["swap_url"]
        before = list(Reflection.objects.values())
        second = browser.get(address + swap)
        assert sections(first)["keep"]["sentences"]
        assert not sections(second)["keep"]["sentences"], "what is said is about the first one"
        assert sections(second)["keep"]["moment"].public_id == week[3].public_id
        back = browser.get(address + sections(second)["keep"]["swap_url"])
        assert sections(back)["keep"]["moment"] == sections(first)["keep"]["moment"]
        assert list(Reflection.objects.values()) == before

    def test_swapping_the_practice_keeps_the_swapped_moment(
        self, browser: Client, week: list[Observation]
    ) -> None:
        address = reverse("reflection", args=[LABEL])
        page = browser.get(f"{address}?keep=1")
        practice = sections(page)["small_thing"]["practice"]
        swapped = browser.get(address + sections(page)["small_thing"]["swap_url"])
        assert sections(swapped)["small_thing"]["practice"] != practice
        assert sections(swapped)["keep"]["moment"] == sections(page)["keep"]["moment"]

    @pytest.mark.parametrize("query", ["keep=x", "keep=-1", "keep=" + "9" * 5000, "practice=1e9", "keep=99"])
    def test_a_damaged_swap_shows_the_week_all_the_same(
        self, browser: Client, week: list[Observation], query: str
    ) -> None:
        assert browser.get(f"{reverse('reflection', args=[LABEL])}?{query}").status_code == 200

    def test_a_deleted_moment_is_gone_with_the_next_look(
        self, browser: Client, parent: User, week: list[Observation], now: datetime
    ) -> None:
        delete_moment(actor_id=parent.pk, moment_id=week[1].public_id, revision=1, now=now)
        page = browser.get(reverse("reflection", args=[LABEL])).content.decode()
        assert "reached for my hand" not in page
        assert str(week[1].public_id) not in page

    def test_a_private_moment_leaves_no_trace_for_the_other_parent(
        self,
        client_of: Callable[[User], Client],
        co_parent: User,
        child: Child,
        record: Callable[..., Observation],
        compiled: Callable[[], None],
    ) -> None:
        compiled()
        other = client_of(co_parent)
        token = r'value="\w{20,}"|"X-CSRFToken": "\w+"'
        before = re.sub(token, "", other.get(reverse("reflection", args=[LABEL])).content.decode())
        record(tone="missed", details=Details(note=NOTE))
        record(tone="in_tune")
        compiled()
        after = re.sub(token, "", other.get(reverse("reflection", args=[LABEL])).content.decode())
        assert before == after

    def test_a_quiet_week_is_fine_and_writes_nothing_by_a_link(
        self, browser: Client, compiled: Callable[[], None], now: datetime
    ) -> None:
        compiled()
        with time_machine.travel(now + timedelta(days=7), tick=False):
            page = browser.get(reverse("reflection", args=[LABEL])).content.decode()
        assert "A quiet week" in page
        assert "so far" not in page
        assert f'href="{reverse("log")}?tone=came_back"' in page

    def test_no_week_is_called_quiet_before_it_has_closed(
        self, browser: Client, compiled: Callable[[], None]
    ) -> None:
        compiled()
        page = browser.get(reverse("reflection", args=[LABEL])).content.decode()
        assert "This week, so far" in page
        assert "Nothing written down yet" in page
        assert "quiet week" not in page.lower()
        assert f'href="{reverse("log")}?tone=came_back"' in page

    def test_a_week_of_misses_shows_the_way_back_first(
        self, browser: Client, record: Callable[..., Observation], compiled: Callable[[], None]
    ) -> None:
        record(tone="missed")
        compiled()
        page = browser.get(reverse("reflection", args=[LABEL]))
        first = page.context["sections"][0]
        assert first["key"] == "way_back"
        assert first["practice"].slug == "repair_script"
        assert first["practice"].title in page.content.decode()

    @pytest.mark.parametrize("label", ["2026-W46", "2026-W99", "0000-W00", "2026-W47b"])
    def test_a_week_that_is_not_there_is_not_found(
        self, browser: Client, week: list[Observation], label: str
    ) -> None:
        assert browser.get(f"/reflections/{label}/").status_code == 404
        assert browser.post(f"/reflections/{label}/thoughts/", {"text": "x"}).status_code in (404, 422)

    @pytest.mark.parametrize("path", ["latest", "2026-47", "2026-W4", "2026-W47%00"])
    def test_what_is_no_week_is_no_address(self, browser: Client, path: str) -> None:
        assert browser.get(f"/reflections/{path}/").status_code == 404

    def test_a_stranger_finds_no_such_week(
        self, client_of: Callable[[User], Client], week: list[Observation], stranger: User
    ) -> None:
        assert client_of(stranger).get(reverse("reflection", args=[LABEL])).status_code == 404

    def test_ten_more_moments_need_no_more_queries(
        self, browser: Client, week: list[Observation], record: Callable[..., Observation], compiled: Any
    ) -> None:
        counted = []
        for more in (0, 10):
            for _number in range(more):
                record(tone="in_tune")
            compiled()
            with CaptureQueriesContext(connection) as queries:
                browser.get(reverse("reflection", args=[LABEL]))
            counted.append(len(queries))
        assert counted[0] == counted[1]

    def test_neither_title_nor_address_tells_what_is_in_it(
        self, browser: Client, child: Child, week: list[Observation]
    ) -> None:
        page = browser.get(reverse("reflection", args=[LABEL])).content.decode()
        title = page.partition("<title>")[2].partition("</title>")[0]
        assert title == "Attune"


class TestFromYourCoach:
    """What a coach wrote on the week and what they opened stand in one place, for the author alone."""

    @pytest.fixture
    def grant(self, give: Callable[..., Grant], now: datetime) -> Grant:
        return give()

    def shown(self, browser: Client) -> Any:
        return browser.get(reverse("reflection", args=[LABEL]))

    def test_what_they_opened_is_told_with_the_moments(
        self, browser: Client, week: list[Observation], grant: Grant, look: Callable[..., None]
    ) -> None:
        look()
        look(opened=Opened.MOMENT, subject_id=week[2].public_id)
        page = self.shown(browser)
        (sentence,) = sections(page)["from_coach"]["sentences"]
        said = "cleo@example.org opened in these days: the weeks and the list · one of your moments."
        assert sentence.text == said
        assert [moment.public_id for moment in sentence.moments] == [week[2].public_id]
        assert 'id="from-coach"' in page.content.decode()

    def test_it_stands_before_what_is_the_readers_alone(
        self, browser: Client, week: list[Observation], grant: Grant, look: Callable[..., None]
    ) -> None:
        look()
        keys = [section["key"] for section in self.shown(browser).context["sections"]]
        place = keys.index("from_coach")
        assert set(keys[:place]) <= {"keep", "late", "noticed", "back", "focus"}
        assert set(keys[place + 1 :]) <= {"you", "small_thing", "small_print"}

    def test_what_they_wrote_stands_there_too_with_no_look_in_that_week(
        self,
        browser: Client,
        week: list[Observation],
        record: Callable[..., Observation],
        grant: Grant,
        coach: User,
        now: datetime,
    ) -> None:
        record(details={"visibility": "coaches"})
        comment_on_week(actor_id=coach.pk, grant_id=grant.public_id, week=LABEL, saw="You waited", now=now)
        AccessEntry.objects.all().delete()
        page = self.shown(browser)
        text = page.content.decode()
        keys = [section["key"] for section in page.context["sections"]]
        assert keys[keys.index("from_coach") + 1] in {"you", "small_thing"}
        assert (
            text.count("You waited")
            == text.count(">From your coach</h2>")
            == text.count('id="from-coach"')
            == 1
        )
        assert text.index("You waited") < text.index(">Small print</h2>")

    @pytest.mark.parametrize("moved", [timedelta(days=-7), timedelta(days=7)])
    def test_looks_of_other_weeks_are_not_in_it(
        self,
        browser: Client,
        week: list[Observation],
        grant: Grant,
        look: Callable[..., None],
        now: datetime,
        moved: timedelta,
    ) -> None:
        look(now=now + moved)
        assert "from_coach" not in sections(self.shown(browser))

    def test_neither_a_look_nor_a_grant_is_on_another_adults_page(
        self,
        client_of: Callable[[User], Client],
        co_parent: User,
        week: list[Observation],
        give: Callable[..., Grant],
        look: Callable[..., None],
    ) -> None:
        token = r'value="\w{20,}"|"X-CSRFToken": "\w+"'
        other = client_of(co_parent)
        before = re.sub(token, "", self.shown(other).content.decode())
        give()
        look()
        assert re.sub(token, "", self.shown(other).content.decode()) == before

    def test_the_operator_is_not_a_coach(
        self, browser: Client, week: list[Observation], look: Callable[..., None]
    ) -> None:
        look(reader_kind=Reader.OPERATOR, opened=Opened.ACCOUNT)
        assert "from_coach" not in sections(self.shown(browser))

    def test_nothing_of_it_is_stored(
        self, browser: Client, week: list[Observation], grant: Grant, look: Callable[..., None], compiled: Any
    ) -> None:
        look()
        compiled()
        self.shown(browser)
        stored = str(list(Reflection.objects.values_list("content", flat=True)))
        assert not re.findall("cleo|coach|print.let_in|print.help", stored)


class TestSmallPrint:
    def rules(self, browser: Client) -> dict[str, str]:
        page = browser.get(reverse("reflection", args=[LABEL]))
        return {sentence.rule: sentence.text for sentence in sections(page)["small_print"]["sentences"]}

    def test_it_leads_to_pausing_and_to_help(self, browser: Client, week: list[Observation]) -> None:
        page = (
            browser.get(reverse("reflection", args=[LABEL]))
            .content.decode()
            .partition(">Small print</h2>")[2]
        )
        for name in ("choices", "reminders", "help"):
            assert f'href="{reverse(name)}"' in page
        assert {"print.pause", "print.help"} <= self.rules(browser).keys()
        assert reverse("household-coaches") not in page, "nobody is let in"

    def test_it_says_until_when_a_coach_may_look_and_not_that_nobody_does(
        self, browser: Client, week: list[Observation], give: Callable[..., Grant]
    ) -> None:
        assert "nobody else sees the moments on it" in self.rules(browser)["print.who_sees"]
        grant = give()
        said = self.rules(browser)
        assert said["print.let_in"] == (
            "Until 17 May 2027, cleo@example.org sees what you let them see. You can end that any day."
        )
        assert said["print.who_sees"] == (
            "Only you can open this page, and nobody else in your household sees the moments on it."
        )
        page = browser.get(reverse("reflection", args=[LABEL])).content.decode()
        assert f'<a class="crumb" href="{reverse("household-coaches")}">' in page
        withdraw_grant(actor_id=grant.author_id, grant_id=grant.public_id, now=grant.offered_at)
        assert "print.let_in" not in self.rules(browser)

    def test_ten_more_looks_need_no_more_queries(
        self,
        browser: Client,
        parent: User,
        week: list[Observation],
        give: Callable[..., Grant],
        coach: User,
        household: Household,
        now: datetime,
    ) -> None:
        give()
        counted = []
        for more in (1, 10):
            for number in range(more):
                note_access(
                    reader_id=coach.pk,
                    reader_kind=Reader.COACH,
                    opened=Opened.MOMENT,
                    subject_id=week[number % 4].public_id,
                    household_pk=household.pk,
                    author_ids=[parent.pk],
                    every_time=True,
                    now=now,
                )
            with CaptureQueriesContext(connection) as queries:
                browser.get(reverse("reflection", args=[LABEL]))
            counted.append(len(queries))
        assert counted[0] == counted[1]


class TestThoughts:
    ADDRESS = f"/reflections/{LABEL}/thoughts/"

    def test_stay_with_their_author_until_shared(
        self,
        browser: Client,
        client_of: Callable[[User], Client],
        co_parent: User,
        week: list[Observation],
        compiled: Callable[[], None],
    ) -> None:
        compiled()
        answer = browser.post(self.ADDRESS, {"text": "Less phone,\nmore hands.", "visibility": "private"})
        assert answer["Location"] == f"{reverse('reflection', args=[LABEL])}#thoughts"
        browser.post(self.ADDRESS, {"text": "We did well.", "visibility": "household"})
        own = browser.get(reverse("reflection", args=[LABEL])).content.decode()
        assert "Less phone,\nmore hands." in own
        other = client_of(co_parent).get(reverse("reflection", args=[LABEL])).content.decode()
        assert "Less phone" not in other
        assert "We did well." in other
        assert "Alice" in other

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("text", ""),
            ("text", "  \n "),
            ("text", "x" * 2001),
            ("text", "a\x00b"),
            ("visibility", "public"),
            ("visibility", ""),
        ],
    )
    def test_what_cannot_be_comes_back_as_typed(
        self, browser: Client, week: list[Observation], field: str, value: str
    ) -> None:
        page = browser.post(self.ADDRESS, {"text": "Kept words", "visibility": "private", field: value})
        assert page.status_code == 422
        assert set(page.context["thought_form"].errors) == {field}
        assert field == "text" or "Kept words" in page.content.decode()
        assert not Thought.objects.exists()

    def test_a_stranger_writes_none(
        self, client_of: Callable[[User], Client], week: list[Observation], stranger: User
    ) -> None:
        answer = client_of(stranger).post(self.ADDRESS, {"text": "x", "visibility": "private"})
        assert answer.status_code == 404
        assert not Thought.objects.exists()


class TestTwoHouseholds:
    """Somebody who lives in two households follows the link of each one's mail."""

    @pytest.fixture
    def other_home(self, parent: User, week: list[Observation], now: datetime) -> Household:
        other = create_household(actor_id=parent.pk, name="The boat", timezone="Europe/Lisbon", now=now)
        ensure_weeks(household_ids=[other.pk], now=now)
        compile_week(household_ids=[other.pk], label=LABEL, now=now)
        return other

    def address(self, home: object) -> str:
        return f"{reverse('reflection', args=[LABEL])}?home={home}"

    def test_the_link_leads_to_the_week_it_names(
        self, browser: Client, household: Household, other_home: Household
    ) -> None:
        for home in (household, other_home):
            page = browser.get(self.address(home.public_id))
            assert page.context["household"] == home
            assert ("noticed" in sections(page)) == (home == household)

    def test_following_it_chooses_nothing_for_the_other_pages(
        self, browser: Client, household: Household, other_home: Household
    ) -> None:
        before = dict(browser.session)
        browser.get(self.address(other_home.public_id))
        assert dict(browser.session) == before
        assert browser.get(reverse("reflection", args=[LABEL])).context["household"] == household

    def test_words_written_there_stay_there(self, browser: Client, other_home: Household) -> None:
        page = browser.get(self.address(other_home.public_id))
        query = f"?home={other_home.public_id}"
        action = f"{reverse('reflection-thought', args=[LABEL])}{query}"
        assert f'action="{action}"' in page.content.decode()
        answer = browser.post(action, {"text": "On the water.", "visibility": "private"})
        assert answer["Location"] == f"{reverse('reflection', args=[LABEL])}{query}#thoughts"
        assert Thought.objects.get().household == other_home

    @pytest.mark.parametrize("home", ["no-uuid", "00000000-0000-4000-8000-000000000000"])
    def test_one_that_is_nobodys_is_404(self, browser: Client, week: list[Observation], home: str) -> None:
        assert browser.get(self.address(home)).status_code == 404

    def test_somebody_elses_is_404(
        self, client_of: Callable[[User], Client], stranger: User, household: Household, now: datetime
    ) -> None:
        assert client_of(stranger).get(self.address(household.public_id)).status_code == 404
        create_household(actor_id=stranger.pk, name="Elsewhere", timezone="Europe/Lisbon", now=now)
        assert client_of(stranger).get(self.address(household.public_id)).status_code == 404


class TestAWrongSentence:
    """One tap says it, one hides it, one takes it back."""

    @pytest.fixture
    def say(self, browser: Client, week: list[Observation]) -> Callable[..., Any]:
        def post(act: str, rule: str = "noticed.count", **fields: str) -> Any:
            data = {"rule": rule, "act": act, "part": "part-noticed", **fields}
            return browser.post(reverse("reflection-wrong", args=[LABEL]), data)

        return post

    def shown(self, browser: Client) -> str:
        return browser.get(reverse("reflection", args=[LABEL])).content.decode()

    def test_every_sentence_says_why_and_can_be_called_wrong(
        self, browser: Client, week: list[Observation]
    ) -> None:
        page = self.shown(browser)
        assert page.count("Why this sentence?</b>") == page.count(">This is wrong</button>") > 8
        assert "It is said when you wrote down any moment: how many, and on how many days." in page

    def test_a_tap_says_so_and_comes_back_to_the_same_place(
        self, browser: Client, say: Callable[..., Any]
    ) -> None:
        assert say("wrong")["Location"] == f"/reflections/{LABEL}/#part-noticed"
        page = self.shown(browser)
        assert page.count("You said this is wrong.") == 1
        assert "4 moments" in page

    def test_a_hidden_one_is_hidden_and_can_be_shown_again(
        self, browser: Client, say: Callable[..., Any]
    ) -> None:
        say("hide")
        assert "4 moments" not in self.shown(browser)
        assert "You hid a sentence here for this week." in self.shown(browser)
        say("show")
        assert "4 moments" in self.shown(browser)

    def test_words_about_it_are_kept_and_it_can_be_taken_back(
        self, browser: Client, say: Callable[..., Any]
    ) -> None:
        say("words", words="It was <zebras>.")
        assert "It was &lt;zebras&gt;." in self.shown(browser)
        say("take_back")
        page = self.shown(browser)
        assert "You said this is wrong." not in page
        assert "zebras" not in page

    @pytest.mark.parametrize("fields", [{"act": "burn"}, {"act": "wrong", "rule": "no.such"}])
    def test_what_makes_no_sense_is_refused_with_the_page(
        self, say: Callable[..., Any], fields: dict[str, str]
    ) -> None:
        answer = say(**fields)
        assert answer.status_code == 422
        assert "Your week" in answer.content.decode()

    def test_a_week_that_is_not_stored_has_no_such_button(
        self, browser: Client, record: Callable[..., Observation], household: Household, now: datetime
    ) -> None:
        record(now=now - timedelta(days=7))
        ensure_weeks(household_ids=[household.pk], now=now, back=True)
        page = browser.get(reverse("reflection", args=["2026-W46"])).content.decode()
        assert "Why this sentence?" in page
        assert "This is wrong" not in page


class TestAHardWeek:
    def test_it_begins_with_kind_words_and_the_way_to_help(
        self, browser: Client, record: Callable[..., Observation], compiled: Callable[[], None]
    ) -> None:
        for _ in range(2):
            record(tone="missed", details={"contexts": ["hurt_ill"], "ratings": {"comfort": 1}})
        compiled()
        page = browser.get(reverse("reflection", args=[LABEL])).content.decode()
        hard, way_back = page.index(">First of all</h2>"), page.index(">A way back</h2>")
        assert hard < way_back < page.index(">What you noticed</h2>")
        assert '<a class="button quiet" href="/help/">The help page</a>' in page
