from __future__ import annotations

import base64
import os
from datetime import timedelta

import pytest

from common import sealing
from observations.models import Draft, SealingKey
from observations.rules import SEALING_KEY_KEPT, SEALING_KEY_USED
from observations.sync import (
    count_keys_on_old_keys,
    forget_keys,
    list_offered_keys,
    list_shut_keys,
    offer_keys,
    open_shut,
    rewrap_keys,
    turn_key,
)

pytestmark = pytest.mark.django_db


class TestTurnKey:
    def test_makes_one_key_and_the_next_before_it_ends(self, now) -> None:
        assert turn_key(now=now)
        assert not turn_key(now=now)
        later = now + SEALING_KEY_USED - timedelta(days=10)
        assert turn_key(now=later)
        first, second = [key.kid for key in reversed(list_offered_keys(now=later))]
        assert (first, second) == ("2026-11a", "2027-02a")
        assert [key.kid for key in list_offered_keys(now=now + SEALING_KEY_USED)] == [second]

    def test_two_in_a_month_have_two_names(self, now) -> None:
        turn_key(now=now)
        SealingKey.objects.update(not_after=now)
        turn_key(now=now)
        assert set(SealingKey.objects.values_list("kid", flat=True)) == {"2026-11a", "2026-11b"}

    def test_the_first_phone_finds_a_key(self, now) -> None:
        assert [len(key.public) for key in offer_keys(now=now)] == [65]
        assert offer_keys(now=now) == list_offered_keys(now=now)

    def test_the_private_half_does_not_lie_open(self, now) -> None:
        turn_key(now=now)
        row = SealingKey.objects.get()
        assert sealing.key_id(bytes(row.private_sealed)) == sealing.current_key_id()


class TestForgetKeys:
    def test_destroys_a_key_400_days_after_its_last_day(self, now) -> None:
        turn_key(now=now)
        end = now + SEALING_KEY_USED + SEALING_KEY_KEPT
        assert forget_keys(now=end) == 0
        assert forget_keys(now=end + timedelta(seconds=1)) == 1


class TestRewrap:
    def test_moves_to_the_newest_field_key_and_still_opens(self, now, settings, phone, tap) -> None:
        settings.FIELD_KEYS = [
            "newer:" + base64.b64encode(os.urandom(32)).decode(),
            *settings.FIELD_KEYS,
        ]
        assert count_keys_on_old_keys() == 1
        assert rewrap_keys() == (1, 0)
        assert (count_keys_on_old_keys(), list_shut_keys()) == (0, [])
        tap()
        assert [result["status"] for result in phone.flush()] == ["applied"]

    def test_a_key_that_does_not_open_is_told_and_stays(self, now, settings) -> None:
        turn_key(now=now)
        settings.FIELD_KEYS = ["other:" + base64.b64encode(os.urandom(32)).decode()]
        assert list_shut_keys() == ["2026-11a"]
        assert rewrap_keys() == (0, 1)
        assert SealingKey.objects.count() == 1


class TestOpenShut:
    def test_what_no_key_opened_opens_when_one_turns_up(self, phone, tap) -> None:
        op = tap(note="kept")
        key = SealingKey.objects.get()
        key.delete()
        assert [result["status"] for result in phone.flush()] == ["undecryptable"]
        answer = phone.rescue([op], reason="undecryptable")
        assert answer == [{"op_id": op["op_id"], "status": "rescued"}]
        assert (open_shut(), Draft.objects.get().kind) == (0, "shut")
        key.pk = None
        key.save()
        assert open_shut() == 1
        draft = Draft.objects.get()
        assert (draft.kind, bytes(draft.shut_sealed)) == ("rescued", b"")
        assert '"kept"' in draft.content

    def test_one_that_stays_shut_stands_in_nobodys_way(self, phone, tap, now, parent) -> None:
        ops = [tap(note=f"kept {number}") for number in range(4)]
        key = SealingKey.objects.get()
        key.delete()
        phone.rescue(ops, reason="undecryptable")
        key.pk = None
        key.save()
        first, second, _third, last = Draft.objects.order_by("pk")
        for draft in (first, second):
            Draft.objects.filter(pk=draft.pk).update(shut_sealed=b"AAAA")
        assert open_shut(chunk=1) == 2
        last.refresh_from_db()
        assert last.kind == "rescued"

    def test_one_that_breaks_stops_no_other(self, phone, tap, caplog) -> None:
        ops = [tap(note=f"kept {number}") for number in range(3)]
        key = SealingKey.objects.get()
        key.delete()
        phone.rescue(ops, reason="undecryptable")
        key.pk = None
        key.save()
        first, second, _third = Draft.objects.order_by("pk")
        Draft.objects.filter(pk=first.pk).update(content_sealed=b"damaged")
        second.content = '{"op_id": "none"}'
        second.save()
        assert open_shut() == 1
        assert f"draft {second.pk} could not be tried" in caplog.text
