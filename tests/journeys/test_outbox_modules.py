"""The outbox's modules in a real Chromium, against every answer that the protocol knows."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from playwright.sync_api import Browser, Page

from tests.journeys.fake_sync import ORIGIN, SERVER_TIME, FakeSync, as_bytes, results
from tests.journeys.phone import wait_for
from tests.journeys.reports import Reports

SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
MOMENT = "7d9e6679-7425-40de-944b-e07fc1f90ae7"

# RFC 9180's vectors for DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, base mode, first message: appendix A.3.1, and of the
# files behind the appendix the one for AES-256-GCM.
VECTORS = [
    {
        "aead": {"id": 1, "keyLength": 16},
        "skEm": "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
        "pkEm": (
            "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
            "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4"
        ),
        "pkRm": (
            "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
            "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0"
        ),
        "ct": "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434",
    },
    {
        "aead": {"id": 2, "keyLength": 32},
        "skEm": "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
        "pkEm": (
            "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"
            "0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0"
        ),
        "pkRm": (
            "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f"
            "853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c"
        ),
        "ct": "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f",
    },
]
SEAL_VECTOR = """async ({ vector, info, aad, pt }) => {
  const { seal } = await import("/js/outbox/hpke.js");
  const { toBase64Url } = await import("/js/outbox/bytes.js");
  const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
  const how = { name: "ECDH", namedCurve: "P-256" };
  const point = bytes(vector.pkEm);
  const [x, y, d] = [point.slice(1, 33), point.slice(33), bytes(vector.skEm)].map(toBase64Url);
  const jwk = { kty: "EC", crv: "P-256", x, y, d };
  const ephemeral = {
    privateKey: await crypto.subtle.importKey("jwk", jwk, how, false, ["deriveBits"]),
    publicKey: await crypto.subtle.importKey("raw", point, how, true, []),
  };
  const said = { pub: bytes(vector.pkRm), info: bytes(info), aad: bytes(aad), text: bytes(pt) };
  const sealed = await seal({ ...said, ephemeral, aead: vector.aead });
  return Array.from(sealed, (byte) => byte.toString(16).padStart(2, "0")).join("");
}"""

PUT = """async ({ account, act, times }) => {
  const { Outbox } = await import("/js/outbox/store.js");
  const { put } = await import("/js/outbox/save.js");
  const store = new Outbox(account);
  const ops = [];
  for (let n = 0; n < times; n += 1) ops.push(await put(store, { momentId: crypto.randomUUID(), ...act }));
  return ops;
}"""
FLUSH = """async ({ account, how }) => {
  const { Outbox } = await import("/js/outbox/store.js");
  const { flush } = await import("/js/outbox/flush.js");
  const store = new Outbox(account);
  const { sent, left } = await flush(store, how);
  return { sent: Object.fromEntries(sent), left, flow: await store.flow(), rows: await store.list() };
}"""


class Phone:
    """A page with the modules, and the server they talk to."""

    def __init__(self, page: Page, server: FakeSync) -> None:
        self.page = page
        self.server = server

    def put(self, times: int = 1, **act: Any) -> list[str]:
        act = {"type": "create", "fields": {"tone": "missed", "note": "a canary sang"}, **act}
        return self.page.evaluate(PUT, {"account": self.server.account, "act": act, "times": times})

    def flush(self, **how: bool) -> dict[str, Any]:
        how = {"urgent": True, **how}
        return self.page.evaluate(FLUSH, {"account": self.server.account, "how": how})

    def in_store(self, body: str) -> Any:
        """The answer of a script that has `store`."""
        script = (
            "async (account) => { const { Outbox, Phone } = await import('/js/outbox/store.js');"
            f"const store = new Outbox(account); {body} }}"
        )
        return self.page.evaluate(script, self.server.account)

    def open_sealed(self, op: dict[str, Any]) -> dict[str, Any]:
        aad = "|".join(["v1", self.server.account, op["op_id"], op["moment_id"], op["kid"]]).encode()
        opened = openssl.hpke._decrypt_with_aad(
            SUITE, as_bytes(op["sealed"]), self.server.private, b"attune outbox v1", aad
        )
        return json.loads(opened)


@pytest.fixture(autouse=True)
def _no_reports(reports: Reports) -> Iterator[None]:
    """Here the server answers with errors on purpose, and the console says so; anything else is still a complaint."""
    yield
    assert [line for line in reports.take() if "Failed to load resource" not in line] == []


@pytest.fixture(scope="module")
def one_page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(timezone_id="Europe/Lisbon")
    FakeSync().serve(context)
    page = context.new_page()
    page.goto(ORIGIN)
    yield page
    context.close()


@pytest.fixture
def phone(one_page: Page) -> Phone:
    """An account of its own in the one page: what other tests left in this browser is somebody else's."""
    account = f"a_{uuid.uuid4().hex[:3]}_-{uuid.uuid4().hex[:17]}"  # names hold both of these
    server = FakeSync(account=account, signed_in=account)
    one_page.context.unroute_all()
    one_page.context.clear_cookies()
    server.serve(one_page.context)
    one_page.evaluate("async () => (await import('/js/outbox/session.js')).forgetSession()")
    return Phone(one_page, server)


