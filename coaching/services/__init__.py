"""The use cases of coaching."""

from coaching.services.asking import ask_to_look
from coaching.services.caseload import answer_hand_over, snooze, suggest_colleague, wake
from coaching.services.comments import (
    comment_on_moment,
    comment_on_week,
    mark_read,
    mute_coach,
    reply_to_comment,
    unmute_coach,
)
from coaching.services.focuses import (
    accept_focus,
    decline_focus,
    say_tried,
    stop_focus,
    suggest_focus,
)
from coaching.services.looking import (
    SeenMoment,
    SeenMonths,
    SeenWeek,
    look_at_months,
    look_at_week,
    look_closely,
)
from coaching.services.own_notes import delete_own_note, rewrite_own_note, write_own_note
from coaching.services.profiles import present_oneself
from coaching.services.sessions import mark_session, open_session_sheet, unmark_session
from coaching.services.telling import tell_people

__all__ = [
    "SeenMoment",
    "SeenMonths",
    "SeenWeek",
    "accept_focus",
    "answer_hand_over",
    "ask_to_look",
    "comment_on_moment",
    "comment_on_week",
    "decline_focus",
    "delete_own_note",
    "look_at_months",
    "look_at_week",
    "look_closely",
    "mark_read",
    "mark_session",
    "mute_coach",
    "open_session_sheet",
    "present_oneself",
    "reply_to_comment",
    "rewrite_own_note",
    "say_tried",
    "snooze",
    "stop_focus",
    "suggest_colleague",
    "suggest_focus",
    "tell_people",
    "unmark_session",
    "unmute_coach",
    "wake",
    "write_own_note",
]
