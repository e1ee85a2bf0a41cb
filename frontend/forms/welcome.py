"""Forms of the first three steps: the household's, the child's and the choices' own, asked once and shorter."""

from __future__ import annotations

from typing import Any

from frontend.forms.account import StandingChoicesForm
from frontend.forms.household import ChildForm, HouseholdForm

__all__ = ["ChildForm", "FirstChoicesForm", "FirstHouseholdForm"]


class FirstHouseholdForm(HouseholdForm):
    """A new household, in the zone the browser says it is in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, guess_zone=True, **kwargs)


class FirstChoicesForm(StandingChoicesForm):
    """The standing choices with nothing chosen beforehand: what is skipped stays the most private."""