class TestSealing:
    @pytest.mark.parametrize("vector", VECTORS, ids=["AES-128-GCM", "AES-256-GCM"])
    def test_gives_the_bytes_of_the_rfc(self, phone: Phone, vector: dict[str, Any]) -> None:
        given = {
            "vector": vector,
            "info": "4f6465206f6e2061204772656369616e2055726e",
            "aad": "436f756e742d30",
            "pt": "4265617574792069732074727574682c20747275746820626561757479",
        }
        assert phone.page.evaluate(SEAL_VECTOR, given) == vector["pkEm"] + vector["ct"]

    def test_is_opened_by_the_server_and_bound_to_its_place(self, phone: Phone) -> None:
        phone.put(
            occurredAt="2026-11-22T18:40:00+00:00",
            fields={"note": "ein Zaunk\u00f6nig \U0001f426", "tone": "missed"},
        )
        phone.flush()
        (op,) = phone.server.batches[0]
        words = phone.open_sealed(op)
        assert words["fields"]["note"] == "ein Zaunk\u00f6nig \U0001f426"
        assert (words["type"], words["base"], words["tz"]) == ("create", None, "Europe/Lisbon")
        for name in ("op_id", "moment_id", "kid"):
            with pytest.raises(InvalidTag):
                phone.open_sealed({**op, name: "another"})

    def test_says_when_it_last_heard_the_time_to_a_server_that_understands_it(self, phone: Phone) -> None:
        phone.put()
        phone.flush()
        assert "heard" not in phone.open_sealed(phone.server.batches[0][0])
        phone.server.protocol = {"min": 1, "max": 2}
        phone.page.evaluate("async () => (await import('/js/outbox/session.js')).forgetSession()")
        before = datetime.now(UTC)
        phone.put()
        phone.flush()
        phone.put()
        phone.flush()
        assert "heard" not in phone.open_sealed(
            phone.server.batches[1][0]
        )  # it was sealed before that was known
        heard = phone.open_sealed(phone.server.batches[2][0])["heard"]
        assert heard["at"] == SERVER_TIME
        assert abs(datetime.fromisoformat(heard["clock"]) - before) < timedelta(minutes=2)

    def test_seals_the_same_words_differently_each_time(self, phone: Phone) -> None:
        phone.put(times=3, momentId=MOMENT)
        sealed = phone.in_store("return (await store.list()).map((row) => row.sealed)")
        assert len(set(sealed)) == 3

    def test_names_operations_by_their_time(self, phone: Phone) -> None:
        ids = phone.page.evaluate(
            """async () => { const { uuid7 } = await import("/js/outbox/uuid7.js");
            return [uuid7(1765000000123), uuid7(1765000000123), uuid7(1765000000124)]; }"""
        )
        made = [uuid.UUID(text) for text in ids]
        assert [one.int >> 80 for one in made] == [1765000000123, 1765000000123, 1765000000124]
        assert {one.version for one in made} == {7}
        assert {one.variant for one in made} == {uuid.RFC_4122}
        assert len(set(ids)) == 3


