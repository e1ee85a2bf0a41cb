"""Drawings that several pages share."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.translation import gettext as _

from frontend.drawings import draw_ribbon
from reflections.phrases import say_lapse
from reflections.threads import Thread

register = template.Library()


@register.inclusion_tag("frontend/components/thread.html", takes_context=True)
def thread(context: Mapping[str, Any], shown: Thread, *, here: uuid.UUID | None = None) -> dict[str, Any]:
    """A miss and its came-backs as a ribbon; *here* is the moment whose page this is, if it is one's page."""
    came_backs = [(end, say_lapse(lapse)) for end, lapse in shown.came_backs]
    return {
        "missed": shown.missed,
        "came_backs": came_backs,
        "title": _("A miss, and a way back: %(when)s")
        % {"when": ", ".join(words for _end, words in came_backs)},
        "ribbon": draw_ribbon(len(came_backs)),
        "sprite": static("icons/icons.svg"),
        "here": here,
        "reader_id": context["user"].pk,
    }
