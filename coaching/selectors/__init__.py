"""Reads of coaching. An author's go by where they live; a coach's by a live grant, or are their own words alone."""

from coaching.selectors.caseload import Caseload, Row, get_caseload, list_hand_overs
from coaching.selectors.comments import (
    Hint,
    count_unread,
    get_comment,
    get_hint,
    is_muted,
    list_asked,
    list_comments,
    list_muted,
    list_own_words,
    list_said_on_moment,
    list_said_on_week,
    page_comments,
)
from coaching.selectors.focuses import (
    FocusSeen,
    find_current_focus,
    get_focus_of,
    has_answered,
    has_suggestion,
    list_current_practices,
    list_focuses,
    list_focuses_suggested,
)
from coaching.selectors.months import GrantedMonths, TwoViews, list_granted_months, list_two_views
from coaching.selectors.own_notes import get_own_note, list_own_notes_beside, page_own_notes
from coaching.selectors.profiles import Presented, find_profile, present_coaches
from coaching.selectors.sessions import SessionSheet, get_session_sheet

__all__ = [
    "Caseload",
    "FocusSeen",
    "GrantedMonths",
    "Hint",
    "Presented",
    "Row",
    "SessionSheet",
    "TwoViews",
    "count_unread",
    "find_current_focus",
    "find_profile",
    "get_caseload",
    "get_comment",
    "get_focus_of",
    "get_hint",
    "get_own_note",
    "get_session_sheet",
    "has_answered",
    "has_suggestion",
    "is_muted",
    "list_asked",
    "list_comments",
    "list_current_practices",
    "list_focuses",
    "list_focuses_suggested",
    "list_granted_months",
    "list_hand_overs",
    "list_muted",
    "list_own_notes_beside",
    "list_own_words",
    "list_said_on_moment",
    "list_said_on_week",
    "list_two_views",
    "page_comments",
    "page_own_notes",
    "present_coaches",
]
