"""An author's own questions: frozen once asked, nobody's but theirs, and in a log form only where they put them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from common.errors import Conflict, NotVisible, Refused
from common.estates import Estate, list_estates
from common.person_keys import remembering
from households.models import Child, Grant, Household, Membership
from households.scope import granted_to
from households.services import leave_household, separate_household
from observations.history import state_of
from observations.models import FeedEntry, Observation, OwnAnswer, OwnPlace, OwnQuestion, OwnVersion
from observations.record import check_record
from observations.rules import OWN_QUESTIONS_MAX
from observations.selectors import (
    answers_of,
    get_granted,
    get_moment,
    get_own_list,
    list_asked,
    list_earlier,
    list_offered,
    list_revisions,
)
from observations.services import (
    change_question,
    drop_question,
    edit_moment,
    offer_questions,
    publish_questions,
    retire_question,
    take_question,
    write_question,
)
from observations.sync import pack_kit
from tests.conftest import NOW

ENDS = ("Not at all", "", "", "", "Completely")
Ask = Callable[..., OwnQuestion]


@pytest.fixture
def ask(parent: User, household: Household) -> Ask:
    """Writes a question and publishes it; without arguments the parent's, in five steps."""

    def put(actor: User | None = None, prompt: str = "Was I patient?", **words: Any) -> OwnQuestion:
        here = {"actor_id": (actor or parent).pk, "household_id": household.public_id, "now": NOW}
        is_offered = words.pop("is_offered", False)
        question = write_question(**here, **{"kind": "steps", "labels": ENDS, **words}, prompt=prompt)
        publish_questions(**here, is_offered=is_offered)
        return question

    return put


@pytest.fixture
def here(parent: User, household: Household) -> dict[str, Any]:
    return {"actor_id": parent.pk, "household_id": household.public_id}


def answer(moment: Observation, question: OwnQuestion, value: str | None) -> Observation:
    return edit_moment(
        actor_id=moment.author_id,
        moment_id=moment.public_id,
        details={"own": {question.public_id: value}},
        now=NOW,
    )


def estate_of_observations() -> Estate:
    return next(one for one in list_estates() if type(one).__module__ == "observations.estate")


def told(moment: Observation, reader: User) -> list[tuple[str, str]]:
    found = get_moment(actor_id=reader.pk, moment_id=moment.public_id)
    return [(seen.prompt, seen.words_of(key)) for seen, key in answers_of([found]).get(found.pk, [])]


class TestWriting:
    def test_a_draft_is_asked_of_nobody(
        self, here: dict[str, Any], parent: User, household: Household
    ) -> None:
        draft = write_question(**here, kind="yes_no", prompt="  Did I kneel? ", now=NOW)
        own = get_own_list(**here)
        assert [seen.prompt for seen in own.drafts] == ["Did I kneel?"]
        assert not list_asked(author_id=parent.pk, household_pk=household.pk)
        drop_question(**here, question_id=draft.public_id)
        with pytest.raises(Conflict):
            publish_questions(**here, now=NOW)

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            ("prompt", {"kind": "yes_no", "prompt": " "}),
            ("prompt", {"kind": "yes_no", "prompt": "x" * 161}),
            ("kind", {"kind": "stars", "prompt": "Well?"}),
            ("step_5", {"kind": "steps", "prompt": "Well?", "labels": ("Never",)}),
            ("step_3", {"kind": "steps", "prompt": "Well?", "labels": ("a", "", "x" * 41, "", "b")}),
        ],
    )
    def test_what_cannot_be_asked_is_refused_on_its_field(
        self, here: dict[str, Any], field: str, words: dict[str, Any]
    ) -> None:
        with pytest.raises(ValidationError) as refused:
            write_question(**here, **words, now=NOW)
        assert set(refused.value.error_dict) == {field}

    def test_they_stay_few(self, here: dict[str, Any]) -> None:
        for number in range(OWN_QUESTIONS_MAX):
            write_question(**here, kind="yes_no", prompt=f"Number {number}?", now=NOW)
        with pytest.raises(ValidationError, match="already"):
            write_question(**here, kind="yes_no", prompt="One more?", now=NOW)
        assert publish_questions(**here, now=NOW).places.count() == OWN_QUESTIONS_MAX

    def test_is_for_guardians(
        self, household: Household, helper: User, stranger: User, coach: User, give: Callable[..., Grant]
    ) -> None:
        give()
        for person, error in ((helper, Refused), (stranger, NotVisible), (coach, NotVisible)):
            with pytest.raises(error):
                write_question(
                    actor_id=person.pk,
                    household_id=household.public_id,
                    kind="yes_no",
                    prompt="Mine?",
                    now=NOW,
                )

    def test_the_words_are_sealed(self, ask: Ask) -> None:
        row = ask(prompt="A heron at dawn?")
        sealed = bytes(OwnQuestion.objects.values_list("words_sealed", flat=True).get(pk=row.pk))
        assert b"heron" not in sealed


