"""The use cases of noticing: moments, the weekly self-check, the focus."""

from observations.services.captures import record_moment_with_each, undo_capture
from observations.services.focus import choose_focus
from observations.services.leftovers import settle_deleted
from observations.services.looking import Family, look_at_family, look_at_moment
from observations.services.moments import (
    Edit,
    NewMoment,
    compare_edit,
    delete_moment,
    edit_moment,
    record_moment,
    record_moments,
    restore_moment,
    starting_visibility,
)
from observations.services.own import (
    LABEL_FIELDS,
    adopt_words,
    change_question,
    compose_words,
    drop_question,
    offer_questions,
    publish_questions,
    retire_question,
    take_question,
    write_question,
)
from observations.services.purging import purge_deleted
from observations.services.self_checks import answer_self_check

__all__ = [
    "LABEL_FIELDS",
    "Edit",
    "Family",
    "NewMoment",
    "adopt_words",
    "answer_self_check",
    "change_question",
    "choose_focus",
    "compare_edit",
    "compose_words",
    "delete_moment",
    "drop_question",
    "edit_moment",
    "look_at_family",
    "look_at_moment",
    "offer_questions",
    "publish_questions",
    "purge_deleted",
    "record_moment",
    "record_moment_with_each",
    "record_moments",
    "restore_moment",
    "retire_question",
    "settle_deleted",
    "starting_visibility",
    "take_question",
    "undo_capture",
    "write_question",
]
