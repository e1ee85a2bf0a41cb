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
from coaching.selectors.inviting import list_family_invitations, open_family_invitations
from coaching.selectors.months import GrantedMonths, TwoViews, list_granted_months, list_two_views
from coaching.selectors.own_notes import get_own_note, list_own_notes_beside, page_own_notes
from coaching.selectors.profiles import Presented, find_profile, present_coach, present_coaches
from coaching.selectors.questions import Suggested, list_suggested_by, list_suggested_to
from coaching.selectors.sessions import SessionSheet, get_session_sheet
from coaching.selectors.teams import Team, get_team, is_asked, list_supervisions

__all__ = [
    "Caseload",
    "FocusSeen",
    "GrantedMonths",
    "Hint",
    "Presented",
    "Row",
    "SessionSheet",
    "Suggested",
    "Team",
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
    "get_team",
    "has_answered",
    "has_suggestion",
    "is_asked",
    "is_muted",
    "list_asked",
    "list_comments",
    "list_current_practices",
    "list_family_invitations",
    "list_focuses",
    "list_focuses_suggested",
    "list_granted_months",
    "list_hand_overs",
    "list_muted",
    "list_own_notes_beside",
    "list_own_words",
    "list_said_on_moment",
    "list_said_on_week",
    "list_suggested_by",
    "list_suggested_to",
    "list_supervisions",
    "list_two_views",
    "open_family_invitations",
    "page_comments",
    "page_own_notes",
    "present_coach",
    "present_coaches",
]
