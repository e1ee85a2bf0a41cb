"""How gunicorn serves Attune, wherever it runs: `gunicorn -c python:attune_project.gunicorn`.

The number of processes comes from WEB_CONCURRENCY (gunicorn's own variable); an address from `--bind`.
"""

from __future__ import annotations

from pathlib import Path

wsgi_app = "attune_project.wsgi:application"
worker_class = "gthread"
threads = 8
timeout = 30
graceful_timeout = 5
keepalive = 15
# A worker that has served this many requests makes room for a fresh one: memory stays flat over months.
max_requests = 20_000
max_requests_jitter = 2_000
loglevel = "warning"
control_socket_disable = True
# The heartbeat file in memory: on a slow disk a healthy worker would look hung.
if Path("/dev/shm").is_dir():  # noqa: S108 (gunicorn makes an unlinked file in it)
    worker_tmp_dir = "/dev/shm"  # noqa: S108
