"""Moving out with everything of one's own: all of it or nothing, and the others see no more than that one is gone."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction
from django.db.models import F, Q
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from coaching.services import (
    accept_focus,
    ask_to_look,
    comment_on_moment,
    mark_session,
    mute_coach,
    reply_to_comment,
    say_tried,
    snooze,
    suggest_colleague,
    suggest_focus,
    suggest_question,
    write_own_note,
)
from common.errors import NotVisible, Refused
from common.estates import Holding, list_estates
from households.models import Child, Grant, GrantChild, Household, Invitation, Membership
from households.rules import Role
from households.scope import live_grants
from households.selectors import get_household, list_children, list_members
from households.services import (
    accept_grant,
    archive_child,
    come_back,
    invite_member,
    note_access,
    offer_grant,
    separate_household,
)
from observations.models import Observation, Revision
from observations.record import check_record
from observations.selectors import get_moment, list_moments, list_revisions
from observations.services import (
    answer_self_check,
    choose_focus,
    delete_moment,
    edit_moment,
    publish_questions,
    record_moment,
    restore_moment,
    write_question,
)
from reflections.models import Digest, DigestWeek
from reflections.selectors import get_reflection, list_reflections, list_thoughts
from reflections.services import (
    compile_closed,
    compile_week,
    make_card_link,
    plan_digests,
    report_sentence,
    write_card,
    write_thought,
)
from tests.conftest import BRIEFING

SHARED = {"visibility": "household"}
WEEK = "2026-W46"


@pytest.fixture
def separate(co_parent: User, household: Household, child: Child, now: datetime) -> Callable[..., Household]:
    """The co-parent moves out with this child."""

    def put(**fields: Any) -> Household:
        asked = {
            "actor_id": co_parent.pk,
            "household_id": household.public_id,
            "name": "The loft",
            "timezone": "Europe/Lisbon",
            "child_ids": [child.public_id],
            "now": now,
        }
        return separate_household(**{**asked, **fields})

    return put


@pytest.fixture
def coach(make_user: Callable[..., User]) -> User:
    return make_user("coach")


@pytest.fixture
def let_in(co_parent: User, household: Household, child: Child, now: datetime) -> Callable[..., Grant]:
    """The co-parent lets somebody see their moments with these children."""

    def put(coach: User, *children: Child, accepted: bool = True) -> Grant:
        grant, token = offer_grant(
            actor_id=co_parent.pk,
            household_id=household.public_id,
            coach_email=coach.email,
            scope="ratings_and_notes",
            child_ids=[one.public_id for one in children or (child,)],
            now=now,
            briefing=BRIEFING,
        )
        if accepted:
            accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        return grant

    return put


@pytest.fixture
def full(
    parent: User,
    co_parent: User,
    household: Household,
    child: Child,
    second_child: Child,
    coach: User,
    let_in: Callable[..., Grant],
    record: Callable[..., Observation],
    now: datetime,
) -> None:
    """Two parents who have done everything there is to do, with each other's children and moments."""
    last_week = now - timedelta(days=8)
    for actor in (parent, co_parent):
        shared = record(actor, tone="missed", details={**SHARED, "note": "A miss"}, now=last_week)
        own = record(
            actor, details={"ratings": {"needs": 3, "self": 1}, "cues": ["phone_away"]}, now=last_week
        )
        edit_moment(
            actor_id=actor.pk,
            moment_id=own.public_id,
            details={"note": "Words of mine", "child_id": second_child.public_id},
            now=last_week,
        )
        record(actor, tone="came_back", details={"repairs": shared.public_id, **SHARED}, now=now)
        gone = record(actor, now=last_week)
        delete_moment(actor_id=actor.pk, moment_id=gone.public_id, now=now)
        answer_self_check(
            actor_id=actor.pk,
            check_id=uuid.uuid4(),
            child_id=child.public_id,
            day=last_week.date(),
            ratings={"needs": 4},
            note="The week",
            now=now,
        )
        here = {"actor_id": actor.pk, "household_id": household.public_id, "now": now}
        choose_focus(**here, dimension="needs")
        question = write_question(**here, kind="yes_no", prompt="Was I patient?")
        publish_questions(**here)
        record(actor, details={"own": {question.public_id: "yes"}}, now=now)
        invite_member(
            actor_id=actor.pk,
            household_id=household.public_id,
            email="guest@example.org",
            role=Role.HELPER,
            now=now,
        )
    for author, other in ((parent, co_parent), (co_parent, parent)):
        miss = Observation.objects.get(author=other, tone="missed")
        record(author, tone="came_back", details={"repairs": miss.public_id, **SHARED}, now=now)
    # They have lived here for some weeks, so that there is a mail about the last one.
    Household.objects.update(created_at=now - timedelta(weeks=6))
    Membership.objects.update(joined_at=now - timedelta(weeks=6))
    compile_closed(household_ids=[household.pk], now=now)
    compile_week(household_ids=[household.pk], label=WEEK, now=now)
    for actor in (parent, co_parent):
        write_thought(actor_id=actor.pk, label=WEEK, text="Hm.", visibility="household", now=now)
    plan_digests(household_ids=[household.pk], now=now)
    Digest.objects.update(status="sent", sent_at=now)
    _speak_with(coach, co_parent, let_in(coach), now)
    about = {"actor_id": co_parent.pk, "now": now}
    write_card(**about, child_id=child.public_id, words={"helps": "Humming"})
    make_card_link(**about, child_id=child.public_id, for_whom="nursery", days=30)
    report_sentence(**about, label=WEEK, rule="noticed.count")
    note_access(
        reader_id=coach.pk,
        reader_kind="coach",
        opened="summary",
        household_pk=household.pk,
        author_ids=[co_parent.pk],
        now=now,
    )


