"""The settings of signing in: what django-allauth asks and allows. Nothing in them is secret or local."""

from __future__ import annotations

from accounts.rules import SESSION_IDLE

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.passwords.PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LongEnough"},
    {"NAME": "accounts.passwords.HardToGuess"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
LOGOUT_REDIRECT_URL = "today"
# Counted from when the session was last written, which `SessionLifeMiddleware` does while it is used.
SESSION_COOKIE_AGE = int(SESSION_IDLE.total_seconds())
SESSION_SAVE_EVERY_REQUEST = False

# --- With an address and a code, or a password -------------------------------------------------------------------
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "frontend.forms.signing_in.SignupForm",
    "login": "frontend.forms.signing_in.LoginForm",
    "add_email": "frontend.forms.signing_in.AddEmailForm",
    "change_password": "frontend.forms.signing_in.ChangePasswordForm",
    "set_password": "frontend.forms.signing_in.SetPasswordForm",
    "reset_password": "frontend.forms.signing_in.ResetPasswordForm",
    "reset_password_from_key": "frontend.forms.signing_in.ResetPasswordKeyForm",
    "request_login_code": "frontend.forms.signing_in.RequestLoginCodeForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1"]  # without a star: a password may be set now, later or never
ACCOUNT_SIGNUP_REDIRECT_URL = "welcome"
ACCOUNT_CHANGE_EMAIL = True  # one address per person, replaced when the new one is verified
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Only a new account could change its address there, so the page would tell which addresses have one already.
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
# A mail may take minutes; OWASP ASVS 5.0 6.5.5 allows a code ten.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 600
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False

# --- With a passkey, and the second step -------------------------------------------------------------------------
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = (
    1  # phones' clocks differ, and typing takes a while; `SingleUse` refuses a code's second use
)
MFA_RATE_LIMITS = False  # attune_project/limits.py has them
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "frontend.forms.second_step.AuthenticateForm",
    "reauthenticate": "frontend.forms.second_step.ReauthenticateForm",
    "activate_totp": "frontend.forms.second_step.ActivateAppForm",
    "add_webauthn": "frontend.forms.second_step.AddPasskeyForm",
    "login_webauthn": "frontend.forms.second_step.SignInWithPasskeyForm",
    "authenticate_webauthn": "frontend.forms.second_step.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "frontend.forms.second_step.ReauthenticatePasskeyForm",
}
USERSESSIONS_TRACK_ACTIVITY = False  # it would write with every request, and keep an address of the network
