"""Asks one process of an installation whether it is well: `python -m attune_project.probe web|worker|beat`.

Exit code 0 means yes. Container health checks call this, and `manage.py up` waits for its `web` to say so.
"""

from __future__ import annotations

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

# The scheduler writes down every three minutes when it last ran what.
BEAT_SECONDS = 600


def web_answers(host: str = "127.0.0.1", port: int = 8000, *, site_url: str = "") -> bool:
    """Whether the web process behind this address says that it is alive. *site_url* is a name it answers to."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": urlsplit(site_url).netloc or f"{host}:{port}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _web() -> bool:
    return web_answers(site_url=os.environ.get("SITE_URL", ""))


def _worker() -> bool:
    from attune_project.celery import app

    own_name = f"celery@{socket.gethostname()}"
    return bool(app.control.inspect(destination=[own_name], timeout=5).ping())


def _beat() -> bool:
    from django.conf import settings

    from attune_project import celery  # noqa: F401 (names the settings)

    schedule = Path(settings.CELERY_BEAT_SCHEDULE_FILENAME)
    written = [path.stat().st_mtime for path in schedule.parent.glob(f"{schedule.name}*")]
    return bool(written) and time.time() - max(written) < BEAT_SECONDS


PROBES: dict[str, Callable[[], bool]] = {"web": _web, "worker": _worker, "beat": _beat}

if __name__ == "__main__":
    sys.exit(not PROBES[sys.argv[1]]())
