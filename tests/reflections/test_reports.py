"""Saying that a sentence is wrong: one tap, undone with one, and nobody else learns of it but as a number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management import call_command

from common.errors import NotVisible
from reflections.estate import ReflectionsEstate
from reflections.models import Digest, Reflection, SentenceReport
from reflections.selectors import count_reports, get_reflection
from reflections.services import (
    compile_week,
    deliver_digest,
    plan_digests,
    report_sentence,
    take_back_report,
)
from tests.reflections.conftest import CLOSED, EVENING, LABEL, Family

RULE = "noticed.count"


@pytest.fixture
def told(family: Family) -> Family:
    """A week of Alice's, compiled."""
    family.note(family.alice, note="Words of mine")
    family.note(family.alice, "came_back")
    compile_week(household_ids=[family.household.pk], label=LABEL, now=CLOSED)
    return family


def say(family: Family, user=None, **fields):
    return report_sentence(
        **{"actor_id": (user or family.alice).pk, "label": LABEL, "rule": RULE, "now": CLOSED, **fields}
    )


def sentence(family: Family, rule: str = RULE):
    page = get_reflection(actor_id=family.alice.pk, label=LABEL, now=EVENING)
    return next(item for part in page.parts for item in part.sentences if item.rule == rule)


class TestReportSentence:
    def test_it_is_noted_with_its_rule_and_its_week_and_shown_to_its_reader(self, told):
        report = say(told)
        assert (report.rule, report.reflection.week.label, report.reporter) == (RULE, LABEL, told.alice)
        assert sentence(told).report == report
        assert sentence(told, "keep.came_back").report is None

    def test_said_again_it_changes_what_is_given(self, told):
        say(told)
        say(told, is_hidden=True)
        report = say(told, words="  It was three.  ", now=EVENING)
        assert (report.is_hidden, report.words, report.reported_at) == (True, "It was three.", CLOSED)
        assert SentenceReport.objects.count() == 1

    def test_its_words_are_sealed_and_go_when_they_are_emptied(self, told):
        report = say(told, words="It was three.")
        assert b"three" not in bytes(report.words_sealed)
        say(told, words=" ")
        assert SentenceReport.objects.get().words == ""

    def test_taking_it_back_shows_the_sentence_as_it_was(self, told):
        say(told, is_hidden=True)
        for _ in range(2):
            take_back_report(actor_id=told.alice.pk, label=LABEL, rule=RULE)
        assert sentence(told).report is None

    @pytest.mark.parametrize(
        ("fields", "name"), [({"rule": "no.such"}, "rule"), ({"words": "x" * 501}, "words")]
    )
    def test_what_makes_no_sense_is_refused(self, told, fields, name):
        with pytest.raises(ValidationError) as refused:
            say(told, **fields)
        assert set(refused.value.error_dict) == {name}
        assert not SentenceReport.objects.exists()

    def test_nobody_says_it_of_another_week_than_their_own(self, told, stranger):
        with pytest.raises(NotVisible):
            say(told, stranger)
        say(told, told.bela)
        assert sentence(told).report is None

    def test_it_stays_with_the_rule_when_the_week_is_composed_again(self, told):
        say(told)
        told.note(told.alice)
        assert "3 moments" in sentence(told).text
        assert sentence(told).report is not None


class TestTheMail:
    def sent(self, family: Family, outbox: list[EmailMessage]) -> str:
        plan_digests(household_ids=[family.household.pk], now=CLOSED)
        digest = Digest.objects.get(membership__user=family.alice, week__label=LABEL)
        deliver_digest(digest_id=digest.pk, now=EVENING)
        return str(outbox[-1].message())

    def test_it_leaves_out_what_was_hidden_before_it_was_written(self, told, mailoutbox):
        say(told, is_hidden=True)
        assert "2 moments" not in self.sent(told, mailoutbox)

    def test_it_says_what_was_only_called_wrong(self, told, mailoutbox):
        say(told)
        assert "2 moments" in self.sent(told, mailoutbox)


class TestOperators:
    def test_they_see_how_often_and_nothing_else(self, told):
        say(told, is_hidden=True, words="Secret words")
        say(told, told.bela)
        say(told, rule="print.counted", now=CLOSED - timedelta(days=40))
        assert [(count.rule, count.weeks, count.hidden) for count in count_reports()] == [
            (RULE, 2, 1),
            ("print.counted", 1, 0),
        ]
        assert [count.rule for count in count_reports(since=CLOSED - timedelta(days=30))] == [RULE]

    def test_the_command_says_when_there_is_nothing(self, db, capsys):
        call_command("sentence_reports")
        assert capsys.readouterr().out == "Nobody said that a sentence is wrong.\n"

    def test_the_command_names_rules_and_numbers(self, told, capsys):
        say(told, words="Secret words")
        capsys.readouterr()
        call_command("sentence_reports")
        assert capsys.readouterr().out == f"{RULE}: said wrong in 1, hidden in 0\n"


class TestEstate:
    def test_it_is_exported_moved_and_erased_with_its_reporter(self, told):
        say(told, words="It was three.")
        tables = {
            table.name: list(table.rows()) for table in ReflectionsEstate().export(told.alice.pk, CLOSED)
        }
        (row,) = tables["sentences_said_wrong"]
        assert (row[1], row[2], row[4]) == (LABEL, RULE, "It was three.")
        assert ReflectionsEstate().count_left(told.alice.pk)["reflections.SentenceReport"] == 1
        ReflectionsEstate().erase(told.alice.pk)
        assert not SentenceReport.objects.exists()
        assert Reflection.objects.filter(member__user=told.bela).exists()
