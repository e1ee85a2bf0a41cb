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
from coaching.services.inviting import (
    deliver_family_invitation,
    find_family_invitation,
    forget_old_family_invitations,
    invite_family,
    take_up_invitation,
    turn_down_invitation,
    withdraw_family_invitation,
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
from coaching.services.questions import answer_suggested_question, suggest_question
from coaching.services.sessions import mark_session, open_session_sheet, unmark_session
from coaching.services.teams import (
    agree_to_supervision,
    end_supervision,
    leave_supervision,
    propose_supervision,
    take_back_supervision,
)
from coaching.services.telling import tell_people

__all__ = [
    "SeenMoment",
    "SeenMonths",
    "SeenWeek",
    "accept_focus",
    "agree_to_supervision",
    "answer_hand_over",
    "answer_suggested_question",
    "ask_to_look",
    "comment_on_moment",
    "comment_on_week",
    "decline_focus",
    "delete_own_note",
    "deliver_family_invitation",
    "end_supervision",
    "find_family_invitation",
    "forget_old_family_invitations",
    "invite_family",
    "leave_supervision",
    "look_at_months",
    "look_at_week",
    "look_closely",
    "mark_read",
    "mark_session",
    "mute_coach",
    "open_session_sheet",
    "present_oneself",
    "propose_supervision",
    "reply_to_comment",
    "rewrite_own_note",
    "say_tried",
    "snooze",
    "stop_focus",
    "suggest_colleague",
    "suggest_focus",
    "suggest_question",
    "take_back_supervision",
    "take_up_invitation",
    "tell_people",
    "turn_down_invitation",
    "unmark_session",
    "unmute_coach",
    "wake",
    "withdraw_family_invitation",
    "write_own_note",
]
