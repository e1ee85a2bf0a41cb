"""Discreet mode: which name a phone shows, while somebody is signed in and after."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib import admin
from django.core import mail
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from accounts.services import change_choices
from coaching.services import comment_on_week
from households.models import Child, Grant, Household
from observations.models import Observation
from observations.services import delete_moment, look_at_family
from reflections.services import compile_week, write_thought


def title_of(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found
    return found[1].strip()


@pytest.fixture
def discreet(parent: User, household: Household, child: Child) -> User:
    change_choices(actor_id=parent.pk, choices={"discreet": True})
    parent.refresh_from_db()
    return parent


@pytest.fixture
def phone(client_of: Callable[[User], Client], discreet: User) -> Client:
    """The phone of somebody in discreet mode, on which a page was open already."""
    browser = client_of(discreet)
    browser.get("/")
    return browser


class TestOffering:
    def test_is_one_sentence_on_the_first_run_with_no_box_ticked(
        self, client_of: Callable[[User], Client], parent: User, child: Child
    ) -> None:
        browser = client_of(parent)
        page = browser.get(reverse("welcome-choices"))
        field = page.context["form"]["discreet"]
        assert (field.help_text, field.value()) == ("", None)
        assert str(field.label).count(".") == 0
        browser.post(reverse("welcome-choices"), {"discreet": "on"})
        parent.refresh_from_db()
        assert parent.discreet

    def test_skipping_the_first_run_changes_nothing(
        self, client_of: Callable[[User], Client], discreet: User
    ) -> None:
        client_of(discreet).post(reverse("welcome-choices"), {"digest_level": "counts"})
        discreet.refresh_from_db()
        assert discreet.discreet

    def test_says_plainly_that_it_is_no_lock(self, phone: Client) -> None:
        assert "It is not a lock" in phone.get(reverse("choices")).content.decode()


class TestTheName:
    def test_is_neutral_on_every_page_of_theirs(self, phone: Client) -> None:
        page = phone.get("/").content.decode()
        assert title_of(page) == "Notes"
        assert "Attune" not in page
        assert "icons/notes." in page
        assert "icons/favicon" not in page

    def test_of_others_stays_the_apps(
        self, client_of: Callable[[User], Client], discreet: User, co_parent: User
    ) -> None:
        browser = client_of(co_parent)
        assert title_of(browser.get("/").content.decode()) == "Attune"
        assert "look" not in browser.cookies

    @pytest.mark.parametrize(("status", "path"), [(404, "/nope/"), (400, "/?a=%00")])
    def test_is_neutral_on_errors(self, phone: Client, status: int, path: str) -> None:
        page = phone.get(path)
        assert page.status_code == status
        assert "Attune" not in page.content.decode()

    def test_is_neutral_when_everything_breaks(self, phone: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(*_: object, **__: object) -> None:
            raise RuntimeError

        monkeypatch.setattr("frontend.views.today.render_page", broken)
        phone.raise_request_exception = False
        for answer in (phone.get("/"), phone.get("/", headers={"Host": "evil.example"})):
            assert answer.status_code in (500, 400)
            assert title_of(answer.content.decode()) == "Notes"

    def test_error_pages_need_nothing_to_be_shown(self) -> None:
        assert title_of(get_template("500.html").render()) == "Attune"


class TestThePhone:
    def test_remembers_when_nobody_is_signed_in_any_more(self, phone: Client) -> None:
        phone.post(reverse("account_logout"))
        for path in ("/", "/account/login/", "/account/signup/", "/help/", "/offline/", "/nope/"):
            page = phone.get(path).content.decode()
            assert title_of(page) != "Attune"
            assert "Attune" not in page
        assert "with your child" not in phone.get("/").content.decode()

    def test_remembers_when_the_session_ran_out(self, phone: Client) -> None:
        del phone.cookies["session"]
        assert "Attune" not in phone.get("/", follow=True).content.decode()

    def test_knows_it_from_a_cookie_of_no_telling_name(self, phone: Client) -> None:
        cookie = phone.cookies["look"]
        assert cookie.value == "plain"
        assert cookie["httponly"]
        assert (cookie["samesite"], cookie["path"]) == ("Lax", "/")

    def test_forgets_it_when_the_choice_is_taken_back(self, phone: Client, discreet: User) -> None:
        change_choices(actor_id=discreet.pk, choices={"discreet": False})
        assert title_of(phone.get("/").content.decode()) == "Attune"
        assert phone.cookies["look"].value == ""
        phone.post(reverse("account_logout"))
        assert title_of(phone.get("/").content.decode()) == "Attune"

    def test_follows_whoever_signs_in_next(self, phone: Client, co_parent: User) -> None:
        phone.force_login(co_parent, backend="allauth.account.auth_backends.AuthenticationBackend")
        assert title_of(phone.get("/").content.decode()) == "Attune"
        assert phone.cookies["look"].value == ""

    def test_is_not_told_twice(self, phone: Client) -> None:
        assert "look" not in phone.get("/").cookies

    @pytest.mark.parametrize("value", ["", "PLAIN", "x" * 4000, "plain;"])
    def test_takes_no_other_word_for_it(self, client: Client, value: str) -> None:
        client.cookies["look"] = value
        assert title_of(client.get("/offline/").content.decode()) == "Attune"


class TestTheInstalledApp:
    def test_has_a_neutral_name_icon_and_shortcut(self, phone: Client) -> None:
        manifest = json.loads(phone.get("/manifest.webmanifest").content)
        assert (manifest["name"], manifest["short_name"], manifest["id"]) == ("Notes", "Notes", "/")
        assert all("/notes-" in icon["src"] for icon in manifest["icons"])
        assert manifest["shortcuts"] == [
            {"name": "New note", "url": "/log/"},
            {"name": "This week", "url": "/reflections/"},
        ]

    def test_stays_neutral_after_signing_out(self, phone: Client) -> None:
        phone.post(reverse("account_logout"))
        assert json.loads(phone.get("/manifest.webmanifest").content)["name"] == "Notes"

    def test_keeps_neutral_pages_for_a_time_without_connection(self, phone: Client, client: Client) -> None:
        own, others = (browser.get("/sw.js").content.decode() for browser in (phone, client))
        assert '{ "X-Look": "plain" }' in own
        assert '{ "X-Look": "" }' in others
        assert re.findall(r"`shell-\w+", own) != re.findall(r"`shell-\w+", others)
        for path in ("/help/", "/offline/"):
            kept = client.get(path, headers={"X-Look": "plain"}).content.decode()
            assert title_of(kept) == "Notes"
            assert "Attune" not in kept


class TestMail:
    def test_of_the_account_names_no_app(self, discreet: User) -> None:
        for address in (discreet.email, "nobody@example.org"):
            for flow in ("account_request_login_code", "account_reset_password"):
                Client().post(reverse(flow), {"email": address})
        assert len(mail.outbox) == 4
        for message in mail.outbox:
            assert "Attune" not in f"{message.subject} {message.body}"


class InSight(HTMLParser):
    """The words of a page that are there before anything was tapped, those for screen readers included."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self._closed = self._summary = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._closed += tag == "details" and "open" not in dict(attrs)
        self._summary += tag == "summary"

    def handle_endtag(self, tag: str) -> None:
        self._closed -= tag == "details" and self._closed > 0
        self._summary -= tag == "summary"

    def handle_data(self, data: str) -> None:
        if not self._closed or (self._closed == 1 and self._summary):
            self.words.append(data)


