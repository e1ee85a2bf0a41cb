"""Who may do what at which address. A route or a method that is not written down here fails the matrix.

`DOORS` names for each route and method what somebody needs to pass and what a proper request brings; `outcome` says
what everybody else meets.
"""

from __future__ import annotations

from tests.guards.matrix_account import ACCOUNT
from tests.guards.matrix_api import API, V1
from tests.guards.matrix_law import Door, Need, Outcome, Route, outcome
from tests.guards.matrix_pages import PAGES

__all__ = ["API", "DOORS", "V1", "Door", "Need", "Outcome", "Route", "outcome"]

DOORS = PAGES | ACCOUNT | API