def owned() -> Iterator[Holding]:
    """Every model whose rows are one person's, in one household."""
    for estate in list_estates():
        for holding in estate.holdings:
            fields = {field.name for field in apps.get_model(holding.model)._meta.get_fields()}
            # What a coach writes for themselves lies beside a family, and is no family's.
            if holding.owner and "household" in fields and holding.model != "coaching.OwnNote":
                yield holding


def rows_of(person: User, household: Household | None = None) -> dict[str, set[int]]:
    """The keys of everything that is this person's own, by model; in this household alone, where one is named."""
    found = {}
    for holding in owned():
        rows = holding.rows_of(person.pk)
        rows = rows if household is None else rows.filter(household=household)
        found[holding.model] = set(rows.values_list("pk", flat=True))
    return found


def _speak_with(coach: User, author: User, grant: Grant, now: datetime) -> None:
    """Everything that passes between an author and a coach."""
    seen = Observation.objects.filter(author=author, occurred_at=now, tone="came_back").earliest("pk")
    here, its = {"actor_id": coach.pk, "grant_id": grant.public_id, "now": now}, {"moment_id": seen.public_id}
    comment = comment_on_moment(
        actor_id=coach.pk, household_id=grant.household.public_id, **its, saw="You waited", now=now
    )
    reply_to_comment(actor_id=author.pk, comment_id=comment.public_id, text="Thank you", now=now)
    ask_to_look(actor_id=author.pk, **its, now=now)
    focus = suggest_focus(**here, practice="notice", weeks=2)
    accept_focus(actor_id=author.pk, focus_id=focus.public_id, now=now)
    say_tried(actor_id=author.pk, **its, tried="yes", now=now)
    snooze(**here, days=7, reason="Away")
    suggest_colleague(**here, colleague_email="dora@example.org")
    suggest_question(**here, kind="yes_no", prompt="Did I wait?")
    mark_session(**here)
    write_own_note(**here, text="Ask about bedtimes")
    mute_coach(actor_id=author.pk, grant_id=grant.public_id, now=now)


# What a person leaves behind: that they lived there once, and doors that are closed.
# What others in the old household saw of it is told there as gone, by ids alone; in the new one it is told anew.
STAYS = {"households.Membership", "households.Invitation", "observations.FeedEntry"}


# A link to a card ends with the household it was made in.
ENDS = {"reflections.CardLink"}


