"""Each form a week can take, from the planner to the bytes of its mail and to its page."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from django.core.mail import EmailMessage

from households.models import Household, Membership
from observations.models import FocusDimension
from observations.services import answer_self_check
from reflections.models import Digest, DigestWeek, Reflection
from reflections.selectors import WeekPage, get_reflection
from reflections.services import deliver_digest, ensure_weeks, plan_digests
from tests.reflections.conftest import CLOSED, EVENING, LABEL, MONDAY, Family

Send = Callable[..., tuple[str, str]]


@pytest.fixture
def send(family: Family, mailoutbox: list[EmailMessage]) -> Send:
    """Plans and sends Alice's mail of a week: its text part, and how it ended."""

    def put(*, now: datetime = EVENING, label: str = LABEL) -> tuple[str, str]:
        plan_digests(household_ids=[family.household.pk], now=now - timedelta(hours=12))
        digest = Digest.objects.filter(membership__user=family.alice, week__label=label).first()
        if digest is None:
            return "", "not planned"
        before = len(mailoutbox)
        deliver_digest(digest_id=digest.pk, now=now)
        digest.refresh_from_db()
        if len(mailoutbox) == before:
            return "", digest.last_code
        raw = mailoutbox[-1].message().as_bytes(linesep="\r\n")
        body = email.message_from_bytes(raw, policy=email.policy.default).get_body(("plain",))
        assert body is not None
        return " ".join(body.get_content().split()), digest.status

    return put


def page(family: Family, *, now: datetime = EVENING, label: str = LABEL) -> WeekPage:
    ensure_weeks(household_ids=[family.household.pk], now=now)
    return get_reflection(actor_id=family.alice.pk, label=label, now=now)


def rules(found: WeekPage) -> list[str]:
    return [sentence.rule for part in found.parts for sentence in part.sentences]


class TestAQuietSeries:
    def test_a_note_then_nothing_then_a_line_then_monthly_then_silence(
        self, family: Family, send: Send
    ) -> None:
        family.note(family.alice, at=MONDAY - timedelta(days=7))
        told = []
        for number in range(18):
            now = EVENING + timedelta(weeks=number)
            week = CLOSED - timedelta(days=7) + timedelta(weeks=number)
            ensure_weeks(household_ids=[family.household.pk], now=now)
            label = DigestWeek.objects.get(household=family.household, starts_at=week).label
            text, state = send(now=now, label=label)
            told.append(_kind_of(text) or state)
        assert told == [
            "note", "none", "line",
            *(["none"] * 3 + ["monthly"]) * 3,
            "stopped", "stopped", "stopped",
        ]  # fmt: skip

    def test_one_moment_ends_the_series(self, family: Family, send: Send) -> None:
        family.note(family.alice)
        text, _state = send()
        assert "Nothing written down" not in text
        assert _kind_of(text) == ""


def _kind_of(text: str) -> str:
    signs = {
        "note": ("Nothing written down this week", "You wrote nothing down this week"),
        "line": ("We will write monthly until you log again",),
        "monthly": ("Just a monthly hello",),
    }
    return next((kind for kind, said in signs.items() if any(sign in text for sign in said)), "")


class TestAFirstPartialWeek:
    def test_it_has_a_page_and_no_mail(self, family: Family, send: Send) -> None:
        Membership.objects.filter(household=family.household).update(joined_at=MONDAY + timedelta(days=2))
        family.note(family.alice, at=MONDAY + timedelta(days=3))
        assert send() == ("", "not planned")
        assert "print.joined" in rules(page(family))


