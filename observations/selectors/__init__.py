"""Reads of observations. Every one of them asks `households.scope` who is reading; only the compile has no reader."""

from observations.selectors.compiling import (
    earliest_for_compile,
    latest_own_for_compile,
    list_answers_for_compile,
    list_changed_for_compile,
    list_focuses_for_compile,
    list_for_compile,
    list_late_for_compile,
    list_mends_for_compile,
)
from observations.selectors.moments import (
    MomentFilters,
    MomentName,
    get_deleted_moment,
    get_moment,
    list_captured,
    list_deleted_moments,
    list_moments,
    list_revisions,
    name_moments,
    page_revisions,
)
from observations.selectors.self_checks import (
    find_own_self_check,
    get_self_check,
    list_checked_child_ids,
    list_self_checks,
)
from observations.selectors.sheet import (
    count_by_day,
    get_focus,
    list_latest_child_ids,
    list_recent_cues,
    list_repairable,
    needs_soft_card,
)

__all__ = [
    "MomentFilters",
    "MomentName",
    "count_by_day",
    "earliest_for_compile",
    "find_own_self_check",
    "get_deleted_moment",
    "get_focus",
    "get_moment",
    "get_self_check",
    "latest_own_for_compile",
    "list_answers_for_compile",
    "list_captured",
    "list_changed_for_compile",
    "list_checked_child_ids",
    "list_deleted_moments",
    "list_focuses_for_compile",
    "list_for_compile",
    "list_late_for_compile",
    "list_latest_child_ids",
    "list_mends_for_compile",
    "list_moments",
    "list_recent_cues",
    "list_repairable",
    "list_revisions",
    "list_self_checks",
    "name_moments",
    "needs_soft_card",
    "page_revisions",
]
