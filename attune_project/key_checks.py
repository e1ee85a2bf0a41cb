"""What can be wrong with the keys of an installation and with those of its people. The doctor asks these too."""

from __future__ import annotations

import base64
from itertools import combinations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from attune_project.findings import Finding, Findings
from attune_project.keys import MIN_SECRET_CHARS
from common.person_keys import count_on_old_keys, list_shut
from common.sealed import count_without_key, list_sealed_columns
from common.sealing import current_key_id, seal, unseal
from observations.sync import count_keys_on_old_keys, list_offered_keys, list_shut_keys

DISTINCT_BYTES = 16  # 32 random bytes have fewer different ones once in 10^16 keys


def check_secrets() -> Findings:
    yield from _check_signing()
    try:
        opened = unseal(seal(b"seen", table="doctor", row="1", field="x"), table="doctor", row="1", field="x")
    except ImproperlyConfigured as error:
        yield Finding(
            str(error), "Set FIELD_KEYS as .env.example shows; keep every key that ever sealed something."
        )
        return
    if opened != b"seen":
        yield Finding(
            f"The field key {current_key_id()!r} does not open what it sealed.", "Check FIELD_KEYS."
        )
    yield from _check_field_keys()


def _check_signing() -> Findings:
    for name in ("SECRET_KEY", "UNSUBSCRIBE_KEY"):
        if len(getattr(settings, name)) < MIN_SECRET_CHARS:
            yield Finding(
                f"{name} is short enough to be guessed.", "Set a new one: python -m attune_project.keys"
            )
    if settings.SECRET_KEY == settings.UNSUBSCRIBE_KEY:
        yield Finding(
            "SECRET_KEY and UNSUBSCRIBE_KEY are the same.", "Give each its own: they are changed apart."
        )
    if any(len(key) < MIN_SECRET_CHARS for key in settings.SECRET_KEY_FALLBACKS):
        yield Finding(
            "One of SECRET_KEY_FALLBACKS is short enough to be guessed, and what it signs is still believed.",
            "Take it out.",
        )
    if settings.SECRET_KEY_FALLBACKS:
        yield Finding(
            f"{len(settings.SECRET_KEY_FALLBACKS)} former SECRET_KEY is still believed.",
            "Take it out 30 days after it was replaced; at once if somebody else may know it.",
            serious=False,
        )


def _check_field_keys() -> Findings:
    keys = dict(entry.strip().split(":", 1) for entry in settings.FIELD_KEYS)
    for kid, key in keys.items():
        if len(set(base64.b64decode(key))) < DISTINCT_BYTES:
            yield Finding(
                f"The field key {kid!r} is not random.",
                "Make another (python -m attune_project.keys FIELD_KEYS), and move to it: docs/operations.md, Keys.",
            )
    for (kid, key), (other, same) in combinations(keys.items(), 2):
        if base64.b64decode(key) == base64.b64decode(same):
            yield Finding(
                f"The field keys {kid!r} and {other!r} are one key with two names.",
                "Give the new one bytes of its own: moving from one to the other changes nothing.",
            )


def check_person_keys() -> Findings:
    if shut := list_shut():
        yield Finding(
            f"The keys of {len(shut)} people do not open: nobody can read what they wrote. Users: {_some(shut)}",
            "Put the field key back that is missing from FIELD_KEYS. Do not erase or replace anything.",
        )
    if waiting := count_on_old_keys():
        yield Finding(
            f"{waiting} people's keys are not on the field key {current_key_id()!r}.",
            "python manage.py rotate_field_keys",
            serious=False,
        )
    for column in list_sealed_columns():
        if count := count_without_key(column):
            yield Finding(
                f"{count} rows of {column} belong to people who have no key.",
                "After a restore: python manage.py person_keys restore. Otherwise an erasure was stopped half-way.",
            )


def check_sealing_keys() -> Findings:
    """The keys that phones seal to: without one that opens, what waits on a phone cannot be read here."""
    if shut := list_shut_keys():
        yield Finding(
            f"{len(shut)} keys that phones seal to do not open: {', '.join(shut)}. What was sealed to them waits.",
            "Put the field key back that is missing from FIELD_KEYS. Do not erase or replace anything.",
        )
    if waiting := count_keys_on_old_keys():
        yield Finding(
            f"{waiting} keys for phones are not on the field key {current_key_id()!r}.",
            "python manage.py rotate_field_keys",
            serious=False,
        )
    if not list_offered_keys(now=timezone.now()):
        yield Finding(
            "There is no key for phones to seal to. One is made when the first phone asks.",
            "If this stays so, the nightly task does not run: python manage.py purge",
            serious=False,
        )


def _some(ids: list[int], most: int = 10) -> str:
    return ", ".join(map(str, ids[:most])) + (", …" if len(ids) > most else "")
