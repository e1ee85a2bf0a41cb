"""A person's own choices and API tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import ApiToken, User
from accounts.rules import DISPLAY_NAME_MAX, TOKEN_DAYS_MAX, TOKENS_MAX, DigestLevel, TokenScope, Visibility
from accounts.selectors import get_user, get_verified_address, list_tokens
from accounts.services import change_choices, create_token, end_token
from common.errors import NotVisible


def fields_of(error: pytest.ExceptionInfo[ValidationError]) -> set[str]:
    return set(getattr(error.value, "error_dict", {"__all__": []}))


class TestDefaults:
    def test_a_new_person_keeps_everything_private_and_the_mail_discreet(self, parent: User) -> None:
        fresh = User.objects.get(pk=parent.pk)
        assert fresh.standing_visibility == Visibility.PRIVATE
        assert fresh.digest_level == DigestLevel.DISCREET
        assert (fresh.digest_weekday, fresh.digest_hour) == (None, 18)

    def test_an_address_is_one_account_in_any_case(self, parent: User) -> None:
        from django.db import IntegrityError, transaction

        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("ALICE@example.org")
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email="Alice@Example.org")


class TestChangeChoices:
    def test_stores_what_is_given_and_keeps_the_rest(self, parent: User) -> None:
        change_choices(actor_id=parent.pk, choices={"digest_level": "full", "digest_weekday": 6})
        parent.refresh_from_db()
        assert (parent.digest_level, parent.digest_weekday) == ("full", 6)
        assert (parent.display_name, parent.timezone) == ("Alice", "Europe/Lisbon")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("display_name", "x" * (DISPLAY_NAME_MAX + 1)),
            ("display_name", "a\x00b"),
            ("display_name", "a\ud800b"),
            ("timezone", "Mars/Olympus"),
            ("timezone", ""),
            ("language", "tlh"),
            ("digest_level", "everything"),
            ("digest_weekday", 7),
            ("digest_weekday", -1),
            ("digest_hour", 3),
            ("digest_hour", 21),
            ("standing_visibility", "public"),
            ("discreet", 1),
            ("discreet", "True"),
            ("discreet", None),
        ],
    )
    def test_what_cannot_be_is_refused_on_its_field(self, parent: User, field: str, value: Any) -> None:
        before = User.objects.values().get(pk=parent.pk)
        with pytest.raises(ValidationError) as error:
            change_choices(actor_id=parent.pk, choices={"digest_hour": 9, field: value})  # type: ignore[misc]
        assert fields_of(error) == {field}
        assert User.objects.values().get(pk=parent.pk) == before

    def test_no_mail_leaves_at_night(self, parent: User) -> None:
        for hour in range(24):
            if 6 <= hour <= 20:
                change_choices(actor_id=parent.pk, choices={"digest_hour": hour})
            else:
                with pytest.raises(ValidationError):
                    change_choices(actor_id=parent.pk, choices={"digest_hour": hour})

    def test_the_first_part_of_the_address_stands_in_for_an_empty_name(self, parent: User) -> None:
        assert change_choices(actor_id=parent.pk, choices={"display_name": " "}).called == "alice"

    def test_a_closed_account_chooses_nothing(self, parent: User) -> None:
        User.objects.filter(pk=parent.pk).update(is_active=False)
        with pytest.raises(NotVisible):
            change_choices(actor_id=parent.pk, choices={"digest_hour": 9})
        with pytest.raises(NotVisible):
            get_user(user_id=parent.pk)


class TestTokens:
    def test_only_a_digest_of_the_secret_is_stored(self, parent: User, now: datetime) -> None:
        token, secret = create_token(actor_id=parent.pk, name=" Notebook ", now=now)
        assert secret.startswith("attune_")
        assert secret not in repr(vars(token))
        assert (token.name, token.scope) == ("Notebook", TokenScope.READ)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 61),
            ("name", "a\x00"),
            ("scope", "admin"),
            ("days", 0),
            ("days", TOKEN_DAYS_MAX + 1),
        ],
    )
    def test_what_cannot_be_is_refused_on_its_field(
        self, parent: User, now: datetime, field: str, value: Any
    ) -> None:
        with pytest.raises(ValidationError) as error:
            create_token(**{"actor_id": parent.pk, "name": "Notebook", "now": now, field: value})
        assert fields_of(error) == {field}
        assert not ApiToken.objects.exists()

    def test_twenty_living_ones_are_enough(self, parent: User, now: datetime) -> None:
        for number in range(TOKENS_MAX):
            create_token(actor_id=parent.pk, name=f"Token {number}", now=now)
        with pytest.raises(ValidationError):
            create_token(actor_id=parent.pk, name="One more", now=now)

    def test_everybody_sees_and_ends_their_own_alone(
        self, parent: User, co_parent: User, now: datetime
    ) -> None:
        token, _secret = create_token(actor_id=parent.pk, name="Notebook", now=now)
        assert list(list_tokens(actor_id=parent.pk, now=now)) == [token]
        assert not list_tokens(actor_id=co_parent.pk, now=now)
        with pytest.raises(NotVisible):
            end_token(actor_id=co_parent.pk, digest=token.digest)
        end_token(actor_id=parent.pk, digest=token.digest)
        assert not list_tokens(actor_id=parent.pk, now=now)
        with pytest.raises(NotVisible):
            end_token(actor_id=parent.pk, digest=token.digest)

    def test_one_that_is_over_is_not_listed(self, parent: User, now: datetime) -> None:
        token, _secret = create_token(actor_id=parent.pk, name="Notebook", days=1, now=now)
        assert token.expiry is not None
        assert not list_tokens(actor_id=parent.pk, now=token.expiry + timedelta(seconds=1))

    def test_ten_more_need_no_more_queries(
        self, parent: User, now: datetime, django_assert_num_queries: Callable[..., object]
    ) -> None:
        for number in range(11):
            create_token(actor_id=parent.pk, name=f"Token {number}", now=now)
        with django_assert_num_queries(1):
            assert len([token.name for token in list_tokens(actor_id=parent.pk, now=now)]) == 11


class TestVerifiedAddress:
    def test_it_is_the_one_that_was_proved(self, parent: User) -> None:
        parent.emailaddress_set.create(email="new@example.org", verified=False, primary=False)
        assert get_verified_address(user_id=parent.pk) == "alice@example.org"

    def test_an_unproved_one_does_not_count(self, parent: User) -> None:
        parent.emailaddress_set.update(verified=False)
        assert get_verified_address(user_id=parent.pk) == ""