class TestTheQueue:
    def test_holds_nothing_readable(self, phone: Phone) -> None:
        phone.put()
        rows = phone.in_store("return store.list()")
        assert set(rows[0]) == {
            "seq", "op_id", "moment_id", "kid", "sealed", "at", "draft", "heldUntil", "fails", "failedSince", "trouble",
        }  # fmt: skip
        assert "canary" not in json.dumps(rows)

    def test_chains_what_waits_of_the_same_moment(self, phone: Phone) -> None:
        (first,) = phone.put(momentId=MOMENT)
        (second,) = phone.put(momentId=MOMENT, type="update", rev=7, fields={"note": "more"})
        phone.put(momentId=MOMENT, type="delete", fields={"whole": True})
        phone.flush()
        bases = [phone.open_sealed(op)["base"] for op in phone.server.batches[0]]
        assert bases == [None, {"op": first}, {"op": second}]

    def test_builds_on_the_revision_of_the_page_once_nothing_waits(self, phone: Phone) -> None:
        (first,) = phone.put(momentId=MOMENT)
        phone.flush()
        phone.put(momentId=MOMENT, type="update", rev=7, fields={"note": "more"})
        phone.put(momentId=str(uuid.uuid4()), type="update", rev=3, fields={"note": "more"})
        phone.flush()
        assert [phone.open_sealed(op)["base"] for op in phone.server.batches[1]] == [{"rev": 7}, {"rev": 3}]
        phone.put(momentId=MOMENT, type="delete", fields={"whole": True})
        assert phone.flush()["left"] == 0
        assert phone.open_sealed(phone.server.batches[2][0])["base"] != {"op": first}

    def test_puts_a_draft_in_the_place_of_the_one_before_and_the_save_in_the_place_of_both(
        self, phone: Phone
    ) -> None:
        (sheet,) = phone.put(momentId=MOMENT, type="draft.put", fields={"note": "Half a"})
        phone.put(momentId=MOMENT, type="draft.put", sheet=sheet, fields={"note": "Half a sentence"})
        assert phone.in_store("return (await store.list()).length") == 1
        phone.put(momentId=MOMENT, type="update", rev=1, sheet=sheet, fields={"note": "A whole sentence"})
        phone.flush()
        assert [phone.open_sealed(op)["type"] for op in phone.server.batches[0]] == ["update"]

    def test_leaves_alone_what_another_sheet_of_the_same_moment_says(self, phone: Phone) -> None:
        (killed,) = phone.put(momentId=MOMENT, type="draft.put", fields={"note": "Before the tunnel"})
        (sheet,) = phone.put(momentId=MOMENT, type="draft.put", fields={"note": "After"})
        assert [row["sheet"] for row in phone.in_store("return store.list()")] == [killed, sheet]
        (saved,) = phone.put(momentId=MOMENT, type="update", rev=1, sheet=sheet, fields={"note": "After it"})
        phone.put(momentId=MOMENT, type="update", rev=1, fields={"tone": "missed"})
        assert phone.in_store("return (await store.list()).map((row) => row.op_id)")[:2] == [killed, saved]

    def test_drafts_of_one_sheet_name_its_first_one(self, phone: Phone) -> None:
        half = {"type": "draft.put", "rev": 3}
        (first,) = phone.put(momentId=MOMENT, **half, fields={"note": "Half"})
        phone.flush()
        phone.put(momentId=MOMENT, **half, sheet=first, fields={"note": "Half a sentence"})
        phone.put(momentId=MOMENT, **half, sheet=first, fields={})
        phone.flush()
        ops = [op for batch in phone.server.batches for op in batch]
        assert [phone.open_sealed(op)["base"] for op in ops] == [None, {"op": first}]
        assert phone.open_sealed(ops[1])["fields"] == {}

    def test_the_browser_is_asked_once_to_keep_it(self, phone: Phone) -> None:
        phone.page.reload()
        phone.page.evaluate(
            "self.asked = 0; void (navigator.storage.persist = async () => { self.asked += 1 })"
        )
        phone.put(times=3)
        phone.flush()
        phone.put()
        assert phone.page.evaluate("self.asked") == 1

    def test_keeps_a_draft_while_its_form_is_open(self, phone: Phone) -> None:
        soon = int(time.time() * 1000) + 50_000
        phone.put(momentId=MOMENT, type="draft.put", fields={"note": "x"}, heldUntil=soon)
        assert phone.flush()["left"] == 1
        assert phone.server.batches == []
        phone.in_store("const [row] = await store.list(); await store.update({ ...row, heldUntil: 1 })")
        assert phone.flush()["left"] == 0

    def test_sends_a_draft_that_seems_held_for_ages_and_any_when_asked_to(self, phone: Phone) -> None:
        """The clock was set back since; or a person who signs out wants everything sent."""
        soon = int(time.time() * 1000) + 50_000
        phone.put(momentId=MOMENT, type="draft.put", fields={"note": "x"}, heldUntil=4_000_000_000_000)
        assert phone.flush()["left"] == 0
        phone.put(momentId=MOMENT, type="draft.put", fields={"note": "y"}, heldUntil=soon)
        assert phone.flush(mend=True)["left"] == 0

    def test_what_was_deleted_stays_so_when_it_is_changed_after(self, phone: Phone) -> None:
        phone.put()
        phone.in_store(
            "const [row] = await store.list(); await store.remove([row]); await store.update({ ...row, fails: 1 })"
        )
        assert phone.in_store("return store.count()") == 0

    def test_takes_no_more_than_it_may(self, phone: Phone) -> None:
        phone.put()
        fill = (
            "const [row] = await store.list(); delete row.seq;"
            "for (let n = 1; n < 500; n += 1) await store.db.run('readwrite', (at) => at('ops').add(row));"
            "return (await store.list()).length"
        )
        assert phone.in_store(fill) == 500
        with pytest.raises(Exception, match="full"):
            phone.put()
        assert phone.in_store("return (await store.list()).length") == 500

    def test_survives_a_connection_that_the_browser_dropped(self, phone: Phone) -> None:
        count = phone.in_store(
            "await store.set('x', 1); (await store.db.connection).close();"
            "await store.set('x', 2); return store.get('x')"
        )
        assert count == 2

    def test_says_when_the_phone_is_full_and_keeps_what_was_there(self, phone: Phone) -> None:
        phone.put()
        told = phone.in_store(
            "const add = IDBObjectStore.prototype.add;"
            "IDBObjectStore.prototype.add = () => { throw new DOMException('', 'QuotaExceededError'); };"
            "const { isFull } = await import('/js/outbox/database.js');"
            "const row = { op_id: 'x', moment_id: 'x', kid: 'x', sealed: 'x', draft: false };"
            "const full = await store.add(row).catch(isFull);"
            "IDBObjectStore.prototype.add = add; return [full, await store.count()]"
        )
        assert told == [True, 1]


