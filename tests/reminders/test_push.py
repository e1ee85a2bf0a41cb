"""The whole way to a push service: sealed for one browser, signed by us, and only to where it may go."""

from __future__ import annotations

import base64
import logging
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client

from accounts.models import User
from attune_project.keys import SECRETS, MissingSecretError, is_push_key, push_key
from households.models import Child
from reminders.models import Prompt, PushAddress, ReminderChoices
from reminders.push import Answer, Outcome, hand_over, key_name, public_key, write_prompt
from reminders.rules import Kind, State
from reminders.selectors import list_due_prompt_ids
from reminders.services import plan_prompts, send_prompt, send_try
from tests.reminders.conftest import PhoneKeys, PushService

Wish, Reach = Callable[..., ReminderChoices], Callable[..., PushAddress]
LIVES = timedelta(hours=3)


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(authorization: str) -> dict[str, Any]:
    """What a `vapid` header claims, once its signature holds (RFC 8292, RFC 7515)."""
    import json

    scheme, _space, rest = authorization.partition(" ")
    assert scheme == "vapid"
    parts = dict(item.strip().split("=", 1) for item in rest.split(","))
    head, body, signature = parts["t"].split(".")
    raw = unpadded(signature)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(parts["k"]))
    public.verify(
        utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:])),
        f"{head}.{body}".encode(),
        ec.ECDSA(SHA256()),
    )
    assert parts["k"] == public_key()
    assert json.loads(unpadded(head))["alg"] == "ES256"
    claims: dict[str, Any] = json.loads(unpadded(body))
    return claims


