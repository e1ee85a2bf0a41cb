"""The use cases of a household: itself, its children, its members and invitations."""

from households.services.children import add_child, archive_child, edit_child, restore_child
from households.services.households import create_household, edit_household, leave_household
from households.services.invitations import accept_invitation, invite_member, withdraw_invitation

__all__ = [
    "accept_invitation",
    "add_child",
    "archive_child",
    "create_household",
    "edit_child",
    "edit_household",
    "invite_member",
    "leave_household",
    "restore_child",
    "withdraw_invitation",
]
