import dataclasses
import email
import email.policy
import hashlib
import re
import socket
import uuid
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import css_inline
import pytest
from aiosmtpd.controller import Controller
from django.core import mail

from accounts.rules import DigestLevel
from accounts.services import change_choices
from checklists.selectors import get_content
from observations.services import choose_focus
from reflections import mail as mail_module
from reflections.compose import compose
from reflections.mail import Letter, build_message, message_id_for, period_in_words
from reflections.models import Digest
from reflections.phrases import Words
from reflections.rules import QuietMail, Status
from reflections.services import deliver_digest, plan_digests
from reflections.tokens import return_token, unsubscribe_token
from tests.reflections import test_compose as cases
from tests.reflections.conftest import CLOSED, EVENING, LABEL, MONDAY

DAY = timedelta(days=1)


HOUSEHOLD_ID = uuid.UUID("3d9c6f0e-2f55-4f0e-9d0b-4a1f6d2f6f01")


@pytest.fixture
def letter(db) -> Letter:
    return Letter(
        email="alice@example.org",
        user_id=cases.MEMBER,
        household_id=HOUSEHOLD_ID,
        language="en",
        level=DigestLevel.FULL,
        label=LABEL,
        start_on=date(2026, 11, 9),
        end_on=date(2026, 11, 16),
        content=compose(cases.FULL).to_json(),
        words=Words(get_content()),
        message_id="<d.1@localhost>",
        written_at=EVENING,
    )


def read(raw: bytes) -> tuple[Any, str, str]:
    """The parsed mail, its text part, its HTML part."""
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    text, html = (parsed.get_body((kind,)).get_content().replace("\r\n", "\n") for kind in ("plain", "html"))
    return parsed, text, html