def told_by(response: Any) -> list[str]:
    """What a page tells of a family before anything was tapped."""
    assert response.status_code == 200
    return TELLING.findall(" ".join(InSight(response.content.decode()).words))


def all_words(response: Any) -> set[str]:
    """Every word of a page's main part, behind a tap or not."""
    page = response.content.decode()
    return set(re.findall(r"\w+", re.sub(r"<[^>]+>", " ", page[page.index("<main") : page.index("</main>")])))


TELLING = re.compile(r"in tune|missed|came back|come back|Pip|Moth|The attic|cave|bedtime|Bela", re.I)


class TestLists:
    @pytest.fixture(autouse=True)
    def _moments(
        self,
        that_evening: datetime,
        now: datetime,
        record: Callable[..., Observation],
        household: Household,
        second_child: Child,
        co_parent: User,
    ) -> None:
        details = {"note": "A cave under the table", "contexts": ["bedtime"], "visibility": "household"}
        for tone in ("in_tune", "missed", "came_back"):
            record(tone=tone, details=details)
        record(actor=co_parent, details=details)
        old = record(tone="missed", details=details)
        delete_moment(actor_id=old.author_id, moment_id=old.public_id, revision=None, now=now)
        compile_week(household_ids=[household.pk], label="2026-W47", now=now)
        write_thought(
            actor_id=old.author_id, household_id=household.public_id, label="2026-W47", text="A cave", now=now
        )

    PLACES = (
        "/",
        "/moments/",
        "/moments/deleted/",
        "/reflections/",
        "/reflections/2026-W47/",
        "/patterns/",
        "/patterns/?author=bela",
    )

    @pytest.fixture
    def place(self, request: pytest.FixtureRequest, co_parent: User) -> str:
        """The address of a place, with the real key of the other adult."""
        named: str = request.param
        return named.replace("bela", str(co_parent.public_id))

    @pytest.mark.parametrize("place", PLACES, indirect=True)
    def test_the_check_sees_words_in_sight(
        self, client_of: Callable[[User], Client], parent: User, place: str
    ) -> None:
        assert told_by(client_of(parent).get(place))

    @pytest.mark.parametrize("place", PLACES, indirect=True)
    def test_show_no_words_of_a_family_until_tapped(self, phone: Client, place: str) -> None:
        assert told_by(phone.get(place)) == []

    @pytest.mark.parametrize("place", PLACES[-2:], indirect=True)
    def test_the_months_keep_all_their_words_behind_the_taps(
        self, phone: Client, client_of: Callable[[User], Client], discreet: User, place: str
    ) -> None:
        discreetly = all_words(phone.get(place))
        change_choices(actor_id=discreet.pk, choices={"discreet": False})
        plainly = all_words(client_of(discreet).get(place))
        assert {"Bela", "Pip", "Moth", "missed"} <= discreetly
        assert {word for word in plainly - discreetly if TELLING.search(word)} == set()

    @pytest.mark.parametrize("path", ["/", "/moments/", "/moments/deleted/"])
    def test_have_them_behind_the_tap_without_any_script(self, phone: Client, path: str) -> None:
        page = phone.get(path).content.decode()
        assert "A cave under the table" in page
        assert page.count('<details class="shut"') >= 1

    def test_saving_one_says_nothing_aloud(self, phone: Client, record: Callable[..., Observation]) -> None:
        moment = record(tone="missed")
        page = phone.get(reverse("log-saved", args=[moment.public_id])).content.decode()
        assert TELLING.findall(" ".join(InSight(page).words)) == []


