"""A migration says what it does by itself: later code may rename or drop whatever it once looked at."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
FOREIGN = {"__future__", "collections", "django", "typing", "uuid"}


def imported(source: str) -> set[str]:
    """The top-level packages that *source* imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


class TestMigrations:
    def test_the_guard_sees_an_import_of_ours(self) -> None:
        assert imported("import accounts.rules\nfrom households import scope") == {"accounts", "households"}

    @pytest.mark.parametrize(
        "path", sorted(ROOT.glob("*/migrations/0*.py")), ids=lambda path: f"{path.parts[-3]}-{path.stem}"
    )
    def test_a_migration_imports_nothing_of_ours(self, path: Path) -> None:
        assert imported(path.read_text()) <= FOREIGN
