"""What makes the pages an app on the home screen: manifest, service worker, the page without a connection."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render, resolve_url
from django.templatetags.static import static
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from checklists.rules import Tone
from checklists.selectors import get_help
from frontend.render import render_page
from frontend.templatetags.attune import tone_label


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The installed app opens on the capture screen; a long press on its icon offers the three tones."""
    log = resolve_url("log")
    shortcuts = [
        {"name": str(tone_label(tone)), "url": f"{log}?tone={tone}"}
        for tone in (Tone.IN_TUNE, Tone.MISSED, Tone.CAME_BACK)
    ]
    content: dict[str, Any] = {
        "id": "/",
        "name": "Attune",
        "short_name": "Attune",
        "description": _("A private notebook."),
        "lang": getattr(request, "LANGUAGE_CODE", "en"),
        "dir": "auto",
        "start_url": log,
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f1e7",
        "theme_color": "#f6f1e7",
        "icons": [
            {"src": static("icons/icon-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static("icons/icon-512.png"), "sizes": "512x512", "type": "image/png"},
            {
                "src": static("icons/maskable-512.png"),
                "sizes": "512x512",
                "type": "image/png",
                "purpose": "maskable",
            },
        ],
        "shortcuts": shortcuts,
    }
    response = JsonResponse(content, content_type="application/manifest+json")
    response["Cache-Control"] = "public, max-age=3600"
    return response


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker with its allow-list written in. Its text, and so its cache, changes with any file or help text."""
    help_texts = repr(get_help(get_language() or "en")).encode()
    context = {"shell_version": hashlib.sha256(help_texts).hexdigest()[:12]}
    response = render(request, "frontend/sw.js", context, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    response["Service-Worker-Allowed"] = "/"
    return response


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the worker shows when there is no connection."""
    return render_page(request, "frontend/offline.html", {})
