"""A card is its author's alone, and what a link shows ends the moment anything says that it should."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.services import ask_to_be_erased, take_back_erasure
from common.errors import NotVisible, Refused
from common.ledger import close_doors, reapply
from common.models import LedgerEntry
from households.models import Child, Household, Membership
from households.services import archive_child, come_back, leave_household, restore_child, separate_household
from observations.models import Observation
from observations.services import delete_moment
from reflections.comfort import CardWords, Part
from reflections.estate import ReflectionsEstate
from reflections.models import CardLink, ComfortCard
from reflections.rules import CARD_LINES_MAX, CARD_LINKS_MAX, CARD_PART_MAX
from reflections.selectors import (
    draft_card,
    find_card,
    get_shared_card,
    list_card_links,
    list_carded_children,
    words_of,
)
from reflections.services import delete_card, end_card_link, make_card_link, write_card

WORDS = {"called": "Pip", "helps": "Sit with me.\nWait."}


@pytest.fixture
def write(parent: User, child: Child, now: datetime) -> Callable[..., ComfortCard]:
    def put(actor: User | None = None, **fields: Any) -> ComfortCard:
        return write_card(
            **{
                "actor_id": (actor or parent).pk,
                "child_id": child.public_id,
                "words": WORDS,
                "now": now,
                **fields,
            }
        )

    return put


@pytest.fixture
def link(
    write: Callable[..., ComfortCard], parent: User, child: Child, now: datetime
) -> Callable[..., tuple[CardLink, str]]:
    """A link to the parent's card, which is written first where it is not there yet."""

    def put(**fields: Any) -> tuple[CardLink, str]:
        if find_card(actor_id=parent.pk, child_id=child.public_id) is None:
            write()
        about = {"actor_id": parent.pk, "child_id": child.public_id, "for_whom": "nursery", "days": 7}
        return make_card_link(**{**about, "now": now, **fields})

    return put


def opens(token: str, now: datetime) -> bool:
    try:
        get_shared_card(token=token, now=now)
    except NotVisible:
        return False
    return True


class TestWriteCard:
    def test_it_is_kept_sealed(self, write: Callable[..., ComfortCard], parent: User, child: Child) -> None:
        card = write()
        assert b"Sit with me" not in bytes(card.text_sealed)
        found = find_card(actor_id=parent.pk, child_id=child.public_id)
        assert found is not None
        assert found.words == CardWords(called="Pip", helps="Sit with me.\nWait.")

    def test_each_author_has_one_of_their_own(
        self, write: Callable[..., ComfortCard], parent: User, co_parent: User, child: Child
    ) -> None:
        write()
        write(co_parent, words={"helps": "Sing."})
        assert find_card(actor_id=parent.pk, child_id=child.public_id).words.helps == "Sit with me.\nWait."  # type: ignore[union-attr]
        assert find_card(actor_id=co_parent.pk, child_id=child.public_id).words.helps == "Sing."  # type: ignore[union-attr]

    def test_nobody_else_learns_that_there_is_one(
        self,
        write: Callable[..., ComfortCard],
        co_parent: User,
        household: Household,
        child: Child,
        now: datetime,
    ) -> None:
        write()
        about = {"actor_id": co_parent.pk, "child_id": child.public_id}
        assert find_card(**about) is None
        assert list_carded_children(actor_id=co_parent.pk, household_id=household.public_id) == {}
        assert not list_card_links(**about, now=now)

    def test_changing_it_says_which_one_was_changed(
        self, write: Callable[..., ComfortCard], parent: User, child: Child
    ) -> None:
        first = write()
        assert write(revision=first.revision, words={"helps": "Two."}).revision == 2
        with pytest.raises(ValidationError) as refused:
            write(revision=first.revision, words={"helps": "Three."})
        assert refused.value.code == "changed"
        assert find_card(actor_id=parent.pk, child_id=child.public_id).words.helps == "Two."  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("words", "field", "code"),
        [
            ({}, "helps", "required"),
            ({"called": "Pip", "also": " \n "}, "helps", "required"),
            ({"also": "x" * (CARD_PART_MAX + 1)}, "also", "too_long"),
            ({"hard": "\n".join("x" * (CARD_LINES_MAX + 1))}, "hard", "too_many_lines"),
            ({"called": "x" * 31, "helps": "x"}, "called", "too_long"),
            ({"back": "a\x00b"}, "back", "bad_character"),
        ],
    )
    def test_what_does_not_fit_is_said_of_its_part(
        self, write: Callable[..., ComfortCard], words: dict[str, str], field: str, code: str
    ) -> None:
        with pytest.raises(ValidationError) as refused:
            write(words=words)
        assert [error.code for error in refused.value.error_dict[field]] == [code]
        assert not ComfortCard.objects.exists()

    def test_every_part_that_does_not_fit_is_named_at_once(self, write: Callable[..., ComfortCard]) -> None:
        with pytest.raises(ValidationError) as refused:
            write(words=dict.fromkeys(Part, "x" * 999))
        assert set(refused.value.error_dict) == set(Part)

    def test_empty_lines_take_no_room(self, write: Callable[..., ComfortCard]) -> None:
        assert write(words={"helps": "\n\n One \n\n\n Two \n" + "\n" * 30}).words.helps == "One\nTwo"

    def test_a_stranger_writes_none(self, write: Callable[..., ComfortCard], stranger: User) -> None:
        with pytest.raises(NotVisible):
            write(stranger)


