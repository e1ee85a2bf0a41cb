"""What can be wrong with an installation, and how to mend it. Each check looks at one thing and changes nothing.

A check is a generator of findings; finding nothing is good news. A *serious* finding means that something does not
work or is not safe; the others are worth knowing.
"""

from __future__ import annotations

import logging
import os
import stat
import sys
import time
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host
from django.utils import timezone

from accounts.selectors import count_overdue_erasures
from attune_project.celery import app
from attune_project.collected import static_files_are_current
from attune_project.findings import Check, Finding, Findings
from attune_project.key_checks import check_person_keys, check_push, check_sealing_keys, check_secrets
from checklists.selectors import LibraryNotLoaded, get_content
from common.dates import local_day
from common.ledger import count_late
from households.rules import BRIEFING_CHECKED_WITHIN
from households.selectors import count_live_grants, list_briefings
from reflections.selectors import get_standing, list_quarantined_digest_ids

SUPPORTED_PYTHON = ((3, 11), (3, 14))
OLDEST_REDIS = (6, 2)
CLOCK_TOLERANCE_SECONDS = 60
OLD_MESSAGE_SECONDS = 600
PING_SECONDS = 2.0
LATE_MAIL = timedelta(hours=1)

logger = logging.getLogger(__name__)


def examine() -> Iterator[tuple[str, list[Finding]]]:
    """Every check's name with what it found. A check that breaks off is itself a finding."""
    for name, check in CHECKS.items():
        try:
            findings = list(check())
        except Exception as error:
            logger.debug("doctor: %s broke off", name, exc_info=True)
            findings = [
                Finding(
                    f"This could not be looked at: {type(error).__name__}: {error}", "See the text above."
                )
            ]
        yield name, findings


def check_python() -> Findings:
    oldest, beyond = SUPPORTED_PYTHON
    if not oldest <= sys.version_info[:2] < beyond:
        yield Finding(f"Python {sys.version.split()[0]} is not supported.", "Use Python 3.11, 3.12 or 3.13.")


def check_files() -> Findings:
    """`var/` holds database, keys and queue: ours to write, nobody else's to read."""
    if not os.access(settings.VAR_DIR, os.W_OK):
        yield Finding(
            f"{settings.VAR_DIR} cannot be written.", "Give it to the user the application runs as."
        )
        return
    private = [settings.VAR_DIR, settings.VAR_DIR / "keys.env", *settings.VAR_DIR.glob("*.sqlite3*")]
    for path in private:
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(f"Other users of this machine can read {path}.", f"chmod go= {path}")


def check_addresses() -> Findings:
    site = urlsplit(settings.SITE_URL)
    if not site.hostname or not validate_host(site.hostname, settings.ALLOWED_HOSTS):
        yield Finding(
            f"Mails link to {settings.SITE_URL}, but ALLOWED_HOSTS does not answer to that name.",
            f"Add {site.hostname} to ALLOWED_HOSTS, or correct SITE_URL.",
        )
    if settings.PRODUCTION and site.scheme != "https":
        yield Finding(
            f"SITE_URL is {settings.SITE_URL}: sign-in cookies need https.", "Set SITE_URL=https://…"
        )


def check_proxies() -> Findings:
    """Production speaks https through a proxy; on one's own machine there is none."""
    if settings.PRODUCTION and not settings.TRUSTED_PROXY_COUNT:
        yield Finding(
            "TRUSTED_PROXY_COUNT is 0: behind a proxy everybody looks like that proxy, and one person's wrong "
            "passwords keep all others from signing in.",
            "Set it to how many proxies of yours stand in front; each has to add to X-Forwarded-For.",
        )
    if not settings.PRODUCTION and settings.TRUSTED_PROXY_COUNT:
        yield Finding(
            "TRUSTED_PROXY_COUNT is set: without a proxy in front, a client chooses the address its tries are "
            "counted for.",
            "Leave it at 0 when the application is reached directly.",
            serious=False,
        )


