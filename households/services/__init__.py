"""The use cases of a household: itself, its children, its members and invitations, and who outside may look."""

from households.services.access import note_access, note_account_opened
from households.services.belonging import come_back, erase_deserted, leave_household, remove_helper
from households.services.briefings import Loaded, Outcome, closed, end_briefing, load_briefings
from households.services.children import add_child, archive_child, edit_child, restore_child
from households.services.delivery import deliver_invitation, deliver_offer
from households.services.grants import (
    change_grant,
    forget_old_grants,
    offer_grant,
    renew_grant,
    withdraw_grant,
    withdraw_grants_of,
)
from households.services.households import create_household, edit_household
from households.services.invitations import (
    accept_invitation,
    block_inviter,
    checked_address,
    decline_invitation,
    find_invitation,
    forget_old_invitations,
    hash_token,
    invite_member,
    withdraw_invitation,
)
from households.services.offers import (
    accept_grant,
    block_author,
    decline_offer,
    find_offer,
    return_grant,
)
from households.services.separating import separate_household

__all__ = [
    "Loaded",
    "Outcome",
    "accept_grant",
    "accept_invitation",
    "add_child",
    "archive_child",
    "block_author",
    "block_inviter",
    "change_grant",
    "checked_address",
    "closed",
    "come_back",
    "create_household",
    "decline_invitation",
    "decline_offer",
    "deliver_invitation",
    "deliver_offer",
    "edit_child",
    "edit_household",
    "end_briefing",
    "erase_deserted",
    "find_invitation",
    "find_offer",
    "forget_old_grants",
    "forget_old_invitations",
    "hash_token",
    "invite_member",
    "leave_household",
    "load_briefings",
    "note_access",
    "note_account_opened",
    "offer_grant",
    "remove_helper",
    "renew_grant",
    "restore_child",
    "return_grant",
    "separate_household",
    "withdraw_grant",
    "withdraw_grants_of",
    "withdraw_invitation",
]
