"""What may be asked for, on which devices, and who loses what when somebody signs out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from accounts.services import end_other_devices
from common.errors import NotVisible, Refused
from reminders.models import PushAddress, ReminderChoices
from reminders.rules import ADDRESSES_MAX
from reminders.selectors import find_choices, get_standing, list_reached, live_addresses
from reminders.services import bind_address, choose_reminders, drop_address, go_on, take_rest
from reminders.services.addresses import open_target
from reminders.shapes import Target
from tests.reminders.conftest import NONE, PhoneKeys

pytestmark = pytest.mark.django_db
Wish, Reach = Callable[..., ReminderChoices], Callable[..., PushAddress]


class TestChooseReminders:
    def test_nobody_asked_for_anything_at_first(self, parent: User, now: datetime) -> None:
        assert find_choices(actor_id=parent.pk) is None
        assert get_standing(actor_id=parent.pk, now=now).every_days == 1

    @pytest.mark.parametrize(
        ("field", "wishes"),
        [
            ("evening_at", {"evening_at": time(16, 30)}),
            ("evening_at", {"evening_at": time(23)}),
            ("evening_at", {"evening_at": time(18), "quiet_from": time(17), "quiet_until": time(19)}),
            ("moment_until", {"moment_from": time(9)}),
            ("moment_until", {"moment_from": time(9), "moment_until": time(9)}),
            ("moment_until", {"moment_from": time(17), "moment_until": time(9)}),
            ("moment_until", {"moment_from": time(6), "moment_until": time(9)}),
            ("moment_until", {"moment_from": time(9), "moment_until": time(9, 30)}),
            (
                "moment_until",
                {
                    "moment_from": time(9),
                    "moment_until": time(17),
                    "quiet_from": time(9),
                    "quiet_until": time(16, 30),
                },
            ),
            ("quiet_until", {"quiet_from": time(17)}),
            ("quiet_until", {"quiet_from": time(20), "quiet_until": time(8)}),
        ],
    )
    def test_what_makes_no_sense_is_said_on_its_field(
        self, parent: User, field: str, wishes: dict[str, Any]
    ) -> None:
        with pytest.raises(ValidationError) as refused:
            choose_reminders(actor_id=parent.pk, wishes={**NONE, **wishes})  # type: ignore[typeddict-item]
        assert list(refused.value.error_dict) == [field]
        assert not ReminderChoices.objects.exists()

    def test_choosing_again_begins_anew(self, parent: User, wish: Wish) -> None:
        wish(parent, evening_at=time(20, 30))
        seed = ReminderChoices.objects.get().seed
        ReminderChoices.objects.update(ignored=7)
        wish(parent, week_ready=True)
        row = ReminderChoices.objects.get()
        assert (row.ignored, row.evening_at, row.week_ready, row.seed) == (0, None, True, seed)


class TestRest:
    def test_a_month_in_one_tap_and_back_in_another(self, parent: User, wish: Wish, now: datetime) -> None:
        wish(parent, evening_at=time(20, 30))
        ReminderChoices.objects.update(ignored=4)
        take_rest(actor_id=parent.pk, now=now)
        standing = get_standing(actor_id=parent.pk, now=now)
        assert standing.resting_until == now.date() + timedelta(days=30)
        assert get_standing(actor_id=parent.pk, now=now + timedelta(days=30)).resting_until is None
        go_on(actor_id=parent.pk)
        row = ReminderChoices.objects.get()
        assert (row.resting_until, row.ignored, row.evening_at) == (None, 0, time(20, 30))


class TestBindAddress:
    def test_what_the_browser_gave_is_sealed(self, parent: User, reach: Reach, phone: PhoneKeys) -> None:
        address = reach(parent, "https://fcm.googleapis.com/send/ENDPOINT")
        row = PushAddress.objects.values().get(pk=address.pk)
        assert not any("ENDPOINT" in str(value) for value in row.values())
        assert b"ENDPOINT" not in bytes(row["target_sealed"])
        assert open_target(PushAddress.objects.get()) == phone.target(
            "https://fcm.googleapis.com/send/ENDPOINT"
        )

    @pytest.mark.parametrize(
        "wrong",
        [
            {"endpoint": "https://169.254.169.254/latest/"},
            {"endpoint": "http://fcm.googleapis.com/x"},
            {"p256dh": "BAAA"},
            {"p256dh": "B" + "A" * 86},
            {"p256dh": "not base64!"},
            {"auth": "AAAA"},
            {"auth": "é"},
        ],
    )
    def test_refuses_what_no_browser_gives(
        self,
        parent: User,
        client_of: Callable[[User], Client],
        phone: PhoneKeys,
        wrong: dict[str, str],
        now: datetime,
    ) -> None:
        right = phone.target("https://fcm.googleapis.com/x")
        given = {"endpoint": right.endpoint, "p256dh": right.p256dh, "auth": right.auth, **wrong}
        with pytest.raises(ValidationError) as refused:
            bind_address(
                actor_id=parent.pk,
                session_key=str(client_of(parent).session.session_key),
                target=Target(**given),
                now=now,
            )
        assert list(refused.value.error_dict) == list(wrong)

    def test_binds_to_no_session_but_ones_own(
        self,
        parent: User,
        co_parent: User,
        client_of: Callable[[User], Client],
        phone: PhoneKeys,
        now: datetime,
    ) -> None:
        key = str(client_of(co_parent).session.session_key)
        with pytest.raises(NotVisible):
            bind_address(
                actor_id=parent.pk,
                session_key=key,
                target=phone.target("https://fcm.googleapis.com/x"),
                now=now,
            )

    def test_an_installation_without_a_key_takes_none(
        self, parent: User, reach: Reach, settings: Any
    ) -> None:
        settings.PUSH_KEY = ""
        with pytest.raises(Refused):
            reach(parent)

    def test_one_device_has_one_address_and_the_latest_counts(
        self, parent: User, reach: Reach, client_of: Callable[[User], Client]
    ) -> None:
        client = client_of(parent)
        reach(parent, client=client)
        latest = reach(parent, client=client)
        assert list(PushAddress.objects.all()) == [latest]

    def test_nobody_has_more_than_ten(self, parent: User, reach: Reach) -> None:
        made = [reach(parent) for _ in range(ADDRESSES_MAX + 2)]
        assert {row.pk for row in PushAddress.objects.all()} == {row.pk for row in made[2:]}


class TestWhoIsReached:
    """A prompt follows the sign-in: whatever ends that ends the other, at once."""

    @staticmethod
    def reached(user: User, now: datetime) -> int:
        return live_addresses(now=now).filter(user=user).count()

    def test_signing_out_there_ends_it(
        self, parent: User, reach: Reach, client_of: Callable[[User], Client], now: datetime
    ) -> None:
        phone, laptop = client_of(parent), client_of(parent)
        reach(parent, client=phone)
        reach(parent, client=laptop)
        phone.post("/account/logout/")
        assert self.reached(parent, now) == 1
        assert PushAddress.objects.count() == 1  # and it does not wait for the night

    def test_signing_it_out_from_elsewhere_ends_it(
        self, parent: User, reach: Reach, client_of: Callable[[User], Client], now: datetime
    ) -> None:
        laptop = client_of(parent)
        reach(parent)
        end_other_devices(user_id=parent.pk, session_key=str(laptop.session.session_key))
        assert self.reached(parent, now) == 0

    def test_a_session_that_ran_out_ends_it(self, parent: User, reach: Reach, now: datetime) -> None:
        reach(parent)
        Session.objects.update(expire_date=now)
        assert self.reached(parent, now) == 0

    def test_a_session_that_is_gone_without_a_word_ends_it(
        self, parent: User, reach: Reach, now: datetime
    ) -> None:
        reach(parent)
        Session.objects.all().delete()  # as after a restore
        assert self.reached(parent, now) == 0

    def test_asking_to_be_erased_and_a_closed_account_end_it(
        self, parent: User, reach: Reach, now: datetime
    ) -> None:
        reach(parent)
        User.objects.filter(pk=parent.pk).update(erase_at=now + timedelta(days=7))
        assert self.reached(parent, now) == 0
        User.objects.filter(pk=parent.pk).update(erase_at=None, is_active=False)
        assert self.reached(parent, now) == 0

    def test_another_key_ends_it(self, parent: User, reach: Reach, settings: Any, now: datetime) -> None:
        from attune_project.keys import SECRETS

        reach(parent)
        settings.PUSH_KEY = SECRETS["PUSH_KEY"]()
        assert self.reached(parent, now) == 0

    def test_the_next_person_on_the_same_phone_gets_their_own_and_nothing_of_the_first(
        self, parent: User, co_parent: User, reach: Reach, now: datetime
    ) -> None:
        endpoint = "https://fcm.googleapis.com/the-same-browser"
        reach(parent, endpoint)
        reach(co_parent, endpoint)
        assert (self.reached(parent, now), self.reached(co_parent, now)) == (0, 1)

    def test_proving_again_who_one_is_keeps_it(
        self, parent: User, reach: Reach, client_of: Callable[[User], Client], now: datetime
    ) -> None:
        from accounts.services import follow_session

        client = client_of(parent)
        reach(parent, client=client)
        session = client.session
        old = str(session.session_key)
        session.cycle_key()
        follow_session(old_key=old, new_key=str(session.session_key))
        assert self.reached(parent, now) == 1

    def test_everybody_sees_and_drops_only_their_own(
        self, parent: User, co_parent: User, reach: Reach, now: datetime
    ) -> None:
        address = reach(parent)
        assert list_reached(actor_id=co_parent.pk, session_key="", now=now) == []
        with pytest.raises(NotVisible):
            drop_address(actor_id=co_parent.pk, address_id=address.pk)
        drop_address(actor_id=parent.pk, address_id=address.pk)
        assert list_reached(actor_id=parent.pk, session_key="", now=now) == []
