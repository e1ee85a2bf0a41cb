"""The use cases of noticing: moments, the weekly self-check, the focus."""

from observations.services.captures import record_moment_with_each, undo_capture
from observations.services.focus import choose_focus
from observations.services.leftovers import settle_deleted
from observations.services.looking import Family, look_at_family, look_at_moment
from observations.services.moments import (
    delete_moment,
    edit_moment,
    record_moment,
    restore_moment,
    starting_visibility,
)
from observations.services.purging import purge_deleted
from observations.services.self_checks import answer_self_check

__all__ = [
    "Family",
    "answer_self_check",
    "choose_focus",
    "delete_moment",
    "edit_moment",
    "look_at_family",
    "look_at_moment",
    "purge_deleted",
    "record_moment",
    "record_moment_with_each",
    "restore_moment",
    "settle_deleted",
    "starting_visibility",
    "undo_capture",
]