@pytest.mark.usefixtures("full")
class TestEverythingMoves:
    def test_the_guard_has_a_row_of_every_kind(self, co_parent: User) -> None:
        assert {model for model, keys in rows_of(co_parent).items() if not keys} == set()

    def test_the_same_rows_are_in_the_new_household_and_none_in_the_old(
        self, separate: Callable[..., Household], co_parent: User, household: Household
    ) -> None:
        before = rows_of(co_parent)
        new = separate()
        moved, left = rows_of(co_parent, new), rows_of(co_parent, household)
        for model in set(before) - STAYS - ENDS:
            assert (before[model] - moved[model], left[model]) == (set(), set()), model
        assert {model for model, keys in left.items() if keys} == STAYS
        # Nothing is new but one link of the record, which says that it moved.
        added = {
            model: len(moved[model] - keys) for model, keys in before.items() if model not in STAYS | ENDS
        }
        assert {model: count for model, count in added.items() if count} == {"observations.RecordLink": 1}

    def test_the_record_holds_for_whoever_goes_and_whoever_stays(
        self, separate: Callable[..., Household], parent: User, co_parent: User
    ) -> None:
        separate()
        reports = [check_record(author_id=user.pk) for user in (parent, co_parent)]
        assert [report.findings for report in reports] == [[], []]
        assert reports[1].held > 3

    def test_everything_that_is_sealed_opens(
        self, separate: Callable[..., Household], co_parent: User, now: datetime
    ) -> None:
        separate()
        own = Observation.objects.filter(author=co_parent)
        assert {moment.note for moment in own} == {"A miss", "Words of mine", "The week", ""}
        assert not any(row.note_unreadable for row in [*own, *Revision.objects.all()])
        assert [thought.text for thought in list_thoughts(actor_id=co_parent.pk, label=WEEK)] == ["Hm."]

    def test_moments_history_and_what_was_deleted_are_where_their_author_is(
        self, separate: Callable[..., Household], co_parent: User, now: datetime
    ) -> None:
        before = {
            row.public_id for row in list_moments(actor_id=co_parent.pk).items if row.author == co_parent
        }
        new = separate()
        after = {row.public_id for row in list_moments(actor_id=co_parent.pk).items}
        assert before == after
        edited = Revision.objects.get(observation__author=co_parent).observation
        (revision,) = list_revisions(actor_id=co_parent.pk, moment_id=edited.public_id)
        known = {str(child.public_id) for child in Child.objects.filter(household=new)}
        assert revision.state["child"] in known
        deleted = Observation.objects.get(author=co_parent, deleted_at__isnull=False, kind="moment")
        restored = restore_moment(actor_id=co_parent.pk, moment_id=deleted.public_id, now=now)
        assert restored.household_id == new.pk

    def test_the_weeks_stay_whole(
        self, separate: Callable[..., Household], co_parent: User, household: Household, now: datetime
    ) -> None:
        spans = ("label", "start_on", "end_on", "timezone", "starts_at", "ends_at")
        before = list(DigestWeek.objects.filter(household=household).values_list(*spans))
        labels = [week.label for week in list_reflections(actor_id=co_parent.pk).items]
        new = separate()
        assert list(DigestWeek.objects.filter(household=new).values_list(*spans)) == before
        assert [week.label for week in list_reflections(actor_id=co_parent.pk).items] == labels != []
        compile_closed(household_ids=[new.pk], now=now)
        week = get_reflection(actor_id=co_parent.pk, label=WEEK, now=now)
        assert week.household_id == new.public_id
        assert all(
            moment.public_id for part in week.parts for told in part.sentences for moment in told.moments
        )

    def test_a_week_that_was_mailed_is_not_mailed_again(
        self, separate: Callable[..., Household], co_parent: User, now: datetime
    ) -> None:
        mailed = Digest.objects.filter(membership__user=co_parent).count()
        assert mailed
        plan_digests(household_ids=[separate().pk], now=now)
        assert Digest.objects.filter(membership__user=co_parent).count() == mailed

    def test_the_others_rows_are_as_they_were_but_for_links_to_what_has_gone(
        self, separate: Callable[..., Household], parent: User, co_parent: User
    ) -> None:
        def everything() -> dict[str, list[dict[str, Any]]]:
            return {
                holding.model: list(holding.rows_of(parent.pk).order_by("pk").values()) for holding in owned()
            }

        before = everything()
        hers = set(Observation.objects.filter(author=co_parent).values_list("pk", flat=True))
        links = [row for row in before["observations.Observation"] if row["repairs_id"] in hers]
        assert links, "there is a link to cut"
        for row in links:
            row["repairs_id"] = None
        separate()
        after = everything()
        # Of those, and of no other, they are told that something is different.
        told = zip(before.pop("observations.FeedEntry"), after.pop("observations.FeedEntry"), strict=True)
        assert {was["public_id"] for was, now in told if was != now} == {row["public_id"] for row in links}
        assert after == before

    def test_the_ones_own_links_stay(self, separate: Callable[..., Household], co_parent: User) -> None:
        own = Observation.objects.filter(author=co_parent, repairs__author=co_parent)
        assert own.count() == 1
        separate()
        assert own.count() == 1
        assert not Observation.objects.filter(author=co_parent, repairs__isnull=False).exclude(
            repairs__author=co_parent
        )