def check_database() -> Findings:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        yield Finding(
            f"The database does not answer: {str(error).strip()}", "Check DATABASE_URL, and that it runs."
        )
        return
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield Finding(f"{len(plan)} migrations have not been applied.", "python manage.py migrate")
    if (
        not settings.REDIS_URL
        and settings.CACHES["default"]["LOCATION"] not in connection.introspection.table_names()
    ):
        yield Finding("The table of the cache is missing.", "python manage.py createcachetable")
    if connection.vendor == "sqlite":
        yield from _check_sqlite()


def _check_sqlite() -> Findings:
    with connection.cursor() as cursor:
        for pragma, wanted in (("journal_mode", "wal"), ("foreign_keys", 1), ("quick_check", "ok")):
            value = cursor.execute(f"PRAGMA {pragma}").fetchone()[0]
            if value != wanted:
                yield Finding(
                    f"SQLite says {pragma} is {value!r}, not {wanted!r}.",
                    "Keep the database on a local disk; restore a backup if quick_check names damage.",
                )
    if settings.PRODUCTION:
        yield Finding(
            "SQLite serves one machine only.",
            "Set DATABASE_URL to PostgreSQL for more than one.",
            serious=False,
        )


def check_content() -> Findings:
    try:
        get_content()
    except LibraryNotLoaded:
        yield Finding("The built-in checklists are not in the database.", "python manage.py load_library")


def check_coaching() -> Findings:
    """Coach mode waits for what parents have to read first."""
    now = timezone.now()
    found = list_briefings()
    if not found:
        let_in = count_live_grants(now=now)
        yield Finding(
            "Coach mode is closed: nothing is written down for any country of what a coach must report by law, how "
            "fast replies come, and that nobody watches at night."
            + (f" Grants that show nothing meanwhile: {let_in}." if let_in else ""),
            f"Write one file for each country into {settings.BRIEFINGS_DIR} (docs/operations.md, Coaches), then: "
            "python manage.py briefings load. Without coaches nothing is missing.",
            serious=bool(let_in),
        )
    for one in found:
        if local_day(now, "UTC") - one.checked_on > BRIEFING_CHECKED_WITHIN:
            yield Finding(
                f"What is said about coaches in {one.country} was last checked on {one.checked_on}.",
                "Have somebody who knows the law there look at it, set checked_on, and load it again.",
                serious=False,
            )


def check_cache() -> Findings:
    cache.set("doctor", "seen", timeout=10)
    if cache.get("doctor") != "seen":
        yield Finding("The cache forgets at once.", "Check REDIS_URL or the cache table.")


def check_queue() -> Findings:
    if settings.REDIS_URL:
        yield from _check_redis()
        return
    if not os.access(settings.QUEUE_DIR, os.W_OK):
        yield Finding(
            f"{settings.QUEUE_DIR} cannot be written.", "Give it to the user the application runs as."
        )
        return
    before = time.time() - OLD_MESSAGE_SECONDS
    if waiting := sum(path.stat().st_mtime < before for path in Path(settings.QUEUE_DIR).glob("*.msg")):
        yield Finding(
            f"{waiting} messages wait for more than ten minutes.",
            "Is the worker running? make run starts it.",
        )


