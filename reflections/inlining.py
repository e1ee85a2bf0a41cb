"""Styles on the elements of a mail: mail programs forget what stands in its head. Worked out once, not per mail.

The style of an element follows from its name and its class alone, so each pair is asked of `css_inline` once for each
style sheet. A rule that looks at where an element stands would be missed: a test compares with what `css_inline` makes
of a whole mail.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

import css_inline

# In our templates the class stands first.
_OPENING: Final = re.compile(r'<([a-z][a-z0-9]*)( class="([^"]*)")?(?=[\s>])')
_SHEET: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_INSIDE: Final = {"tr": "<table>{}</table>", "td": "<table><tr>{}</tr></table>"}


def inline_styles(html: str) -> str:
    """The same mail with the styles of its sheet on its elements. The sheet stays: it holds the dark theme.

    Raises:
        ValueError: it has no style sheet in its head.
    """
    head, end, body = html.partition("</head>")
    sheet = _SHEET.search(head)
    if sheet is None or not end:
        raise ValueError("a mail has its style sheet in its head")
    css = sheet[1]
    return head + end + _OPENING.sub(lambda found: _styled(css, found[1], found[3] or ""), body)


@lru_cache(maxsize=256)
def _styled(css: str, name: str, classes: str) -> str:
    """The beginning of such an element, with its class and its style."""
    named = f'<{name} class="{classes}"' if classes else f"<{name}"
    element = f"{named}></{name}>"
    if name == "body":
        page = f"<html><head></head>{element}</html>"
    else:
        page = f"<html><head></head><body>{_INSIDE.get(name, '{}').format(element)}</body></html>"
    done = _inliner().inline(page.replace("<head>", f"<head><style>{css}</style>"))
    style = re.search(rf'<{name}\b[^>]*? style="([^"]*)"', done.partition("</head>")[2])
    return f'{named} style="{style[1]}"' if style else named


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
