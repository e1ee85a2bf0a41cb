"""What makes the pages an app on the home screen: manifest, service worker, the page without a connection."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from checklists.rules import Tone
from checklists.selectors import get_content, get_help
from frontend.forms.shell import ShellForm
from frontend.look import frame, is_discreet
from frontend.outbox import shared_script
from frontend.render import render_page
from frontend.templatetags.attune import tone_label
from observations.rules import NOTE_MAX

# Where the worker's text takes the modules in that it shares with the pages.
_SHARED_HERE = "// (shared)"


@login_not_required
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The installed app opens on the capture screen. It is the person's own: it has the name that their pages have."""
    discreet = is_discreet(request)
    name, log = frame(discreet=discreet)["app_name"], resolve_url("log")
    content: dict[str, Any] = {
        "id": "/",
        "name": name,
        "short_name": name,
        "description": _("A private notebook."),
        "lang": getattr(request, "LANGUAGE_CODE", "en"),
        "dir": "auto",
        "start_url": log,
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f1e7",
        "theme_color": "#f6f1e7",
        "icons": [
            _icon("notes-192" if discreet else "icon-192", "192x192"),
            _icon("notes-512" if discreet else "icon-512", "512x512"),
            _icon("notes-maskable-512" if discreet else "maskable-512", "512x512", purpose="maskable"),
        ],
        "shortcuts": [{"name": _("New note"), "url": log}] if discreet else _shortcuts(log),
    }
    return JsonResponse(content, content_type="application/manifest+json")


def _icon(name: str, sizes: str, **more: str) -> dict[str, str]:
    return {"src": static(f"icons/{name}.png"), "sizes": sizes, "type": "image/png", **more}


def _shortcuts(log: str) -> list[dict[str, str]]:
    """A long press on the icon offers the three tones."""
    tones = (Tone.IN_TUNE, Tone.MISSED, Tone.CAME_BACK)
    return [{"name": str(tone_label(tone)), "url": f"{log}?tone={tone}"} for tone in tones]


@login_not_required
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker with its allow-list written in. Its text, and so its cache, changes with any file or help text."""
    language = get_language() or "en"
    depends_on = repr((get_help(language), get_content(language).version, is_discreet(request))).encode()
    context = {"shell_version": hashlib.sha256(depends_on).hexdigest()[:12]}
    text = render_to_string("frontend/sw.js", context, request).replace(_SHARED_HERE, shared_script())
    response = HttpResponse(text, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    response["Service-Worker-Allowed"] = "/"
    return response


@login_not_required
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the worker shows when there is no connection."""
    return render_page(request, "frontend/offline.html", {"shell": True})


@login_not_required
@require_safe
def log_shell(request: HttpRequest) -> HttpResponse:
    """The log form for times without a connection: built-in content only. The phone fills in the family's part."""
    form = ShellForm(content=get_content(get_language() or "en"), now=timezone.now())
    context = {"shell": True, "form": form, "note_max": NOTE_MAX, **form.questions()}
    return render_page(request, "frontend/log/shell.html", context)


@login_not_required
@require_safe
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits on this phone; the page itself knows nothing of it."""
    return render_page(request, "frontend/waiting.html", {"shell": True})