class TestWhoSeesWhat:
    def test_access_ends_both_ways_in_the_same_second(
        self,
        separate: Callable[..., Household],
        record: Callable[..., Observation],
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        theirs, own = record(parent, details=SHARED), record(co_parent, details=SHARED)
        new = separate()
        for reader, hidden, seen in ((parent, own, theirs), (co_parent, theirs, own)):
            with pytest.raises(NotVisible):
                get_moment(actor_id=reader.pk, moment_id=hidden.public_id)
            assert [row.pk for row in list_moments(actor_id=reader.pk).items] == [seen.pk]
        with pytest.raises(NotVisible):
            get_household(actor_id=co_parent.pk, household_id=household.public_id)
        with pytest.raises(NotVisible):
            get_household(actor_id=parent.pk, household_id=new.public_id)

    def test_the_others_are_told_nothing(
        self,
        separate: Callable[..., Household],
        parent: User,
        household: Household,
        mailoutbox: list[Any],
    ) -> None:
        separate()
        here = list_members(actor_id=parent.pk, household_id=household.public_id)
        assert [member.user for member in here] == [parent]
        assert mailoutbox == []

    def test_the_one_who_moved_out_is_the_only_guardian(
        self, separate: Callable[..., Household], co_parent: User, household: Household
    ) -> None:
        joined_at = Membership.objects.get(user=co_parent).joined_at
        new = separate(timezone="Europe/Berlin")
        (member,) = list_members(actor_id=co_parent.pk, household_id=new.public_id)
        assert (member.user, member.role, member.joined_at) == (co_parent, Role.GUARDIAN, joined_at)
        assert (new.name, new.timezone, new.week_starts_on) == (
            "The loft",
            "Europe/Berlin",
            household.week_starts_on,
        )

    def test_what_stays_private_stays_private(
        self, separate: Callable[..., Household], record: Callable[..., Observation], co_parent: User
    ) -> None:
        kept = [
            record(co_parent, details={"visibility": choice})
            for choice in ("private", "coaches", "household")
        ]
        separate()
        now_seen = [Observation.objects.get(pk=row.pk).visibility for row in kept]
        assert now_seen == ["private", "coaches", "household"]


class TestChildren:
    def test_a_chosen_child_is_copied_with_its_profile(
        self, separate: Callable[..., Household], co_parent: User, child: Child, household: Household
    ) -> None:
        new = separate()
        (copy,) = list_children(actor_id=co_parent.pk, household_id=new.public_id)
        profile = ("nickname", "birth_month", "colour", "emoji", "created_at", "archived_at")
        assert all(getattr(copy, name) == getattr(child, name) for name in profile)
        assert copy.public_id != child.public_id
        child.refresh_from_db()
        assert child.household == household

    def test_one_that_was_not_chosen_and_never_written_about_stays(
        self, separate: Callable[..., Household], second_child: Child
    ) -> None:
        assert [child.nickname for child in Child.objects.filter(household=separate())] == ["Pip"]

    def test_one_that_was_written_about_comes_along_put_away(
        self,
        separate: Callable[..., Household],
        record: Callable[..., Observation],
        co_parent: User,
        second_child: Child,
        now: datetime,
    ) -> None:
        moment = record(co_parent, child_id=second_child.public_id)
        new = separate()
        (away,) = list_children(actor_id=co_parent.pk, household_id=new.public_id, archived=True)
        assert (away.nickname, away.archived_at) == ("Moth", now)
        assert get_moment(actor_id=co_parent.pk, moment_id=moment.public_id).child == away

    def test_so_does_one_that_only_an_earlier_version_was_about(
        self,
        separate: Callable[..., Household],
        record: Callable[..., Observation],
        co_parent: User,
        child: Child,
        second_child: Child,
        now: datetime,
    ) -> None:
        moment = record(co_parent, child_id=second_child.public_id)
        details = {"child_id": child.public_id}
        edit_moment(actor_id=co_parent.pk, moment_id=moment.public_id, details=details, now=now)
        new = separate()
        away = Child.objects.get(household=new, nickname="Moth")
        assert Revision.objects.get().state["child"] == str(away.public_id)

    def test_one_that_was_put_away_stays_put_away(
        self, separate: Callable[..., Household], parent: User, child: Child, now: datetime
    ) -> None:
        archive_child(actor_id=parent.pk, child_id=child.public_id, now=now - timedelta(days=1))
        copy = Child.objects.get(household=separate())
        assert copy.archived_at == now - timedelta(days=1)

    def test_a_moment_that_a_phone_still_names_by_the_old_profile_arrives(
        self, separate: Callable[..., Household], co_parent: User, child: Child, now: datetime
    ) -> None:
        moment_id = uuid.uuid4()

        def send() -> Observation:
            return record_moment(
                actor_id=co_parent.pk, moment_id=moment_id, child_id=child.public_id, tone="missed", now=now
            )

        new = separate()
        assert send().household == new
        assert send().is_new is False
        assert Observation.objects.filter(author=co_parent).count() == 1

    def test_one_that_was_sent_before_is_not_sent_twice(
        self,
        separate: Callable[..., Household],
        record: Callable[..., Observation],
        co_parent: User,
        child: Child,
    ) -> None:
        sent = record(co_parent, tone="missed")
        new = separate()
        again = record(co_parent, tone="missed", moment_id=sent.public_id)
        assert (again.pk, again.household) == (sent.pk, new)

    def test_the_old_profile_names_nothing_to_others(
        self, separate: Callable[..., Household], stranger: User, child: Child, now: datetime
    ) -> None:
        separate()
        with pytest.raises(NotVisible):
            record_moment(
                actor_id=stranger.pk, moment_id=uuid.uuid4(), child_id=child.public_id, tone="missed", now=now
            )


class TestGrants:
    def test_a_coach_sees_on_what_the_author_granted(
        self,
        separate: Callable[..., Household],
        let_in: Callable[..., Grant],
        coach: User,
        co_parent: User,
        now: datetime,
    ) -> None:
        grant = let_in(coach)
        new = separate()
        (live,) = live_grants(now=now).filter(coach_id=coach.pk)
        assert (live.pk, live.household, live.author) == (grant.pk, new, co_parent)
        assert [covered.child.household for covered in live.children.select_related("child")] == [new]

    def test_one_for_a_child_that_stays_behind_ends(
        self,
        separate: Callable[..., Household],
        let_in: Callable[..., Grant],
        coach: User,
        second_child: Child,
        now: datetime,
    ) -> None:
        grant = let_in(coach, second_child)
        separate()
        grant.refresh_from_db()
        assert grant.withdrawn_at == now
        assert not GrantChild.objects.exists()

    @pytest.mark.parametrize("accepted", [True, False], ids=["accepted", "offered"])
    def test_one_to_somebody_who_lives_in_the_old_household_ends(
        self,
        separate: Callable[..., Household],
        let_in: Callable[..., Grant],
        coach: User,
        join: Callable[..., Membership],
        now: datetime,
        accepted: bool,
    ) -> None:
        grant = let_in(coach, accepted=accepted)
        join(coach, Role.HELPER)
        assert not live_grants(now=now).exists(), "it opens nothing while both live here"
        separate()
        grant.refresh_from_db()
        assert grant.withdrawn_at == now
        assert not live_grants(now=now).exists()

    def test_the_others_grants_stay(
        self,
        separate: Callable[..., Household],
        parent: User,
        coach: User,
        household: Household,
        child: Child,
        now: datetime,
    ) -> None:
        offer, token = offer_grant(
            actor_id=parent.pk,
            household_id=household.public_id,
            coach_email=coach.email,
            scope="summary",
            child_ids=[child.public_id],
            now=now,
            briefing=BRIEFING,
        )
        accept_grant(actor_id=coach.pk, token=token, email=coach.email, now=now)
        separate()
        assert live_grants(now=now).get().pk == offer.pk
        assert GrantChild.objects.get().child == child


class TestWhoMay:
    def test_a_helper_is_refused(self, separate: Callable[..., Household], helper: User) -> None:
        with pytest.raises(Refused):
            separate(actor_id=helper.pk)

    @pytest.mark.parametrize("who", ["stranger", "former_member"])
    def test_nobody_else_learns_of_it(
        self, request: pytest.FixtureRequest, separate: Callable[..., Household], who: str
    ) -> None:
        with pytest.raises(NotVisible):
            separate(actor_id=request.getfixturevalue(who).pk)

    def test_no_child_of_another_household_comes_along(
        self, separate: Callable[..., Household], stranger: User, child: Child
    ) -> None:
        elsewhere = Membership.objects.get(user=stranger).household
        foreign = Child.objects.create(
            household=elsewhere, nickname="Ash", birth_month=child.birth_month, created_at=child.created_at
        )
        for named in (foreign.public_id, uuid.uuid4()):
            with pytest.raises(NotVisible):
                separate(child_ids=[child.public_id, named])

    @pytest.mark.parametrize(
        ("field", "value"), [("name", ""), ("name", "x" * 61), ("timezone", "Mars/Olympus")]
    )
    def test_what_cannot_be_is_said_on_its_field(
        self, separate: Callable[..., Household], co_parent: User, field: str, value: str
    ) -> None:
        with pytest.raises(ValidationError) as error:
            separate(**{field: value})
        assert set(error.value.error_dict) == {field}
        assert Household.objects.count() == 1

    def test_twice_is_once(self, separate: Callable[..., Household], co_parent: User) -> None:
        separate()
        with pytest.raises(NotVisible):
            separate()
        assert Membership.objects.filter(user=co_parent, left_at=None).count() == 1

    def test_open_invitations_of_theirs_close(
        self, separate: Callable[..., Household], co_parent: User, household: Household, now: datetime
    ) -> None:
        invite_member(
            actor_id=co_parent.pk,
            household_id=household.public_id,
            email="guest@example.org",
            role=Role.HELPER,
            now=now,
        )
        separate()
        assert Invitation.objects.get().withdrawn_at == now

    def test_a_household_that_all_have_separated_from_is_deserted(
        self, separate: Callable[..., Household], parent: User, household: Household, now: datetime
    ) -> None:
        separate()
        separate(actor_id=parent.pk, now=now + timedelta(minutes=1))
        assert not Membership.objects.filter(household=household, left_at=None).exists()
        assert come_back(actor_id=parent.pk, household_id=household.public_id, now=now)


class TestACrash:
    @pytest.mark.parametrize("estate", ["reflections", "observations", "households", "accounts"])
    @pytest.mark.usefixtures("full")
    def test_in_the_middle_nothing_has_happened(
        self,
        separate: Callable[..., Household],
        monkeypatch: pytest.MonkeyPatch,
        estate: str,
    ) -> None:
        def everything() -> dict[str, list[Any]]:
            labels = ("households", "observations", "reflections")
            return {
                model._meta.label: list(model._default_manager.order_by("pk").values())
                for label in labels
                for model in apps.get_app_config(label).get_models()
            }

        before = everything()
        kind = type(next(one for one in list_estates() if type(one).__module__.startswith(estate)))
        move = kind.move

        def breaks(*args: Any, **fields: Any) -> None:
            move(*args, **fields)
            raise OSError("the power went out")

        monkeypatch.setattr(kind, "move", breaks)
        with pytest.raises(OSError, match="power"):
            separate()
        assert everything() == before


# --- Whatever the household looked like ------------------------------------------------------------------------
MOMENT = st.fixed_dictionaries(
    {
        "mine": st.booleans(),
        "child": st.sampled_from(["pip", "moth", "ash"]),
        "tone": st.sampled_from(["in_tune", "missed", "came_back"]),
        "visibility": st.sampled_from(["private", "coaches", "household"]),
        "note": st.text(st.characters(exclude_categories=["C"]), max_size=12),
        "days_ago": st.integers(0, 60),
        "then": st.sampled_from(["nothing", "edited", "moved", "deleted"]),
        "mends": st.integers(0, 5),
    }
)


@pytest.mark.django_db
class TestEveryShape:
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(moments=st.lists(MOMENT, max_size=8), chosen=st.sets(st.sampled_from(["pip", "moth", "ash"])))
    def test_keeps_every_word_with_its_author(
        self,
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
        moments: list[dict[str, Any]],
        chosen: set[str],
    ) -> None:
        with transaction.atomic():
            self.happens(parent, co_parent, household, now=now, moments=moments, chosen=chosen)
            transaction.set_rollback(True)

    @staticmethod
    def happens(
        parent: User,
        co_parent: User,
        household: Household,
        *,
        now: datetime,
        moments: list[dict[str, Any]],
        chosen: set[str],
    ) -> None:
        born = now.date().replace(day=1, year=2020)
        children = {
            name: Child.objects.create(household=household, nickname=name, birth_month=born, created_at=now)
            for name in ("pip", "moth", "ash")
        }
        for moment in moments:
            note(moment, co_parent if moment["mine"] else parent, children, now)
        before = contents(co_parent)
        theirs = contents(parent)
        new = separate_household(
            actor_id=co_parent.pk,
            household_id=household.public_id,
            name="The loft",
            timezone="Asia/Kathmandu",
            child_ids=[children[name].public_id for name in chosen],
            now=now,
        )
        assert contents(co_parent) == before
        assert contents(parent) == theirs
        homes = Observation.objects.order_by("pk").values_list(
            "author_id", "household_id", "child__household_id"
        )
        for author, home, home_of_child in homes:
            assert home == home_of_child == (new.pk if author == co_parent.pk else household.pk)
        active = set(Child.objects.filter(household=new, archived_at=None).values_list("nickname", flat=True))
        assert active == chosen
        assert not Observation.objects.filter(repairs__isnull=False).exclude(
            repairs__author_id=F("author_id")
        )
        assert list_moments(actor_id=parent.pk, limit=200).items == [
            row for row in list_moments(actor_id=parent.pk, limit=200).items if row.author_id == parent.pk
        ]


def note(said: dict[str, Any], author: User, children: dict[str, Child], now: datetime) -> None:
    at = now - timedelta(days=said["days_ago"])
    details: dict[str, Any] = {"visibility": said["visibility"], "note": said["note"]}
    misses = Observation.objects.filter(
        tone="missed", child=children[said["child"]], occurred_at__lte=at, deleted_at=None
    ).exclude(~Q(author=author), ~Q(visibility="household"))
    if said["tone"] == "came_back" and said["mends"] < misses.count():
        details["repairs"] = misses.order_by("pk")[said["mends"]].public_id
    moment = record_moment(
        actor_id=author.pk,
        moment_id=uuid.uuid4(),
        child_id=children[said["child"]].public_id,
        tone=said["tone"],
        details=details,  # type: ignore[arg-type]
        now=at,
    )
    match said["then"]:
        case "edited":
            change: dict[str, Any] = {"note": "Other words"}
        case "moved":
            change = {"child_id": children["ash"].public_id}
        case "deleted":
            delete_moment(actor_id=author.pk, moment_id=moment.public_id, now=now)
            return
        case _:
            return
    edit_moment(actor_id=author.pk, moment_id=moment.public_id, details=change, now=now)  # type: ignore[arg-type]


def contents(author: User) -> list[tuple[Any, ...]]:
    """All that one author wrote, with what it was before, as its author would tell it."""
    rows = Observation.objects.filter(author=author).select_related("child", "author").order_by("pk")
    return [
        (
            row.public_id,
            row.child.nickname,
            row.tone,
            row.visibility,
            row.note,
            row.occurred_at,
            row.occurred_on,
            row.revision,
            row.deleted_at,
            [
                (revision.number, revision.note, {**revision.state, "child": "", "repairs": ""})
                for revision in row.revisions.select_related("observation__author").order_by("number")
            ],
        )
        for row in rows
    ]


# --- At the same moment ----------------------------------------------------------------------------------------
@pytest.mark.skipif(
    connection.vendor == "sqlite",
    reason="one connection for all threads: SQLite's test database is in memory",
)
@pytest.mark.usefixtures("transactional_db")
class TestAtTheSameMoment:
    """Many times over, because which one comes first is chance."""

    def race(self, *acts: Callable[[], Any]) -> list[Any]:
        gate = Barrier(len(acts))

        def run(act: Callable[[], Any]) -> Any:
            try:
                gate.wait()
                return act()
            except (NotVisible, ValidationError) as error:
                return type(error)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, acts))

    @pytest.mark.parametrize("attempt", range(10))
    def test_what_is_noted_meanwhile_lands_with_its_author(
        self,
        attempt: int,
        separate: Callable[..., Household],
        record: Callable[..., Observation],
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        edited = record(co_parent)

        def capture() -> Any:
            return record(
                co_parent, details={"note": "Just now", "ratings": {"needs": 4}, "cues": ["phone_away"]}
            )

        def edit() -> Any:
            details = {"note": "Edited", "ratings": {"needs": 2}}
            return edit_moment(actor_id=co_parent.pk, moment_id=edited.public_id, details=details, now=now)

        new, *done = self.race(separate, capture, edit, capture)
        assert isinstance(new, Household)
        assert all(isinstance(one, Observation) for one in done), done
        assert Observation.objects.filter(author=co_parent).count() == 3
        for holding in owned():
            left = holding.rows_of(co_parent.pk).filter(household=household)
            assert holding.model in STAYS or not left.exists(), holding.model
        assert {row.note for row in list_moments(actor_id=co_parent.pk).items} == {"Just now", "Edited"}

    @pytest.mark.parametrize("attempt", range(5))
    def test_two_parents_separating_at_once_both_end_up_alone(
        self,
        attempt: int,
        separate: Callable[..., Household],
        record: Callable[..., Observation],
        parent: User,
        co_parent: User,
        household: Household,
    ) -> None:
        for author in (parent, co_parent):
            record(author, details=SHARED)
        homes = self.race(separate, lambda: separate(actor_id=parent.pk))
        for author in (parent, co_parent):
            (moment,) = list_moments(actor_id=author.pk).items
            assert moment.author == author
            assert moment.household in homes
        assert not Observation.objects.filter(household=household).exists()

    @pytest.mark.parametrize("attempt", range(5))
    def test_a_double_tap_separates_once(
        self, attempt: int, separate: Callable[..., Household], co_parent: User
    ) -> None:
        outcomes = self.race(separate, separate, separate)
        assert outcomes.count(NotVisible) == 2
        assert Membership.objects.filter(user=co_parent, left_at=None).count() == 1

    @pytest.mark.parametrize("attempt", range(5))
    def test_what_the_other_writes_meanwhile_stays_theirs(
        self,
        attempt: int,
        separate: Callable[..., Household],
        record: Callable[..., Observation],
        parent: User,
        co_parent: User,
        household: Household,
        now: datetime,
    ) -> None:
        miss = record(co_parent, tone="missed", details=SHARED, now=now - timedelta(hours=1))
        _new, linked = self.race(
            separate, lambda: record(tone="came_back", details={"repairs": miss.public_id, **SHARED})
        )
        if linked is not ValidationError:
            seen = get_moment(actor_id=parent.pk, moment_id=linked.public_id)
            assert (seen.household, seen.repairs) == (household, None)
        with pytest.raises(NotVisible):
            get_moment(actor_id=parent.pk, moment_id=miss.public_id)
