"""What is also about another adult, at page and API: marked, kept for a night and a day, its author's alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import User
from observations.models import Observation
from observations.rules import COOLING_OFF
from observations.services import edit_moment

Record = Callable[..., Observation]


class TestBothDoors:
    @pytest.fixture
    def moment(self, record: Record, that_evening: None) -> Observation:
        return record(details={"visibility": "household"})

    def test_the_sheet_marks_it_and_says_what_comes_of_it(
        self, moment: Observation, parent: User, client_of: Callable[[User], Client]
    ) -> None:
        browser = client_of(parent)
        address = reverse("moment-edit", args=[moment.public_id])
        sheet = browser.get(address).content.decode()
        assert "It is also about another adult" in sheet
        assert "What you felt and what you saw help most" in sheet
        sent = {"tone": "in_tune", "child": moment.child.public_id, "about_adult": "on"}
        assert browser.post(address, {**sent, "visibility": "household"}).status_code in (302, 303)
        kept = Observation.objects.get()
        assert (kept.about_adult, kept.visibility) == (True, "private")
        page = browser.get(reverse("moment", args=[moment.public_id])).content.decode()
        assert "It stays with you until" in page
        assert "another adult" not in page, "whoever looks over the shoulder may be meant"
        again = browser.post(address, {**sent, "visibility": "household"})
        assert again.status_code == 422
        assert "This one stays with you until" in again.content.decode()

    def test_the_api_says_the_same(
        self, moment: Observation, parent: User, co_parent: User, api_of: Callable[[User], APIClient]
    ) -> None:
        address = f"/api/v1/moments/{moment.public_id}/"
        assert api_of(co_parent).get(address).json()["about_adult"] is None
        own = api_of(parent)
        marked = own.patch(address, {"about_adult": True}, format="json", headers={"If-Match": '"1"'}).json()
        assert (marked["about_adult"], marked["visibility"]) == (True, "private")
        assert marked["cooling_until"].startswith("2026-11-19T19:30:00")
        refused = own.patch(address, {"visibility": "household"}, format="json", headers={"If-Match": '"2"'})
        assert refused.status_code == 400
        assert refused.json()["errors"]["visibility"][0]["code"] == "cooling"
        assert api_of(co_parent).get(address).status_code == 404

    def test_later_others_see_the_moment_and_never_the_mark(
        self,
        moment: Observation,
        co_parent: User,
        parent: User,
        api_of: Callable[[User], APIClient],
        client_of: Callable[[User], Client],
        now: datetime,
    ) -> None:
        for at, said in ((now, {"about_adult": True}), (now + COOLING_OFF, {"visibility": "household"})):
            edit_moment(actor_id=parent.pk, moment_id=moment.public_id, details=said, now=at)
        shown = api_of(co_parent).get(f"/api/v1/moments/{moment.public_id}/").json()
        assert (shown["about_adult"], shown["cooling_until"]) == (None, None)
        page = client_of(co_parent).get(reverse("moment", args=[moment.public_id])).content.decode()
        assert "another adult" not in page
        assert "stays with you" not in page