def visible(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<style.*?</style>", "", html)))


class TestHeaders:
    def test_one_click_unsubscribing_is_announced(self, letter):
        parsed, text, _html = read(build_message(letter))
        assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        url = parsed["List-Unsubscribe"].strip("<>")
        assert "/unsubscribe/" in url
        assert url in text
        assert b"List-Unsubscribe: <http" in build_message(letter)

    def test_it_says_that_it_is_a_list_and_a_machine(self, letter):
        parsed, _text, _html = read(build_message(letter))
        assert parsed["List-Id"] == "<your-week.localhost>"
        assert parsed["Auto-Submitted"] == "auto-generated"
        assert parsed["Message-ID"] == "<d.1@localhost>"
        assert parsed["Date"] == "Mon, 16 Nov 2026 19:00:00 +0000"

    @pytest.mark.parametrize("level", ["discreet", "counts", "full"])
    def test_the_subject_is_always_the_same(self, letter, level):
        parsed, _text, _html = read(build_message(dataclasses.replace(letter, level=DigestLevel(level))))
        assert parsed["Subject"] == "Your week"

    def test_no_header_names_a_household_or_a_week(self, letter):
        parsed, _text, _html = read(build_message(letter))
        others = [value for name, value in parsed.items() if name != "List-Unsubscribe"]
        assert not [value for value in others if "W46" in value or str(cases.MEMBER) in value]

    def test_every_line_is_short_enough_to_be_carried(self, letter):
        assert max(len(line) for line in build_message(letter).split(b"\r\n")) <= 998

    def test_its_name_follows_from_member_week_and_edition(self):
        one = message_id_for(membership=cases.MEMBER, label=LABEL, edition=1)
        assert one == message_id_for(membership=cases.MEMBER, label=LABEL, edition=1)
        assert one != message_id_for(membership=cases.MEMBER, label=LABEL, edition=2)
        assert re.fullmatch(r"<d\.[0-9a-f-]{36}@localhost>", one)


class TestLevels:
    def test_discreet_says_nothing_of_the_week(self, letter):
        _parsed, text, html = read(build_message(dataclasses.replace(letter, level=DigestLevel.DISCREET)))
        assert "Your page for these days is ready." in text
        body = text.partition("\n--")[0]
        assert not re.findall(r"\d", body.replace("9 to 15 November", "").partition("http")[0])
        assert not {"missed", "came back", "focus", "moment", "child"} & set(
            re.findall(r"[a-z ]+", visible(html))
        )
        for word in ("missed", "moment", "focus", "child", "practice"):
            assert word not in visible(html)
            assert word not in body

    def test_counts_tell_numbers_without_what_they_were_about(self, letter):
        _parsed, text, _html = read(build_message(dataclasses.replace(letter, level=DigestLevel.COUNTS)))
        assert "4 moments on 4 days" in text
        assert "found the way back once" in text or "came back" in text
        for told_in_full in ("Your focus", "One small thing", "A moment to keep"):
            assert told_in_full not in text

    def test_full_tells_the_focus_a_practice_and_a_question(self, letter):
        _parsed, text, html = read(build_message(letter))
        for heading in (
            "A moment to keep",
            "What you noticed",
            "Coming back",
            "Your focus",
            "You",
            "One small thing",
        ):
            assert heading in text
            assert heading in html
        assert "3 answers in the last four weeks" in text
        assert text.index("A moment to keep") < text.index("Coming back") < text.index("One small thing")

    @pytest.mark.parametrize("level", ["discreet", "counts", "full"])
    def test_no_level_tells_contexts_feelings_own_state_misses_or_others(self, letter, level):
        _parsed, text, html = read(build_message(dataclasses.replace(letter, level=DigestLevel(level))))
        for part in (text, visible(html)):
            for word in ("Bedtime", "Tired", "Stretched", "missed", "shared", "Somebody"):
                assert word not in part

    def test_a_week_of_misses_has_no_total_of_them(self, letter):
        content = compose(cases.TestAWeekOfMissedMoments.FACTS).to_json()
        _parsed, text, html = read(build_message(dataclasses.replace(letter, content=content)))
        assert "A way back" in text
        assert "I did. You may have felt. I am sorry. Let us try." in text.replace("\n", " ")
        assert not re.search(r"\b2\b|moments? on", visible(html))
        assert "●" not in html

    def test_both_parts_say_the_same(self, letter):
        _parsed, text, html = read(build_message(letter))
        said = " ".join(visible(html).split())
        sentences = [line for line in re.split(r"\n{2,}", text.partition("Open the page")[0]) if line.strip()]
        for sentence in sentences[1:]:
            for line in sentence.splitlines():
                assert line.strip() in said.replace("&quot;", '"').replace("&#x27;", "'"), line


class TestAQuietWeek:
    @pytest.fixture
    def quiet(self, letter) -> Letter:
        return dataclasses.replace(letter, content=compose(cases.week()).to_json(), quiet=QuietMail.NOTE)

    def test_the_first_one_gets_the_kind_note(self, quiet):
        _parsed, text, _html = read(build_message(quiet))
        assert "Nothing written down this week, and that is fine." in text.replace("\n", " ")
        assert "You do not need to catch up." in text.replace("\n", " ")

    def test_a_discreet_note_says_nothing_of_it(self, quiet):
        _parsed, text, _html = read(build_message(dataclasses.replace(quiet, level=DigestLevel.DISCREET)))
        assert "Nothing written" not in text
        assert "/log/" not in text
        assert "Your page for these days is ready." in text

    @pytest.mark.parametrize("level", ["counts", "full"])
    def test_it_opens_the_log_with_a_tone_chosen_and_writes_nothing(self, quiet, level):
        _parsed, text, html = read(build_message(dataclasses.replace(quiet, level=DigestLevel(level))))
        for tone, label in (
            ("in_tune", "We were in tune"),
            ("missed", "We missed each other"),
            ("came_back", "We came back"),
        ):
            address = f"http://localhost:8000/log/?tone={tone}"
            assert f"{label}:\n{address}\n" in text
            assert re.search(rf'<a class="offer" style="[^"]+" href="{re.escape(address)}">{label}</a>', html)

    @pytest.mark.parametrize("step", [QuietMail.LINE, QuietMail.MONTHLY])
    def test_a_later_one_asks_for_nothing(self, quiet, step):
        _parsed, text, html = read(build_message(dataclasses.replace(quiet, quiet=step)))
        assert "/log/" not in text + html

    @pytest.mark.parametrize("level", ["discreet", "counts", "full"])
    def test_the_third_one_is_one_line_at_every_level(self, quiet, level):
        line = dataclasses.replace(quiet, quiet=QuietMail.LINE, level=DigestLevel(level))
        _parsed, text, _html = read(build_message(line))
        assert "We will write monthly until you log again" in text
        assert "Nothing written down" not in text
        assert "is ready" not in text


class TestHtml:
    def test_nothing_is_fetched_when_it_is_opened(self, letter):
        _parsed, _text, html = read(build_message(letter))
        assert not re.findall(r"<img|<link|<script|<iframe|url\(|@import|@font-face|src=", html)
        assert {url.split("/")[2] for url in re.findall(r'https?://[^"<]+', html)} == {"localhost:8000"}

    def test_every_element_has_the_style_that_the_whole_sheet_gives_it(self, letter, monkeypatch):
        def elements(html: str) -> list[tuple[str, str, frozenset[str]]]:
            """Name, class and declarations of each element, in order."""
            found = re.findall(r"<([a-z][a-z0-9]*)([^>]*)>", html.partition("</head>")[2])
            attribute = [dict(re.findall(r'([a-z]+)="([^"]*)"', rest)) for _name, rest in found]
            return [
                (name, has.get("class", ""), frozenset(filter(None, re.split(r";\s*", has.get("style", "")))))
                for (name, _rest), has in zip(found, attribute, strict=True)
                if name != "tbody"  # an HTML parser adds it
            ]

        _parsed, _text, ours = read(build_message(letter))
        whole = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
        monkeypatch.setattr(mail_module, "inline_styles", whole.inline)
        _parsed, _text, theirs = read(build_message(letter))
        assert elements(ours) == elements(theirs)
        assert len([style for _name, _class, style in elements(ours) if style]) > 30

    def test_there_is_a_dark_theme_for_programs_that_know_it(self, letter):
        _parsed, _text, html = read(build_message(letter))
        assert "prefers-color-scheme: dark" in html or "prefers-color-scheme:dark" in html
        assert re.search(r'<h1 style="[^"]*font-size', html)

    def test_what_people_wrote_is_escaped(self, letter):
        words = dataclasses.replace(letter.words, names={})
        content = compose(cases.FULL).to_json()
        content["sections"][0]["sentences"][0]["params"]["day"] = "2026-11-11"
        _parsed, _text, html = read(build_message(dataclasses.replace(letter, words=words, content=content)))
        assert "<script" not in html


class TestPeriodInWords:
    @pytest.mark.parametrize(
        ("start_on", "days", "expected"),
        [
            (date(2026, 11, 9), 7, "9 to 15 November"),
            (date(2026, 11, 30), 7, "30 November to 6 December"),
            (date(2026, 12, 28), 7, "28 December to 3 January"),
            (date(2026, 11, 9), 4, "9 to 12 November"),
        ],
    )
    def test_it_is_said_as_people_say_it(self, start_on, days, expected):
        assert period_in_words(start_on, start_on + timedelta(days=days)) == expected


class TestInAMailbox:
    """The whole way: moments, plan, compile, a real SMTP conversation, the mail as it arrived."""

    @pytest.fixture
    def sink(self, settings):
        received: list[Any] = []

        class Sink:
            async def handle_DATA(self, server, session, envelope):  # noqa: N802
                received.append(envelope)
                return "250 OK"

        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        controller = Controller(Sink(), hostname="127.0.0.1", port=port)
        controller.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield received
        controller.stop()

    def deliver(self, family, level: str) -> Digest:
        change_choices(actor_id=family.alice.pk, choices={"digest_level": level})
        household = family.household
        choose_focus(
            actor_id=family.alice.pk, household_id=household.public_id, dimension="needs", now=MONDAY - DAY
        )
        missed = family.note(family.alice, "missed", note="I shouted about the shoes", contexts=["bedtime"])
        family.note(
            family.alice,
            "came_back",
            at=MONDAY + DAY,
            repairs=missed.public_id,
            note="We drew a map",
            cues=["said_sorry"],
        )
        for number in range(5):
            family.note(family.alice, at=MONDAY + number * DAY + DAY, ratings={"needs": 4, "self": 2})
        family.note(family.bela, at=MONDAY, note="Bela saw a fox", visibility="household")
        plan_digests(household_ids=[household.pk], now=CLOSED)
        row = Digest.objects.get(membership=family.membership(family.alice), week__label=LABEL)
        assert deliver_digest(digest_id=row.pk, now=EVENING) == Status.SENT
        row.refresh_from_db()
        return row

    def test_the_digest_arrives(self, family, sink):
        row = self.deliver(family, "full")
        (envelope,) = sink
        assert envelope.rcpt_tos == [family.alice.email]
        parsed, text, html = read(envelope.content)
        assert parsed["Message-ID"] == row.message_id
        words = " ".join(text.split())  # a line may break at any word
        assert re.search("7 moments (on|from) 6 days", words)
        # Which of two wordings it is follows from ids, and those are new in each run.
        assert re.search(
            r"5 moments of the last four weeks (you answered|have an answer,) 4\.0 of 5 on average", words
        )
        assert re.search("(They are few|That is little to go by): anything from", words)
        assert "●" in html

    def test_what_was_handed_over_is_what_was_frozen(self, family, sink):
        row = self.deliver(family, "full")
        (envelope,) = sink
        handed = envelope.content.rstrip(b"\r\n")
        assert row.sha256 in {hashlib.sha256(handed + end).hexdigest() for end in (b"", b"\r\n", b"\r\n\r\n")}

    def test_its_headers_are_those_of_a_list_and_name_nobody(self, family, sink, settings):
        """RFC 8058, 2369, 2919 and 3834, in the bytes that a mail server took."""
        settings.RETURN_ADDRESS, settings.SITE_URL = "bounces@attune.example", "https://attune.example"
        row = self.deliver(family, "full")
        (envelope,) = sink
        head = envelope.content.partition(b"\r\n\r\n")[0].decode("ascii")
        lines = dict(line.split(": ", 1) for line in head.split("\r\n"))  # one line each: nothing is folded
        token = unsubscribe_token(user_id=family.alice.public_id)
        assert lines.pop("List-Unsubscribe") == f"<https://attune.example/unsubscribe/{token}/>"
        assert lines.pop("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert lines.pop("List-Id") == "<your-week.attune.example>"
        assert lines.pop("Auto-Submitted") == "auto-generated"
        assert lines.pop("Message-ID") == row.message_id
        assert lines.pop("Feedback-ID") == "digest:attune"
        assert lines.pop("Subject") == "Your week"
        assert envelope.mail_from == f"bounces+{return_token(row.pk)}@attune.example"
        assert envelope.rcpt_tos == [lines.pop("To")]
        assert set(lines) == {"Content-Type", "MIME-Version", "From", "Date"}
        members = [family.membership(user) for user in (family.alice, family.bela)]
        named = [family.household, family.child, family.alice, family.bela, *members]
        assert [str(one.public_id) for one in named if str(one.public_id) in head] == []

    def test_the_link_in_its_header_works_with_one_click(self, family, sink, client):
        """A POST without cookies, sign-in or token of a form; 200 and no redirect; once more changes nothing."""
        self.deliver(family, "full")
        (envelope,) = sink
        link = read(envelope.content)[0]["List-Unsubscribe"].strip("<>")
        for _ in range(2):
            answer = client.post(urlsplit(link).path, {"List-Unsubscribe": "One-Click"})
            assert (answer.status_code, client.cookies.output()) == (200, "")
        family.alice.refresh_from_db()
        assert family.alice.digest_level == "none"

    @pytest.mark.parametrize("level", ["discreet", "counts", "full"])
    def test_no_level_carries_words_names_or_another_person(self, family, sink, level):
        self.deliver(family, level)
        (envelope,) = sink
        parsed, text, html = read(envelope.content)
        for part in (text, visible(html), str(parsed["From"]), str(parsed["Subject"])):
            for word in ("shoes", "map", "fox", "Pipistrelle", "Bela", "Attic", "Bedtime", "Stretched"):
                assert word not in part

    def test_discreet_holds_no_number_of_the_week(self, family, sink):
        self.deliver(family, "discreet")
        (envelope,) = sink
        _parsed, text, html = read(envelope.content)
        said = visible(html).replace("9 to 15 November", "")
        assert not re.findall(r"\d", said)
        assert not re.findall(r"moment|missed|focus", text)

    def test_the_local_outbox_has_the_same_mail(self, family):
        self.deliver(family, "counts")
        (sent,) = mail.outbox
        assert sent.message()["Subject"] == "Your week"


class TestLink:
    @pytest.mark.parametrize("level", ["discreet", "counts", "full"])
    def test_it_names_the_household_whose_week_it_is(self, letter, level):
        _parsed, text, html = read(build_message(dataclasses.replace(letter, level=DigestLevel(level))))
        address = f"/reflections/{LABEL}/?home={HOUSEHOLD_ID}"
        assert address in text
        assert address in html