class TestDraftCard:
    def test_it_comes_from_ones_own_moments_and_says_which(
        self, record: Callable[..., Observation], parent: User, co_parent: User, child: Child, now: datetime
    ) -> None:
        hurt = {"contexts": ["hurt_ill"], "cues": ["came_close"], "visibility": "household"}
        own = {record(details=hurt).public_id for _ in range(2)}
        record(co_parent, details={**hurt, "cues": ["short_echo"]})
        record(co_parent, details={**hurt, "cues": ["short_echo"]})
        drafted = draft_card(actor_id=parent.pk, child_id=child.public_id, now=now)
        assert [line.rule for line in drafted] == ["card.when.hurt_ill", "card.helps.came_close"]
        assert all({moment.public_id for moment in line.moments} == own for line in drafted)
        assert words_of(drafted).helps == "Come close, and get down to eye level."

    def test_a_missed_moment_is_never_in_it(
        self, record: Callable[..., Observation], parent: User, child: Child, now: datetime
    ) -> None:
        for _ in range(3):
            record(tone="missed", details={"contexts": ["hurt_ill", "bedtime"], "feelings": ["afraid"]})
        assert draft_card(actor_id=parent.pk, child_id=child.public_id, now=now) == ()

    def test_nor_one_in_which_nobody_was_comforted(
        self, record: Callable[..., Observation], parent: User, child: Child, now: datetime
    ) -> None:
        for _ in range(3):
            record(details={"contexts": ["play"], "cues": ["followed_lead"]})
        assert draft_card(actor_id=parent.pk, child_id=child.public_id, now=now) == ()

    def test_nor_one_that_was_deleted_or_is_older_than_a_year(
        self, record: Callable[..., Observation], parent: User, child: Child, now: datetime
    ) -> None:
        gone = [record(details={"cues": ["held"]}) for _ in range(2)]
        for moment in gone:
            delete_moment(actor_id=parent.pk, moment_id=moment.public_id, now=now)
        for _ in range(2):
            record(details={"cues": ["held"]}, now=now - timedelta(days=370))
        assert draft_card(actor_id=parent.pk, child_id=child.public_id, now=now) == ()

    def test_comfort_that_hardly_arrived_says_nothing_about_what_helps(
        self, record: Callable[..., Observation], parent: User, child: Child, now: datetime
    ) -> None:
        details = {"contexts": ["hurt_ill"], "cues": ["held"], "ratings": {"comfort": 1}}
        for _ in range(2):
            record(details=details)
        drafted = draft_card(actor_id=parent.pk, child_id=child.public_id, now=now)
        assert [line.rule for line in drafted] == ["card.when.hurt_ill"]

    def test_it_takes_as_many_queries_for_many_moments_as_for_a_few(
        self,
        record: Callable[..., Observation],
        parent: User,
        child: Child,
        now: datetime,
        django_assert_num_queries: Any,
    ) -> None:
        for number in range(12):
            record(details={"cues": ["held"]}, now=now - timedelta(minutes=number))
        draft_card(actor_id=parent.pk, child_id=child.public_id, now=now)
        with django_assert_num_queries(5):
            draft_card(actor_id=parent.pk, child_id=child.public_id, now=now)