class TestSending:
    def test_sends_each_once_and_forgets_it(self, phone: Phone) -> None:
        ops = phone.put(times=3)
        told = phone.flush()
        assert phone.server.sent == ops
        assert (told["left"], set(told["sent"].values())) == (0, {"applied"})
        envelope, headers = phone.server.envelopes[0], phone.server.headers[0]
        assert set(envelope) == {"account", "device_id", "client_now", "ops"}
        assert set(envelope["ops"][0]) == {"op_id", "moment_id", "kid", "sealed"}
        assert (headers["x-csrftoken"], headers["x-sync-protocol"]) == ("token-1", "1")
        assert phone.flush()["left"] == 0
        assert len(phone.server.batches) == 1

    def test_sends_a_hundred_at_a_time(self, phone: Phone) -> None:
        phone.put(times=120)
        assert phone.flush()["left"] == 0
        assert [len(batch) for batch in phone.server.batches] == [100, 20]

    def test_keeps_a_batch_below_a_mebibyte(self, phone: Phone) -> None:
        phone.put(times=12, fields={"note": "x" * 130_000})
        assert phone.flush()["left"] == 0
        assert sum(len(batch) for batch in phone.server.batches) == 12
        assert len(phone.server.batches) > 1
        assert all(len(json.dumps(batch)) < 1048576 for batch in phone.server.batches)

    def test_two_tabs_at_once_send_each_once(self, phone: Phone) -> None:
        ops = phone.put(times=20)
        other = phone.page.context.new_page()
        other.goto(ORIGIN)
        start = f"(given) => void ({FLUSH})(given)"
        given = {"account": phone.server.account, "how": {"urgent": True}}
        for tab in (phone.page, other, phone.page, other):
            tab.evaluate(start, given)
        assert phone.flush()["left"] == 0
        other.close()
        assert sorted(phone.server.sent) == sorted(ops)

    def test_a_lost_answer_is_asked_for_again(self, phone: Phone) -> None:
        (op,) = phone.put()
        phone.server.answers = [lambda ops: None, lambda ops: results(ops, "duplicate")]
        assert phone.flush()["left"] == 1
        assert phone.flush()["left"] == 0
        assert phone.server.sent == [op, op]

    @pytest.mark.parametrize(
        "status", ["applied", "duplicate", "merged", "conflict", "gone", "private_only", "rescued"]
    )
    def test_what_is_final_leaves_the_phone(self, phone: Phone, status: str) -> None:
        phone.put()
        phone.server.answers = [lambda ops: results(ops, status)]
        told = phone.flush()
        assert told["left"] == 0
        assert told["flow"]["needsYou"] == (
            1 if status in ("conflict", "gone", "private_only", "rescued") else 0
        )

    @pytest.mark.parametrize("status", ["deferred", "something new", ""])
    def test_what_is_not_final_stays(self, phone: Phone, status: str) -> None:
        phone.put()
        phone.server.answers = [lambda ops: results(ops, status)]
        told = phone.flush()
        assert told["left"] == 1
        assert told["flow"]["retryAt"] > 0
        assert phone.flush()["left"] == 0

    def test_what_cannot_be_opened_is_handed_over_as_it_is(self, phone: Phone) -> None:
        (op,) = phone.put()
        phone.server.answers = [lambda ops: results(ops, "undecryptable")]
        assert phone.flush()["left"] == 0
        assert [(one["op_id"], one["reason"]) for one in phone.server.rescued] == [(op, "undecryptable")]

    def test_an_id_that_was_used_waits_for_its_owner_who_hands_it_over(self, phone: Phone) -> None:
        phone.put()
        phone.server.answers = [lambda ops: results(ops, "op_id_reused")]
        assert phone.flush()["rows"][0]["trouble"] == "op_id_reused"
        assert (phone.flush()["left"], len(phone.server.batches)) == (1, 1)
        assert phone.flush(mend=True)["left"] == 0
        assert phone.server.rescued[0]["reason"] == "op_id_reused"

    def test_an_answer_that_is_no_answer_deletes_nothing(self, phone: Phone) -> None:
        phone.put(times=2)
        for body in ("<html>sign in to the café</html>", {}, {"results": []}, {"results": "ok"}, []):
            phone.server.always = lambda ops, body=body: (200, body)
            assert phone.flush()["left"] == 2


