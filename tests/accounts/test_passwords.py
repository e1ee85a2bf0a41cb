"""Passwords: long ones that are hard to guess, of whatever signs; the others refused with a word on what helps."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.passwords import PIECE, find_weakness
from tests.accounts.well_known import WELL_KNOWN

STRONG = (
    "seven quiet geese at dawn",
    "an attic full of kites",
    "tractor lemon wednesday",
    "gr8!Kx-41vqZ",
    "vier Tassen im Regen",
    "после дождя тихо",
    "🦊🪿🌻🥕🧦📯🧊🍄🪁🧵🐛💧",
)


def refusal(password: str, user: User | None = None) -> list[str]:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return [str(item.code) for item in error.error_list]
    return []


class TestLength:
    @pytest.mark.parametrize(
        ("length", "taken"), [(11, False), (12, True), (64, True), (128, True), (4_000, True)]
    )
    def test_twelve_are_enough_and_none_are_too_many(self, length: int, taken: bool) -> None:
        words = "tractor lemon wednesday umbrella quartz pelican ivory mustard "
        assert (refusal((words * 70)[7 : 7 + length]) == []) is taken

    def test_a_short_one_is_told_one_thing_and_how_many_are_missing(self) -> None:
        with pytest.raises(ValidationError) as refused:
            validate_password("12345678")
        assert refused.value.messages == [
            "It needs 4 characters more. A few words in a row are easy to remember."
        ]

    def test_any_signs_will_do(self) -> None:
        assert [password for password in STRONG if refusal(password)] == []


class TestWellKnown:
    def test_the_list_is_of_long_ones(self) -> None:
        assert len(WELL_KNOWN) == len(set(WELL_KNOWN)) >= 110
        assert all(len(password) >= 12 for password in WELL_KNOWN)

    def test_djangos_own_list_would_let_most_of_them_through(self) -> None:
        kept = [MinimumLengthValidator(12), CommonPasswordValidator()]
        assert len([p for p in WELL_KNOWN if not _refused(kept, p)]) >= 80

    def test_none_gets_through(self) -> None:
        assert [password for password in WELL_KNOWN if not refusal(password)] == []

    def test_nor_does_any_long_one_of_djangos_list(self) -> None:
        listed = [password for password in CommonPasswordValidator().passwords if len(password) >= 12]
        assert len(listed) > 150
        assert [password for password in listed if not refusal(password)] == []


def _refused(validators: list[Any], password: str) -> bool:
    for validator in validators:
        try:
            validator.validate(password)
        except ValidationError:
            return True
    return False


class TestWhatHelps:
    @pytest.mark.parametrize(
        ("password", "weakness", "words"),
        [
            ("password123456", "dictionary", "Many people use this one"),
            ("jkjkjkjkjkjkjkjk", "repeat", "Repeating something adds little"),
            ("cdefghijklmnop", "sequence", "in their order"),
            ("xcvbnmnbvcxz", "spatial", "lie side by side"),
            ("13/07/198613", "date", "Dates and years"),
        ],
    )
    def test_is_said_for_what_is_weak(self, password: str, weakness: str, words: str) -> None:
        assert find_weakness(password) == weakness
        with pytest.raises(ValidationError) as refused:
            validate_password(password)
        (said,) = refused.value.messages
        assert words in said
        assert "words" in said, "it says what helps"
        assert password not in said

    @pytest.mark.parametrize(
        "password",
        [
            "alexandrine1999",
            "alexandrine.vos",
            "Alexandrine.Vos@example.org",
            "vosalexandrine",
            "attuneattune1",
        ],
    )
    def test_what_others_know_of_oneself_is_told_apart(self, password: str) -> None:
        user = User(email="alexandrine.vos@example.org", display_name="Alexandrine Vos")
        assert refusal(password, user) == ["password_guessable"]

    def test_nothing_of_one_person_is_kept_for_the_next(self) -> None:
        name = "xanthippeoreille"
        assert find_weakness(name, personal=[name]) == "personal"
        assert find_weakness(name) != "personal"

    def test_the_middle_of_a_long_one_does_not_matter(self) -> None:
        assert find_weakness("tractor lemon wednesday" + "a" * 90 + "quartz pelican ivory") == ""
        assert find_weakness("a" * 60 + "tractor lemon wednesday") == ""
        assert find_weakness("assessments" * 11) == "repeat"


class TestWork:
    """The library takes a minute for the worst 128 characters. Counted in calls, for a clock tells of the machine."""

    CALLS_MAX = 40_000
    WORST = (
        "4@8({[<3693611!|10$5+7%2",
        "p4$$w0rd!7|1({<@8639+%x2",
        "aabaabaabb",
        "12",
        "11122233344455566677788899900011122",
        "qwertyuiopasdfghjklzxcvbnm",
        "assessments",
        "4@8({[<369!|",
    )

    @pytest.mark.parametrize("unit", WORST)
    @pytest.mark.parametrize("length", [PIECE, 128, 100_000])
    def test_is_bounded_whatever_is_sent(self, unit: str, length: int) -> None:
        password = (unit * (length // len(unit) + 1))[: length - 1] + "~"
        assert calls_of(lambda: find_weakness(password)) < self.CALLS_MAX

    def test_a_longer_one_takes_no_more(self) -> None:
        words = "tractor lemon wednesday umbrella quartz pelican ivory mustard " * 1_000
        assert (
            calls_of(lambda: find_weakness(words[:50_000]))
            <= calls_of(lambda: find_weakness(words[:128])) + 10
        )


def calls_of(act: Callable[[], object]) -> int:
    """How many functions were called, Python's and C's."""
    count = 0

    def note(_frame: FrameType, event: str, _what: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.django_db
class TestThePage:
    @pytest.mark.parametrize("length", [64, 128])
    def test_a_long_one_opens_the_account_whole(
        self, client_of: Callable[[User], Client], parent: User, length: int
    ) -> None:
        password = ("tractor lemon wednesday umbrella quartz pelican ivory mustard " * 3)[
            :length
        ].strip() + "!"
        browser = client_of(parent)
        answer = browser.post(reverse("account_set_password"), {"password1": password, "password2": password})
        assert answer["Location"] == reverse("security")
        parent.refresh_from_db()
        assert parent.check_password(password)
        assert not parent.check_password(password[:-1])

    def test_the_field_lets_one_paste_and_has_no_most(
        self, client_of: Callable[[User], Client], parent: User
    ) -> None:
        page = client_of(parent).get(reverse("account_set_password")).content.decode()
        field = page.partition('name="password1"')
        tag = field[0].rpartition("<input")[2] + field[2].partition(">")[0]
        assert "maxlength" not in tag
        assert "onpaste" not in page
        assert 'autocomplete="new-password"' in tag

    def test_ones_own_name_is_refused_with_a_kind_word(
        self, client_of: Callable[[User], Client], parent: User
    ) -> None:
        page = client_of(parent).post(
            reverse("account_set_password"),
            {"password1": "alice.example.org", "password2": "alice.example.org"},
        )
        assert "close to your name or your address" in page.content.decode()

    def test_so_it_is_on_a_new_account(self, client: Client, settings: Any) -> None:
        settings.RATE_LIMIT_FACTOR = 1000
        page = client.post(
            reverse("account_signup"), {"email": "philomena.rees@example.org", "password1": "philomenarees1"}
        )
        assert "close to your name or your address" in page.content.decode()
        assert not User.objects.filter(email="philomena.rees@example.org").exists()
