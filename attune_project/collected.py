"""Collects the static files for serving, and skips it when none has changed: it takes seconds."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command

FINGERPRINT = ".collected-from"


def collect_static_files() -> bool:
    """Puts hashed, compressed copies into STATIC_ROOT; False when they were up to date."""
    mark = Path(settings.STATIC_ROOT) / FINGERPRINT
    fingerprint = sources_fingerprint()
    if static_files_are_current(fingerprint):
        return False
    call_command("collectstatic", interactive=False, verbosity=0)
    mark.write_text(fingerprint)
    return True


def static_files_are_current(fingerprint: str = "") -> bool:
    """Whether STATIC_ROOT was collected by this module, from the files that are there now."""
    mark = Path(settings.STATIC_ROOT) / FINGERPRINT
    return mark.is_file() and mark.read_text() == (fingerprint or sources_fingerprint())


def sources_fingerprint() -> str:
    """Changes when a static file is added, removed, resized or touched, or is stored in another way."""
    found = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in sorted(finder.list([]), key=lambda item: item[0]):
            stat = Path(storage.path(path)).stat()
            found.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return found.hexdigest()