class TestAHardWeek:
    @pytest.fixture
    def hard(self, family: Family) -> Family:
        low = {"contexts": ["hurt_ill"], "ratings": {"comfort": 1}}
        family.note(family.alice, "missed", **low)
        family.note(family.alice, at=MONDAY + timedelta(days=1), **low)
        FocusDimension.objects.create(
            household=family.household,
            member=family.alice,
            dimension="comfort",
            chosen_at=MONDAY - timedelta(weeks=3),
        )
        return family

    def test_its_page_says_kind_words_the_way_back_and_where_help_is(self, hard: Family, send: Send) -> None:
        found = page(hard)
        assert found.kind == "hard"
        assert [part.key for part in found.parts][:3] == ["hard", "way_back", "keep"]
        assert {"hard.kind", "hard.moments", "hard.help"} <= set(rules(found))

    def test_its_mail_is_kind_offers_a_way_back_and_tells_nothing_of_what_was_low(
        self, hard: Family, send: Send
    ) -> None:
        text, state = send()
        assert state == "sent"
        assert "The way back in four lines" in text
        assert "First of all" in text
        for told in (
            "A hard week",
            "comfort",
            "Comfort",
            "Not really",
            "hard to find",
            "health visitor",
            "missed",
        ):
            assert told not in text, told

    def test_a_self_check_alone_can_make_a_week_hard(self, family: Family, send: Send) -> None:
        family.note(family.alice)
        answer_self_check(
            actor_id=family.alice.pk,
            check_id=family.child.public_id,
            child_id=family.child.public_id,
            day=date(2026, 11, 15),
            ratings={"safety": 2},
            now=CLOSED - timedelta(hours=3),
        )
        assert {"hard.kind", "hard.check"} <= set(rules(page(family)))


class TestALateWeek:
    def test_the_page_counts_what_came_later_the_mail_goes_once_and_the_next_one_says_so(
        self, family: Family, send: Send
    ) -> None:
        family.note(family.alice, at=MONDAY - timedelta(days=7))
        first, state = send()
        assert (_kind_of(first), state) == ("note", "sent")
        family.note(family.alice, received=EVENING + timedelta(hours=2))
        family.note(family.alice, at=EVENING + timedelta(days=1))
        later = page(family, now=EVENING + timedelta(hours=3))
        assert [part.key for part in later.parts][:2] == ["keep", "late"]
        assert {"print.late", "late.all"} <= set(rules(later))
        assert send(now=EVENING + timedelta(hours=12)) == ("", "250")  # sent once, and not again
        assert Digest.objects.filter(membership__user=family.alice, status="sent").count() == 1
        text, _state = send(now=EVENING + timedelta(weeks=1), label="2026-W47")
        assert "1 moment of the week before arrived later." in text


class TestTheFocusCompared:
    def test_once_in_four_weeks_the_page_and_the_mail_say_what_the_two_blocks_carry(
        self, family: Family, send: Send
    ) -> None:
        chosen = CLOSED - timedelta(weeks=8, days=2)
        FocusDimension.objects.create(
            household=family.household, member=family.alice, dimension="needs", chosen_at=chosen
        )
        Household.objects.filter(pk=family.household.pk).update(created_at=chosen - timedelta(weeks=2))
        for day in range(56):
            at = CLOSED - timedelta(days=56 - day, hours=-9)
            family.note(family.alice, at=at, ratings={"needs": (5 if day % 3 else 4) if day < 28 else 2})
        text, _state = send()
        assert "In the four weeks before, it was" in text or "The four weeks before:" in text
        assert "28 moments" in text
        assert "focus.apart" in rules(page(family))
        stored = Reflection.objects.get(member__user=family.alice, week__label=LABEL)
        told = {s["rule"]: s for part in stored.content["sections"] for s in part["sentences"]}
        assert told["focus.apart"]["params"]["n"] == 28

    def test_a_focus_chosen_too_late_is_not_compared(self, family: Family, send: Send) -> None:
        FocusDimension.objects.create(
            household=family.household,
            member=family.alice,
            dimension="needs",
            chosen_at=CLOSED - timedelta(weeks=7),
        )
        for day in range(56):
            at = CLOSED - timedelta(days=56 - day, hours=-9)
            family.note(family.alice, at=at, ratings={"needs": 5 if day < 28 else 1})
        assert not {"focus.apart", "focus.unclear"} & set(rules(page(family)))
