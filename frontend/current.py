"""Which household a page is about: the one chosen in this session, or the first."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from common.errors import NotVisible
from frontend.render import see_other
from households.rules import SESSION_HOUSEHOLD
from households.selectors import list_memberships

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

    from accounts.models import User
    from households.models import Child, Household, Membership


class SignedInRequest(HttpRequest):
    """A request as views see it behind the sign-in."""

    user: User
    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Home:
    """The household a page is about, as the reader belongs to it. `children` are the active ones."""

    membership: Membership
    household: Household
    children: Sequence[Child]

    def find_child(self, child_id: uuid.UUID) -> Child:
        """One of the active children.

        Raises:
            NotVisible: it is none of them.
        """
        for child in self.children:
            if child.public_id == child_id:
                return child
        raise NotVisible("child")


def find_home(request: HttpRequest, *, named: str = "") -> Home | None:
    """The household that an address names, or the reader's current one; None for somebody who has none yet.

    A choice that is no longer theirs is passed over, not refused: whoever left a household lands in the next. An
    address that names one they are not in leads nowhere: another household's page in its place would mislead.

    Raises:
        NotVisible: `named` is none of theirs.
    """
    memberships = list(list_memberships(actor_id=int(request.user.pk or 0)))
    chosen = named or request.session.get(SESSION_HOUSEHOLD)
    membership = next((m for m in memberships if str(m.household.public_id) == chosen), None)
    if membership is None and named:
        raise NotVisible("household")
    if not memberships:
        return None
    membership = membership or memberships[0]
    return Home(membership, membership.household, getattr(membership.household, "active_children", []))


def choose_household(request: HttpRequest, household_id: uuid.UUID) -> None:
    """From now on this session is about that household.

    Raises:
        NotVisible: the reader does not live there.
    """
    mine = {m.household.public_id for m in list_memberships(actor_id=int(request.user.pk or 0))}
    if household_id not in mine:
        raise NotVisible("household")
    request.session[SESSION_HOUSEHOLD] = str(household_id)


def at_home(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Gives the view the reader's `Home` after the request; without a household the welcome comes first."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        home = find_home(request)
        return see_other(request, "welcome") if home is None else view(request, home, *args, **kwargs)

    return inner


def at_named_home(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """`at_home`, where `?home=` in the address goes before the session's choice and leaves that choice as it is."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        home = find_home(request, named=request.GET.get("home", ""))
        return see_other(request, "welcome") if home is None else view(request, home, *args, **kwargs)

    return inner


def with_child(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """`at_home`, for pages that mean nothing before there is a child."""

    @at_home
    @wraps(view)
    def inner(request: HttpRequest, home: Home, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, home, *args, **kwargs) if home.children else see_other(request, "welcome")

    return inner
