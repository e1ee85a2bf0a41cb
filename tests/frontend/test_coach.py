"""The coach's pages: taking an offer, looking, being asked to sign in again, and going blank."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from accounts.rules import COACH_IDLE_MAX, COACH_SESSION_MAX
from accounts.selectors import is_blocked
from accounts.services import change_choices
from coaching.services import (
    agree_to_supervision,
    invite_family,
    present_oneself,
    propose_supervision,
    write_own_note,
)
from frontend.paper import PaperJam
from households.models import AccessEntry, Child, Grant, Household
from households.services import end_briefing, withdraw_grant
from observations.models import Observation
from observations.services import answer_self_check

pytestmark = pytest.mark.usefixtures("that_evening")
OFFERS = "/coach/offers/"
SECOND = timedelta(seconds=1)
SEEN = {
    "visibility": "coaches",
    "note": "A kite in the tree",
    "contexts": ["play"],
    "ratings": {"needs": 4, "self": 1},
}
Record = Callable[..., Observation]
Give = Callable[..., Grant]


@pytest.fixture
def sign_in(client_of: Callable[[User], Client]) -> Callable[[User, datetime], Client]:
    """A browser in which this person signed in at that time."""

    def put(user: User, at: datetime) -> Client:
        browser = client_of(user)
        session = browser.session
        session["account_authentication_methods"] = [{"method": "password", "at": at.timestamp()}]
        session["account_authentication_methods_user"] = str(user.pk)
        session.save()
        return browser

    return put


@pytest.fixture
def browser(sign_in: Callable[[User, datetime], Client], coach: User, now: datetime) -> Client:
    return sign_in(coach, now)


@pytest.fixture
def home(household: Household) -> str:
    return f"/coach/{household.public_id}/"


def text(response: Any) -> str:
    return response.content.decode()


class TestTakingAnOffer:
    def test_the_token_leaves_the_address_before_anything_shows(
        self, client: Client, offer: Callable[..., Any]
    ) -> None:
        _grant, token = offer()
        answer = client.get(f"{OFFERS}{token}/")
        assert (answer.status_code, answer["Location"]) == (303, OFFERS)
        page = text(client.get(OFFERS))
        for word in (token, "The attic", "Pip", "Alice", "alice"):
            assert word not in page, "signed out, nobody learns whose notes they are"

    def test_looking_takes_nothing_and_taking_it_leads_to_the_families(
        self, browser: Client, offer: Callable[..., Any]
    ) -> None:
        grant, token = offer()
        page = text(browser.get(f"{OFFERS}{token}/", follow=True))
        assert "Look at what Alice shares?" in page
        assert "The attic" not in page
        grant.refresh_from_db()
        assert grant.accepted_at is None
        assert browser.post(OFFERS)["Location"] == "/coach/"
        assert "Alice" in text(browser.get("/coach/"))
        assert browser.post(OFFERS).status_code == 404

    def test_another_person_is_told_why_and_learns_nothing(
        self, client_of: Callable[[User], Client], stranger: User, offer: Callable[..., Any]
    ) -> None:
        other = client_of(stranger)
        page = other.get(f"{OFFERS}{offer()[1]}/", follow=True)
        assert page.status_code == 404
        assert "zoe@example.org" in text(page)
        assert "Alice" not in text(page)
        assert other.post(OFFERS).status_code == 404

    @pytest.mark.parametrize("block", [False, True])
    def test_no_thank_you(
        self, browser: Client, offer: Callable[..., Any], parent: User, coach: User, block: bool
    ) -> None:
        browser.get(f"{OFFERS}{offer()[1]}/")
        done = browser.post(f"{OFFERS}decline/", {"block": "1"} if block else {})
        assert (done.status_code, done["Location"]) == (303, "/")
        assert is_blocked(email=coach.email, sender_id=parent.pk) is block
        assert browser.get(OFFERS).status_code == 404
        assert browser.post(f"{OFFERS}decline/").status_code == 404

    def test_the_welcome_leads_there_and_later_to_the_families(
        self, browser: Client, offer: Callable[..., Any]
    ) -> None:
        browser.get(f"{OFFERS}{offer()[1]}/")
        assert browser.get("/welcome/")["Location"] == OFFERS
        browser.post(OFFERS)
        assert browser.get("/welcome/")["Location"] == "/coach/"
        assert browser.get("/welcome/?own=1").status_code == 200

    @pytest.mark.parametrize("token", ["x", "x" * 3000, "-" * 43])
    def test_a_token_that_never_was_is_no_server_error(self, browser: Client, token: str) -> None:
        assert browser.get(f"{OFFERS}{token}/", follow=True).status_code == 404


class TestLooking:
    def test_the_families_say_who_and_what_and_until_when(
        self, browser: Client, give: Give, home: str
    ) -> None:
        give(scope="ratings")
        page = text(browser.get("/coach/"))
        for words in ("Alice", "moments without notes", "Pip", "until 17 May 2027", f'href="{home}"'):
            assert words in page
        assert "The attic" not in page

    def test_without_a_family_the_page_says_how_one_comes(self, browser: Client) -> None:
        assert "Nobody at the moment" in text(browser.get("/coach/"))

    def test_a_family_has_weeks_and_moments_without_their_words(
        self, browser: Client, give: Give, record: Record, home: str
    ) -> None:
        give()
        moment = record(details=SEEN)
        page = text(browser.get(home))
        assert "1 in tune" in page
        assert f'href="{home}moments/{moment.public_id}/"' in page
        assert "with a note" in page
        assert "A kite" not in page

    def test_a_summary_has_no_moments(self, browser: Client, give: Give, record: Record, home: str) -> None:
        give(scope="summary")
        moment = record(details=SEEN)
        page = text(browser.get(home))
        assert "1 in tune" in page
        assert str(moment.public_id) not in page
        assert browser.get(f"{home}moments/{moment.public_id}/").status_code == 404

    @pytest.mark.parametrize(("scope", "words"), [("ratings", False), ("ratings_and_notes", True)])
    def test_a_moment_has_what_its_scope_has_and_never_own_state(
        self, browser: Client, give: Give, record: Record, home: str, scope: str, words: bool
    ) -> None:
        give(scope=scope)
        page = text(browser.get(f"{home}moments/{record(details=SEEN).public_id}/"))
        assert ("A kite in the tree" in page) is words
        assert "Mostly" in page
        assert "Running on empty" not in page
        assert "Alice can see that you opened this" in page

    def test_a_self_check_is_shown_as_one(
        self, browser: Client, give: Give, parent: User, child: Child, home: str, now: datetime
    ) -> None:
        give()
        check = answer_self_check(
            actor_id=parent.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=now.date(),
            ratings={"needs": 4, "self": 1},
            visibility="coaches",
            now=now,
        )
        assert "16 to 22 November" in text(browser.get(home))
        page = text(browser.get(f"{home}moments/{check.public_id}/"))
        assert "Self-check" in page
        assert "Running on empty" not in page

    def test_two_authors_of_one_household_stand_side_by_side(
        self, browser: Client, give: Give, record: Record, co_parent: User, home: str
    ) -> None:
        give()
        give(co_parent)
        record(details=SEEN)
        record(co_parent, tone="missed", details={"visibility": "coaches"})
        page = text(browser.get(home))
        assert "Alice, Bela" in page
        assert re.search(r"16 to 22 November · Alice.*1 in tune", page, re.DOTALL)
        assert re.search(r"16 to 22 November · Bela.*1 missed", page, re.DOTALL)

    def test_every_look_is_written_down(self, browser: Client, give: Give, record: Record, home: str) -> None:
        give()
        moment = record(details=SEEN)
        browser.get("/coach/")
        assert AccessEntry.objects.count() == 0
        browser.get(home)
        browser.get(f"{home}moments/{moment.public_id}/")
        assert list(AccessEntry.objects.order_by("id").values_list("opened", flat=True)) == [
            "summary",
            "moment",
        ]

    def test_a_page_that_is_over_leads_back_to_the_top(self, browser: Client, give: Give, home: str) -> None:
        give()
        over = browser.get(home, {"cursor": "x"})
        assert (over.status_code, over["Location"]) == (303, home)

    def test_what_is_withdrawn_looks_like_what_never_was(
        self, browser: Client, give: Give, record: Record, parent: User, home: str, now: datetime
    ) -> None:
        grant, moment = give(), record(details=SEEN)
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        never = f"/coach/{uuid.uuid4()}/"
        for ended, missing in (
            (home, never),
            (f"{home}open/", f"{never}open/"),
            (f"{home}moments/{moment.public_id}/", f"{never}moments/{uuid.uuid4()}/"),
        ):
            one, other = browser.get(ended), browser.get(missing)
            assert (one.status_code, fresh(one)) == (404, fresh(other))

    def test_the_coach_gives_it_back(self, browser: Client, give: Give, home: str) -> None:
        grant = give()
        address = f"/coach/grants/{grant.public_id}/return/"
        assert address in text(browser.get(home))
        assert browser.post(address)["Location"] == "/coach/"
        assert browser.get(home).status_code == 404

    def test_a_parent_who_coaches_finds_the_way_from_home(
        self,
        sign_in: Callable[[User, datetime], Client],
        stranger: User,
        give: Give,
        coach: User,
        now: datetime,
    ) -> None:
        own = sign_in(stranger, now)
        assert 'href="/coach/"' not in text(own.get("/household/"))
        Grant.objects.filter(pk=give().pk).update(coach=stranger)
        assert 'href="/coach/"' in text(own.get("/household/"))


class TestAnOpenPage:
    def test_asks_whether_it_may_stay_and_keeps_nobody_signed_in(
        self,
        browser: Client,
        give: Give,
        home: str,
        now: datetime,
    ) -> None:
        give()
        page = text(browser.get(home))
        assert f'hx-get="{home}open/" hx-trigger="every 30s" hx-swap="none"' in page
        with time_machine.travel(now + COACH_IDLE_MAX - SECOND, tick=False):
            assert browser.get(f"{home}open/").status_code == 204
        with time_machine.travel(now + COACH_IDLE_MAX, tick=False):
            assert browser.get(f"{home}open/").status_code == 404
        assert AccessEntry.objects.count() == 1

    def test_is_told_no_when_it_ended(
        self, browser: Client, give: Give, parent: User, home: str, now: datetime
    ) -> None:
        grant = give()
        assert browser.get(f"{home}open/").status_code == 204
        withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        assert browser.get(f"{home}open/").status_code == 404


class TestCoachSession:
    """Twelve hours after signing in, three hours after the last look: then they are asked who is there."""

    def test_the_figures(self) -> None:
        assert (timedelta(hours=12), timedelta(hours=3)) == (COACH_SESSION_MAX, COACH_IDLE_MAX)

    @pytest.mark.parametrize(("idle", "passes"), [(COACH_IDLE_MAX - SECOND, True), (COACH_IDLE_MAX, False)])
    def test_three_hours_without_a_look(
        self, browser: Client, give: Give, home: str, now: datetime, idle: timedelta, passes: bool
    ) -> None:
        give()
        assert browser.get(home).status_code == 200
        with time_machine.travel(now + idle, tick=False):
            assert (browser.get(home).status_code == 200) is passes

    @pytest.mark.parametrize(
        ("age", "passes"), [(COACH_SESSION_MAX - SECOND, True), (COACH_SESSION_MAX, False)]
    )
    def test_twelve_hours_however_busy(
        self, browser: Client, give: Give, home: str, now: datetime, age: timedelta, passes: bool
    ) -> None:
        give()
        for hours in range(0, 12, 2):
            with time_machine.travel(now + timedelta(hours=hours), tick=False):
                assert browser.get(home).status_code == 200
        with time_machine.travel(now + age, tick=False):
            assert (browser.get(home).status_code == 200) is passes

    def test_a_proof_leads_back_to_the_family(
        self, browser: Client, give: Give, coach: User, home: str, now: datetime
    ) -> None:
        give()
        coach.set_password("seven quiet geese at dawn")
        coach.save()
        browser.force_login(coach, backend="allauth.account.auth_backends.AuthenticationBackend")
        with time_machine.travel(now + COACH_SESSION_MAX, tick=False):
            asked = browser.get(home)
            assert asked["Location"].startswith("/account/reauthenticate/?next=%2Fcoach%2F")
            done = browser.post(asked["Location"], {"password": "seven quiet geese at dawn"})
            assert done["Location"] == home
            assert browser.get(home).status_code == 200

    def test_a_piece_of_a_page_is_asked_for_with_the_page(
        self, browser: Client, give: Give, home: str, now: datetime
    ) -> None:
        give()
        with time_machine.travel(now + COACH_SESSION_MAX, tick=False):
            piece = browser.get(home, {"cursor": "x"}, headers={"HX-Request": "true"})
            assert (piece["HX-Refresh"], text(piece)) == ("true", "")

    def test_whoever_is_signed_in_without_a_known_time_is_asked(
        self, client_of: Callable[[User], Client], coach: User, give: Give, home: str
    ) -> None:
        give()
        coach.set_password("seven quiet geese at dawn")
        coach.save()
        browser = client_of(coach)
        session = browser.session
        session.pop("account_authentication_methods", None)
        session.save()
        assert browser.get(home)["Location"].startswith("/account/reauthenticate/")

    def test_at_home_nobody_is_asked(
        self, sign_in: Callable[[User, datetime], Client], parent: User, child: Child, now: datetime
    ) -> None:
        own = sign_in(parent, now)
        with time_machine.travel(now + timedelta(days=3), tick=False):
            assert own.get("/household/").status_code == 200


def fresh(response: Any) -> str:
    """Without what is fresh in every answer."""
    page = re.sub(r'(name="csrfmiddlewaretoken" value=")\w+', r"\1", text(response))
    page = re.sub(r'("X-CSRFToken": ")\w+', r"\1", page)
    return re.sub(r'nonce="[^"]+"', "", page)


class TestCoachMode:
    def test_is_closed_in_clear_words_until_there_is_something_to_read(
        self,
        client_of: Callable[..., Any],
        parent: User,
        coach: User,
        give: Callable[..., Grant],
        now: datetime,
    ) -> None:
        grant = give()
        household = grant.household.public_id
        inside, author = client_of(coach), client_of(parent)
        note = write_own_note(actor_id=coach.pk, grant_id=grant.public_id, text="Mornings", now=now)
        end_briefing(country="ZZ", now=now)
        for path in ("", "profile/", f"{household}/", f"{household}/months/"):
            page = inside.get(f"/coach/{path}")
            assert page.status_code == 403
            assert "First whoever runs this service has to write down" in page.content.decode()
        assert inside.get(f"/coach/{household}/open/").status_code == 404
        page = author.get("/household/coaches/").content.decode()
        assert "Coaches cannot be let in here yet" in page
        assert 'name="coach_email"' not in page
        # What is one's own, and ending it, is never closed.
        for path in ("words/", "notes/", f"notes/{note.public_id}/", "team/"):
            assert inside.get(f"/coach/{path}").status_code == 200
        assert inside.post(f"/coach/notes/{note.public_id}/delete/").status_code == 303
        assert author.post(f"/household/coaches/{grant.public_id}/withdraw/").status_code == 303

    def test_closed_a_coach_still_gives_back_and_takes_back(
        self,
        client_of: Callable[..., Any],
        parent: User,
        coach: User,
        give: Callable[..., Grant],
        now: datetime,
    ) -> None:
        grant, browser = give(), client_of(coach)
        present_oneself(actor_id=coach.pk, name="Cleo", reply_days=3, country="ZZ")
        asked, _token = invite_family(actor_id=coach.pk, email="dora@example.org", now=now)
        end_briefing(country="ZZ", now=now)
        page = text(browser.get("/coach/"))
        acts = (f"/coach/grants/{grant.public_id}/return/", f"/coach/invitations/{asked.public_id}/withdraw/")
        for way in acts:
            assert f'action="{way}"' in page
            assert browser.post(way).status_code == 303
        page = text(browser.get("/coach/"))
        assert not any(named in page for named in (*acts, parent.called, asked.email))

    def test_a_discreet_page_shows_no_address_before_a_tap(
        self, client_of: Callable[..., Any], parent: User, coach: User, now: datetime
    ) -> None:
        present_oneself(actor_id=coach.pk, name="Cleo", reply_days=3, country="ZZ")
        invite_family(actor_id=coach.pk, email="dora@example.org", now=now)
        for supervisor, supervised in ((parent, coach), (coach, parent)):
            row = propose_supervision(
                supervisor_email=supervisor.email, coach_email=supervised.email, now=now
            )
            agree_to_supervision(actor_id=supervised.pk, supervision_id=row.public_id, now=now)
        change_choices(actor_id=coach.pk, choices={"discreet": True})
        browser = client_of(coach)
        for path, address in (("invitations/", "dora@example.org"), ("team/", parent.email)):
            page = text(browser.get(f"/coach/{path}"))
            assert address in page
            assert address not in re.sub(r'<details class="shut".*?</details>', "", page, flags=re.DOTALL)


class TestSheetFile:
    def test_one_that_fails_is_logged_by_a_key_that_opens_nothing(
        self,
        browser: Client,
        give: Give,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def jammed(_words: Any) -> bytes:
            raise PaperJam("too long")

        monkeypatch.setattr("frontend.views.sessions.make_pdf", jammed)
        grant = give()
        assert browser.post(f"/coach/grants/{grant.public_id}/sheet/file/").status_code == 303
        assert f"no session sheet for grant {grant.pk}: too long" in caplog.messages
        assert not any(str(grant.public_id) in said for said in caplog.messages if "no session sheet" in said)
