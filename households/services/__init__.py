"""The use cases of a household: itself, its children, its members and invitations."""

from households.services.children import add_child, archive_child, edit_child, restore_child
from households.services.delivery import deliver_invitation
from households.services.households import (
    create_household,
    edit_household,
    leave_household,
    remove_helper,
)
from households.services.invitations import (
    accept_invitation,
    find_invitation,
    forget_old_invitations,
    invite_member,
    withdraw_invitation,
)

__all__ = [
    "accept_invitation",
    "add_child",
    "archive_child",
    "create_household",
    "deliver_invitation",
    "edit_child",
    "edit_household",
    "find_invitation",
    "forget_old_invitations",
    "invite_member",
    "leave_household",
    "remove_helper",
    "restore_child",
    "withdraw_invitation",
]
