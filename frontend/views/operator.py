"""What machines ask: does the process live, may it be sent traffic, may a robot look, where is the icon."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from frontend import metrics as lines
from reflections.selectors import get_standing

ROBOTS = "User-agent: *\nDisallow: /\nAllow: /$\nAllow: /help/\n"


@login_not_required
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. Asks no database, so that a database's restart does not restart every web process."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """The database answers and has every migration of this release; 503 until then."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = _has_pending_migrations()
    except DatabaseError:
        return HttpResponse("database\n", status=503, content_type="text/plain")
    if missing:
        _has_pending_migrations.cache_clear()
        return HttpResponse("migrations\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts of the weekly mails and the compile, for whoever has the token; nobody else learns that they are here.

    Raises:
        Http404: METRICS_TOKEN is not what was sent.
    """
    sent = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    now = timezone.now()
    return HttpResponse(lines.to_text(get_standing(now=now), now=now), content_type=lines.CONTENT_TYPE)


@lru_cache(maxsize=1)
def _has_pending_migrations() -> bool:
    """Once all are there they stay there for the life of this process: only "not yet" is asked again."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@login_not_required
@require_safe
def robots(_request: HttpRequest) -> HttpResponse:
    response = HttpResponse(ROBOTS, content_type="text/plain")
    response["Cache-Control"] = "public, max-age=86400"
    return response


@login_not_required
@require_safe
def favicon(_request: HttpRequest) -> HttpResponse:
    """For browsers that ask at the root whatever the page says; the neutral one, since nobody knows who asks."""
    response = HttpResponseRedirect(static("icons/notes.svg"))
    response["Cache-Control"] = "public, max-age=86400"
    return response
