"""A person's own account: our pages, and those of django-allauth that have a use here, each by name.

allauth looks for some of its pages by names that ours answer to: an overview of the second step, a list of passkeys.
"""

from __future__ import annotations

from allauth.account import views as allauth_account
from allauth.mfa.base import views as allauth_mfa
from allauth.mfa.recovery_codes import views as allauth_codes
from allauth.mfa.totp import views as allauth_app
from allauth.mfa.webauthn import views as allauth_passkeys
from django.urls import path
from django.views.decorators.http import require_http_methods

from frontend.views import account, leaving, mail, refusing, reminders, security

# allauth's views take a PUT or a DELETE for a form that was sent.
page = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("choices/", account.choices, name="choices"),
    path("tokens/", account.tokens, name="tokens"),
    path("tokens/end/", account.token_end, name="token-end"),
    path("blocked/", refusing.blocked, name="blocked"),
    path("blocked/end/", refusing.unblock, name="blocked-end"),
    path("mail/again/", mail.write_again, name="mail-again"),
    path("reminders/", reminders.reminders, name="reminders"),
    path("reminders/rest/", reminders.rest, name="reminders-rest"),
    path("reminders/nothing/", reminders.nothing, name="reminders-nothing"),
    path("reminders/device/", reminders.device, name="reminders-device"),
    path("reminders/device/end/", reminders.device_end, name="reminders-device-end"),
    path("reminders/try/", reminders.try_out, name="reminders-try"),
    path("reminders/noted/", reminders.noted, name="reminders-noted"),
    path("security/", security.security, name="security"),
    path("security/", security.security, name="mfa_index"),
    path("security/", security.security, name="mfa_list_webauthn"),
    path("sessions/", security.devices, name="devices"),
    path("sessions/end/", security.device_end, name="device-end"),
    path("sessions/end-others/", security.devices_end_others, name="devices-end-others"),
    # In and out
    path("login/", page(allauth_account.login), name="account_login"),
    path("login/code/", page(allauth_account.request_login_code), name="account_request_login_code"),
    path("login/code/confirm/", page(allauth_account.confirm_login_code), name="account_confirm_login_code"),
    path("login/passkey/", page(allauth_passkeys.login_webauthn), name="mfa_login_webauthn"),
    path("login/second-step/", page(allauth_mfa.authenticate), name="mfa_authenticate"),
    path("logout/", page(leaving.sign_out), name="account_logout"),
    path("inactive/", page(allauth_account.account_inactive), name="account_inactive"),
    path("signup/", page(allauth_account.signup), name="account_signup"),
    # Address and password
    path("email/", page(allauth_account.email), name="account_email"),
    path(
        "confirm-email/",
        page(allauth_account.email_verification_sent),
        name="account_email_verification_sent",
    ),
    path(
        "password/change/",
        page(security.proved_first(allauth_account.password_change)),
        name="account_change_password",
    ),
    path(
        "password/set/",
        page(security.proved_first(allauth_account.password_set)),
        name="account_set_password",
    ),
    path("password/reset/", page(allauth_account.password_reset), name="account_reset_password"),
    path(
        "password/reset/confirm/",
        page(allauth_account.confirm_password_reset_code),
        name="account_confirm_password_reset_code",
    ),
    path(
        "password/reset/complete/",
        page(allauth_account.complete_password_reset),
        name="account_complete_password_reset",
    ),
    path(
        "password/reset/done/",
        page(allauth_account.password_reset_from_key_done),
        name="account_password_reset_completed",
    ),
    # Passkeys and the second step
    path("passkeys/add/", page(security.add_passkey), name="mfa_add_webauthn"),
    path("passkeys/<int:pk>/remove/", page(allauth_passkeys.remove_webauthn), name="mfa_remove_webauthn"),
    path("app/add/", page(allauth_app.activate_totp), name="mfa_activate_totp"),
    path("app/remove/", page(allauth_app.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", page(allauth_codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "recovery-codes/new/", page(allauth_codes.generate_recovery_codes), name="mfa_generate_recovery_codes"
    ),
    # Proving again who one is
    path("reauthenticate/", page(allauth_account.reauthenticate), name="account_reauthenticate"),
    path("reauthenticate/code/", page(security.prove_by_code), name="account_reauthenticate_by_code"),
    path("reauthenticate/second-step/", page(allauth_mfa.reauthenticate), name="mfa_reauthenticate"),
    path(
        "reauthenticate/passkey/",
        page(security.prove_by_passkey),
        name="mfa_reauthenticate_webauthn",
    ),
]
