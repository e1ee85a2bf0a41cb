"""Letting a coach in: who may, for how long, what changes it, and that nobody else is told."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from smtplib import SMTPServerDisconnected
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.selectors import list_blocked_senders
from accounts.services import block_sender
from common.errors import NotVisible, Refused
from households.models import Child, Grant, Household, Membership
from households.rules import (
    GRANT_LIFETIME,
    GRANT_OFFER_LIFETIME,
    GRANT_RENEWED_WITHIN,
    GRANTS_MAX,
    INVITATION_KEPT,
    INVITATIONS_PER_DAY,
    GrantScope,
    GrantState,
)
from households.selectors import get_grant, has_grants, list_caseload, list_grants
from households.services import (
    accept_grant,
    block_author,
    change_grant,
    decline_offer,
    deliver_offer,
    find_offer,
    forget_old_grants,
    leave_household,
    remove_helper,
    renew_grant,
    return_grant,
    withdraw_grant,
)
from households.services.invitations import hash_token

Offer = Callable[..., tuple[Grant, str]]
Give = Callable[..., Grant]
SECOND = timedelta(seconds=1)


def fields_of(error: pytest.ExceptionInfo[ValidationError]) -> set[str]:
    return set(getattr(error.value, "error_dict", {"__all__": []}))


def caseload(coach: User, now: datetime) -> list[Grant]:
    return list(list_caseload(coach_id=coach.pk, now=now))


class TestOfferGrant:
    def test_the_token_is_known_to_the_mail_alone(self, offer: Offer) -> None:
        grant, token = offer(coach_email="  Cleo@Example.org ")
        assert grant.coach_email == "cleo@example.org"
        assert re.fullmatch(r"[\w-]{43}", token), "256 random bits"
        assert grant.token_sha256 == hash_token(token)
        assert token not in repr(vars(grant))
        assert grant.offer_expires_at - grant.offered_at == GRANT_OFFER_LIFETIME == timedelta(days=7)

    def test_opens_nothing_before_it_is_accepted(self, offer: Offer, coach: User, now: datetime) -> None:
        offer()
        assert caseload(coach, now) == []

    def test_begins_today_unless_said_otherwise(self, offer: Offer, now: datetime) -> None:
        assert offer(from_on=None)[0].from_on == date(2026, 11, 18)

    def test_a_helper_may_offer_their_own(self, offer: Offer, helper: User) -> None:
        assert offer(helper)[0].author == helper

    @pytest.mark.parametrize("who", ["stranger", "former_member", "coach"])
    def test_nobody_else_may(self, request: pytest.FixtureRequest, offer: Offer, who: str) -> None:
        with pytest.raises(NotVisible):
            offer(request.getfixturevalue(who), coach_email="other@example.org")

    def test_a_child_of_another_household_is_as_unknown_as_none(
        self, offer: Offer, child: Child, stranger: User, now: datetime
    ) -> None:
        for unknown in ([uuid.uuid4()], [child.public_id, uuid.uuid4()]):
            with pytest.raises(NotVisible):
                offer(child_ids=unknown)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("coach_email", "nobody"),
            ("coach_email", "a@b, evil@example.org"),
            ("scope", "everything"),
            ("children", []),
            ("from_on", date(1999, 12, 31)),
            ("from_on", date(2026, 11, 18) + GRANT_LIFETIME + timedelta(days=1)),
        ],
    )
    def test_what_cannot_be_is_refused_on_its_field(self, offer: Offer, field: str, value: Any) -> None:
        with pytest.raises(ValidationError) as error:
            offer(**{{"children": "child_ids"}.get(field, field): value})
        assert fields_of(error) == {field}

    def test_a_coach_is_neither_oneself_nor_somebody_who_lives_here(
        self, offer: Offer, parent: User, co_parent: User
    ) -> None:
        for inside in (parent, co_parent):
            with pytest.raises(ValidationError) as error:
                offer(coach_email=inside.email)
            assert fields_of(error) == {"coach_email"}

    def test_there_is_room_for_ten(self, offer: Offer, parent: User, now: datetime) -> None:
        grants = [offer(coach_email=f"c{number}@example.org")[0] for number in range(GRANTS_MAX)]
        with pytest.raises(ValidationError):
            offer(coach_email="eleventh@example.org")
        withdraw_grant(actor_id=parent.pk, grant_id=grants[0].public_id, now=now)
        assert offer(coach_email="eleventh@example.org")

    def test_twenty_a_day_are_enough(self, offer: Offer, parent: User, now: datetime) -> None:
        for number in range(INVITATIONS_PER_DAY):
            grant, _token = offer(coach_email=f"c{number}@example.org")
            withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        with pytest.raises(ValidationError):
            offer(coach_email="one.more@example.org")
        assert offer(coach_email="tomorrow@example.org", now=now + timedelta(days=1))

    def test_the_authors_row_is_held_before_grants_are_counted(
        self, offer: Offer, monkeypatch: pytest.MonkeyPatch, parent: User
    ) -> None:
        held: list[dict[str, Any]] = []

        def hold(**asked: Any) -> User:
            """Another device offers while this one waits for the row."""
            held.append(asked)
            if len(held) < GRANTS_MAX + 1:
                offer(coach_email=f"c{len(held)}@example.org")
            return parent

        monkeypatch.setattr("households.services.grants.get_user", hold)
        with pytest.raises(ValidationError) as error:
            offer()
        assert error.value.code == "too_many"
        assert held[0] == {"user_id": parent.pk, "for_update": True}


class TestDeliverOffer:
    def test_the_mail_holds_the_link_and_no_name(
        self,
        offer: Offer,
        parent: User,
        household: Household,
        child: Child,
        now: datetime,
        settings: Any,
    ) -> None:
        settings.SITE_URL = "https://attune.example"
        grant, token = offer()
        deliver_offer(actor_id=parent.pk, grant_id=grant.public_id, token=token, now=now)
        (sent,) = mail.outbox
        whole = sent.message().as_string()
        assert (sent.recipients(), sent.subject) == ([grant.coach_email], "An invitation")
        assert f"https://attune.example/coach/offers/{token}/" in sent.body
        for word in (child.nickname, household.name, parent.display_name, str(household.public_id)):
            assert word not in whole

    def test_to_an_address_that_wants_nothing_from_them_nothing_goes(
        self, offer: Offer, parent: User, now: datetime
    ) -> None:
        grant, token = offer()
        block_sender(email=grant.coach_email, sender_id=parent.pk, known_as="", now=now)
        deliver_offer(actor_id=parent.pk, grant_id=grant.public_id, token=token, now=now)
        assert mail.outbox == []
        assert get_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now).state_at(now) == "offered"

    def test_one_that_could_not_be_mailed_is_withdrawn(
        self, offer: Offer, parent: User, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        def drop(*args: object, **kwargs: object) -> int:
            raise SMTPServerDisconnected("gone")

        monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", drop)
        grant, token = offer()
        with pytest.raises(ValidationError) as error:
            deliver_offer(actor_id=parent.pk, grant_id=grant.public_id, token=token, now=now)
        assert fields_of(error) == {"coach_email"}
        with pytest.raises(NotVisible):
            find_offer(token=token, email=grant.coach_email, now=now)

    @pytest.mark.parametrize("who", ["co_parent", "stranger", "coach"])
    def test_only_its_author_sends_it(
        self, request: pytest.FixtureRequest, offer: Offer, now: datetime, who: str
    ) -> None:
        actor = request.getfixturevalue(who)
        grant, token = offer()
        with pytest.raises(NotVisible):
            deliver_offer(actor_id=actor.pk, grant_id=grant.public_id, token=token, now=now)


class TestAcceptGrant:
    def test_is_live_for_180_days(self, give: Give, coach: User, now: datetime) -> None:
        grant = give()
        assert (grant.coach, grant.accepted_at, grant.expires_at) == (coach, now, now + GRANT_LIFETIME)
        assert timedelta(days=180) == GRANT_LIFETIME
        assert caseload(coach, now + GRANT_LIFETIME - SECOND) == [grant]
        assert caseload(coach, now + GRANT_LIFETIME) == []

    def test_works_once(self, offer: Offer, coach: User, now: datetime) -> None:
        _grant, token = offer()
        accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        with pytest.raises(NotVisible):
            accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)

    def test_whoever_withdraws_while_it_is_accepted_has_won(
        self, offer: Offer, coach: User, parent: User, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grant, token = offer()

        def withdraw_first(**arguments: Any) -> Grant:
            found = find_offer(**arguments)
            withdraw_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
            return found

        monkeypatch.setattr("households.services.offers.find_offer", withdraw_first)
        with pytest.raises(NotVisible):
            accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)

    def test_two_taps_at_once_take_it_once(
        self, offer: Offer, coach: User, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _grant, token = offer()
        asked = {"actor_id": coach.pk, "token": token, "email": coach.email}
        found = find_offer(token=token, email=coach.email, now=now)
        first = accept_grant(**asked, now=now)
        monkeypatch.setattr("households.services.offers.find_offer", lambda **_: found)
        with pytest.raises(NotVisible):
            accept_grant(**asked, now=now + SECOND)
        first.refresh_from_db()
        assert first.accepted_at == now

    # What becomes of an offer, with the rows that say so. Whom it was not meant for sees the same.
    BECAME: ClassVar[dict[str, Callable[..., object]]] = {
        "withdrawn": lambda grant, now: withdraw_grant(
            actor_id=grant.author_id, grant_id=grant.public_id, now=now
        ),
        "left": lambda grant, now: Membership.objects.filter(user=grant.author).update(left_at=now),
        "to be erased": lambda grant, now: User.objects.filter(pk=grant.author_id).update(
            erase_at=now + timedelta(days=7)
        ),
        "closed": lambda grant, _now: User.objects.filter(pk=grant.author_id).update(is_active=False),
        "late": lambda grant, now: Grant.objects.filter(pk=grant.pk).update(offer_expires_at=now),
        "another's address": lambda grant, _now: Grant.objects.filter(pk=grant.pk).update(
            coach_email="x@y.z"
        ),
        "another token's": lambda grant, _now: Grant.objects.filter(pk=grant.pk).update(
            token_sha256="0" * 64
        ),
        "taken": lambda grant, now: Grant.objects.filter(pk=grant.pk).update(
            accepted_at=now,
            coach=User.objects.exclude(pk=grant.author_id).first(),
            expires_at=now + GRANT_LIFETIME,
        ),
    }

    @pytest.mark.parametrize("became", BECAME)
    def test_what_is_not_open_for_them_looks_like_nothing(
        self, offer: Offer, coach: User, now: datetime, became: str
    ) -> None:
        grant, token = offer()
        assert find_offer(token=token, email=coach.email, now=now + GRANT_OFFER_LIFETIME - SECOND) == grant
        self.BECAME[became](grant, now)
        with pytest.raises(NotVisible):
            accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        with pytest.raises(NotVisible):
            find_offer(token=token, email=coach.email, now=now)

    def test_whoever_lives_here_by_now_is_no_coach(
        self, offer: Offer, coach: User, join: Callable[..., Membership], now: datetime
    ) -> None:
        _grant, token = offer()
        join(coach)
        with pytest.raises(ValidationError) as error:
            accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        assert error.value.code == "member"

    def test_whoever_moves_in_later_sees_as_a_member_does(
        self, give: Give, coach: User, join: Callable[..., Membership], now: datetime
    ) -> None:
        give()
        join(coach)
        assert caseload(coach, now) == []


class TestSayingNo:
    def test_a_declined_offer_opens_nothing_and_its_author_is_not_told(
        self, offer: Offer, coach: User, parent: User, now: datetime
    ) -> None:
        grant, token = offer()
        before = list(
            list_grants(actor_id=parent.pk, now=now).values_list("pk", "withdrawn_at", "returned_at")
        )
        decline_offer(token=token)
        with pytest.raises(NotVisible):
            accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        after = list(
            list_grants(actor_id=parent.pk, now=now).values_list("pk", "withdrawn_at", "returned_at")
        )
        assert before == after
        assert after[0][0] == grant.pk

    def test_nothing_more_comes_from_a_blocked_author(
        self, offer: Offer, coach: User, parent: User, now: datetime
    ) -> None:
        _grant, token = offer()
        another, other_token = offer()
        block_author(token=token, now=now)
        deliver_offer(actor_id=parent.pk, grant_id=another.public_id, token=other_token, now=now)
        assert mail.outbox == []
        for link in (token, other_token):
            with pytest.raises(NotVisible):
                find_offer(token=link, email=coach.email, now=now)
        (block,) = list_blocked_senders(actor_id=coach.pk)
        assert (block.sender, block.known_as) == (parent, parent.email)

    def test_what_was_never_offered_is_declined_alike(self, db: None, now: datetime) -> None:
        decline_offer(token="x" * 43)
        block_author(token="x" * 43, now=now)

    def test_what_was_taken_is_not_declined(self, offer: Offer, coach: User, now: datetime) -> None:
        _grant, token = offer()
        accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        decline_offer(token=token)
        assert len(caseload(coach, now)) == 1


class TestRenewGrant:
    def test_gives_another_180_days_from_that_day_on(self, give: Give, parent: User, now: datetime) -> None:
        grant = give()
        later = now + GRANT_LIFETIME - GRANT_RENEWED_WITHIN
        renewed = renew_grant(actor_id=parent.pk, grant_id=grant.public_id, now=later)
        assert renewed.expires_at == later + GRANT_LIFETIME

    def test_not_before_its_last_two_weeks(self, give: Give, parent: User, now: datetime) -> None:
        grant = give()
        early = now + GRANT_LIFETIME - GRANT_RENEWED_WITHIN - SECOND
        with pytest.raises(ValidationError) as error:
            renew_grant(actor_id=parent.pk, grant_id=grant.public_id, now=early)
        assert error.value.code == "early"

    def test_what_ended_is_not_renewed(self, give: Give, offer: Offer, parent: User, now: datetime) -> None:
        ended, offered = give(), offer()[0]
        for grant, at in ((ended, now + GRANT_LIFETIME), (offered, now)):
            with pytest.raises(NotVisible):
                renew_grant(actor_id=parent.pk, grant_id=grant.public_id, now=at)


class TestChangeGrant:
    def test_shows_less_at_once(
        self, give: Give, parent: User, child: Child, second_child: Child, now: datetime
    ) -> None:
        grant = give(child_ids=[child.public_id, second_child.public_id])
        changed = change_grant(
            actor_id=parent.pk,
            grant_id=grant.public_id,
            scope="summary",
            child_ids=[second_child.public_id],
            from_on=date(2026, 11, 1),
            now=now,
        )
        covered = [item.child for item in changed.children.all()]
        assert (changed.scope, covered, changed.from_on) == ("summary", [second_child], date(2026, 11, 1))

    @pytest.mark.parametrize("what", ["scope", "child_ids", "from_on"])
    def test_shows_more_only_with_a_fresh_proof(
        self, give: Give, parent: User, child: Child, second_child: Child, now: datetime, what: str
    ) -> None:
        more: dict[str, Any] = {
            "scope": "ratings",
            "child_ids": [child.public_id, second_child.public_id],
            "from_on": date(2025, 12, 31),
        }
        arguments = {"actor_id": parent.pk, "grant_id": give(scope="summary").public_id, "now": now}
        with pytest.raises(Refused):
            change_grant(**arguments, **{what: more[what]})
        changed = change_grant(**arguments, **{what: more[what]}, may_widen=True)
        said = {
            "scope": changed.scope,
            "child_ids": [item.child.public_id for item in changed.children.order_by("child_id")],
            "from_on": changed.from_on,
        }
        assert said[what] == more[what]

    def test_what_is_not_named_stays(self, give: Give, parent: User, now: datetime) -> None:
        grant = give()
        changed = change_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now)
        kept = ("scope", "from_on", "expires_at", "accepted_at")
        assert [getattr(changed, name) for name in kept] == [getattr(grant, name) for name in kept]

    def test_an_offer_can_be_changed_too(self, offer: Offer, parent: User, now: datetime) -> None:
        grant, _token = offer()
        change_grant(actor_id=parent.pk, grant_id=grant.public_id, scope="summary", now=now)
        assert get_grant(actor_id=parent.pk, grant_id=grant.public_id, now=now).scope == "summary"

    def test_a_child_that_is_not_theirs_is_unknown(self, give: Give, parent: User, now: datetime) -> None:
        with pytest.raises(NotVisible):
            change_grant(
                actor_id=parent.pk,
                grant_id=give().public_id,
                child_ids=[uuid.uuid4()],
                may_widen=True,
                now=now,
            )


class TestEnding:
    def test_its_author_withdraws_it(self, give: Give, parent: User, coach: User, now: datetime) -> None:
        withdraw_grant(actor_id=parent.pk, grant_id=give().public_id, now=now)
        assert caseload(coach, now) == []
        assert list(list_grants(actor_id=parent.pk, now=now)) == []

    def test_the_coach_gives_it_back(self, give: Give, parent: User, coach: User, now: datetime) -> None:
        grant = give()
        return_grant(actor_id=coach.pk, grant_id=grant.public_id, now=now)
        assert caseload(coach, now) == []
        (told,) = list_grants(actor_id=parent.pk, now=now)
        assert told.state_at(now) is GrantState.ENDED
        with pytest.raises(NotVisible):
            return_grant(actor_id=coach.pk, grant_id=grant.public_id, now=now)

    @pytest.mark.parametrize("who", ["co_parent", "helper", "coach", "stranger"])
    def test_nobody_else_does_anything_with_it(
        self, request: pytest.FixtureRequest, give: Give, now: datetime, who: str
    ) -> None:
        actor, grant = request.getfixturevalue(who), give()
        arguments = {"actor_id": actor.pk, "grant_id": grant.public_id, "now": now}
        for use_case in (withdraw_grant, renew_grant, change_grant, get_grant):
            with pytest.raises(NotVisible):
                use_case(**arguments)
        if who != "coach":
            with pytest.raises(NotVisible):
                return_grant(**arguments)
        assert list(list_grants(actor_id=actor.pk, now=now)) == []
        assert not has_grants(actor_id=actor.pk, now=now)

    @pytest.mark.parametrize("author_is", ["co_parent", "helper"])
    def test_leaving_and_being_removed_end_it_for_good(
        self,
        request: pytest.FixtureRequest,
        give: Give,
        parent: User,
        coach: User,
        household: Household,
        join: Callable[..., Membership],
        now: datetime,
        author_is: str,
    ) -> None:
        author = request.getfixturevalue(author_is)
        give(author)
        assert len(caseload(coach, now)) == 1
        if author_is == "helper":
            membership = Membership.objects.get(user=author)
            remove_helper(actor_id=parent.pk, membership_id=membership.public_id, now=now)
        else:
            leave_household(actor_id=author.pk, household_id=household.public_id, now=now)
        assert caseload(coach, now) == []
        join(author)
        assert caseload(coach, now) == []

    def test_whoever_asks_to_be_erased_is_hidden_and_back_if_they_think_again(
        self, give: Give, parent: User, coach: User, now: datetime
    ) -> None:
        give()
        User.objects.filter(pk=parent.pk).update(erase_at=now + timedelta(days=7))
        assert caseload(coach, now) == []
        User.objects.filter(pk=parent.pk).update(erase_at=None)
        assert len(caseload(coach, now)) == 1


class TestListGrants:
    def test_an_offer_that_nobody_took_is_gone(self, offer: Offer, parent: User, now: datetime) -> None:
        offer()
        late = now + GRANT_OFFER_LIFETIME
        assert len(list_grants(actor_id=parent.pk, now=late - SECOND)) == 1
        assert len(list_grants(actor_id=parent.pk, now=late)) == 0

    def test_tells_of_one_that_ran_out(self, give: Give, parent: User, now: datetime) -> None:
        give()
        (told,) = list_grants(actor_id=parent.pk, now=now + GRANT_LIFETIME)
        assert told.state_at(now + GRANT_LIFETIME) is GrantState.ENDED
        assert not has_grants(actor_id=parent.pk, now=now + GRANT_LIFETIME)

    def test_of_one_household_alone(
        self, give: Give, parent: User, household: Household, now: datetime
    ) -> None:
        give()
        assert len(list_grants(actor_id=parent.pk, household_id=household.public_id, now=now)) == 1
        assert len(list_grants(actor_id=parent.pk, household_id=uuid.uuid4(), now=now)) == 0
        assert has_grants(actor_id=parent.pk, household_id=household.pk, now=now)
        assert not has_grants(actor_id=parent.pk, household_id=household.pk + 1, now=now)


class TestForgetOldGrants:
    def test_thirty_days_after_they_ended(
        self, give: Give, offer: Offer, parent: User, now: datetime
    ) -> None:
        withdrawn, _live = give(), give()
        offer(coach_email="nobody@example.org")
        withdraw_grant(actor_id=parent.pk, grant_id=withdrawn.public_id, now=now)
        assert forget_old_grants(now=now + INVITATION_KEPT) == 0
        assert forget_old_grants(now=now + INVITATION_KEPT + SECOND) == 1
        assert forget_old_grants(now=now + GRANT_OFFER_LIFETIME + INVITATION_KEPT + SECOND) == 1
        assert forget_old_grants(now=now + GRANT_LIFETIME + INVITATION_KEPT) == 0
        assert forget_old_grants(now=now + GRANT_LIFETIME + INVITATION_KEPT + SECOND) == 1


class TestScopes:
    def test_each_shows_all_that_the_one_before_it_shows(self) -> None:
        assert [len(scope.and_wider) for scope in GrantScope] == [3, 2, 1]
        assert GrantScope.RATINGS.and_wider == (GrantScope.RATINGS, GrantScope.RATINGS_AND_NOTES)