class TestHandOver:
    def test_only_the_browser_can_read_it_and_the_service_knows_who_sends(
        self, service: PushService, phone: PhoneKeys
    ) -> None:
        target = phone.target(f"https://{service.host}/to/one")
        message = '{"title": "Attune", "body": "a quiet minute"}'
        assert hand_over(target, message, lives=LIVES, topic="abc") == Outcome(Answer.TAKEN)
        (one,) = service.received
        assert one.path == "/to/one"
        assert b"quiet" not in one.body
        assert phone.open(one.body) == {"title": "Attune", "body": "a quiet minute"}
        headers = {name.lower(): value for name, value in one.headers.items()}
        assert (headers["ttl"], headers["content-encoding"]) == ("10800", "aes128gcm")
        assert (headers["topic"], headers["urgency"]) == ("abc", "normal")
        claims = claims_of(headers["authorization"])
        assert claims["aud"] == f"https://{service.host}"
        assert claims["sub"] == "mailto:operator@example.org"
        assert not {"cookie", "referer"} & set(headers)

    @pytest.mark.parametrize(
        ("status", "headers", "outcome"),
        [
            (201, {}, Outcome(Answer.TAKEN)),
            (202, {}, Outcome(Answer.TAKEN)),
            (404, {}, Outcome(Answer.GONE)),
            (410, {}, Outcome(Answer.GONE)),
            (429, {"Retry-After": "120"}, Outcome(Answer.LATER, timedelta(minutes=2))),
            (429, {"Retry-After": "99999999"}, Outcome(Answer.LATER, timedelta(days=1))),
            (429, {"Retry-After": "soon"}, Outcome(Answer.LATER)),
            (500, {}, Outcome(Answer.LATER)),
            (503, {}, Outcome(Answer.LATER)),
            (400, {}, Outcome(Answer.REFUSED)),
            (401, {}, Outcome(Answer.REFUSED)),
            (403, {}, Outcome(Answer.REFUSED)),
            (413, {}, Outcome(Answer.REFUSED)),
        ],
    )
    def test_understands_what_it_is_answered(
        self,
        service: PushService,
        phone: PhoneKeys,
        status: int,
        headers: dict[str, str],
        outcome: Outcome,
    ) -> None:
        service.answers = [(status, headers)]
        assert hand_over(phone.target(f"https://{service.host}/x"), "{}", lives=LIVES) == outcome

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_follows_nobody_elsewhere(self, service: PushService, phone: PhoneKeys, status: int) -> None:
        service.answers = [(status, {"Location": f"https://{service.host}/inside"}), (201, {})]
        outcome = hand_over(phone.target(f"https://{service.host}/x"), "{}", lives=LIVES)
        assert outcome == Outcome(Answer.REFUSED)
        assert [one.path for one in service.received] == ["/x"]

    def test_never_goes_where_it_may_not(self, service: PushService, phone: PhoneKeys, settings: Any) -> None:
        target = phone.target(f"https://{service.host}/x")
        settings.PUSH_HOSTS = ["fcm.googleapis.com"]
        assert hand_over(target, "{}", lives=LIVES) == Outcome(Answer.REFUSED)
        assert service.received == []

    def test_tries_later_where_nobody_listens(self, phone: PhoneKeys, settings: Any) -> None:
        from tests.servers import free_port

        settings.PUSH_HOSTS = [f"127.0.0.1:{free_port()}"]
        target = phone.target(f"https://{settings.PUSH_HOSTS[0]}/x")
        assert hand_over(target, "{}", lives=LIVES) == Outcome(Answer.LATER)

    def test_does_not_trust_a_service_without_its_certificate(
        self, service: PushService, phone: PhoneKeys, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        outcome = hand_over(phone.target(f"https://{service.host}/x"), "{}", lives=LIVES)
        assert (outcome, service.received) == (Outcome(Answer.LATER), [])

    @pytest.mark.parametrize("breaks", ["read", "cut"])
    def test_silence_after_it_was_sent_is_no_reason_to_send_it_again(
        self, phone: PhoneKeys, service: PushService, monkeypatch: pytest.MonkeyPatch, breaks: str
    ) -> None:
        import requests
        from urllib3.exceptions import ProtocolError

        error: Exception = requests.exceptions.ReadTimeout()
        if breaks == "cut":
            error = requests.exceptions.ConnectionError(ProtocolError("Connection aborted."))

        def fall_silent(*_: Any, **__: Any) -> None:
            raise error

        monkeypatch.setattr("reminders.push._post", fall_silent)
        outcome = hand_over(phone.target(f"https://{service.host}/x"), "{}", lives=LIVES)
        assert outcome == Outcome(Answer.UNHEARD)

    def test_writes_no_address_into_the_log(
        self, service: PushService, phone: PhoneKeys, caplog: pytest.LogCaptureFixture
    ) -> None:
        service.answers = [(403, {})]
        with caplog.at_level(logging.INFO):
            hand_over(phone.target(f"https://{service.host}/ADDRESS"), "{}", lives=LIVES)
        assert "a push service answered 403" in caplog.text
        assert "ADDRESS" not in caplog.text
        assert service.host not in caplog.text


@pytest.mark.django_db
class TestTheWholeWay:
    DUE = datetime.fromisoformat("2026-11-18T20:30:00+00:00")

    @pytest.fixture(autouse=True)
    def asked(
        self, parent: User, child: Child, service: PushService, wish: Wish, reach: Reach, settings: Any
    ) -> None:
        settings.SESSION_COOKIE_AGE = 10 * 366 * 86_400
        wish(parent, evening_at=time(20, 30))
        reach(parent)

    def tick(self, now: datetime) -> list[State | None]:
        plan_prompts(choice_ids=list(ReminderChoices.objects.values_list("pk", flat=True)), now=now)
        return [send_prompt(prompt_id=prompt_id, now=now) for prompt_id in list_due_prompt_ids(now=now)]

    def test_a_prompt_arrives_with_neutral_words_and_lives_until_midnight(
        self, service: PushService, phone: PhoneKeys, parent: User, child: Child
    ) -> None:
        assert self.tick(self.DUE) == [State.SENT]
        (one,) = service.received
        shown = phone.open(one.body)
        assert shown["title"] == "Attune"
        assert shown["body"] == "A quiet minute for your notes, if you like."
        assert shown["url"] == "/log/?evening=1"
        assert [action["action"] for action in shown["actions"]] == ["later", "nothing"]
        assert {name.lower(): value for name, value in one.headers.items()}["ttl"] == "12600"
        for word in (child.nickname, parent.display_name, parent.email, "attic"):
            assert word.lower() not in str(shown).lower()

    def test_in_discreet_mode_nothing_names_the_app(
        self, service: PushService, phone: PhoneKeys, parent: User
    ) -> None:
        User.objects.filter(pk=parent.pk).update(discreet=True)
        self.tick(self.DUE)
        shown = phone.open(service.received[0].body)
        assert shown["title"] == "Notes"
        assert "attune" not in str(shown).lower()
        assert "notes" in shown["icon"]

    def test_410_drops_the_address(self, service: PushService) -> None:
        service.answers = [(410, {})]
        assert self.tick(self.DUE) == [State.DROPPED]
        assert not PushAddress.objects.exists()

    def test_503_is_tried_again_as_late_as_it_asks(self, service: PushService) -> None:
        service.answers = [(503, {"Retry-After": "900"}), (201, {})]
        assert self.tick(self.DUE) == [State.PLANNED]
        assert self.tick(self.DUE + timedelta(minutes=10)) == []
        assert self.tick(self.DUE + timedelta(minutes=15)) == [State.SENT]
        assert (len(service.received), Prompt.objects.count()) == (2, 1)

    def test_it_can_be_tried_out_on_this_device_alone(
        self,
        service: PushService,
        phone: PhoneKeys,
        parent: User,
        reach: Reach,
        client_of: Callable[..., Client],
    ) -> None:
        client = client_of(parent)
        reach(parent, client=client)
        answer = send_try(actor_id=parent.pk, session_key=str(client.session.session_key), now=self.DUE)
        assert (answer, len(service.received)) == (Answer.TAKEN, 1)
        shown = phone.open(service.received[0].body)
        assert (shown["secret"], shown["actions"]) == ("", [])
        assert not Prompt.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("discreet", [True, False])
@pytest.mark.parametrize("kind", Kind)
def test_no_prompt_holds_anything_but_what_is_written_here(parent: User, kind: Kind, discreet: bool) -> None:
    import json

    parent.discreet = discreet
    message = json.loads(write_prompt(parent, kind, label="2026-W47", secret="s"))
    assert set(message) == {"title", "body", "url", "icon", "badge", "actions", "secret"}
    assert message["body"] in {
        "A quiet minute for your notes, if you like.",
        "A minute for your notes, if you like.",
        "Your week is ready.",
        "There is something new for you.",
    }
    assert message["url"] in {"/", "/log/", "/log/?evening=1", "/reflections/2026-W47/"}
    assert len(json.dumps(message)) < 1_000  # what every push service carries (RFC 8030, 7.2)


class TestKey:
    def test_is_made_strong_and_known_by_a_name(self, settings: Any) -> None:
        first, second = SECRETS["PUSH_KEY"](), SECRETS["PUSH_KEY"]()
        assert is_push_key(first)
        settings.PUSH_KEY = first
        name = key_name()
        assert len(unpadded(public_key())) == 65
        settings.PUSH_KEY = second
        assert key_name() != name
        settings.PUSH_KEY = ""
        assert (public_key(), key_name()) == ("", "")

    @pytest.mark.parametrize(
        "weak",
        [
            "",
            "short",
            "A" * 43,
            base64.urlsafe_b64encode(b"\xff" * 32).decode(),
            base64.urlsafe_b64encode(b"abcd" * 8).decode(),
            "not base64 at all!",
        ],
    )
    def test_production_does_not_start_with_a_weak_one(self, weak: str) -> None:
        assert not is_push_key(weak)
        with pytest.raises(MissingSecretError, match="PUSH_KEY"):
            push_key(weak, file=None)
