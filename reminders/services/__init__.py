"""The use cases of reminders: ask for them, be reached, be prompted once a day at most, answer or not."""

from reminders.services.addresses import bind_address, drop_address, drop_session
from reminders.services.answering import count_answers, forget_prompts, note_nothing, note_said
from reminders.services.choosing import Wishes, choose_reminders, go_on, take_rest
from reminders.services.planning import plan_prompts
from reminders.services.sending import claim_prompt, send_prompt, send_try

__all__ = [
    "Wishes",
    "bind_address",
    "choose_reminders",
    "claim_prompt",
    "count_answers",
    "drop_address",
    "drop_session",
    "forget_prompts",
    "go_on",
    "note_nothing",
    "note_said",
    "plan_prompts",
    "send_prompt",
    "send_try",
    "take_rest",
]
