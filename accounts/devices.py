"""What a browser says about itself, reduced to what its owner knows it by: "Chrome on Android", and no more."""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

# In this order: most browsers name others too, so that pages made for those work. Each pattern finds its own name.
_BROWSERS: Final = (
    ("Edge", r"Edg"),
    ("Opera", r"OPR|Opera"),
    ("Samsung Internet", r"Samsung ?(?:Browser|Internet)"),
    ("Firefox", r"Firefox|FxiOS"),
    ("Chrome", r"Chrome/|CriOS"),
    ("Safari", r"Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("ChromeOS", r"CrOS|ChromeOS"),
    ("Windows", r"Windows"),
    ("Mac", r"Mac"),
    ("Linux", r"Linux"),
)


def recognise(user_agent: str) -> str:
    """The browser and the system in a User-Agent header, as "Chrome/Android". What was recognised before stays."""
    return f"{_named(_BROWSERS, user_agent)}/{_named(_SYSTEMS, user_agent)}"


def in_words(recognised: str) -> str:
    """What to call it on a page or in a mail."""
    browser, _slash, system = recognised.partition("/")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("An unknown browser")


def _named(kinds: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in kinds if re.search(pattern, user_agent)), "")
