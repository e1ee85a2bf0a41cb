"""What operators may do to an account: close it, open it again, sign it out everywhere. Never look into it.

Operators themselves are made and ended on the command line alone, so that one who was taken over cannot shut the others
out, and no page can make one.
"""

from __future__ import annotations

import uuid

from allauth.mfa.models import Authenticator
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from accounts.selectors import get_account, get_operator
from accounts.services.choices import open_account
from accounts.services.devices import end_other_devices
from accounts.services.tokens import end_everything_else


# --- For operators -----------------------------------------------------------------------------------------------
@transaction.atomic
def close_account(*, operator_id: int, account_id: uuid.UUID) -> User:
    """Nobody can use the account: its sessions end, its tokens open nothing, no mail goes out. Nothing is deleted.

    Raises:
        Refused: the one who asks is no operator. NotVisible: there is no such account of a family.
    """
    user = get_account(operator_id=operator_id, account_id=account_id, for_update=True)
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_other_devices(user_id=user.pk, session_key="")
    return user


@transaction.atomic
def reopen_account(*, operator_id: int, account_id: uuid.UUID) -> User:
    """Signing in works again, with what it worked with before.

    Raises:
        Refused, NotVisible: see `close_account`.
    """
    user = get_account(operator_id=operator_id, account_id=account_id, for_update=True)
    user.is_active = True
    user.save(update_fields=["is_active"])
    return user


@transaction.atomic
def sign_out_everywhere(*, operator_id: int, account_id: uuid.UUID) -> User:
    """Every session of the account ends, and every token: whoever got in with one of them is out.

    Raises:
        Refused, NotVisible: see `close_account`.
    """
    user = get_account(operator_id=operator_id, account_id=account_id)
    end_everything_else(user_id=user.pk, session_key="")
    return user


# --- For the command line ----------------------------------------------------------------------------------------
@transaction.atomic
def make_operator(*, email: str, password: str) -> User:
    """A new account for somebody who runs this installation. It never belonged to a family, and gets no other rights.

    Raises:
        ValidationError: on `email`, when somebody has it already, or on `password`.
    """
    try:
        validate_password(password)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error
    user = open_account(email=email, password=password, display_name="", timezone="UTC")
    user.is_staff = True
    user.save(update_fields=["is_staff"])
    return user


@transaction.atomic
def end_operator(*, email: str) -> User:
    """The account is closed, its passkeys are gone. What this operator did stays written down.

    Raises:
        NotVisible: no operator has this address.
    """
    user = forget_passkeys(email=email)
    user.is_active = user.is_staff = False
    user.save(update_fields=["is_active", "is_staff"])
    return user


@transaction.atomic
def forget_passkeys(*, email: str) -> User:
    """For an operator who lost theirs: with the next sign-in they are asked to set one up. Their sessions end.

    Raises:
        NotVisible: no operator has this address.
    """
    user = get_operator(email=email)
    Authenticator.objects.filter(user=user).delete()
    end_other_devices(user_id=user.pk, session_key="")
    return user
