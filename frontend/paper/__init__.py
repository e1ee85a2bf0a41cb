"""A sheet as a PDF: set when it is asked for, in a process of its own, and kept nowhere (ADR 34).

What people wrote goes to that process as data and never as a source text, so none of it can be taken for a command. The
process knows no key, no address and no database, and is over before the answer leaves.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from django.utils.translation import ngettext

from frontend.paper.glyphs import read_covered

HERE: Final = Path(__file__).resolve().parent
FONT: Final = HERE / "DejaVuSans.ttf"
SET_WITHIN: Final = 30
"""Seconds; a long sheet takes a fifth of one."""

STANDS_FOR: Final = "□"
_COVERED: Final = read_covered(FONT)


class PaperJam(Exception):
    """The sheet could not be set. What went wrong is not told: it could hold words of the sheet."""


def make_pdf(sheet: Mapping[str, Any]) -> bytes:
    """*sheet* (see `frontend.session_sheet`) as a tagged PDF with its title and language.

    A character that the font cannot draw is shown as a □, and the sheet says so and how often.

    Raises:
        PaperJam: see there.
    """
    drawn, missing = drawable(sheet)
    if missing:
        drawn = {**drawn, "foot": [*drawn["foot"], _missing_in_words(missing)]}
    try:
        # Nothing of this process's environment is passed on: it holds the installation's keys.
        child = subprocess.run(
            [sys.executable, "-I", "-X", "utf8", str(HERE / "setting.py")],
            input=json.dumps(drawn).encode(),
            capture_output=True,
            timeout=SET_WITHIN,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PaperJam("it took too long") from None
    if child.returncode or not child.stdout.startswith(b"%PDF-"):
        raise PaperJam(f"the setting ended with {child.returncode}")
    return child.stdout


def drawable(value: Any) -> tuple[Any, int]:
    """*value* with a □ for every character that cannot be drawn, and how many there were."""
    missing = 0

    def draw(text: str) -> str:
        nonlocal missing
        kept = "".join(char if ord(char) in _COVERED or char == "\n" else STANDS_FOR for char in text)
        missing += sum(one != other for one, other in zip(text, kept, strict=True))
        return kept

    return _mapped(value, draw), missing


def _mapped(value: Any, draw: Callable[[str], str]) -> Any:
    """The same shape with every text in it drawn."""
    if isinstance(value, str):
        return draw(value.replace("\t", " "))
    if isinstance(value, Mapping):
        return {key: _mapped(item, draw) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, draw) for item in value]
    return value


def _missing_in_words(missing: int) -> str:
    return ngettext(
        "□ stands for %(n)s character that this file cannot draw, an emoji or a letter of another script. "
        "The page on the screen shows it.",
        "□ stands for %(n)s characters that this file cannot draw, emoji or letters of another script. "
        "The page on the screen shows them.",
        missing,
    ) % {"n": missing}
