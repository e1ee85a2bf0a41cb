"""The use cases of a person's own account: choices about mail and privacy, API tokens, blocking."""

from accounts.services.blocking import block_sender, carry_blocks, unblock_sender
from accounts.services.choices import Choices, change_choices, open_account
from accounts.services.erasure import (
    ErasureIncomplete,
    ask_to_be_erased,
    confirmation_word,
    erase_due,
    erase_person,
    take_back_erasure,
)
from accounts.services.returned_mail import note_returned_mail, trust_address
from accounts.services.tokens import create_token, end_token, forget_expired_tokens

__all__ = [
    "Choices",
    "ErasureIncomplete",
    "ask_to_be_erased",
    "block_sender",
    "carry_blocks",
    "change_choices",
    "confirmation_word",
    "create_token",
    "end_token",
    "erase_due",
    "erase_person",
    "forget_expired_tokens",
    "note_returned_mail",
    "open_account",
    "take_back_erasure",
    "trust_address",
    "unblock_sender",
]