class TestLinks:
    def test_it_shows_the_card_and_nothing_else(
        self, link: Callable[..., tuple[CardLink, str]], now: datetime
    ) -> None:
        _made, token = link()
        shared = get_shared_card(token=token, now=now)
        assert (shared.words.called, shared.changed_on) == ("Pip", now.date())
        assert set(shared.__slots__) == {"words", "changed_on", "until"}

    def test_its_token_has_256_bits_and_is_stored_as_a_hash(
        self, link: Callable[..., tuple[CardLink, str]]
    ) -> None:
        made, token = link()
        assert len(token) == 43
        assert made.token_sha256 == hashlib.sha256(token.encode()).hexdigest()

    def test_opening_it_writes_nothing(
        self, link: Callable[..., tuple[CardLink, str]], now: datetime, django_assert_num_queries: Any
    ) -> None:
        _made, token = link()
        before = list(CardLink.objects.values())
        get_shared_card(token=token, now=now)
        with django_assert_num_queries(2):  # the row, and its author's key
            get_shared_card(token=token, now=now)
        assert list(CardLink.objects.values()) == before

    @pytest.mark.parametrize("days", [1, 7, 30, 90])
    def test_it_ends_on_its_day(
        self, link: Callable[..., tuple[CardLink, str]], now: datetime, days: int
    ) -> None:
        _made, token = link(days=days)
        until = now + timedelta(days=days)
        assert opens(token, until - timedelta(seconds=1))
        assert not opens(token, until)

    def test_it_ends_with_a_tap_and_twice_is_once(
        self, link: Callable[..., tuple[CardLink, str]], parent: User, child: Child, now: datetime
    ) -> None:
        made, token = link()
        _other, kept = link(for_whom="grandparents")
        for later in (now, now + timedelta(hours=1)):
            assert end_card_link(actor_id=parent.pk, link_id=made.public_id, now=later) == child.public_id
        assert (opens(token, now), opens(kept, now)) == (False, True)
        assert CardLink.objects.get(pk=made.pk).ended_at == now

    def test_it_shows_the_words_as_they_are_now(
        self,
        link: Callable[..., tuple[CardLink, str]],
        write: Callable[..., ComfortCard],
        now: datetime,
    ) -> None:
        _made, token = link()
        write(words={"helps": "Something else."}, revision=1)
        assert get_shared_card(token=token, now=now).words.helps == "Something else."

    @pytest.mark.parametrize("days", [0, 2, 91, -1])
    def test_no_other_time_is_offered(self, link: Callable[..., tuple[CardLink, str]], days: int) -> None:
        with pytest.raises(ValidationError):
            link(days=days)

    def test_there_are_not_more_than_anybody_keeps_in_mind(
        self, link: Callable[..., tuple[CardLink, str]], parent: User, now: datetime
    ) -> None:
        made = [link()[0] for _ in range(CARD_LINKS_MAX)]
        with pytest.raises(ValidationError):
            link()
        end_card_link(actor_id=parent.pk, link_id=made[0].public_id, now=now)
        assert link()

    def test_a_helper_makes_none(
        self, write: Callable[..., ComfortCard], helper: User, child: Child, now: datetime
    ) -> None:
        write(helper)
        with pytest.raises(Refused):
            make_card_link(actor_id=helper.pk, child_id=child.public_id, for_whom="nursery", days=7, now=now)

    def test_the_other_parent_neither_makes_nor_ends_one(
        self, link: Callable[..., tuple[CardLink, str]], co_parent: User, child: Child, now: datetime
    ) -> None:
        made, token = link()
        with pytest.raises(NotVisible):
            make_card_link(
                actor_id=co_parent.pk, child_id=child.public_id, for_whom="nursery", days=7, now=now
            )
        with pytest.raises(NotVisible):
            end_card_link(actor_id=co_parent.pk, link_id=made.public_id, now=now)
        assert opens(token, now)


