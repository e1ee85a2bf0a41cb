"""What is different in the operator's process (ADR 11). Nothing in it is secret or local."""

from __future__ import annotations

from datetime import timedelta

ROOT_URLCONF = "attune_project.urls_admin"
LOGIN_REDIRECT_URL = "admin:index"
LOGOUT_REDIRECT_URL = "admin:index"

# A session ends a quarter of an hour after it was last used, and after an hour in any case (`operators.gate`).
SESSION_COOKIE_AGE = int(timedelta(minutes=15).total_seconds())
SESSION_SAVE_EVERY_REQUEST = True

# Passkeys alone: the secrets of authenticator apps and recovery codes are sealed with keys that are not here.
MFA_SUPPORTED_TYPES = ["webauthn"]

# Caught mails are shown by the family's process.
CATCHES_MAIL = False
