"""What the entries of `library/` have besides what every strict file has."""

from __future__ import annotations

import re

from checklists import rules
from common import strict
from common.strict import PackError, read_yaml

__all__ = ["Entry", "PackError", "read_yaml"]

_KEY = re.compile(r"[a-z][a-z0-9_]*")


class Entry(strict.Entry):
    """One mapping of a library file."""

    def label(self, name: str = "label") -> str:
        """A text that fits a chip."""
        return self.text(name, max_length=rules.LABEL_MAX)

    def source(self) -> str:
        """Where the idea of this entry comes from."""
        return self.text("source", max_length=rules.SOURCE_MAX)

    def key(self, name: str = "key") -> str:
        """An identifier that rows and programs refer to."""
        value = self.text(name, max_length=rules.KEY_MAX)
        if not _KEY.fullmatch(value):
            self.refuse(f"{name!r} may hold small letters, digits and _ only: {value!r}")
        return value