class TestAnswersToTheWhole:
    def test_a_refused_batch_is_halved_until_one_stands_alone(self, phone: Phone) -> None:
        ops = phone.put(times=9)
        poison = ops[5]
        phone.server.always = lambda sent: (
            (400, {"code": "bad_request"}) if poison in [op["op_id"] for op in sent] else results(sent)
        )
        assert phone.flush()["left"] == 0
        assert [one["op_id"] for one in phone.server.rescued] == [poison]
        assert phone.server.sent.count(poison) == 5  # in 9, in 4, in 2, alone, and once more alone
        assert [batch for batch in phone.server.batches if len(batch) == 1 and batch[0]["op_id"] == poison][
            1:
        ]

    def test_one_that_is_too_large_alone_is_handed_over_at_once(self, phone: Phone) -> None:
        ops = phone.put(times=2)
        phone.server.always = lambda sent: (
            (413, {"code": "too_large"}) if ops[0] in [op["op_id"] for op in sent] else results(sent)
        )
        assert phone.flush()["left"] == 0
        assert [(one["op_id"], one["reason"]) for one in phone.server.rescued] == [(ops[0], "too_large")]

    def test_an_ended_session_keeps_all_and_says_so(self, phone: Phone) -> None:
        phone.put(times=2)
        phone.server.signed_in = None
        told = phone.flush(mend=True)
        assert (told["left"], told["flow"]["stop"], phone.server.batches) == (2, "expired", [])
        phone.server.signed_in = phone.server.account
        told = phone.flush()
        assert (told["left"], told["flow"]["stop"]) == (0, "")

    def test_a_session_that_ends_meanwhile_keeps_all(self, phone: Phone) -> None:
        phone.put()
        phone.server.answers = [lambda ops: (401, {"code": "session_expired"})]
        told = phone.flush()
        assert (told["left"], told["flow"]["stop"]) == (1, "expired")

    def test_a_stale_token_is_fetched_anew_once(self, phone: Phone) -> None:
        phone.put()
        asked = phone.server.sessions
        phone.server.answers = [lambda ops: (403, {"code": "csrf_stale"})]
        assert phone.flush()["left"] == 0
        assert phone.server.sessions == asked + 1
        phone.put()
        phone.server.answers = [lambda ops: (403, {}), lambda ops: (403, {})]
        told = phone.flush()
        assert (told["left"], told["flow"]["stop"]) == (1, "expired")

    def test_somebody_elses_session_gets_nothing(self, phone: Phone) -> None:
        phone.put(times=2)
        phone.server.signed_in = "a_somebodyelse0000000000"
        told = phone.flush(mend=True)
        assert (told["left"], told["flow"]["stop"], phone.server.batches) == (2, "foreign", [])

    def test_an_account_that_changed_meanwhile_gets_nothing(self, phone: Phone) -> None:
        phone.put()
        phone.server.answers = [lambda ops: (409, {"code": "account_mismatch"})]
        told = phone.flush()
        assert (told["left"], told["flow"]["stop"]) == (1, "foreign")

    def test_an_old_shell_keeps_all(self, phone: Phone) -> None:
        phone.put()
        phone.server.answers = [lambda ops: (426, {"code": "protocol_too_old"})]
        told = phone.flush()
        assert (told["left"], told["flow"]["stop"]) == (1, "outdated")
        phone.server.protocol = {"min": 2, "max": 3}
        assert phone.flush()["flow"]["stop"] == "outdated"
        assert len(phone.server.batches) == 1

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_pause_that_was_asked_for_is_kept(self, phone: Phone, status: int) -> None:
        phone.put()
        phone.server.answers = [lambda ops: (status, {"code": "slow_down"}, {"Retry-After": "600"})]
        told = phone.flush()
        now = phone.page.evaluate("Date.now()")
        assert 590_000 < told["flow"]["retryAt"] - now <= 600_000
        assert phone.flush()["left"] == 1
        assert len(phone.server.batches) == 1

    @pytest.mark.parametrize("answer", [(500, {}), (502, "bad gateway"), (404, {}), (418, {}), (302, {})])
    def test_anything_else_waits_a_little_longer_each_time(self, phone: Phone, answer: Any) -> None:
        phone.put(times=2)
        phone.server.always = lambda ops: answer
        tries = [phone.flush()["flow"]["tries"] for _time in range(3)]
        assert tries == [1, 2, 3]
        phone.in_store("await store.setFlow({ retryAt: Date.now() + 60000 })")
        before = len(phone.server.batches)
        phone.flush(urgent=False)
        assert len(phone.server.batches) == before

    def test_the_pause_is_somewhere_between_nothing_and_a_quarter_of_an_hour(self, phone: Phone) -> None:
        phone.put()
        phone.server.always = lambda ops: None
        phone.in_store(
            "await store.setFlow({ tries: 30 }); self.chance = Math.random; Math.random = () => 0.999"
        )
        told = phone.flush()
        phone.page.evaluate("Math.random = self.chance")
        pause = told["flow"]["retryAt"] - phone.page.evaluate("Date.now()")
        assert 800_000 < pause < 900_000

    def test_a_clock_that_jumped_does_not_hold_anything_up(self, phone: Phone) -> None:
        phone.put()
        phone.in_store("await store.setFlow({ retryAt: Date.now() + 2 * 365 * 86400e3, told: true })")
        assert phone.flush(urgent=False)["left"] == 0

    def test_one_that_always_fails_never_blocks_the_rest(self, phone: Phone) -> None:
        ops = phone.put(times=8)
        poison = ops[0]
        phone.server.always = lambda sent: (
            (500, {}) if poison in [op["op_id"] for op in sent] else results(sent)
        )
        for _round in range(6):
            told = phone.flush()
        assert [row["op_id"] for row in told["rows"]] == [poison]
        phone.in_store(
            "const [row] = await store.list();"
            "await store.update({ ...row, fails: 4, failedSince: Date.now() - 3_600_001 })"
        )
        assert phone.flush()["left"] == 0
        assert [(one["op_id"], one["reason"]) for one in phone.server.rescued] == [(poison, "failed_alone")]

    def test_five_failures_within_an_hour_are_not_enough(self, phone: Phone) -> None:
        phone.put()
        phone.server.always = lambda ops: (500, {})
        for _round in range(7):
            assert phone.flush()["left"] == 1
        assert phone.server.rescued == []


LOAD_ANEW = """async ({ account, later }) => {
  const { Outbox } = await import("/js/outbox/store.js");
  const { loadAnew } = await import("/js/outbox/outdated.js");
  const type = () => { document.querySelector("textarea").value = later };
  const worker = { update: async () => later && type() };
  Object.defineProperty(navigator, "serviceWorker", { value: { getRegistration: async () => worker } });
  await loadAnew(new Outbox(account));
}"""


class TestAnOldPage:
    """It is loaded anew by itself, and never under somebody's hands."""

    @pytest.fixture
    def page(self, phone: Phone) -> Iterator[Page]:
        page = phone.page.context.new_page()
        page.goto(ORIGIN)
        yield page
        page.close()

    @staticmethod
    def show(page: Page, form: str) -> None:
        page.evaluate(
            "(form) => { self.same = true; document.getElementById('main').innerHTML = form }", form
        )

    @staticmethod
    def is_same(page: Page) -> bool:
        page.wait_for_timeout(300)
        return bool(page.evaluate("self.same === true"))

    def load_anew(self, phone: Phone, page: Page, later: str = "") -> None:
        given = {"account": phone.server.account, "later": later}
        page.evaluate(f"(given) => void ({LOAD_ANEW})(given)", given)

    def test_stays_where_a_form_came_back_to_be_mended(self, phone: Phone, page: Page) -> None:
        self.show(page, "<textarea>Too long a note</textarea>")
        self.load_anew(phone, page)
        assert self.is_same(page)

    def test_stays_where_something_else_was_chosen(self, phone: Phone, page: Page) -> None:
        self.show(page, "<select><option>a</option><option>b</option></select>")
        page.locator("select").select_option("b")
        self.load_anew(phone, page)
        assert self.is_same(page)

    def test_stays_where_somebody_begins_to_type_meanwhile(self, phone: Phone, page: Page) -> None:
        self.show(page, "<textarea></textarea>")
        self.load_anew(phone, page, later="H")
        assert self.is_same(page)

    def test_is_loaded_anew_where_nothing_is_and_not_again_and_again(self, phone: Phone, page: Page) -> None:
        self.show(page, "<textarea></textarea><select><option>a</option></select><input value='x'>")
        with page.expect_navigation():
            self.load_anew(phone, page)
        self.show(page, "<textarea></textarea>")
        self.load_anew(phone, page)
        assert self.is_same(page)


