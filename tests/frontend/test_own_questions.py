"""The pages of one's own questions, and where the answers stand."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from households.models import Grant, Household
from observations.models import Observation, OwnQuestion, OwnVersion
from observations.selectors import get_own_list
from observations.services import (
    change_question,
    edit_moment,
    publish_questions,
    take_question,
    write_question,
)
from tests.conftest import NOW

STEPS = {"kind": "steps", "prompt": "Was I patient?", "step_1": "Not at all", "step_5": "Very"}


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Any) -> Client:
    return client_of(parent)


@pytest.fixture
def asked(parent: User, household: Household) -> OwnQuestion:
    here = {"actor_id": parent.pk, "household_id": household.public_id, "now": NOW}
    labels = ["Not at all", "", "", "", "Very"]
    question = write_question(**here, kind="steps", prompt="Was I patient?", labels=labels)
    publish_questions(**here)
    return question


def publish(browser: Client, **sent: str) -> Any:
    """What the preview sends, as it is now."""
    address = reverse("own-questions-preview")
    return browser.post(address, {"seen_as": browser.get(address).context["own"].mark, **sent})


def page(browser: Client, name: str, *args: Any) -> str:
    answer = browser.get(reverse(name, args=args))
    assert answer.status_code == 200
    return answer.content.decode()


class TestWriting:
    @pytest.mark.parametrize(("scope", "is_said"), [("ratings_and_notes", True), ("ratings", False)])
    def test_says_before_it_is_asked_which_coach_will_see_the_answers(
        self, browser: Client, give: Callable[..., Grant], now: datetime, scope: str, is_said: bool
    ) -> None:
        with time_machine.travel(now, tick=False):
            give(scope=scope)
            browser.post(reverse("own-question-new"), STEPS)
            shown = page(browser, "own-questions-preview")
        assert ("Moments with notes and answers to own questions, with Pip" in shown) is is_said
        assert ("cleo@example.org" in shown) is is_said

    def test_leads_through_the_preview_to_the_sheet(
        self, browser: Client, record: Callable[..., Observation]
    ) -> None:
        sheet = reverse("moment-more", args=[record().public_id])
        written = browser.post(reverse("own-question-new"), STEPS)
        assert written["Location"] == reverse("own-questions-preview")
        shown = page(browser, "own-questions-preview")
        assert "Was I patient?" in shown
        assert "Not at all" in shown
        assert "Was I patient?" not in browser.get(sheet).content.decode()
        assert OwnVersion.objects.count() == 0
        for _twice in range(2):
            published = publish(browser)
            assert published["Location"] == reverse("own-questions")
        assert OwnVersion.objects.count() == 1
        assert "Was I patient?" in browser.get(sheet).content.decode()

    def test_what_was_not_looked_at_is_not_published(self, browser: Client) -> None:
        address = reverse("own-questions-preview")
        browser.post(reverse("own-question-new"), STEPS)
        looked_at = {"seen_as": browser.get(address).context["own"].mark, "offered": "1"}
        draft = OwnQuestion.objects.get()
        browser.post(reverse("own-question", args=[draft.public_id]), {"kind": "yes_no", "prompt": "Other?"})
        for sent in (looked_at, {"offered": "1"}):
            answer = browser.post(address, sent)
            assert answer.status_code == 409
            shown = answer.content.decode()
            assert "Other?" in shown
            assert "Please look once more" in shown
            assert answer.context["is_offered"]
        assert not OwnVersion.objects.exists()
        assert publish(browser).status_code == 303
        assert [place.question for place in OwnVersion.objects.get().places.all()] == [draft]

    def test_what_is_missing_is_said_on_its_field_and_nothing_is_lost(self, browser: Client) -> None:
        answer = browser.post(reverse("own-question-new"), {**STEPS, "step_5": ""})
        assert answer.status_code == 422
        assert answer.context["form"].errors.keys() == {"step_5"}
        assert "Not at all" in answer.content.decode()

    def test_other_words_say_what_becomes_of_the_old(self, browser: Client, asked: OwnQuestion) -> None:
        form = page(browser, "own-question", asked.public_id)
        assert "never put together" in form
        assert "Was I patient?" in form
        browser.post(
            reverse("own-question", args=[asked.public_id]), {"kind": "yes_no", "prompt": "Did I wait?"}
        )
        listed = page(browser, "own-questions")
        assert "takes the place" in listed
        publish(browser)
        assert "Asked before" in page(browser, "own-questions")

    def test_other_words_that_wait_already_are_shown_and_not_written_over_unseen(
        self, browser: Client, asked: OwnQuestion
    ) -> None:
        address = reverse("own-question", args=[asked.public_id])
        sent = [{"kind": "yes_no", "prompt": prompt} for prompt in ("Did I wait?", "Did I kneel?")]
        assert browser.post(address, sent[0])["Location"] == reverse("own-questions-preview")
        draft = OwnQuestion.objects.get(replaces=asked)
        form = page(browser, "own-question", asked.public_id)
        assert "Did I wait?" in form
        assert "Was I patient?" not in form
        there = reverse("own-question", args=[draft.public_id])
        # From a page that was opened before there was that draft.
        answer = browser.post(address, sent[1])
        assert answer.status_code == 409
        shown = answer.content.decode()
        for words in ("Did I wait?", "Did I kneel?", f'action="{there}"'):
            assert words in shown
        draft.refresh_from_db()
        assert "Did I wait?" in draft.words
        browser.post(there, sent[1])
        assert "Did I kneel?" in OwnQuestion.objects.get(replaces=asked).words

    def test_a_full_list_refuses_what_a_coach_or_another_offers_and_says_so(
        self, browser: Client, parent: User, co_parent: User, household: Household
    ) -> None:
        there = {"household_id": household.public_id, "now": NOW}
        offered = write_question(actor_id=co_parent.pk, **there, kind="yes_no", prompt="Theirs?")
        publish_questions(actor_id=co_parent.pk, **there, is_offered=True)
        for number in range(3):
            write_question(actor_id=parent.pk, **there, kind="yes_no", prompt=f"Number {number}?")
        answer = browser.post(reverse("own-question-take", args=[offered.public_id]))
        assert answer.status_code == 422
        assert "You have 3 already" in answer.content.decode()
        assert "Theirs?" in answer.content.decode()

    def test_a_helper_can_take_over_and_not_write(
        self,
        client_of: Callable[[User], Client],
        helper: User,
        parent: User,
        household: Household,
        child: Any,
    ) -> None:
        here = {"household_id": household.public_id, "now": NOW}
        question = write_question(actor_id=parent.pk, **here, kind="yes_no", prompt="Kneeled?")
        publish_questions(actor_id=parent.pk, **here, is_offered=True)
        take_question(actor_id=helper.pk, **here, question_id=question.public_id)
        browser = client_of(helper)
        listed = page(browser, "own-questions")
        assert reverse("own-question-new") not in listed
        assert publish(browser, offered="1").status_code == 403
        assert publish(browser).status_code == 303


class TestAnswering:
    def test_the_sheet_takes_changes_and_takes_back(
        self, browser: Client, asked: OwnQuestion, parent: User, record: Callable[..., Observation]
    ) -> None:
        moment = record()
        more, shown = (
            reverse("moment-more", args=[moment.public_id]),
            reverse("moment", args=[moment.public_id]),
        )
        name = f"own_{asked.public_id}"
        for value, words in (("3", "3, from 1 (Not at all) to 5 (Very)"), ("5", "<dd>Very</dd>")):
            assert browser.post(more, {"revision": "", name: value}).status_code == 303
            assert words in browser.get(shown).content.decode()
        assert (
            "open data-own" in browser.get(more).content.decode()
            or "data-own open" in browser.get(more).content.decode()
        )
        assert browser.post(more, {"revision": "", name: "yes"}).status_code == 422
        browser.post(more, {"revision": "", name: "none"})
        assert "Was I patient?" not in browser.get(shown).content.decode()
        history = browser.get(reverse("moment-history", args=[moment.public_id])).content.decode()
        assert "Was I patient?" in history
        assert "Very" in history

    def test_a_sheet_that_was_open_while_other_words_were_published_keeps_its_answer(
        self,
        browser: Client,
        asked: OwnQuestion,
        parent: User,
        co_parent: User,
        household: Household,
        record: Callable[..., Observation],
    ) -> None:
        moment, here = record(), {"household_id": household.public_id, "now": NOW}
        more = reverse("moment-more", args=[moment.public_id])
        other_words = {"kind": "yes_no", "prompt": "Did I wait?"}
        new = change_question(actor_id=parent.pk, **here, question_id=asked.public_id, **other_words)
        publish_questions(actor_id=parent.pk, **here)
        draft = write_question(actor_id=parent.pk, **here, kind="yes_no", prompt="A draft?")
        theirs = write_question(actor_id=co_parent.pk, **here, kind="yes_no", prompt="Theirs?")
        publish_questions(actor_id=co_parent.pk, **here)
        sent = {"revision": "", f"own_{asked.public_id}": "5", f"own_{new.public_id}": "no", "own_x": "1"}
        passed_over = {f"own_{theirs.public_id}": "yes", f"own_{draft.public_id}": "yes"}
        refused = browser.post(more, {**sent, f"own_{asked.public_id}": "9"})
        assert refused.status_code == 422
        assert "Was I patient?" in refused.content.decode()
        assert browser.post(more, {**sent, **passed_over}).status_code == 303
        given = moment.own_answers.values_list("question__public_id", "answer")
        assert dict(given) == {asked.public_id: "5", new.public_id: "no"}

    def test_months_sum_up_each_wording_by_itself_and_to_its_author_alone(
        self,
        browser: Client,
        client_of: Callable[[User], Client],
        co_parent: User,
        parent: User,
        household: Household,
        record: Callable[..., Observation],
    ) -> None:
        here = {"actor_id": parent.pk, "household_id": household.public_id, "now": NOW}
        question = write_question(**here, kind="yes_no", prompt="Did I wait?")
        publish_questions(**here)
        values = ["yes", "yes", "no", "yes", "not_seen", "yes"]
        for value in values[:5]:
            record(details={"own": {question.public_id: value}, "visibility": "household"})
        assert "That is too few for a range." in page(browser, "patterns")
        record(details={"own": {question.public_id: values[5]}, "visibility": "household"})
        own = page(browser, "patterns")
        assert "Yes in 4 of 5 moments (plausibly" in own
        assert "Not observed (1)" in own
        theirs = client_of(co_parent).get(reverse("patterns"), {"author": str(parent.public_id)})
        assert "Did I wait?" not in theirs.content.decode()

    def test_the_coach_page_shows_them_with_notes_only(
        self,
        client_of: Callable[[User], Client],
        coach: User,
        parent: User,
        asked: OwnQuestion,
        give: Callable[..., Grant],
        record: Callable[..., Observation],
    ) -> None:
        moment = record(details={"visibility": "coaches", "own": {asked.public_id: "1"}})
        address = reverse("coach-moment", args=[moment.household.public_id, moment.public_id])
        grant = give(scope="ratings")
        assert "Was I patient?" not in client_of(coach).get(address).content.decode()
        Grant.objects.filter(pk=grant.pk).update(scope="ratings_and_notes")
        assert "Was I patient?" in client_of(coach).get(address).content.decode()
        suggest = reverse("coach-questions", args=[grant.public_id])
        assert client_of(coach).post(suggest, {"kind": "yes_no", "prompt": "Kneeled?"}).status_code == 303
        assert "Kneeled?" in client_of(coach).get(suggest).content.decode()
        assert "Kneeled?" in client_of(parent).get(reverse("own-questions")).content.decode()


class TestTheApi:
    def test_reads_questions_and_takes_answers(
        self,
        api_of: Callable[[User], APIClient],
        parent: User,
        co_parent: User,
        child: Any,
        asked: OwnQuestion,
    ) -> None:
        api = api_of(parent)
        (item,) = api.get("/api/v1/own-questions/").json()["items"]
        assert (item["prompt"], item["is_asked"], item["options"][0]) == (
            "Was I patient?",
            True,
            {"key": "1", "words": "Not at all"},
        )
        new = {"id": str(uuid.uuid4()), "child": str(child.public_id), "tone": "in_tune"}
        own = {item["id"]: "4"}
        answer = api.post("/api/v1/moments/", {**new, "own": own, "visibility": "household"}, format="json")
        assert answer.json()["own"] == own
        path = f"/api/v1/moments/{new['id']}/"
        assert api_of(co_parent).get(path).json()["own"] is None
        nothing = {"version": 0, "items": [], "next_cursor": None}
        assert api_of(co_parent).get("/api/v1/own-questions/").json() == nothing
        for wrong in ({item["id"]: 4}, {item["id"]: "yes"}, {str(uuid.uuid4()): "1"}, {"x": "1"}, ["1"]):
            refused = api.post(
                "/api/v1/moments/", {**new, "id": str(uuid.uuid4()), "own": wrong}, format="json"
            )
            assert refused.status_code == 400, wrong
            assert any(name.startswith("own") for name in refused.json()["errors"])

    def test_earlier_wordings_are_on_pages_of_their_own_at_both_doors(
        self,
        api_of: Callable[[User], APIClient],
        browser: Client,
        parent: User,
        household: Household,
        asked: OwnQuestion,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("observations.selectors.own.PAGE_SIZE", 1)
        here = {"actor_id": parent.pk, "household_id": household.public_id, "now": NOW}
        for prompt in ("Did I wait?", "Did I kneel?"):
            (latest,) = get_own_list(actor_id=parent.pk, household_id=household.public_id).current
            change_question(**here, question_id=latest.id, kind="yes_no", prompt=prompt)
            publish_questions(**here)
        api, path = api_of(parent), "/api/v1/own-questions/"
        first = api.get(path).json()
        assert [item["prompt"] for item in first["items"]] == ["Did I kneel?", "Did I wait?"]
        rest = api.get(path, {"cursor": first["next_cursor"]}).json()
        assert [(item["prompt"], item["is_asked"]) for item in rest["items"]] == [("Was I patient?", False)]
        assert rest["next_cursor"] is None
        assert api.get(path, {"cursor": "elsewhere"}).status_code == 400
        listed = browser.get(reverse("own-questions"))
        assert "Was I patient?" not in listed.content.decode()
        following = {"cursor": listed.context["earlier"].next_cursor}
        assert "Was I patient?" in browser.get(reverse("own-questions"), following).content.decode()
        assert browser.get(reverse("own-questions"), {"cursor": "elsewhere"}).status_code == 303

    def test_the_kit_costs_the_same_however_many_there_are(
        self,
        browser: Client,
        parent: User,
        household: Household,
        asked: OwnQuestion,
        django_assert_max_num_queries: Any,
    ) -> None:
        here = {"actor_id": parent.pk, "household_id": household.public_id, "now": NOW}
        with django_assert_max_num_queries(40) as one:
            browser.get("/api/v1/sync/kit")
        for number in range(2):
            write_question(**here, kind="yes_no", prompt=f"Number {number}?")
        publish_questions(**here)
        with django_assert_max_num_queries(len(one)):
            kit = browser.get("/api/v1/sync/kit").json()
        assert len(kit["own"]) == 3

    def test_an_edit_elsewhere_of_another_question_does_not_get_in_the_way(
        self, parent: User, asked: OwnQuestion, record: Callable[..., Observation]
    ) -> None:
        moment = record(details={"own": {asked.public_id: "2"}})
        edited = edit_moment(
            actor_id=parent.pk, moment_id=moment.public_id, details={"note": "Later"}, now=NOW
        )
        assert edited.own_answers.get().answer == "2"