class TestVersions:
    def test_other_words_are_another_question_and_old_answers_keep_theirs(
        self, here: dict[str, Any], ask: Ask, parent: User, record: Callable[..., Observation]
    ) -> None:
        first, moment = ask(), record()
        answer(moment, first, "5")
        second = change_question(
            **here, question_id=first.public_id, kind="yes_no", prompt="Did I wait?", now=NOW
        )
        assert list_asked(author_id=parent.pk, household_pk=moment.household_id)[0].prompt == "Was I patient?"
        version = publish_questions(**here, now=NOW)
        own = get_own_list(**here)
        assert (version.number, [seen.id for seen in own.current]) == (2, [second.public_id])
        assert [seen.id for seen in list_earlier(**here).items] == [first.public_id]
        assert told(moment, parent) == [("Was I patient?", "Completely")]
        answer(moment, second, "no")
        assert told(moment, parent) == [("Was I patient?", "Completely"), ("Did I wait?", "No")]

    def test_earlier_wordings_come_page_by_page_and_are_opened_for_nobody_else(
        self, here: dict[str, Any], ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("observations.selectors.own.PAGE_SIZE", 2)
        gone = [ask(prompt=f"Number {number}?") for number in range(3)]
        for question in gone:
            retire_question(**here, question_id=question.public_id, now=NOW)
        kept = ask()
        first = list_earlier(**here)
        rest = list_earlier(**here, cursor=first.next_cursor)
        assert rest.next_cursor == ""
        listed = [seen.id for seen in (*first.items, *rest.items)]
        assert listed == [question.public_id for question in reversed(gone)]
        own = get_own_list(**here)
        assert [seen.id for seen in (*own.current, *own.drafts)] == [kept.public_id]
        with pytest.raises(ValidationError):
            list_earlier(**here, cursor="elsewhere")

    def test_what_was_asked_is_frozen(self, here: dict[str, Any], ask: Ask) -> None:
        question = OwnQuestion.objects.get(pk=ask().pk)
        question.kind = "yes_no"
        with pytest.raises(Conflict):
            question.save()
        with pytest.raises(NotVisible):
            drop_question(**here, question_id=question.public_id)

    def test_asked_no_more_is_a_version_and_a_late_phone_can_still_answer(
        self, here: dict[str, Any], ask: Ask, parent: User, record: Callable[..., Observation]
    ) -> None:
        kept, gone = ask(), ask(prompt="And rested?")
        version = retire_question(**here, question_id=gone.public_id, now=NOW)
        assert version.number == 3
        assert [seen.id for seen in get_own_list(**here).current] == [kept.public_id]
        moment = record(details={"own": {gone.public_id: "2"}})
        assert told(moment, parent) == [("And rested?", "2")]
        with pytest.raises(NotVisible):
            retire_question(**here, question_id=gone.public_id, now=NOW)

    def test_a_draft_takes_the_place_of_what_it_replaces(self, here: dict[str, Any], ask: Ask) -> None:
        first, second = ask(prompt="One?"), ask(prompt="Two?")
        other_words = {**here, "kind": "yes_no", "now": NOW}
        draft = change_question(**other_words, question_id=first.public_id, prompt="Uno?")
        assert change_question(**other_words, question_id=first.public_id, prompt="Uno?") == draft
        with pytest.raises(Conflict):
            change_question(**other_words, question_id=first.public_id, prompt="Un?")
        change_question(**other_words, question_id=draft.public_id, prompt="Un?")
        assert [seen.prompt for seen in get_own_list(**here).coming] == ["Un?", "Two?"]
        publish_questions(**here, now=NOW)
        assert [seen.prompt for seen in get_own_list(**here).current] == ["Un?", "Two?"]
        assert second.asked_since is None or OwnVersion.objects.count() == 3


class TestAnswering:
    def test_an_answer_that_the_question_does_not_have_is_refused(
        self, ask: Ask, record: Callable[..., Observation], co_parent: User
    ) -> None:
        question, moment = ask(), record()
        theirs = record(co_parent)
        for row, value in ((moment, "yes"), (moment, "6"), (theirs, "5")):
            with pytest.raises(ValidationError) as refused, transaction.atomic():
                answer(row, question, value)
            assert set(refused.value.error_dict) == {"own"}

    def test_it_is_in_the_history_and_in_the_record(
        self, ask: Ask, parent: User, record: Callable[..., Observation]
    ) -> None:
        question, moment = ask(), record()
        for value in ("1", "4", "4", None):
            answer(moment, question, value)
        states = [
            row.state.get("own") for row in list_revisions(actor_id=parent.pk, moment_id=moment.public_id)
        ]
        assert states == [{str(question.public_id): "4"}, {str(question.public_id): "1"}, None]
        assert "own" not in state_of(Observation.objects.get(pk=moment.pk)).fields
        assert not check_record(author_id=parent.pk).findings
        answer(moment, question, "2")
        OwnAnswer.objects.update(answer="5")
        assert check_record(author_id=parent.pk).findings

    def test_nobody_else_in_the_household_learns_of_it(
        self, ask: Ask, parent: User, co_parent: User, record: Callable[..., Observation]
    ) -> None:
        question, moment = ask(), record(details={"visibility": "household"})
        before = FeedEntry.objects.get(public_id=moment.public_id).shown_number
        answer(moment, question, "3")
        assert told(moment, parent)
        assert not told(moment, co_parent)
        assert FeedEntry.objects.get(public_id=moment.public_id).shown_number == before

    @pytest.mark.parametrize(("scope", "sees"), [("ratings", False), ("ratings_and_notes", True)])
    def test_a_coach_sees_it_with_the_notes_and_not_without(
        self,
        ask: Ask,
        coach: User,
        give: Callable[..., Grant],
        record: Callable[..., Observation],
        scope: str,
        sees: bool,
    ) -> None:
        give(scope=scope)
        moment = record(details={"visibility": "coaches"})
        answer(moment, ask(), "5")
        found = get_granted(
            sight=granted_to(coach.pk, now=NOW),
            household_id=moment.household.public_id,
            moment_id=moment.public_id,
        )
        assert bool(answers_of([found])) is sees

    def test_the_phone_has_the_questions_unless_it_is_to_be_discreet(self, ask: Ask, parent: User) -> None:
        question = ask()
        (asked,) = pack_kit(actor_id=parent.pk).own
        assert (asked.id, asked.prompt) == (question.public_id, "Was I patient?")
        assert [(one.key, one.words) for one in asked.options][:2] == [("1", "Not at all"), ("2", "2")]
        parent.discreet = True
        parent.save()
        assert not pack_kit(actor_id=parent.pk).own


class TestOffering:
    def test_only_what_is_offered_is_seen_and_taking_it_over_is_a_copy(
        self, ask: Ask, here: dict[str, Any], household: Household, co_parent: User, stranger: User
    ) -> None:
        question = ask()
        theirs = {"actor_id": co_parent.pk, "household_id": household.public_id}
        with pytest.raises(NotVisible):
            take_question(**theirs, question_id=question.public_id, now=NOW)
        offer_questions(**here, is_offered=True)
        assert [one.question.id for one in list_offered(**theirs)] == [question.public_id]
        with pytest.raises(NotVisible):
            take_question(
                actor_id=stranger.pk,
                household_id=household.public_id,
                question_id=question.public_id,
                now=NOW,
            )
        copy = take_question(**theirs, question_id=question.public_id, now=NOW)
        assert not list_asked(author_id=co_parent.pk, household_pk=household.pk)
        publish_questions(**theirs, now=NOW)
        assert not list_offered(**theirs)
        # What it was copied from may go: the words are theirs.
        estate_of_observations().erase(here["actor_id"])
        assert [seen.id for seen in list_asked(author_id=co_parent.pk, household_pk=household.pk)] == [
            copy.public_id
        ]

    def test_a_helper_takes_over_and_does_not_offer(
        self, ask: Ask, household: Household, helper: User
    ) -> None:
        question = ask(is_offered=True)
        theirs = {"actor_id": helper.pk, "household_id": household.public_id}
        take_question(**theirs, question_id=question.public_id, now=NOW)
        with pytest.raises(Refused):
            publish_questions(**theirs, is_offered=True, now=NOW)
        assert publish_questions(**theirs, now=NOW).number == 1

    def test_it_ends_with_whoever_leaves(
        self, ask: Ask, here: dict[str, Any], household: Household, parent: User, co_parent: User
    ) -> None:
        ask(is_offered=True)
        theirs = {"actor_id": co_parent.pk, "household_id": household.public_id}
        assert list_offered(**theirs)
        leave_household(**here, now=NOW)
        assert not list_offered(**theirs)
        estate_of_observations().come_back(parent.pk, household_id=household.pk, now=NOW)
        Membership.objects.filter(user=parent).update(left_at=None)
        assert not list_offered(**theirs)

    def test_a_restored_backup_offers_nothing(self, ask: Ask) -> None:
        ask(is_offered=True)
        assert (
            estate_of_observations().close_doors(NOW + timedelta(days=1))["own questions offered no more"]
            == 1
        )
        assert not OwnVersion.objects.filter(is_offered=True).exists()


class TestEstate:
    def test_it_is_exported_in_the_words_it_was_asked_in(
        self, ask: Ask, parent: User, record: Callable[..., Observation]
    ) -> None:
        question, moment = ask(), record()
        answer(moment, question, "not_seen")
        found = {
            table.name: [dict(zip(table.columns, row, strict=True)) for row in table.rows()]
            for table in chain.from_iterable(estate.export(parent.pk, NOW) for estate in list_estates())
            if table.name.startswith("own_") and "suggest" not in table.name
        }
        (asked,), (version,), (given,) = (
            found[f"own_{name}"] for name in ("questions", "versions", "answers")
        )
        assert (asked["prompt"], asked["options"][0]) == ("Was I patient?", ["1", "Not at all"])
        assert version["questions"] == [str(question.public_id)]
        assert (given["question"], given["answer"], given["in_words"]) == (
            "Was I patient?",
            "not_seen",
            "Could not tell",
        )

    def test_it_moves_along_and_still_opens(
        self, ask: Ask, parent: User, child: Child, here: dict[str, Any], record: Callable[..., Observation]
    ) -> None:
        question, moment = ask(is_offered=True), record()
        answer(moment, question, "5")
        home = separate_household(
            **here,
            name="The loft",
            timezone="Europe/Lisbon",
            child_ids=[child.public_id],
            now=NOW,
        )
        assert told(moment, parent) == [("Was I patient?", "Completely")]
        for model in (OwnQuestion, OwnVersion, OwnPlace, OwnAnswer):
            assert set(model._default_manager.values_list("household_id", flat=True)) == {home.pk}
        assert not get_own_list(actor_id=parent.pk, household_id=home.public_id).is_offered

    def test_the_list_costs_the_same_however_much_there_is(
        self, ask: Ask, here: dict[str, Any], django_assert_max_num_queries: Any
    ) -> None:
        ask()
        with remembering(), django_assert_max_num_queries(6) as few:
            get_own_list(**here)
        for _ in range(2):
            ask(prompt=f"Another {uuid.uuid4()}?"[:60])
        with remembering(), django_assert_max_num_queries(len(few)):
            get_own_list(**here)
