"""The doors for phones: what they are told when nothing was taken, and what they may keep."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection
from django.test import Client

from accounts.services import create_token
from observations.models import Draft, FeedEntry, Observation, RecordLink, SyncOp
from observations.rules import SHUT_MAX
from tests.doors.conftest import a_sealed_op
from tests.phone import V1, Phone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("that_evening")]


@pytest.fixture
def phone(client_of, parent, child) -> Phone:
    return Phone(client_of(parent)).start()


def code(response) -> tuple[int, str]:
    assert response["Content-Type"] == "application/problem+json"
    return response.status_code, response.json()["code"]


@contextmanager
def full_disk(*, after: int = 0) -> Iterator[None]:
    """There is room for so many more operations, and nothing that comes behind them can be written."""
    room = RecordLink.objects.count() + after

    def execute(run, sql, *rest):
        writes = sql.startswith(("INSERT", "UPDATE", "DELETE"))
        links = "observations_recordlink" in sql and sql.startswith("INSERT") and sql.count("), (") + 1
        if writes and (not after or (links and RecordLink.objects.count() + links > room)):
            raise OperationalError("database or disk is full")
        return run(sql, *rest)

    with connection.execute_wrapper(execute):
        yield


class TestTheSession:
    def test_it_says_all_that_a_flush_needs(self, phone) -> None:
        session = phone.session
        assert session["account"].startswith("a_")
        assert len(session["account"]) == 24
        assert session["server_time"] == "2026-11-18T19:30:00Z"
        assert session["protocol"] == {"min": 1, "max": 2}
        assert session["limits"] == {"ops": 100, "bytes": 1_048_576}
        assert [set(key) for key in session["keys"]] == [{"kid", "pub", "not_after"}]
        assert len(session["keys"][0]["pub"]) == 87

    def test_the_account_is_the_same_whatever_session_asks(self, phone, client_of, parent, co_parent) -> None:
        assert Phone(client_of(parent)).start().session["account"] == phone.session["account"]
        assert Phone(client_of(co_parent)).start().session["account"] != phone.session["account"]

    @pytest.mark.parametrize("path", ["session", "kit"])
    def test_signed_out_it_is_401_with_its_own_code(self, path) -> None:
        assert code(Client().get(f"{V1}/sync/{path}")) == (401, "session_expired")

    def test_nothing_of_it_is_stored_anywhere(self, phone) -> None:
        for path in ("sync/session", "sync/kit", "changes/"):
            assert phone.client.get(f"{V1}/{path}")["Cache-Control"] == "no-store"


class TestTokens:
    @pytest.mark.parametrize("path", ["sync/session", "sync/kit", "changes/"])
    def test_no_token_gets_here(self, path, parent, child, now) -> None:
        _token, secret = create_token(actor_id=parent.pk, name="x", scope="write", now=now)
        response = Client().get(f"{V1}/{path}", headers={"Authorization": f"Bearer {secret}"})
        assert response.status_code == 403


class TestTheKit:
    def test_it_has_no_word_of_anybodys(self, phone, record, co_parent) -> None:
        record(tone="missed", details={"note": "Secret words"})
        record(co_parent, tone="missed", details={"note": "Others", "visibility": "household"})
        kit = phone.client.get(f"{V1}/sync/kit")
        assert b"Secret" not in kit.content
        assert [set(miss) for miss in kit.json()["missed"]] == [{"id", "occurred_at", "child"}]

    def test_with_several_children_it_says_who_was_logged_with_last(
        self, phone, record, second_child
    ) -> None:
        assert phone.client.get(f"{V1}/sync/kit").json()["chosen"] is None
        record(child_id=second_child.public_id)
        assert phone.client.get(f"{V1}/sync/kit").json()["chosen"] == str(second_child.public_id)

    def test_without_a_household_it_is_empty(self, client_of, coach) -> None:
        kit = client_of(coach).get(f"{V1}/sync/kit").json()
        assert (kit["household"], kit["children"]) == (None, [])


class TestWhatIsNotTaken:
    def test_somebody_elses_outbox(self, phone, client_of, co_parent) -> None:
        other = Phone(client_of(co_parent)).start()
        assert code(other.post([], account=phone.session["account"])) == (409, "account_mismatch")

    @pytest.mark.parametrize("version", ["0", "3", "9999"])
    def test_another_protocol(self, phone, version) -> None:
        body = {
            "account": phone.session["account"],
            "device_id": "x",
            "client_now": "2026-11-18T19:30:00Z",
            "ops": [],
        }
        response = phone.client.post(
            f"{V1}/sync/",
            json.dumps(body),
            content_type="application/json",
            headers={"X-Sync-Protocol": version},
        )
        assert code(response) == (426, "protocol_too_old")

    @pytest.mark.parametrize("version", ["", "one", "-1", "1.0", "١", "12345"])
    def test_a_protocol_that_is_none(self, phone, version) -> None:
        response = phone.client.post(
            f"{V1}/sync/", "{}", content_type="application/json", headers={"X-Sync-Protocol": version}
        )
        assert code(response) == (400, "bad_request")

    def test_too_many_at_once(self, phone) -> None:
        ops = [a_sealed_op(str(uuid.uuid4())) for _ in range(101)]
        response = phone.post(ops)
        assert code(response) == (400, "bad_request")
        assert "ops" in response.json()["errors"]

    def test_too_much_at_once(self, phone) -> None:
        response = phone.client.post(f"{V1}/sync/", b" " * (1024 * 1024 + 1), content_type="application/json")
        assert code(response) == (413, "too_large")

    def test_a_token_of_an_older_page(self, parent, child) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        phone = Phone(client).start()
        op = phone.write("draft.put", note="x")
        phone.session["csrf"] = "x" * 64
        assert code(phone.post([op])) == (403, "csrf_stale")
        phone.start()
        assert phone.post([op]).status_code == 200

    def test_a_session_that_ran_out_keeps_everything(self, phone, client_of, parent, child, now) -> None:
        for _ in range(50):
            phone.write("create", child=str(child.public_id), tone="missed", at=now)
        phone.client.logout()
        assert code(phone.post(phone.queue)) == (401, "session_expired")
        phone.client = client_of(parent)
        phone.start()
        phone.flush()
        assert (phone.queue, Observation.objects.count()) == ([], 50)

    def test_a_database_that_does_not_answer(self, phone, monkeypatch) -> None:
        def fail(**_said):
            raise OperationalError

        monkeypatch.setattr("observations.api.sync.take_ops", fail)
        response = phone.post([])
        assert code(response) == (503, "slow_down")
        assert int(response["Retry-After"]) > 0

    def test_a_disk_that_is_full_meanwhile(self, phone, child, now) -> None:
        """What was taken before stays taken, the rest waits, and nothing is there in part."""
        ops = [
            phone.write("create", child=str(child.public_id), tone="missed", at=now, note=f"note {number}")
            for number in range(4)
        ]
        with full_disk(after=2):
            assert code(phone.post(ops)) == (503, "slow_down")
        assert [row.note for row in Observation.objects.order_by("pk")] == ["note 0", "note 1"]
        assert (SyncOp.objects.count(), RecordLink.objects.count(), FeedEntry.objects.count()) == (2, 2, 2)
        assert [result["status"] for result in phone.send(ops)] == [
            *("duplicate", "duplicate", "applied", "applied")
        ]

    @pytest.mark.parametrize("path", ["sync/rescue/", "sync/"])
    def test_a_disk_that_is_full_from_the_beginning(self, phone, child, now, path) -> None:
        op = phone.write("create", child=str(child.public_id), tone="missed", at=now)
        said = {"reason": "poison"} if "rescue" in path else {}
        body = {"account": phone.session["account"], "ops": [{**op, **said}]}
        if not said:
            body |= {"device_id": phone.device_id, "client_now": now.isoformat()}
        with full_disk():
            response = phone.client.post(
                f"{V1}/{path}",
                json.dumps(body),
                content_type="application/json",
                headers={"X-Sync-Protocol": "1"},
            )
        assert code(response) == (503, "slow_down")
        assert int(response["Retry-After"]) > 0
        assert Draft.objects.count() == SyncOp.objects.count() == Observation.objects.count() == 0

    def test_a_flood(self, phone, settings) -> None:
        answers = [phone.post([]) for _ in range(241)]
        assert {answer.status_code for answer in answers[:240]} == {200}
        assert code(answers[-1]) == (429, "slow_down")
        assert int(answers[-1]["Retry-After"]) > 0


class TestRescue:
    def test_there_is_an_end_to_it(self, phone, parent, now) -> None:
        Draft.objects.bulk_create(
            Draft(
                author=parent, moment_id=uuid.uuid4(), kind="shut", received_at=now, kid="x", shut_sealed=b"x"
            )
            for _ in range(SHUT_MAX)
        )
        body = {
            "account": phone.session["account"],
            "ops": [{**a_sealed_op(str(uuid.uuid4())), "reason": "undecryptable"}],
        }
        response = phone.client.post(f"{V1}/sync/rescue/", json.dumps(body), content_type="application/json")
        assert code(response) == (503, "slow_down")
        assert Draft.objects.count() == SHUT_MAX

    def test_what_opens_after_all_is_kept_as_words(self, phone, child, now) -> None:
        op = phone.write("create", child=str(child.public_id), tone="missed", at=now, note="poison")
        phone.rescue([op], reason="poison")
        assert [draft.kind for draft in Draft.objects.all()] == ["rescued"]
        assert [result["status"] for result in phone.flush()] == ["rescued"]
        assert not Observation.objects.exists()

    def test_what_had_its_effect_is_not_kept_twice(self, phone, child, now) -> None:
        op = phone.write("create", child=str(child.public_id), tone="missed", at=now)
        phone.flush()
        phone.rescue([op], reason="poison")
        assert not Draft.objects.exists()
