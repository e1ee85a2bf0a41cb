"""What makes the pages an app on the home screen: manifest, service worker, the page without a connection."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from checklists.rules import Tone
from checklists.selectors import get_content, get_help
from frontend.forms.shell import ShellForm
from frontend.look import frame, is_discreet
from frontend.outbox import shared_script
from frontend.render import render_page
from frontend.templatetags.attune import tone_label
from observations.rules import NOTE_MAX

# The paper of `tokens.css` in both themes, as the `theme-color` of every page has it.
LIGHT, DARK = "#f6f1e7", "#1b1814"
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
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "color_scheme_dark": {"background_color": DARK, "theme_color": DARK},
        "icons": [*_icons("notes" if discreet else "")],
        "shortcuts": _shortcuts(log, discreet=discreet),
        "share_target": {
            "action": resolve_url("log-share"),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
    }
    if not discreet:  # a picture of the app would say what it is
        content["screenshots"] = list(_screenshots())
    return JsonResponse(content, content_type="application/manifest+json")


def _icons(look: str) -> Iterator[dict[str, str]]:
    """The app's own icons, or those of another look: each also as a shape in one colour."""
    prefix = f"{look}-" if look else ""
    plain = prefix or "icon-"
    for size in ("192", "512"):
        yield _icon(f"{plain}{size}", f"{size}x{size}")
    yield _icon(f"{prefix}maskable-512", "512x512", purpose="maskable")
    for size in ("96", "512"):
        yield _icon(f"{prefix}mono-{size}", f"{size}x{size}", purpose="monochrome")


def _icon(name: str, sizes: str, **more: str) -> dict[str, str]:
    return {"src": static(f"icons/{name}.png"), "sizes": sizes, "type": "image/png", **more}


def _shortcuts(log: str, *, discreet: bool) -> list[dict[str, str]]:
    """What a long press on the icon offers. Phones show the first three or four, computers all of them."""
    if discreet:
        return [
            {"name": _("New note"), "url": log},
            {"name": _("This week"), "url": resolve_url("reflections")},
        ]
    tones = (Tone.CAME_BACK, Tone.IN_TUNE, Tone.MISSED)
    return [
        {"name": _("Log a moment"), "url": log},
        {"name": _("This week"), "url": resolve_url("reflections")},
        *({"name": str(tone_label(tone)), "url": f"{log}?tone={tone}"} for tone in tones),
    ]


def _screenshots() -> Iterator[dict[str, str]]:
    """Pages of the demonstration family, as a browser shows them before somebody installs the app."""
    for name, sizes, form, label in (
        ("log", "360x740", "narrow", _("One tap notes a moment")),
        ("week", "360x740", "narrow", _("A week, in your own words")),
        ("wide", "1280x800", "wide", _("Months at a glance")),
    ):
        yield {
            "src": static(f"screenshots/{name}.webp"),
            "sizes": sizes,
            "type": "image/webp",
            "form_factor": form,
            "label": label,
        }


@login_not_required
@require_safe
@gzip_page  # it holds no secret, so its length may tell what it likes
@conditional_page  # browsers ask for it with every page: mostly it is the same
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
@gzip_page
def offline(request: HttpRequest) -> HttpResponse:
    """What the worker shows when there is no connection."""
    return render_page(request, "frontend/offline.html", {"shell": True})


@login_not_required
@require_safe
@gzip_page
def log_shell(request: HttpRequest) -> HttpResponse:
    """The log form for times without a connection: built-in content only. The phone fills in the family's part."""
    form = ShellForm(content=get_content(get_language() or "en"), now=timezone.now())
    context = {"shell": True, "form": form, "note_max": NOTE_MAX, **form.questions()}
    return render_page(request, "frontend/log/shell.html", context)


@login_not_required
@require_safe
@gzip_page
def waiting(request: HttpRequest) -> HttpResponse:
    """What waits on this phone; the page itself knows nothing of it."""
    return render_page(request, "frontend/waiting.html", {"shell": True})