THROUGH = """async (how) => {
  const { throughOutbox } = await import("/js/outbox/form.js");
  document.getElementById("main").innerHTML = "<form data-keep='sheet'><input name='note'><button>Save</button></form>";
  const form = document.querySelector("form");
  const said = [];
  const plain = async () => { said.push("plain"); form.note.required = how === "invalid"; };
  const none = Promise.resolve(undefined);
  throughOutbox(form, { outbox: none, keep: none, then: () => {}, failed: () => said.push("resumed"), plain });
  addEventListener("submit", (event) => {
    said.push(event.defaultPrevented ? "outbox" : "sent");
    event.preventDefault();
  });
  const rest = () => new Promise((done) => setTimeout(done, 300));
  form.requestSubmit();
  await rest();
  if (how === "back") dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
  form.note.required = false;
  form.requestSubmit();
  await rest();
  return said;
}"""
SAVE_ON_AN_OLD_PAGE = """async (account) => {
  self.same = true;
  const { Outbox } = await import("/js/outbox/store.js");
  const { put } = await import("/js/outbox/save.js");
  const { throughOutbox } = await import("/js/outbox/form.js");
  document.getElementById("main").innerHTML = "<form data-keep='capture'><button>Tap</button></form>";
  const form = document.querySelector("form");
  const keep = (store) => put(store, { type: "create", momentId: crypto.randomUUID(), fields: { tone: "missed" } });
  const outbox = Promise.resolve(new Outbox(account));
  return new Promise((then) => { throughOutbox(form, { outbox, keep, then }); form.requestSubmit(); });
}"""
START = """async (isDiscreet) => {
  if (isDiscreet) document.body.insertAdjacentHTML("beforeend", "<dialog id='cover'></dialog>");
  (await import("/js/outbox.js")).watchOutbox();
}"""


class TestAPageOfTheApp:
    @pytest.fixture
    def page(self, phone: Phone) -> Iterator[Page]:
        page = phone.page.context.new_page()
        page.goto(ORIGIN)
        yield page
        page.close()

    def test_is_not_loaded_anew_while_something_is_saved_on_it(self, phone: Phone, page: Page) -> None:
        phone.server.always = lambda ops: (426, {"code": "protocol_too_old"})
        assert page.evaluate(SAVE_ON_AN_OLD_PAGE, phone.server.account) == "waits"
        page.wait_for_timeout(300)
        assert page.evaluate("self.same === true")
        assert phone.in_store("return store.get('loadedAnew')") is None
        send = """async (account) => {
          const { Outbox } = await import("/js/outbox/store.js");
          const { holdStill, send } = await import("/js/outbox/sending.js");
          document.getElementById("main").replaceChildren();
          holdStill(0);
          await send(new Outbox(account), { urgent: true });
        }"""
        with page.expect_navigation():
            page.evaluate(f"(account) => void ({send})(account)", phone.server.account)

    @pytest.mark.parametrize("how", ["invalid", "back"])
    def test_keeps_words_again_when_the_plain_form_went_nowhere(
        self, phone: Phone, page: Page, how: str
    ) -> None:
        first = ["outbox", "resumed", "plain", *(["sent"] if how == "back" else []), "resumed"]
        assert page.evaluate(THROUGH, how)[: len(first) + 1] == [*first, "outbox"]

    def test_forgets_what_the_plain_form_took_along_once(self, phone: Phone, page: Page) -> None:
        soon = int(time.time() * 1000) + 50_000
        half = {"momentId": MOMENT, "type": "draft.put", "heldUntil": soon}
        mark = "for (const row of await store.list()) await store.update({ ...row, plain: true })"
        phone.put(**half)
        phone.in_store(mark)
        page.goto(f"{ORIGIN}/moments/{MOMENT}/?saved")
        page.evaluate(START, False)
        page.wait_for_timeout(500)
        assert (phone.in_store("return store.count()"), page.url) == (0, f"{ORIGIN}/moments/{MOMENT}/")
        phone.put(**half)
        phone.in_store(mark)
        page.goto(ORIGIN)
        page.go_back()
        page.evaluate(START, False)
        page.wait_for_timeout(500)
        assert phone.in_store("return store.count()") == 1

    @pytest.mark.parametrize("is_logging", [True, False])
    def test_has_own_questions_no_more_from_the_first_discreet_one(
        self, phone: Phone, page: Page, is_logging: bool
    ) -> None:
        account = phone.server.account
        kit = {"account": account, "children": [], "discreet": True, "own": []}
        page.context.route(f"{ORIGIN}/api/v1/sync/kit", lambda route: route.fulfill(json=kit))
        phone.in_store(
            "await store.set('kit', { at: Date.now(), account, discreet: false, own: [{ prompt: 'A canary?' }] })"
        )
        keep_less = "async (account) => (await import('/js/outbox/kit.js')).keepLess(account)"
        page.evaluate(START, True) if is_logging else page.evaluate(keep_less, account)
        page.wait_for_timeout(500)
        kept = phone.in_store("return (await import('/js/outbox/kit.js')).readKit(store)")
        assert (kept["discreet"], kept["own"]) == (True, [])

    def test_brings_no_kit_to_a_discreet_phone_that_had_none(self, phone: Phone, page: Page) -> None:
        account = f"{phone.server.account}-new"
        page.evaluate("async (account) => (await import('/js/outbox/kit.js')).keepLess(account)", account)
        names = page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
        assert f"outbox-{account}" not in names


