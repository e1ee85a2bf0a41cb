"""Nothing grows past what a reader can hold in mind; past that it is split along a noun."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
FUNCTION_LINES = 40
MODULE_LINES = 360
NOT_OURS = (".venv", "migrations", "node_modules", "var", "tests")


def modules() -> list[Path]:
    return sorted(
        path for path in ROOT.glob("**/*.py") if not set(path.relative_to(ROOT).parts[:-1]) & set(NOT_OURS)
    )


def long_functions(source: str) -> Iterator[str]:
    """Functions whose body has more than forty lines; signature and docstring are not counted."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > FUNCTION_LINES:
                yield f"{node.name}: {lines} lines"


class TestSizes:
    def test_this_guard_can_see(self) -> None:
        assert list(long_functions("def f():\n" + "    x = 1\n" * 41)) == ["f: 41 lines"]
        assert not list(long_functions('def f():\n    """' + "\n" * 40 + '    """\n' + "    x = 1\n" * 40))
        assert ROOT / "attune_project" / "settings.py" in modules()

    def test_no_function_is_longer_than_a_screen(self) -> None:
        found = {
            str(path.relative_to(ROOT)): list(long_functions(path.read_text("utf-8"))) for path in modules()
        }
        assert {path: names for path, names in found.items() if names} == {}

    def test_no_module_is_longer_than_a_chapter(self) -> None:
        found = {str(path.relative_to(ROOT)): path.read_text("utf-8").count("\n") for path in modules()}
        assert {path: lines for path, lines in found.items() if lines > MODULE_LINES} == {}