def _check_redis() -> Findings:
    server = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=5)
    try:
        found = server.info()
    except redis.RedisError as error:
        yield Finding(f"Redis does not answer: {error}", "Check REDIS_URL, and that it runs.")
        return
    finally:
        server.close()
    version = str(found["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_REDIS:
        yield Finding(f"Redis {version} is too old.", "Use Redis 6.2 or newer.")
    if found.get("maxmemory") and found.get("maxmemory_policy") != "noeviction":
        yield Finding(
            "Redis may drop queued messages when it is full.",
            "Set maxmemory-policy noeviction.",
            serious=False,
        )


def check_worker() -> Findings:
    if not app.control.ping(timeout=PING_SECONDS):
        yield Finding(
            "No worker answers: nothing on the schedule happens.",
            "make run starts one; on a server, start the worker and the beat service.",
            serious=settings.PRODUCTION,
        )


def check_mail() -> Findings:
    if settings.PRODUCTION and settings.DEFAULT_FROM_EMAIL.rstrip("> ").endswith(".invalid"):
        yield Finding("Mails have no real sender.", "Set DEFAULT_FROM_EMAIL to an address of your domain.")
    if settings.PRODUCTION and not isinstance(mail.get_connection(), SmtpBackend):
        yield Finding("Mails are not sent anywhere: EMAIL_URL is not set.", "Set EMAIL_URL=smtp+tls://…")
    backend = mail.get_connection(timeout=5)
    if isinstance(backend, SmtpBackend):
        try:
            backend.open()
        except OSError as error:
            yield Finding(f"The mail server does not answer: {error}", "Check EMAIL_URL.")
        finally:
            backend.close()


def check_digests() -> Findings:
    if waiting := len(list_quarantined_digest_ids()):
        yield Finding(
            f"{waiting} weekly {'mail is' if waiting == 1 else 'mails are'} in quarantine and not sent.",
            "The log names the cause. Once it is mended: python manage.py digests release",
        )
    standing = get_standing(now=timezone.now())
    if standing.closed_until:
        yield Finding(
            f"The mail server was out of reach five times in a minute: nobody tries before "
            f"{standing.closed_until:%H:%M} UTC.",
            "Check EMAIL_URL, and that it runs. Nothing is lost meanwhile.",
        )
    elif standing.lag > LATE_MAIL:
        yield Finding(
            f"{standing.due} weekly mails wait, the first for {standing.lag_minutes} minutes.",
            "Are worker and beat running? If they are: raise DIGESTS_PER_SECOND, or start more workers.",
        )
    if standing.runs and (broken := standing.runs[0].broken):
        yield Finding(
            f"The latest pass of the compile could not compile {broken} weeks.",
            "The log names them. Their mails go into quarantine until that is mended.",
            serious=False,
        )


def check_erasure() -> Findings:
    """What was erased must be gone, and must stay gone after a restore."""
    now = timezone.now()
    if overdue := count_overdue_erasures(now=now):
        yield Finding(
            f"{overdue} {'person' if overdue == 1 else 'people'} should be erased by now and "
            f"{'is' if overdue == 1 else 'are'} not.",
            "The log names what is left of them. Once that is mended: python manage.py purge",
        )
    if late := count_late(now=now):
        yield Finding(
            f"{late} notes wait to be written to the erasure ledger.",
            f"Can {settings.ERASURE_LEDGER} be written? Then: python manage.py purge",
        )
    ledger = Path(settings.ERASURE_LEDGER)
    if ledger.exists() and stat.S_IMODE(ledger.stat().st_mode) & 0o077:
        yield Finding(f"Other users of this machine can read {ledger}.", f"chmod go= {ledger}")
    if not os.access(ledger if ledger.exists() else ledger.parent, os.W_OK):
        yield Finding(
            f"{ledger} cannot be written: a restored backup would bring back what was erased.",
            "Give it to the user the application runs as.",
        )


def check_time() -> Findings:
    try:
        zoneinfo.ZoneInfo("Europe/Lisbon")
    except zoneinfo.ZoneInfoNotFoundError:
        yield Finding("This machine has no time-zone data.", "Install tzdata (apt-get install tzdata).")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            drift = abs((cursor.fetchone()[0] - datetime.now(UTC)).total_seconds())
        if drift > CLOCK_TOLERANCE_SECONDS:
            yield Finding(
                f"The database's clock is {drift:.0f} seconds away from this one.", "Set both by NTP."
            )


def check_static_files() -> Findings:
    if settings.DEBUG:
        return
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        yield Finding("The static files were never collected.", "python manage.py collectstatic --noinput")
    elif not static_files_are_current():
        yield Finding(
            "The static files are older than their sources.",
            "make run collects them by itself; on a server: python manage.py collectstatic --noinput",
            serious=False,
        )


CHECKS: dict[str, Check] = {
    "Python": check_python,
    "Files": check_files,
    "Secrets": check_secrets,
    "Addresses": check_addresses,
    "Proxies": check_proxies,
    "Database": check_database,
    "People's keys": check_person_keys,
    "Keys for phones": check_sealing_keys,
    "Reminders": check_push,
    "Content": check_content,
    "Coaches": check_coaching,
    "Cache": check_cache,
    "Queue": check_queue,
    "Worker": check_worker,
    "Mail": check_mail,
    "Weekly mails": check_digests,
    "Erasure": check_erasure,
    "Time": check_time,
    "Static files": check_static_files,
}
