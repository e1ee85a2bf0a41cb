"""What phones send when there is a network again, and what they are told has changed (docs/adr/0020 and 0021)."""

from observations.sync.as_sent import seal_bare
from observations.sync.drafts import NoRoom, purge_drafts
from observations.sync.keys import (
    OfferedKey,
    count_keys_on_old_keys,
    forget_keys,
    list_offered_keys,
    list_shut_keys,
    offer_keys,
    rewrap_keys,
    turn_key,
)
from observations.sync.kit import Kit, pack_kit
from observations.sync.rescuing import keep_shut, open_shut, take_held
from observations.sync.sent import OpResult, SentOp, account_of
from observations.sync.settling import (
    Waiting,
    choose_version,
    count_waiting,
    get_waiting,
    let_go,
    list_waiting,
    other_version,
    preview_edit,
    save_waiting,
)
from observations.sync.taking import forget_ops, take_ops

__all__ = [
    "Kit",
    "NoRoom",
    "OfferedKey",
    "OpResult",
    "SentOp",
    "Waiting",
    "account_of",
    "choose_version",
    "count_keys_on_old_keys",
    "count_waiting",
    "forget_keys",
    "forget_ops",
    "get_waiting",
    "keep_shut",
    "let_go",
    "list_offered_keys",
    "list_shut_keys",
    "list_waiting",
    "offer_keys",
    "open_shut",
    "other_version",
    "pack_kit",
    "preview_edit",
    "purge_drafts",
    "rewrap_keys",
    "save_waiting",
    "seal_bare",
    "take_held",
    "take_ops",
    "turn_key",
]
