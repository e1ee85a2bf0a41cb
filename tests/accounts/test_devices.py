"""What is kept of a device: what its owner calls it, and when it was last used."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore

from accounts.devices import in_words, recognise
from accounts.models import User
from accounts.selectors import list_devices
from accounts.services import end_other_devices, forget_ended_devices, note_seen

WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
AGENTS = {
    f"Mozilla/5.0 (Linux; Android 16; Pixel 9) {WEBKIT} Chrome/156.0 Mobile Safari/537": "Chrome on Android",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) {WEBKIT} Safari/604.1": "Safari on iPhone",
    f"Mozilla/5.0 (iPhone; CPU like Mac OS X) {WEBKIT} CriOS/156.0 Safari/604.1": "Chrome on iPhone",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Safari/605.1.15": "Safari on Mac",
    f"Mozilla/5.0 (Windows NT 10.0) {WEBKIT} Chrome/156.0 Safari/537.36 Edg/156.0": "Edge on Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox on Linux",
    "Mozilla/5.0 (Android 15) SamsungBrowser/29.0 Chrome/136.0 Safari/537": "Samsung Internet on Android",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/156.0": "Chrome on ChromeOS",
    "curl/8.5": "An unknown browser",
    "": "An unknown browser",
    "<script>alert(1)</script> Android": "Android",
}


class TestRecognise:
    @pytest.mark.parametrize(("agent", "words"), AGENTS.items(), ids=range(len(AGENTS)))
    def test_says_what_its_owner_would_say(self, agent: str, words: str) -> None:
        assert in_words(recognise(agent)) == words

    @pytest.mark.parametrize("agent", AGENTS, ids=range(len(AGENTS)))
    def test_finds_the_same_in_what_it_found(self, agent: str) -> None:
        assert recognise(recognise(agent)) == recognise(agent)

    def test_reads_a_long_one_quickly(self) -> None:
        assert recognise("Mozilla " * 100_000) == "/"


@pytest.mark.django_db
class TestDevices:
    @staticmethod
    def sign_in(user: User, now: datetime, agent: str = "Firefox Linux") -> str:
        session = SessionStore()
        session.set_expiry(now + timedelta(days=14))
        session.create()
        key = str(session.session_key)
        note_seen(user_id=user.pk, session_key=key, user_agent=agent, now=now)
        return key

    def test_neither_the_address_nor_the_whole_name_is_kept(self, parent: User, now: datetime) -> None:
        UserSession.objects.create(
            user=parent, session_key="x" * 32, ip="203.0.113.7", user_agent=next(iter(AGENTS))
        )
        row = UserSession.objects.get()
        assert (row.ip, row.user_agent) == ("0.0.0.0", "Chrome/Android")

    def test_this_one_comes_first_then_the_latest(self, parent: User, now: datetime) -> None:
        old = self.sign_in(parent, now - timedelta(days=3))
        new = self.sign_in(parent, now, "Safari iPad")
        found = list_devices(actor_id=parent.pk, session_key=old, now=now)
        assert [(device.name, device.is_this) for device in found] == [
            ("Firefox on Linux", True),
            ("Safari on iPad", False),
        ]
        assert not list_devices(actor_id=parent.pk, session_key=new, now=now + timedelta(days=14))

    def test_nobody_sees_anothers(self, parent: User, make_user: Callable[..., User], now: datetime) -> None:
        key = self.sign_in(parent, now)
        assert list_devices(actor_id=make_user("mallory").pk, session_key=key, now=now) == []

    def test_using_one_again_moves_its_hour_and_nothing_else(self, parent: User, now: datetime) -> None:
        key = self.sign_in(parent, now - timedelta(days=1))
        note_seen(user_id=parent.pk, session_key=key, user_agent="Edge Windows", now=now)
        row = UserSession.objects.get()
        assert (row.last_seen_at, row.created_at) == (now, now - timedelta(days=1))
        assert row.user_agent == "Firefox/Linux"

    def test_counts_only_sessions_that_were_alive(self, parent: User, now: datetime) -> None:
        kept, gone = self.sign_in(parent, now), self.sign_in(parent, now)
        self.sign_in(parent, now)
        SessionStore(gone).delete()
        assert end_other_devices(user_id=parent.pk, session_key=kept) == 1

    def test_what_is_over_is_forgotten_at_night(self, parent: User, now: datetime) -> None:
        kept, gone = self.sign_in(parent, now), self.sign_in(parent, now)
        SessionStore(gone).delete()
        assert forget_ended_devices() == 1
        assert UserSession.objects.get().session_key == kept