class TestWhatEndsALink:
    """At once, by what is asked of live rows."""

    def test_leaving(
        self,
        link: Callable[..., tuple[CardLink, str]],
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        _made, token = link()
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert not opens(token, now)

    def test_coming_back_does_not_open_it_again(
        self, link: Callable[..., tuple[CardLink, str]], parent: User, household: Household, now: datetime
    ) -> None:
        _made, token = link()
        leave_household(actor_id=parent.pk, household_id=household.public_id, now=now)
        come_back(actor_id=parent.pk, household_id=household.public_id, now=now)
        assert Membership.objects.filter(user=parent, left_at=None).exists()
        assert not opens(token, now)
        assert ComfortCard.objects.get().words.called == "Pip"

    def test_moving_out_takes_the_words_along_and_no_link(
        self,
        link: Callable[..., tuple[CardLink, str]],
        parent: User,
        co_parent: User,
        household: Household,
        child: Child,
        now: datetime,
    ) -> None:
        _made, token = link()
        new = separate_household(
            actor_id=parent.pk,
            household_id=household.public_id,
            name="The loft",
            timezone="UTC",
            child_ids=[],
            now=now,
        )
        assert not opens(token, now)
        card = ComfortCard.objects.get()
        assert (card.household_id, card.child.copied_from, card.words.called) == (
            new.pk,
            child.public_id,
            "Pip",
        )

    def test_asking_to_be_erased_for_good(
        self, link: Callable[..., tuple[CardLink, str]], parent: User, now: datetime
    ) -> None:
        _made, token = link()
        ask_to_be_erased(actor_id=parent.pk, confirmation="erase", now=now)
        assert not opens(token, now)
        take_back_erasure(user_id=parent.pk, now=now)
        assert not opens(token, now)

    def test_deleting_the_card(
        self, link: Callable[..., tuple[CardLink, str]], parent: User, child: Child, now: datetime
    ) -> None:
        _made, token = link()
        delete_card(actor_id=parent.pk, child_id=child.public_id, now=now)
        assert not opens(token, now)
        assert not CardLink.objects.exists()

    def test_putting_the_child_away(
        self,
        link: Callable[..., tuple[CardLink, str]],
        parent: User,
        child: Child,
        second_child: Child,
        now: datetime,
    ) -> None:
        _made, token = link()
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        assert not opens(token, now)

    def test_a_child_who_is_back_does_not_open_it_again(
        self, link: Callable[..., tuple[CardLink, str]], parent: User, child: Child, now: datetime
    ) -> None:
        made, token = link()
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now)
        restore_child(actor_id=parent.pk, child_id=child.public_id)
        assert not opens(token, now)
        made.refresh_from_db()
        assert made.ended_at == now

    def test_a_restore(self, link: Callable[..., tuple[CardLink, str]], now: datetime) -> None:
        _made, token = link()
        assert close_doors(now=now)["links to comfort cards ended"] == 1
        assert not opens(token, now)

    def test_a_restore_brings_no_deleted_card_back(
        self, write: Callable[..., ComfortCard], parent: User, child: Child, now: datetime
    ) -> None:
        card = write()
        kept = {name: getattr(card, name) for name in ("public_id", "household_id", "child_id", "author_id")}
        sealed = bytes(card.text_sealed)
        delete_card(actor_id=parent.pk, child_id=child.public_id, now=now)
        entry = LedgerEntry.objects.get(kind="card_deleted")
        ComfortCard.objects.create(**kept, text_sealed=sealed, changed_at=now)
        line = f'{{"kind": "card_deleted", "subject": "{entry.subject}", "at": "{now.isoformat()}"}}'
        assert reapply([line]).changed["card_deleted"] == 1
        assert not ComfortCard.objects.exists()


class TestExport:
    def test_it_holds_ones_own_cards_and_links_and_no_token(
        self, link: Callable[..., tuple[CardLink, str]], parent: User, co_parent: User, now: datetime
    ) -> None:
        made, token = link()
        tables = {table.name: list(table.rows()) for table in ReflectionsEstate().export(parent.pk, now)}
        (card,) = tables["comfort_cards"]
        assert "Sit with me.\nWait." in card
        assert [row[0] for row in tables["card_links"]] == [made.public_id]
        assert token not in str(tables)
        assert made.token_sha256 not in str(tables)
        others = {table.name: list(table.rows()) for table in ReflectionsEstate().export(co_parent.pk, now)}
        assert (others["comfort_cards"], others["card_links"]) == ([], [])