SHEET = """async ([body, was]) => {
  const main = document.getElementById("main");
  main.innerHTML = "<form><input type=checkbox name=cues value=a checked>"
    + "<input type=checkbox name=cues value=b checked>"
    + "<input type=checkbox name=about_adult><input type=hidden name=picked value='2026-11-22T18:40'>"
    + "<input type=radio name=when value=keep checked><input type=radio name=rating_joy value=3 checked>"
    + "<textarea name=note>Typed before</textarea></form>";
  const form = main.querySelector("form");
  if (was) form.dataset.was = JSON.stringify(was);
  const { changedFields } = await import("/js/outbox/fields.js");
  const { keepDrafts } = await import("/js/outbox/draft.js");
  const of = (name) => form.elements.namedItem(name);
  const { Outbox } = await import("/js/outbox/store.js");
  return new Function("form", "changedFields", "keepDrafts", "of", "Outbox", `return (async () => { ${body} })()`)(
    form, changedFields, keepDrafts, of, Outbox);
}"""
WAS = {
    "cues": ["b"],
    "about_adult": True,
    "picked": "2026-11-21T08:00",
    "when": "keep",
    "rating_joy": "",
    "note": "",
}


class TestASheetThatCameBack:
    """Its page holds what was typed before: what the moment says stands beside it."""

    @pytest.fixture
    def phone(self, phone: Phone) -> Iterator[Phone]:
        """A page of its own: what the clock is told there stays there."""
        page = phone.page.context.new_page()
        page.clock.install()
        page.goto(ORIGIN)
        yield Phone(page, phone.server)
        page.close()

    def test_says_what_is_other_than_in_the_moment(self, phone: Phone) -> None:
        assert phone.page.evaluate(SHEET, ["return changedFields(form)", None]) == {}
        assert phone.page.evaluate(SHEET, ["return changedFields(form)", WAS]) == {
            "when": "pick",
            "picked": "2026-11-22T18:40",
            "cues": ["a", "b"],
            "about_adult": False,
            "note": "Typed before",
            "ratings": {"joy": 3},
        }

    def test_is_kept_as_a_draft_in_the_place_of_the_one_before(self, phone: Phone) -> None:
        (first,) = phone.put(momentId=MOMENT, type="draft.put", fields={"note": "Typed"}, heldUntil=1e15)
        phone.in_store("for (const row of await store.list()) await store.update({ ...row, plain: true })")
        phone.page.evaluate(SHEET, [self.keep(phone), WAS])
        phone.page.clock.run_for(10_500)
        wait_for(phone.page, lambda: phone.in_store("return store.list()")[0]["op_id"] != first)
        (row,) = phone.in_store("return store.list()")
        assert (row["sheet"], row["draft"], row["op_id"] == first) == (first, True, False)

    def test_says_once_and_quietly_that_there_is_no_room(self, phone: Phone) -> None:
        break_it = (
            "form.insertAdjacentHTML('beforeend', '<p data-full hidden>Full</p>');"
            "self.add = IDBObjectStore.prototype.add;"
            "IDBObjectStore.prototype.add = () => { throw new DOMException('', 'QuotaExceededError'); };"
        )
        phone.put()  # which fetches the key that everything is sealed with
        phone.page.evaluate(SHEET, [break_it + self.keep(phone), WAS])
        assert phone.page.locator("[data-full]").is_hidden()
        phone.page.clock.run_for(10_500)
        wait_for(phone.page, phone.page.locator("[data-full]").is_visible)
        phone.page.evaluate("() => { IDBObjectStore.prototype.add = self.add; }")

    def keep(self, phone: Phone) -> str:
        return f"keepDrafts(form, '{MOMENT}', Promise.resolve(new Outbox('{phone.server.account}')))"


class TestTheKit:
    KIT = "const { fetchKit, readKit } = await import('/js/outbox/kit.js');"

    @pytest.fixture(autouse=True)
    def _kit(self, phone: Phone) -> None:
        kit = {"account": phone.server.account, "children": [{"label": "Ada"}], "discreet": False}
        phone.page.context.route(f"{ORIGIN}/api/v1/sync/kit", lambda route: route.fulfill(json=kit))

    def test_is_sealed_and_opened_by_its_account_alone(self, phone: Phone) -> None:
        told = phone.in_store(
            f"{self.KIT} await fetchKit(store); const other = new Outbox('a_another000000000000000');"
            "await other.set('kit-sealed', await store.get('kit-sealed'));"
            "document.cookie = document.cookie.match(/kit-key=[^;]*/)[0].replace(account.slice(2, 8), 'anothe');"
            "return [await readKit(store), await readKit(other), Object.keys(await store.get('kit-sealed'))]"
        )
        assert told == [None, None, ["iv", "sealed"]]

    def test_is_read_as_it_came(self, phone: Phone) -> None:
        kit = phone.in_store(f"{self.KIT} await fetchKit(store); return readKit(store)")
        assert kit["children"] == [{"label": "Ada"}]
        assert phone.in_store(f"{self.KIT} await fetchKit(store); return store.get('kit')") is None

    def test_has_another_key_after_leaving_and_never_the_same_bytes(self, phone: Phone) -> None:
        again = "(await store.get('kit-sealed')).iv.join(), document.cookie.match(/kit-key=([^;]*)/)[1]"
        told = phone.in_store(
            f"{self.KIT} const said = []; const {{ dropKey }} = await import('/js/outbox/here.js');"
            f"for (let n = 0; n < 3; n += 1) {{ await fetchKit(store); said.push([{again}]); if (n) dropKey(); }}"
            "return said"
        )
        assert len({iv for iv, _key in told}) == 3
        assert len({key for _iv, key in told}) == 2

    def test_is_not_kept_where_the_browser_keeps_no_cookie(self, phone: Phone) -> None:
        told = phone.in_store(
            f"{self.KIT} const none = {{ get: () => '', set: () => {{}}, configurable: true }};"
            "Object.defineProperty(document, 'cookie', none);"
            "await fetchKit(store); delete document.cookie; return store.get('kit-sealed')"
        )
        assert told is None


