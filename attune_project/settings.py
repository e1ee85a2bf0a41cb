"""Settings, all from the environment. Nothing set means: safe, local, no server needed.

Every name read here stands in `.env.example` with a sentence; a test compares the two. `ATTUNE_MODE=production`
turns on what a public installation needs and refuses to start with a missing or weak secret.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF

from attune_project import pushing
from attune_project.env import Environment
from attune_project.keys import MIN_SECRET_CHARS, absent, push_key, secret
from attune_project.provider import reports_settings
from attune_project.settings_account import *  # noqa: F403 (signing in, a chapter of its own)
from attune_project.settings_api import *  # noqa: F403 (the API's settings, a chapter of their own)

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
Environment.read_env(BASE_DIR / ".env")

MODE: str = env.str("ATTUNE_MODE", default="local")
if MODE not in ("local", "production"):
    raise RuntimeError(f"ATTUNE_MODE is {MODE!r}: it is 'local' or 'production'.")
PRODUCTION = MODE == "production"
DEBUG: bool = env.bool("DEBUG", default=False) and not PRODUCTION

# Where the installation keeps what it makes: database, generated keys, message queue, caught mails.
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

# What must stay gone when a backup is restored: a file outside of the database, on the disk of your backups at best.
ERASURE_LEDGER = Path(env.str("ERASURE_LEDGER", default=str(VAR_DIR / "ledger.jsonl")))

# --- Which doors this process has --------------------------------------------------------------------------------
# `family`: pages and API. `admin`: the operator's pages alone, in a process that has no key to anybody's words.
SERVES: str = env.str("ATTUNE_SERVES", default="family")
if SERVES not in ("family", "admin"):
    raise RuntimeError(f"ATTUNE_SERVES is {SERVES!r}: it is 'family' or 'admin'.")

# --- Secrets -----------------------------------------------------------------------------------------------------
_keys_file = None if PRODUCTION else VAR_DIR / "keys.env"
SECRET_KEY = secret("SECRET_KEY", env.str("SECRET_KEY", default=""), file=_keys_file)
if SERVES == "admin":
    absent("FIELD_KEYS", env.str("FIELD_KEYS", default=""), production=PRODUCTION)
    absent("UNSUBSCRIBE_KEY", env.str("UNSUBSCRIBE_KEY", default=""), production=PRODUCTION)
    absent("PUSH_KEY", env.str("PUSH_KEY", default=""), production=PRODUCTION)
    FIELD_KEYS: list[str] = []
    UNSUBSCRIBE_KEY = ""
else:
    FIELD_KEYS = secret("FIELD_KEYS", env.str("FIELD_KEYS", default=""), file=_keys_file).split(",")
    UNSUBSCRIBE_KEY = secret("UNSUBSCRIBE_KEY", env.str("UNSUBSCRIBE_KEY", default=""), file=_keys_file)
# A former key that can be guessed signs as well as the present one.
SECRET_KEY_FALLBACKS: list[str] = [
    secret("SECRET_KEY_FALLBACKS", key, file=None) if PRODUCTION else key
    for key in env.list("SECRET_KEY_FALLBACKS", default=[])
]

# --- Where it is reached -----------------------------------------------------------------------------------------
SITE_URL: str = env.str("SITE_URL", default="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list(
    "ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS: list[str] = [SITE_URL] if SITE_URL.startswith("https://") else []
TRUSTED_PROXY_COUNT: int = env.int("TRUSTED_PROXY_COUNT", default=0)
# Each limit of attune_project/limits.py is this many times as wide, for a load test on one's own machine.
RATE_LIMIT_FACTOR: int = 1 if PRODUCTION else env.int("RATE_LIMIT_FACTOR", default=1)
# django-allauth counts nothing else beside it. What stays is the one mail whose address is in no request: the code for
# an address that was never proved, sent after a right password.
ACCOUNT_RATE_LIMITS = {
    **dict.fromkeys(
        ("login", "login_failed", "signup", "request_login_code", "reset_password", "manage_email")
    ),
    **dict.fromkeys(
        ("change_password", "reauthenticate", "reset_password_from_key", "change_phone", "verify_phone")
    ),
    "confirm_email": "20/h/key",
}
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
# Not "no-referrer": browsers then send "Origin: null" with every form, and the CSRF check turns it away (ADR 5).
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Plain http on a local address cannot carry `__Host-` cookies, so local mode has plain names.
_cookie = ("__Host-" if PRODUCTION else "") + ("operator-" if SERVES == "admin" else "")
SESSION_COOKIE_NAME = f"{_cookie}session"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_NAME = f"{_cookie}csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_NAME = f"{_cookie}language"
LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOOK_COOKIE_NAME = f"{_cookie}look"
# Written by the pages' own script: how many moments wait on the phone.
PENDING_COOKIE_NAME = f"{_cookie}pending"
# And the key of what the phone knows of the family: js/outbox/here.js makes this name out of the one above.
KIT_COOKIE_NAME = f"{_cookie}kit-key"

# --- Apps --------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "attune_project",
    "frontend.apps.FrontendConfig",
    "coaching.apps.CoachingConfig",
    "reminders.apps.RemindersConfig",
    "reflections.apps.ReflectionsConfig",
    "observations.apps.ObservationsConfig",
    "checklists.apps.ChecklistsConfig",
    "households.apps.HouseholdsConfig",
    "accounts.apps.AccountsConfig",
    "common.apps.CommonConfig",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "knox",
]

MIDDLEWARE = [
    # What every response carries comes first: an error or a file that a later one answers has it too.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "common.middleware.PrivateByDefaultMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "common.middleware.OwnSiteMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "common.middleware.BoundedInputMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ErasureMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.SessionLifeMiddleware",
    "accounts.middleware.PersonalSettingsMiddleware",
    "frontend.look.LookMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "attune_project.operators.gate.OperatorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "attune_project.limits.LimitsMiddleware",
    "common.middleware.DomainErrorsMiddleware",
]

ROOT_URLCONF = "attune_project.urls"
WSGI_APPLICATION = "attune_project.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "attune_project" / "templates_admin"] if SERVES == "admin" else [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.shell",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
# In the session and never in a cookie: a sentence to somebody may hold an address.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Database ----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'attune.sqlite3'}")}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {
        # Writers queue for the lock instead of failing half-way through a transaction that began as a reader.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            # What is deleted is overwritten, and not only forgotten where it lies.
            "PRAGMA secure_delete=ON;"
        ),
    }
else:
    _database["CONN_HEALTH_CHECKS"] = True
# Kept for SQLite as well: opening the file and its pragmas anew would be a third of a capture's time.
_database["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.str("REDIS_URL", default="")
# A code of an authenticator app that was used is remembered here, so every web process has to see the same cache.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "attune_cache"}
}

# --- Mail --------------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Attune <hello@attune.invalid>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_DIR = VAR_DIR / "mail"
if env.str("EMAIL_URL", default=""):
    _mail = env.mail_server("EMAIL_URL")
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_HOST = _mail.get("EMAIL_HOST", "localhost")
    EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
    EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
    EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
    EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS", False))
    EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL", False))
    CATCHES_MAIL = False
elif PRODUCTION:
    raise RuntimeError(
        "EMAIL_URL is not set: without a mail server nobody can sign up or sign in. See .env.example."
    )
else:
    # Without a mail server every mail lands in a folder, and /dev/mail/ shows it: local mode only.
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)
    CATCHES_MAIL = True
EMAIL_TIMEOUT = 20
# Weekly mails that cannot be delivered come back to "name+<which one>@host" of this address.
RETURN_ADDRESS: str = env.str("RETURN_ADDRESS", default="")
# All workers together hand over no more weekly mails than this in a second.
DIGESTS_PER_SECOND: float = env.float("DIGESTS_PER_SECOND", default=5.0)
if DIGESTS_PER_SECOND <= 0:
    raise RuntimeError("DIGESTS_PER_SECOND has to be more than 0; see .env.example.")
# The mail provider whose reports of returned mails are taken in at /mail/reports/; '' has no such address.
MAIL_PROVIDER: str = env.str("MAIL_PROVIDER", default="")
ANYMAIL = reports_settings(MAIL_PROVIDER, env.str("MAIL_PROVIDER_SECRET", default=""))

# Who sends this token may read counts at /metrics; '' has no such address.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < MIN_SECRET_CHARS:
    raise RuntimeError(f"METRICS_TOKEN is short: take {MIN_SECRET_CHARS} characters; see .env.example.")

# --- Reminders by Web Push ---------------------------------------------------------------------------------------
# Without a key nothing is offered and nothing sent.
WEB_PUSH: bool = env.bool("WEB_PUSH", default=not PRODUCTION) and SERVES == "family"
PUSH_KEY = push_key(env.str("PUSH_KEY", default=""), file=_keys_file) if WEB_PUSH else ""
PUSH_HOSTS: list[str] = env.list("PUSH_HOSTS", default=pushing.HOSTS)
PUSH_CONTACT: str = env.str(
    "PUSH_CONTACT", default=pushing.contact(site_url=SITE_URL, sender=DEFAULT_FROM_EMAIL)
)

# --- Work on a schedule ------------------------------------------------------------------------------------------
# The row is the job, the message only a nudge: losing every message costs minutes, never a digest.
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
QUEUE_DIR = VAR_DIR / "queue"
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "visibility_timeout": 900,
        "unacked_restore_throttle": 1,
    }
else:
    QUEUE_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT = "common.disk_queue:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(QUEUE_DIR),
        "data_folder_out": str(QUEUE_DIR),
        "control_folder": str(QUEUE_DIR / "control"),
        "polling_interval": 0.2,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 60 * 10
# The worker keeps the log of LOGGING below instead of putting its own in its place.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")

# --- Content, language, static files -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# Where the quick exit leads: a page that anybody might have open, and that says nothing about who was here before.
QUICK_EXIT_URL: str = env.str("QUICK_EXIT_URL", default="https://www.wikipedia.org/")
# The operator's own list of help lines; nothing set means the one that comes with the program.
HELP_LINES_FILE: str = env.str("HELP_LINES_FILE", default="")
# What an author reads before letting a coach in: the operator's files, one for each country.
BRIEFINGS_DIR = env.directory("BRIEFINGS_DIR", default=VAR_DIR / "briefings")
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "frontend.storage.HashedStaticStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = False
# Files are for our own pages, as every response says (Cross-Origin-Resource-Policy).
WHITENOISE_ALLOW_ALL_ORIGINS = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]

# --- Content security --------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["default"],
    }
}
if _reports := env.str("CSP_REPORT_URI", default=""):
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["report-uri"] = [_reports]

# --- Logs: ids and codes, never names, notes or addresses --------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "common.logs.LineFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "fido2": {"level": "WARNING"},  # it would name every passkey that is made
        "urllib3": {"level": "WARNING"},  # it would name where every reminder goes
    },
}

if SERVES == "admin":
    from attune_project.settings_admin import *  # noqa: F403 (what is different there)
