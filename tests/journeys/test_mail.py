"""The weekly mail on a phone: each of its forms, at each level, in light and in dark, with nothing fetched.

What is looked at is the HTML part of the very bytes that a mail server is given, drawn 360 px wide and without
scripts of its own, as a mail program does.
"""

from __future__ import annotations

import dataclasses
import email
import email.policy
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import product
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, Route

from accounts.rules import DigestLevel
from checklists.rules import Dimension, Tone
from checklists.selectors import get_content
from reflections.compose import compose
from reflections.facts import Focus, WeekFacts
from reflections.mail import Letter, build_message
from reflections.phrases import Words
from reflections.rules import QuietMail
from reflections.statistics import Answers
from tests.journeys.axe import RULES, complaints
from tests.journeys.conftest import PHONE
from tests.reflections import test_compose as cases

GMAIL_CUTS_AT: Final = 102 * 1024
BYTES_MAX: Final = 100_000
# A mail is a part of its program's page, which has the landmarks: a second `main` inside would mislead.
OF_A_MAIL: Final = {
    **RULES,
    "rules": {name: {"enabled": False} for name in ("landmark-one-main", "region")},
}
LEVELS: Final = (DigestLevel.DISCREET, DigestLevel.COUNTS, DigestLevel.FULL)

COMPARED: Final = cases.TestTheFocusCompared()
FORMS: Final[Mapping[str, tuple[WeekFacts, QuietMail | None]]] = {
    "ordinary, with a repair and a focus": (cases.FULL, None),
    "in tune": (cases.week(cases.moment(1), cases.moment(2, day=3)), None),
    "a focus that is averaged": (
        cases.week(
            cases.moment(1, done=("waited", "held")),
            focus=Focus(Dimension.NEEDS, cases.MONDAY, Answers(1, (4,) * 9 + (3,) * 9, not_seen=2), ()),
        ),
        None,
    ),
    "a focus that is compared": (
        COMPARED.facts(cases.block(*COMPARED.EARLIER), cases.block(*COMPARED.LATER)),
        None,
    ),
    "hard, and a way back": (cases.TestAHardWeek.HARD, None),
    "hard, and coming back": (
        cases.week(cases.low(1), cases.low(2), cases.moment(3, Tone.CAME_BACK)),
        None,
    ),
    "missed": (cases.TestAWeekOfMissedMoments.FACTS, None),
    "late": (cases.week(cases.moment(1), late=(cases.moment(1).id,), late_before=(uuid.UUID(int=5),)), None),
    "many moments": (
        cases.week(*[cases.moment(n, Tone(list(Tone)[n % 3]), day=n % 4) for n in range(60)]),
        None,
    ),
    "quiet": (cases.week(), QuietMail.NOTE),
    "quiet for the third time": (cases.week(), QuietMail.LINE),
    "quiet for months": (cases.week(), QuietMail.MONTHLY),
}


@pytest.fixture
def write(db: None, settings: Any) -> Callable[..., str]:
    """The HTML part of a mail, from its bytes. Addresses are as long as a real site's."""
    settings.SITE_URL = "https://attune.family-centre-of-somewhere.example.org"

    def html_of(form: str, level: DigestLevel) -> str:
        facts, quiet = FORMS[form]
        letter = Letter(
            email="alice@example.org",
            user_id=cases.MEMBER,
            household_id=uuid.UUID(int=7),
            language="en",
            level=level,
            label=facts.label,
            start_on=date(2026, 11, 9),
            end_on=date(2026, 11, 16),
            content=compose(facts).to_json(),
            words=Words(get_content()),
            message_id="<d.1@localhost>",
            written_at=datetime(2026, 11, 16, 19, tzinfo=UTC),
            quiet=quiet,
        )
        parsed = email.message_from_bytes(build_message(letter), policy=email.policy.default)
        body = parsed.get_body(("html",))
        assert body is not None
        return str(body.get_content())

    return html_of


