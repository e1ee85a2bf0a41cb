"""What is also about another adult stays with its author for a night and a day, and the mark is theirs alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from common.errors import NotVisible
from households.models import Grant
from observations.history import state_of
from observations.models import Observation, RecordLink
from observations.record import check_record
from observations.rules import COOLING_OFF
from observations.selectors import get_moment
from observations.services import edit_moment

Record = Callable[..., Observation]
SECOND = timedelta(seconds=1)


@pytest.fixture
def edit(parent: User, now: datetime) -> Callable[..., Observation]:
    def put(moment: Observation, *, at: datetime = now, **details: Any) -> Observation:
        return edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details=details, now=at)

    return put


def refused_on(act: Callable[[], object]) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        act()
    return {name: [str(e.code) for e in errors] for name, errors in refused.value.error_dict.items()}


class TestTheMark:
    def test_makes_a_new_one_private_whatever_its_author_always_chooses(
        self, record: Record, parent: User, now: datetime
    ) -> None:
        User.objects.filter(pk=parent.pk).update(standing_visibility="household")
        moment = record(details={"about_adult": True})
        assert (moment.visibility, moment.cooling_until) == ("private", now + COOLING_OFF)

    def test_takes_a_shared_one_back_at_once(
        self, record: Record, edit: Callable[..., Observation], co_parent: User
    ) -> None:
        moment = record(details={"visibility": "household"})
        assert get_moment(actor_id=co_parent.pk, moment_id=moment.public_id)
        edit(moment, about_adult=True)
        with pytest.raises(NotVisible):
            get_moment(actor_id=co_parent.pk, moment_id=moment.public_id)

    def test_takes_it_back_from_a_coach_too(
        self, record: Record, edit: Callable[..., Observation], give: Callable[..., Grant]
    ) -> None:
        give()
        moment = record(details={"visibility": "coaches"})
        assert edit(moment, about_adult=True).visibility == "private"

    def test_one_without_it_is_as_it_always_was(self, record: Record) -> None:
        moment = record(details={"visibility": "household", "about_adult": False})
        assert (moment.visibility, moment.cooling_until) == ("household", None)


class TestWidening:
    @pytest.mark.parametrize("wider", ["household", "coaches"])
    def test_waits_for_a_night_and_a_day(
        self, record: Record, edit: Callable[..., Observation], now: datetime, wider: str
    ) -> None:
        moment = record(details={"about_adult": True})
        early = now + COOLING_OFF - SECOND
        assert refused_on(lambda: edit(moment, at=early, visibility=wider)) == {"visibility": ["cooling"]}
        assert Observation.objects.get().visibility == "private"
        assert edit(moment, at=now + COOLING_OFF, visibility=wider).visibility == wider

    @pytest.mark.parametrize("tone", ["in_tune", "missed"])
    def test_is_refused_where_it_is_said_in_one_breath(self, record: Record, tone: str) -> None:
        said = {"about_adult": True, "visibility": "household"}
        assert refused_on(lambda: record(tone=tone, details=said)) == {"visibility": ["cooling"]}
        assert not Observation.objects.exists()

    def test_says_until_when_on_its_own_clock(self, record: Record) -> None:
        with pytest.raises(ValidationError) as refused:
            record(details={"about_adult": True, "visibility": "household"})
        assert refused.value.message_dict["visibility"] == [
            "This one stays with you until 19 November, 19:30. After a night you can decide who sees it."
        ]

    def test_taking_the_mark_off_does_not_hurry_it(
        self, record: Record, edit: Callable[..., Observation], now: datetime
    ) -> None:
        moment = edit(record(details={"about_adult": True}), about_adult=False)
        assert not moment.about_adult
        assert refused_on(lambda: edit(moment, visibility="household")) == {"visibility": ["cooling"]}
        assert edit(moment, at=now + COOLING_OFF, visibility="household").visibility == "household"

    def test_keeping_it_is_always_right(self, record: Record, edit: Callable[..., Observation]) -> None:
        moment = record(details={"about_adult": True, "visibility": "private"})
        assert edit(moment, visibility="private", note="I felt small.").note == "I felt small."

    def test_marking_it_again_later_begins_anew_and_meanwhile_does_not(
        self, record: Record, edit: Callable[..., Observation], now: datetime
    ) -> None:
        moment = record(details={"about_adult": True})
        soon, later = now + timedelta(hours=1), now + timedelta(days=3)
        edit(moment, at=soon, about_adult=False)
        assert edit(moment, at=soon, about_adult=True).cooling_until == now + COOLING_OFF
        edit(moment, at=later, about_adult=False, visibility="household")
        again = edit(moment, at=later, about_adult=True)
        assert (again.visibility, again.cooling_until) == ("private", later + COOLING_OFF)


class TestHistoryAndRecord:
    def test_the_mark_is_in_the_history_of_its_author(
        self,
        record: Record,
        edit: Callable[..., Observation],
        parent: User,
        client_of: Callable[[User], Client],
    ) -> None:
        moment = edit(record(), about_adult=True)
        page = client_of(parent).get(reverse("moment-history", args=[moment.public_id])).content.decode()
        assert "Also about another adult" in page

    def test_what_was_written_before_there_was_a_mark_reads_as_ever(self, record: Record) -> None:
        assert "about_adult" not in state_of(record()).fields

    def test_the_record_holds_with_it_and_breaks_without(
        self, record: Record, edit: Callable[..., Observation], parent: User
    ) -> None:
        edit(record(details={"about_adult": True}), note="More.")
        assert RecordLink.objects.count() == 2
        assert not check_record(author_id=parent.pk).findings
        Observation.objects.update(about_adult=False)
        assert check_record(author_id=parent.pk).findings