class TestWhosePhone:
    def test_a_second_account_neither_sees_nor_counts_nor_sends_the_first_ones(self, phone: Phone) -> None:
        phone.put(times=3)
        phone.in_store(
            "await new Phone().take(account); await store.set('kit', { children: [{ label: 'Ada' }] });"
            "await store.set('kit-sealed', {})"
        )
        first = f"const first = new Outbox('{phone.server.account}');"
        phone.server.account = phone.server.signed_in = "a_another000000000000000"
        told = phone.in_store(
            "await new Phone().take(account); return [await store.count(), await store.list()]"
        )
        assert told == [0, []]
        assert phone.flush(mend=True)["left"] == 0
        assert phone.server.batches == []
        left = "await first.count(), await first.get('kit'), await first.get('kit-sealed')"
        assert phone.in_store(f"{first} return [{left}]") == [3, None, None]

    def test_forgets_a_stranger_after_thirty_days(self, phone: Phone) -> None:
        phone.put()
        age = "const phone = new Phone(); await phone.take(account); const seen = await phone.seen();"
        for days, kept in ((29, 1), (31, 0)):
            phone.in_store(
                f"{age} seen[account] = Date.now() - {days} * 86400e3;"
                "await phone.db.run('readwrite', (at) => at('meta').put(seen, 'seen'));"
                "await phone.take('a_another000000000000000');"
            )
            assert phone.in_store("return store.count()") == kept
            phone.in_store("await new Phone().take(account)")

    def test_forgets_whoever_left_where_nobody_signs_in_any_more(self, phone: Phone) -> None:
        phone.put()
        age = "const phone = new Phone(); const seen = await phone.seen(); seen[account] = Date.now() - 31 * 86400e3;"
        put = "await phone.db.run('readwrite', (at) => at('meta').put(seen, 'seen')); await phone.purge();"
        phone.in_store("await new Phone().take(account)")
        phone.in_store(age + put)  # they are still the one whose phone it is
        assert phone.in_store("return store.count()") == 1
        phone.in_store("await new Phone().leave({ owed: false }); await new Phone().purge()")
        assert phone.in_store("return store.count()") == 1  # thirty days from here
        phone.in_store(age + put)
        assert phone.in_store("return [await store.count(), account in (await new Phone().seen())]") == [
            0,
            False,
        ]

    def test_counts_what_waits_of_everybody(self, phone: Phone) -> None:
        before = phone.in_store("await new Phone().take(account); return new Phone().count()")
        phone.put(times=2)
        phone.in_store("await new Phone().take('a_another000000000000000')")
        assert phone.in_store("return new Phone().count()") == before + 2

    def test_forgets_an_account_when_it_is_told_to(self, phone: Phone) -> None:
        phone.put()
        told = phone.in_store(
            "const { forget } = await import('/js/outbox/leave.js'); const phone = new Phone();"
            "await phone.take(account); document.cookie = 'kit-key=' + account.slice(2, 8) + '.x';"
            "await forget(store);"
            "return [await store.list(), await store.get('kit-sealed'), await phone.account(), document.cookie]"
        )
        assert told[:3] == [[], None, ""]
        assert "kit-key" not in told[3]
        assert told[3].startswith("pending=0.")

    def test_leaving_takes_the_kit_and_leaves_what_is_sealed(self, phone: Phone) -> None:
        phone.put()
        told = phone.in_store(
            "const phone = new Phone(); await phone.take(account); await store.set('kit-sealed', {});"
            "await phone.leave({ owed: true });"
            "const kit = await store.get('kit-sealed');"
            "return [await phone.account(), await phone.owesLeave(), kit, await store.count()]"
        )
        assert told == ["", True, None, 1]

    def test_the_cookie_says_how_many_wait_and_not_of_whom(self, phone: Phone) -> None:
        phone.put(times=2)
        (cookie,) = phone.page.context.cookies()
        assert (cookie["name"], cookie["value"]) == ("pending", f"2.{phone.server.account[2:8]}")
        read = "async (whose) => (await import('/js/outbox/here.js')).promised(whose)"
        assert phone.page.evaluate(read, phone.server.account) == 2
        assert phone.page.evaluate(read, "a_another000000000000000") == 0

    def test_the_cookie_remembers_what_waits_of_others(self, phone: Phone) -> None:
        phone.put(times=2)
        told = phone.page.evaluate(
            """async (first) => {
              const { promise, promised, wasAnothers } = await import("/js/outbox/here.js");
              const second = "a_another000000000000000";
              const before = wasAnothers(second);
              promise(second, 1);
              return [before, wasAnothers(second), wasAnothers(first), promised(first), promised(second)];
            }""",
            phone.server.account,
        )
        assert told == [True, False, True, 2, 1]