@dataclasses.dataclass
class Reader:
    """A mail program on a phone that fetches nothing; `asked` is what a mail wanted fetched."""

    page: Page
    asked: list[str]

    def found(self, html: str) -> list[str]:
        """Everything about this mail that makes it hard to read on a phone."""
        self.asked.clear()
        self.page.set_content(html, wait_until="load")
        wrong = complaints(self.page, OF_A_MAIL)
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            wrong += [f"{scheme}: {what}" for what in self.page.evaluate(HARD_TO_READ, PHONE["width"])]
        size = len(html.encode())
        too_big = [f"{size} bytes"] if size >= BYTES_MAX else []
        return [*wrong, *(f"fetches {address}" for address in self.asked), *too_big]


# Small text, links too low for a thumb, elements that stick out. A link in a line of text is as high as the line.
HARD_TO_READ: Final = """(screen) => {
  const wrong = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.data.trim();
    const size = parseFloat(getComputedStyle(texts.currentNode.parentElement).fontSize);
    if (words && size < 14) wrong.push(`${size} px: ${words}`);
  }
  for (const link of document.links) {
    const inText = getComputedStyle(link).display === "inline" &&
      link.parentElement.textContent.trim().length > link.textContent.trim().length;
    const { height } = link.getBoundingClientRect();
    if (!inText && height < 44) wrong.push(`${height} px high: ${link.textContent}`);
  }
  for (const element of document.body.querySelectorAll("*")) {
    const { left, right } = element.getBoundingClientRect();
    if (left < 0 || right > screen) wrong.push(`sticks out: ${element.localName}.${element.className}`);
  }
  return wrong;
}"""


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Reader]:
    context = chromium.new_context(viewport=PHONE, is_mobile=True, has_touch=True, locale="en-GB")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    context.route("**/*", refuse)
    yield Reader(context.new_page(), asked)
    context.close()


PLANTED: Final = {
    "a picture from elsewhere": ('<img alt="" src="https://elsewhere.example/pixel.png">', "fetches https"),
    "a wide part": ('<div style="width: 700px">x</div>', "wider than the phone"),
    "small text": ('<p style="font-size: 13px">Small</p>', "light: 13 px: Small"),
    "a low link": ('<p><a href="https://elsewhere.example/">Here</a></p>', "px high: Here"),
    "pale text": ('<p style="color: #bbb">Pale</p>', "color-contrast"),
    "text for the light alone": ('<p style="color: #2a2620">Dark</p>', "dark: color-contrast"),
    "many bytes": (f"<!-- {'x' * BYTES_MAX} -->", "bytes"),
}


class TestTheCheck:
    @pytest.mark.parametrize("what", PLANTED)
    def test_sees(self, what: str, reader: Reader, write: Callable[..., str], reports: Any) -> None:
        planted, seen = PLANTED[what]
        html = write("in tune", DigestLevel.COUNTS)
        foot = '<tr><td class="text foot"'
        assert foot in html
        found = reader.found(html.replace(foot, f"<tr><td>{planted}</td></tr>{foot}"))
        assert [complaint for complaint in found if seen in complaint], found
        reports.take()  # the console says that the picture was refused

    def test_gmail_would_cut_what_is_longer(self) -> None:
        assert BYTES_MAX < GMAIL_CUTS_AT


@pytest.fixture(scope="module")
def read_already() -> set[str]:
    """What was looked at once: a discreet mail is the same in every form, and so is a quiet one at every level."""
    return set()


class TestTheMail:
    @pytest.mark.parametrize("form", FORMS)
    def test_reads_well_on_a_phone_in_light_and_dark(
        self, form: str, reader: Reader, write: Callable[..., str], read_already: set[str]
    ) -> None:
        mails = {level: write(form, level) for level in LEVELS}
        found = {level: reader.found(html) for level, html in mails.items() if html not in read_already}
        assert {level: what for level, what in found.items() if what} == {}
        read_already.update(mails.values())

    def test_every_form_and_level_is_the_same_bytes_each_time(self, write: Callable[..., str]) -> None:
        for form, level in product(FORMS, LEVELS):
            assert write(form, level) == write(form, level), (form, level)