class TestCoaching:
    """A coach's phone is looked at as well; and that a parent has a coach is nobody's business."""

    @pytest.fixture(autouse=True)
    def _given(
        self,
        that_evening: datetime,
        record: Callable[..., Observation],
        give: Callable[..., Any],
        coach: User,
        household: Household,
        now: datetime,
    ) -> None:
        details = {"note": "A cave under the table", "contexts": ["bedtime"], "visibility": "coaches"}
        for tone in ("in_tune", "missed", "came_back"):
            record(tone=tone, details=details)
        give()
        look_at_family(coach_id=coach.pk, household_id=household.public_id, now=now)

    def coachs_pages(self, browser: Client, household: Household) -> dict[str, Any]:
        family = f"/coach/{household.public_id}/"
        rows = browser.get(family, headers={"HX-Request": "true"})
        return {"families": browser.get("/coach/"), "family": browser.get(family), "rows": rows}

    TOLD = re.compile(f"{TELLING.pattern}|Alice|answers|cleo|scope", re.I)

    def told(self, pages: dict[str, Any]) -> dict[str, list[str]]:
        return {
            name: self.TOLD.findall(" ".join(InSight(page.content.decode()).words))
            for name, page in pages.items()
        }

    def test_a_coach_in_discreet_mode_sees_no_words_until_a_tap(
        self, client_of: Callable[[User], Client], coach: User, household: Household
    ) -> None:
        assert all(self.told(self.coachs_pages(client_of(coach), household)).values())
        change_choices(actor_id=coach.pk, choices={"discreet": True})
        pages = self.coachs_pages(client_of(coach), household)
        assert self.told(pages) == {"families": [], "family": [], "rows": []}
        assert pages["rows"].content.decode().count('<details class="shut"') == 3

    def test_behind_the_tap_a_coach_has_everything_without_any_script(
        self, client_of: Callable[[User], Client], coach: User, household: Household
    ) -> None:
        plain = self.coachs_pages(client_of(coach), household)
        change_choices(actor_id=coach.pk, choices={"discreet": True})
        folded = self.coachs_pages(client_of(coach), household)
        for name in ("families", "family"):
            assert all_words(plain[name]) - all_words(folded[name]) == set(), name
            links = [
                set(re.findall(r'href="(/coach/[^"]+)"', each[name].content.decode()))
                for each in (plain, folded)
            ]
            assert links[0] == links[1] != set()

    CLOSER = re.compile(f"{TELLING.pattern}|Alice|You waited", re.I)
    NAMED = re.compile(r"Alice|Pip\b|Moth\b", re.I)  # beside a form whose choices are the library's
    PAGES = (
        ("/coach/{home}/months/", CLOSER),
        ("/coach/grants/{grant}/weeks/2026-W47/", CLOSER),
        ("/coach/words/", CLOSER),
        ("/coach/grants/{grant}/focus/", NAMED),
        ("/coach/grants/{grant}/later/", NAMED),
        ("/coach/grants/{grant}/hand-over/", NAMED),
    )

    @pytest.mark.parametrize(("place", "telling"), PAGES)
    def test_closer_pages_name_nobody_until_a_tap_and_keep_all_their_words(
        self,
        client_of: Callable[[User], Client],
        coach: User,
        household: Household,
        now: datetime,
        place: str,
        telling: re.Pattern[str],
    ) -> None:
        grant = Grant.objects.get()
        comment_on_week(
            actor_id=coach.pk, grant_id=grant.public_id, week="2026-W47", saw="You waited", now=now
        )
        path = place.format(home=household.public_id, grant=grant.public_id)
        plain = client_of(coach).get(path).content.decode()
        change_choices(actor_id=coach.pk, choices={"discreet": True})
        folded = client_of(coach).get(path).content.decode()
        assert telling.search(" ".join(InSight(plain).words))
        assert telling.findall(" ".join(InSight(folded).words)) == []
        if telling is self.CLOSER:
            assert '<details class="shut"' in folded

    @pytest.mark.parametrize("path", ["/household/coaches/", "/household/access/"])
    def test_a_parent_in_discreet_mode_shows_nobody_that_there_is_a_coach(
        self, client_of: Callable[[User], Client], parent: User, path: str
    ) -> None:
        assert "cleo" in " ".join(InSight(client_of(parent).get(path).content.decode()).words)
        change_choices(actor_id=parent.pk, choices={"discreet": True})
        page = client_of(parent).get(path).content.decode()
        assert "cleo" in page
        assert "cleo" not in " ".join(InSight(page).words)


class TestTheCover:
    def test_is_there_for_them_alone_and_only_while_they_are_signed_in(
        self, phone: Client, client: Client, client_of: Callable[[User], Client], co_parent: User
    ) -> None:
        assert '<dialog class="cover"' in phone.get("/").content.decode()
        assert "<dialog" not in client_of(co_parent).get("/").content.decode()
        phone.post(reverse("account_logout"))
        assert "<dialog" not in phone.get("/").content.decode()


class TestOperators:
    def test_find_it_on_no_page_of_theirs(self, rf: RequestFactory, discreet: User) -> None:
        """A page of people that is added later has to leave it out as well."""
        request = rf.get("/")
        request.user = discreet
        shown = [
            str((page.list_display, page.list_filter, page.search_fields, page.get_fieldsets(request)))
            for model, page in admin.site._registry.items()
            if any(field.name == "discreet" for field in model._meta.get_fields())
        ]
        assert [page for page in shown if "discreet" in page] == []
