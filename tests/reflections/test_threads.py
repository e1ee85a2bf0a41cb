"""A miss and its came-backs: the time between them in words, and who may see the thread."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from common.errors import NotVisible
from observations.selectors import get_moment
from observations.services import delete_moment, edit_moment
from observations.when import Said
from reflections.phrases import say_lapse
from reflections.selectors import find_thread
from reflections.threads import End, Lapse, Span, lapse_between

SHARED = {"visibility": "household"}


def end(text, *, zone="Europe/Lisbon", precision="about"):
    """One end at a wall-clock time in Lisbon in winter, where the clock is UTC's."""
    at = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return End(uuid.uuid4(), 1, "Alice", at.date(), at, zone, precision)


class TestLapse:
    @pytest.mark.parametrize(
        ("missed", "came_back", "words"),
        [
            ("2026-11-18T19:30", "2026-11-18T19:30", "within the hour"),
            ("2026-11-18T19:30", "2026-11-18T20:29", "within the hour"),
            ("2026-11-18T23:40", "2026-11-19T00:20", "within the hour"),
            ("2026-11-18T19:30", "2026-11-18T20:30", "the same evening"),
            ("2026-11-18T07:00", "2026-11-18T11:59", "the same morning"),
            ("2026-11-18T12:00", "2026-11-18T16:30", "the same afternoon"),
            ("2026-11-18T01:00", "2026-11-18T03:00", "the same night"),
            ("2026-11-18T22:30", "2026-11-19T02:00", "the same night"),
            ("2026-11-18T07:00", "2026-11-18T19:00", "later that day"),
            ("2026-11-18T19:00", "2026-11-19T07:30", "the next morning"),
            ("2026-11-18T12:30", "2026-11-19T04:00", "the next day"),
            ("2026-11-18T07:00", "2026-11-19T16:00", "the next day"),
            ("2026-11-18T07:00", "2026-11-20T07:00", "two days later"),
            ("2026-11-18T07:00", "2026-11-24T07:00", "six days later"),
            ("2026-11-18T07:00", "2026-11-25T07:00", "a week later"),
            ("2026-11-18T07:00", "2026-12-09T07:00", "three weeks later"),
            ("2026-11-18T07:00", "2027-01-17T07:00", "two months later"),
            ("2026-11-18T07:00", "2027-11-18T07:00", "12 months later"),
        ],
    )
    def test_is_said_as_people_say_it(self, missed, came_back, words):
        assert say_lapse(lapse_between(end(missed), end(came_back))) == words

    @pytest.mark.parametrize(
        ("missed", "came_back", "words"),
        [
            ("2026-11-18T19:30", "2026-11-18T19:40", "the same day"),
            ("2026-11-18T19:30", "2026-11-19T07:30", "the next day"),
            ("2026-11-18T19:30", "2026-11-20T07:30", "two days later"),
        ],
    )
    def test_claims_no_hour_that_nobody_gave(self, missed, came_back, words):
        of_a_day = end(missed, precision="day")
        assert say_lapse(lapse_between(of_a_day, end(came_back))) == words
        assert say_lapse(lapse_between(end(missed), end(came_back, precision="day"))) == words

    def test_is_told_by_the_clocks_of_those_who_were_there(self):
        """Half past five in the afternoon in Lisbon is evening; in Kathmandu it is nearly midnight."""
        missed, came_back = "2026-11-18T17:30", "2026-11-18T19:00"
        assert lapse_between(end(missed), end(came_back)).span is Span.SAME_EVENING
        far = [end(text, zone="Asia/Kathmandu") for text in (missed, came_back)]
        assert lapse_between(*far).span is Span.SAME_NIGHT

    def test_every_span_has_words_and_no_digit_below_ten(self):
        for span in Span:
            for count in (1, 2, 9):
                words = say_lapse(Lapse(span, count))
                assert words
                assert not any(letter.isdigit() for letter in words)


@pytest.fixture
def thread_of():
    def find(reader, moment):
        shown = get_moment(actor_id=reader.pk, moment_id=moment.public_id)
        return find_thread(actor_id=reader.pk, moment=shown)

    return find


def ends(thread):
    return [thread.missed.id, *(came_back.id for came_back, _lapse in thread.came_backs)]


class TestFindThread:
    def test_is_the_same_seen_from_each_of_its_ends(self, thread_of, record, parent, now):
        missed = record(tone="missed", occurred=Said(at=now - timedelta(days=2)))
        details = {"repairs": missed.public_id}
        first = record(tone="came_back", occurred=Said(at=now - timedelta(days=1)), details=details)
        second = record(tone="came_back", details=details)
        threads = [thread_of(parent, moment) for moment in (missed, first, second)]
        assert threads[0] == threads[1] == threads[2]
        assert ends(threads[0]) == [missed.public_id, first.public_id, second.public_id]
        assert [lapse.span for _end, lapse in threads[0].came_backs] == [Span.NEXT_DAY, Span.DAYS]

    def test_a_moment_without_another_end_has_none(self, thread_of, record, parent):
        assert thread_of(parent, record(tone="missed")) is None
        assert thread_of(parent, record(tone="came_back")) is None
        assert thread_of(parent, record()) is None

    def test_goes_across_two_adults_where_both_shared(self, thread_of, record, parent, co_parent, helper):
        missed = record(tone="missed", details=SHARED)
        back = record(co_parent, tone="came_back", details={**SHARED, "repairs": missed.public_id})
        for reader in (parent, co_parent, helper):
            thread = thread_of(reader, back)
            assert ends(thread) == [missed.public_id, back.public_id]
            assert [thread.missed.author_name, thread.came_backs[0][0].author_name] == ["Alice", "Bela"]

    def test_shows_no_trace_of_an_end_that_is_another_s_own(self, thread_of, record, parent, co_parent, now):
        missed = record(tone="missed", details=SHARED)
        mine = record(tone="came_back", details={"repairs": missed.public_id, "visibility": "private"})
        theirs = record(co_parent, tone="came_back", details={**SHARED, "repairs": missed.public_id})
        assert ends(thread_of(parent, missed)) == [missed.public_id, mine.public_id, theirs.public_id]
        assert ends(thread_of(co_parent, missed)) == [missed.public_id, theirs.public_id]
        edit_moment(
            actor_id=parent.pk, moment_id=missed.public_id, details={"visibility": "private"}, now=now
        )
        assert thread_of(co_parent, theirs) is None
        with pytest.raises(NotVisible):
            thread_of(co_parent, missed)

    def test_ends_with_its_miss_and_comes_back_with_it(self, thread_of, record, parent, now):
        missed = record(tone="missed")
        back = record(tone="came_back", details={"repairs": missed.public_id})
        edit_moment(actor_id=parent.pk, moment_id=missed.public_id, details={"tone": "in_tune"}, now=now)
        assert thread_of(parent, back) is None
        edit_moment(actor_id=parent.pk, moment_id=missed.public_id, details={"tone": "missed"}, now=now)
        assert ends(thread_of(parent, back)) == [missed.public_id, back.public_id]
        delete_moment(actor_id=parent.pk, moment_id=missed.public_id, now=now)
        assert thread_of(parent, back) is None
