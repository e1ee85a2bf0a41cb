"""My coaches: asking one, looking with their eyes first, changing, ending, and who looked."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import User
from attune_project.demo.coach import BRIEFINGS
from households.models import AccessEntry, Child, Grant, Household
from households.rules import ACCESS_PAGE_SIZE, GRANT_LIFETIME, Opened, Reader
from households.services import add_child, load_briefings, note_access, note_account_opened, return_grant
from observations.models import Observation
from observations.services import look_at_family, look_at_moment
from tests.conftest import BRIEFING, looked

pytestmark = pytest.mark.usefixtures("that_evening")
LIST = "/household/coaches/"
PREVIEW = "/household/coaches/preview/"
Record = Callable[..., Observation]
Give = Callable[..., Grant]


@pytest.fixture
def browser(client_of: Callable[[User], Client], parent: User, child: Child) -> Client:
    return client_of(parent)


@pytest.fixture
def terms(child: Child) -> dict[str, Any]:
    return {
        "coach_email": "cleo@example.org",
        "scope": "ratings_and_notes",
        "children": [str(child.public_id)],
        "from_on": "2026-11-01",
        "country": "ZZ",
        "briefing": BRIEFING,
    }


@pytest.fixture
def seen(terms: dict[str, Any]) -> dict[str, Any]:
    """The terms as the page sends them that has shown what they show."""
    return looked(terms)


def text(response: Any) -> str:
    return response.content.decode()


def value(response: Any, hidden: str) -> str:
    """What the form of that page sends unseen."""
    return str(response.context["form"][hidden].value())


class TestAskingACoach:
    def test_sends_a_mail_with_a_link_and_shows_that_it_waits(
        self, browser: Client, seen: dict[str, Any], settings: Any
    ) -> None:
        settings.SITE_URL = "https://attune.example"
        assert browser.post(LIST, seen)["Location"] == LIST
        sent, _notice = mail.outbox
        assert sent.to == ["cleo@example.org"]
        assert re.search(r"^https://attune.example/coach/offers/[\w-]{43}/$", sent.body, re.MULTILINE)
        page = text(browser.get(LIST))
        assert "cleo@example.org" in page
        assert "asked, open until 25 November" in page

    def test_says_what_each_scope_shows_and_begins_with_the_least(self, browser: Client) -> None:
        page = browser.get(LIST)
        for words in (
            "no single one",
            "without my notes",
            "in my own words",
            "Never what you keep to yourself",
        ):
            assert words in text(page)
        form = page.context["form"]
        assert (form["scope"].value(), str(form["from_on"].value())) == ("summary", "2026-11-18")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("coach_email", ""),
            ("coach_email", "alice@example.org"),
            ("scope", "all"),
            ("children", []),
            ("children", [str(uuid.uuid4())]),
            ("children", ["\x00"]),
            ("from_on", "1990-01-01"),
            ("from_on", "yesterday"),
        ],
    )
    def test_what_cannot_be_comes_back_with_what_was_said(
        self, browser: Client, seen: dict[str, Any], field: str, value: Any
    ) -> None:
        page = browser.post(LIST, {**seen, field: value})
        assert page.status_code == 422
        assert set(page.context["form"].errors) == {field}
        assert not Grant.objects.exists()
        assert mail.outbox == []

    def test_a_helper_may_and_whoever_has_no_child_yet_is_told_why_not(
        self,
        client_of: Callable[[User], Client],
        helper: User,
        stranger: User,
        child: Child,
        seen: dict[str, Any],
    ) -> None:
        assert client_of(helper).post(LIST, seen)["Location"] == LIST
        assert "Add a child first" in text(client_of(stranger).get(LIST))

    def test_nobody_else_in_the_household_sees_any_of_it(
        self, browser: Client, client_of: Callable[[User], Client], co_parent: User, give: Give
    ) -> None:
        before = text(client_of(co_parent).get(LIST))
        give()
        other = client_of(co_parent)
        assert masked(text(other.get(LIST))) == masked(before)
        assert "cleo@example.org" in text(browser.get(LIST))


class TestLookingBeforehand:
    def test_shows_the_very_notes_and_sends_nothing(
        self, browser: Client, terms: dict[str, Any], record: Record
    ) -> None:
        record(details={"visibility": "coaches", "note": "A kite in the tree", "contexts": ["play"]})
        record(details={"visibility": "private", "note": "Nobody's business"})
        page = browser.post(PREVIEW, terms)
        assert page.status_code == 200
        assert "A kite in the tree" in text(page)
        assert "Nobody&#x27;s business" not in text(page)
        assert page.context["form"]["coach_email"].value() == "cleo@example.org"
        assert (mail.outbox, Grant.objects.count(), AccessEntry.objects.count()) == ([], 0, 0)

    def test_nothing_is_sent_before_it_was_looked_at_and_read(
        self, browser: Client, seen: dict[str, Any], now: datetime, tmp_path: Path
    ) -> None:
        del seen["briefing"]
        asked = browser.post(LIST, seen)
        assert asked.status_code == 422
        assert "Please look first at what they would see" in text(asked)
        assert "Hidden field" not in text(asked)
        assert "NOT THE LAW OF ANY COUNTRY" in text(asked)
        assert "It is no country's law." in text(asked)
        assert 'name="briefing" value="ZZ.1"' in text(asked)
        example = (BRIEFINGS / "ZZ.yaml").read_text(encoding="utf-8")
        (tmp_path / "ZZ.yaml").write_text(example.replace("EXAMPLE.", "EXAMPLE, TOO."), encoding="utf-8")
        load_briefings(directory=tmp_path, now=now)
        changed = browser.post(LIST, {**seen, "briefing": "ZZ.1"})
        assert changed.status_code == 422, "it says something else by now"
        assert 'name="briefing" value="ZZ.2"' in text(changed)
        assert (mail.outbox, Grant.objects.count()) == ([], 0)
        assert browser.post(LIST, {**seen, "briefing": "ZZ.2"})["Location"] == LIST
        assert Grant.objects.get().briefing.label == "ZZ.2"

    @pytest.mark.parametrize("change", ["scope", "from_on", "children"])
    def test_what_was_shown_is_what_is_given(
        self,
        browser: Client,
        terms: dict[str, Any],
        record: Record,
        parent: User,
        household: Household,
        now: datetime,
        change: str,
    ) -> None:
        record(details={"visibility": "coaches", "note": "A kite in the tree"})
        moth = add_child(
            actor_id=parent.pk,
            household_id=household.public_id,
            nickname="Moth",
            birth_month=date(2024, 5, 1),
            colour="moss",
            now=now,
        )
        more = {
            "scope": "ratings_and_notes",
            "from_on": "2026-01-01",
            "children": [*terms["children"], str(moth.public_id)],
        }
        shown = browser.post(PREVIEW, {**terms, "scope": "summary", "briefing": ""})
        sent = {
            **terms,
            "scope": "summary",
            **{name: value(shown, name) for name in ("briefing", "looked")},
            change: more[change],
        }
        again = browser.post(LIST, sent)
        assert (again.status_code, Grant.objects.count(), mail.outbox) == (422, 0, [])
        assert "What they would see today" in text(again)
        assert ("A kite in the tree" in text(again)) is (change == "scope")
        assert browser.post(LIST, {**sent, "looked": value(again, "looked")})["Location"] == LIST
        assert Grant.objects.count() == 1

    def test_what_was_read_about_another_country_was_not_read(
        self, browser: Client, terms: dict[str, Any], now: datetime, tmp_path: Path
    ) -> None:
        example = (BRIEFINGS / "ZZ.yaml").read_text(encoding="utf-8")
        (tmp_path / "XX.yaml").write_text(example.replace("country: ZZ", "country: XX"), encoding="utf-8")
        load_briefings(directory=tmp_path, now=now)
        assert browser.post(LIST, looked({**terms, "country": "XX"})).status_code == 422
        assert set(browser.post(LIST, {**terms, "country": ""}).context["form"].errors) == {"country"}
        assert not Grant.objects.exists()

    @pytest.mark.parametrize("scope", ["summary", "ratings"])
    def test_of_a_smaller_scope_shows_less(
        self, browser: Client, terms: dict[str, Any], record: Record, scope: str
    ) -> None:
        record(details={"visibility": "coaches", "note": "A kite in the tree", "contexts": ["play"]})
        page = text(browser.post(PREVIEW, {**terms, "scope": scope}))
        assert "A kite in the tree" not in page
        assert ("Play" in page) is (scope == "ratings")
        assert "1 in tune" in page

    def test_does_not_ask_whom(self, browser: Client, terms: dict[str, Any]) -> None:
        assert browser.post(PREVIEW, {**terms, "coach_email": ""}).status_code == 200

    def test_of_what_cannot_be_comes_back(self, browser: Client, terms: dict[str, Any]) -> None:
        assert browser.post(PREVIEW, {**terms, "scope": "all"}).status_code == 422
        assert browser.get(PREVIEW).status_code == 405


class TestOneCoach:
    def test_sees_less_at_once(self, browser: Client, give: Give, terms: dict[str, Any]) -> None:
        grant = give()
        assert browser.post(f"{LIST}{grant.public_id}/", {**terms, "scope": "summary"})["Location"] == LIST
        grant.refresh_from_db()
        assert grant.scope == "summary"

    def test_sees_more_only_after_a_proof(
        self, client_of: Callable[[User], Client], parent: User, give: Give, terms: dict[str, Any]
    ) -> None:
        parent.set_password("seven quiet geese at dawn")
        parent.save()
        browser, grant = client_of(parent), give(scope="summary")
        session = browser.session
        session.pop("account_authentication_methods", None)
        session.save()
        more = {name: terms[name] for name in ("scope", "children")} | {"from_on": "2026-01-01"}
        asked = browser.post(f"{LIST}{grant.public_id}/", looked(more))
        assert asked["Location"].startswith("/account/reauthenticate/")
        grant.refresh_from_db()
        assert grant.scope == "summary"
        done = browser.post(asked["Location"], {"password": "seven quiet geese at dawn"})
        assert done.status_code == 303
        grant.refresh_from_db()
        assert grant.scope == "ratings_and_notes"

    def test_sees_more_only_after_its_author_saw_it(
        self, browser: Client, give: Give, record: Record, terms: dict[str, Any]
    ) -> None:
        record(details={"visibility": "coaches", "note": "A kite in the tree"})
        grant = give(scope="summary")
        address = f"{LIST}{grant.public_id}/"
        more = {"scope": "ratings_and_notes", "children": terms["children"], "from_on": "2026-01-01"}
        shown = browser.post(address, more)
        assert shown.status_code == 422
        assert "A kite in the tree" in text(shown)
        assert "Nothing has changed yet." in text(shown)
        grant.refresh_from_db()
        assert grant.scope == "summary"
        other = {**more, "from_on": "2025-01-01", "looked": value(shown, "looked")}
        assert browser.post(address, other).status_code == 422
        assert browser.post(address, {**more, "looked": value(shown, "looked")})["Location"] == LIST
        grant.refresh_from_db()
        assert (grant.scope, str(grant.from_on)) == ("ratings_and_notes", "2026-01-01")

    def test_opens_with_what_is_given_now(self, browser: Client, give: Give, child: Child) -> None:
        form = browser.get(f"{LIST}{give().public_id}/").context["form"]
        assert form["scope"].value() == "ratings_and_notes"
        assert form["children"].value() == [child.public_id]
        assert "checked" in str(form["children"])

    def test_is_ended_with_one_tap_as_a_browser_sends_it(
        self, parent: User, child: Child, give: Give, client_of: Callable[[User], Client]
    ) -> None:
        browser, grant = client_of(parent), give()
        browser.handler.enforce_csrf_checks = True
        form = re.search(
            r'action="[^"]*/withdraw/">.*?name="csrfmiddlewaretoken" value="(\w+)"', text(browser.get(LIST))
        )
        assert form, "a button without its token ends nothing"
        sent = {"csrfmiddlewaretoken": form[1]}
        assert browser.post(f"{LIST}{grant.public_id}/withdraw/", sent)["Location"] == LIST

    def test_is_ended_with_one_tap(self, browser: Client, give: Give) -> None:
        grant = give()
        assert f"{LIST}{grant.public_id}/withdraw/" in text(browser.get(LIST))
        assert browser.post(f"{LIST}{grant.public_id}/withdraw/")["Location"] == LIST
        assert "cleo@example.org" not in text(browser.get(LIST))

    def test_can_be_renewed_when_it_is_about_to_end(
        self, browser: Client, client_of: Callable[[User], Client], parent: User, give: Give, now: datetime
    ) -> None:
        grant = give()
        renew = reverse("grant-renew", args=[grant.public_id])
        assert renew not in text(browser.get(LIST))
        browser.post(renew)
        with time_machine.travel(now + GRANT_LIFETIME - timedelta(days=3), tick=False):
            later = client_of(parent)
            assert renew in text(later.get(LIST))
            assert later.post(renew)["Location"] == LIST
            grant.refresh_from_db()
            assert grant.expires_at == now + 2 * GRANT_LIFETIME - timedelta(days=3)

    def test_of_before_there_was_anything_to_read_is_offered_anew_and_never_renewed(
        self, client_of: Callable[[User], Client], parent: User, give: Give, now: datetime
    ) -> None:
        grant = give()
        Grant.objects.update(briefing=None)
        renew = reverse("grant-renew", args=[grant.public_id])
        with time_machine.travel(now + GRANT_LIFETIME - timedelta(days=3), tick=False):
            later = client_of(parent)
            page = text(later.get(LIST))
            assert renew not in page
            assert "It cannot be renewed; please offer it anew." in page
            later.post(renew)
            assert "This was given before there was anything to read." in text(later.get(LIST))
        grant.refresh_from_db()
        assert grant.expires_at == now + GRANT_LIFETIME

    def test_that_gave_it_back_is_told_as_ended(
        self, browser: Client, give: Give, coach: User, now: datetime
    ) -> None:
        grant = give()
        return_grant(actor_id=coach.pk, grant_id=grant.public_id, now=now)
        page = text(browser.get(LIST))
        assert re.search(r"cleo@example\.org</b>.*?<span>ended</span>", page, re.DOTALL)
        assert browser.get(f"{LIST}{grant.public_id}/").status_code == 404

    def test_list_asks_the_database_as_often_for_many_as_for_one(
        self, browser: Client, offer: Callable[..., Any], django_assert_max_num_queries: Any
    ) -> None:
        offer()
        with django_assert_max_num_queries(12):
            browser.get(LIST)
        for number in range(6):
            offer(coach_email=f"c{number}@example.org")
        with django_assert_max_num_queries(12):
            browser.get(LIST)


class TestOneSentence:
    @pytest.mark.parametrize(
        ("scope", "shows"),
        [
            ("ratings", "Moments without notes"),
            ("ratings_and_notes", "Moments with notes and answers to own questions"),
        ],
    )
    def test_author_and_coach_read_the_same_of_what_is_covered(
        self,
        browser: Client,
        client_of: Callable[[User], Client],
        coach: User,
        household: Household,
        give: Give,
        scope: str,
        shows: str,
    ) -> None:
        grant = give(scope=scope)
        said = f"{shows}, with Pip, noted from 1 January 2026 on; until 17 May 2027."
        pages = (
            browser.get(LIST),
            browser.get(f"{LIST}{grant.public_id}/"),
            client_of(coach).get(f"/coach/{household.public_id}/"),
        )
        assert [said in text(page) for page in pages] == [True] * 3


class TestWhoLooked:
    def test_names_the_coach_by_the_address_that_was_let_in(
        self,
        browser: Client,
        give: Give,
        record: Record,
        coach: User,
        household: Household,
        now: datetime,
    ) -> None:
        give()
        User.objects.filter(pk=coach.pk).update(display_name="The operator", email="other@example.org")
        moment = record(details={"visibility": "coaches"})
        here = {"coach_id": coach.pk, "household_id": household.public_id, "now": now}
        look_at_family(**here)
        look_at_moment(**here, moment_id=moment.public_id)
        page = text(browser.get("/household/access/"))
        assert page.count("<b>cleo@example.org</b>") == 2
        assert "<b>The operator</b>" not in page
        assert f'href="/moments/{moment.public_id}/"' in page
        assert "the weeks and the list" in page

    def test_is_there_for_somebody_who_lives_in_no_household(
        self, client_of: Callable[[User], Client], coach: User, stranger: User, now: datetime
    ) -> None:
        browser = client_of(coach)
        assert "Nobody so far" in text(browser.get("/household/access/"))
        note_account_opened(reader_id=stranger.pk, person_id=coach.pk, now=now)
        page = text(browser.get("/household/access/"))
        assert "<b>The operator</b>" in page
        assert "the settings of your account" in page
        assert 'href="/household/access/"' in text(browser.get("/account/security/"))
        listed = browser.get("/api/v1/access/").json()["items"]
        assert [(item["household"], item["reader"]) for item in listed] == [(None, "operator")]

    def test_names_the_operator_and_whoever_is_gone(
        self, browser: Client, parent: User, stranger: User, coach: User, household: Household, now: datetime
    ) -> None:
        for reader, kind in ((stranger, Reader.OPERATOR), (coach, Reader.COACH)):
            note_access(
                reader_id=reader.pk,
                reader_kind=kind,
                opened=Opened.ACCOUNT,
                household_pk=household.pk,
                author_ids=[parent.pk],
                now=now,
            )
        coach.delete()
        page = text(browser.get("/household/access/"))
        assert "<b>The operator</b>" in page
        assert "<b>Somebody whose account is gone</b>" in page

    def test_pages(
        self, browser: Client, parent: User, coach: User, household: Household, now: datetime
    ) -> None:
        for number in range(ACCESS_PAGE_SIZE + 1):
            note_access(
                reader_id=coach.pk,
                reader_kind=Reader.COACH,
                opened=Opened.MOMENT,
                household_pk=household.pk,
                author_ids=[parent.pk],
                subject_id=uuid.uuid4(),
                now=now - timedelta(minutes=number),
            )
        first = browser.get("/household/access/")
        cursor = first.context["page"].next_cursor
        rest = browser.get("/household/access/", {"cursor": cursor}, headers={"HX-Request": "true"})
        assert text(first).count('class="row"') == ACCESS_PAGE_SIZE
        assert text(rest).count('class="row"') == 1
        assert "<html" not in text(rest)
        over = browser.get("/household/access/", {"cursor": "x"})
        assert (over.status_code, over["Location"]) == (303, "/household/access/")

    def test_is_the_authors_alone(
        self, client_of: Callable[[User], Client], co_parent: User, give: Give, look: Any
    ) -> None:
        other = client_of(co_parent)
        before = masked(text(other.get("/household/access/")))
        look()
        assert masked(text(other.get("/household/access/"))) == before
        assert "Nobody so far" in before

    @pytest.fixture
    def look(self, give: Give, coach: User, household: Household, now: datetime) -> Callable[[], Any]:
        def put() -> None:
            give()
            look_at_family(coach_id=coach.pk, household_id=household.public_id, now=now)

        return put


def masked(page: str) -> str:
    """Without what is fresh in every answer."""
    page = re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1", page)
    page = re.sub(r'("X-CSRFToken": ")\w+', r"\1", page)
    return re.sub(r'nonce="[^"]+"', "", page)
