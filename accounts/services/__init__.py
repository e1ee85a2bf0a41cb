"""The use cases of a person's own account: choices, API tokens, devices, blocking, notices of changes."""

from accounts.services.blocking import block_sender, carry_blocks, take_address, unblock_sender
from accounts.services.choices import Choices, change_choices, open_account
from accounts.services.devices import (
    NO_ADDRESS,
    end_device,
    end_other_devices,
    follow_session,
    forget_ended_devices,
    note_seen,
)
from accounts.services.erasure import (
    ErasureIncomplete,
    ask_to_be_erased,
    confirmation_word,
    erase_due,
    erase_person,
    take_back_erasure,
)
from accounts.services.notices import tell_of_change
from accounts.services.operating import (
    close_account,
    end_operator,
    forget_passkeys,
    make_operator,
    reopen_account,
    sign_out_everywhere,
)
from accounts.services.returned_mail import disown_address, note_returned_mail, trust_address
from accounts.services.tokens import (
    create_token,
    end_everything_else,
    end_token,
    end_tokens,
    forget_expired_tokens,
)

__all__ = [
    "NO_ADDRESS",
    "Choices",
    "ErasureIncomplete",
    "ask_to_be_erased",
    "block_sender",
    "carry_blocks",
    "change_choices",
    "close_account",
    "confirmation_word",
    "create_token",
    "disown_address",
    "end_device",
    "end_everything_else",
    "end_operator",
    "end_other_devices",
    "end_token",
    "end_tokens",
    "erase_due",
    "erase_person",
    "follow_session",
    "forget_ended_devices",
    "forget_expired_tokens",
    "forget_passkeys",
    "make_operator",
    "note_returned_mail",
    "note_seen",
    "open_account",
    "reopen_account",
    "sign_out_everywhere",
    "take_address",
    "take_back_erasure",
    "tell_of_change",
    "trust_address",
    "unblock_sender",
]
