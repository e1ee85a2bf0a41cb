"""Every setting has a sentence in `.env.example`, and nothing there is dead."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
# Read by a program of somebody else: gunicorn.
READ_ELSEWHERE = {"WEB_CONCURRENCY"}


def names_read(source: str) -> Iterator[str]:
    """The variables that Python source reads: `env.str("X")`, `os.environ["X"]`, `os.environ.get("X")`."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Call(
                    func=ast.Attribute(value=ast.Name("env") | ast.Attribute(attr="environ")),
                    args=[ast.Constant(str(name)), *_],
                )
                | ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(str(name)))
            ):
                yield name


def names_in_example(text: str) -> set[str]:
    return set(re.findall(r"(?m)^#?([A-Z][A-Z0-9_]+)=", text))


def read_by_the_project() -> set[str]:
    """What settings and the composition root read, and what docker compose fills in."""
    sources = [path.read_text("utf-8") for path in ROOT.glob("attune_project/**/*.py")]
    python = {name for source in sources for name in names_read(source)}
    compose = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text("utf-8")))
    return (python | compose) - {"DJANGO_SETTINGS_MODULE"}


class TestEnvExample:
    def test_this_guard_can_see(self) -> None:
        assert list(names_read('env.str("A", default="")')) == ["A"]
        assert list(names_read('os.environ.get("B")')) == ["B"]
        assert list(names_read('os.environ["C"]')) == ["C"]
        assert names_in_example("# A sentence.\n#DAY=1\nEVE=\n# not=this\n") == {"DAY", "EVE"}
        assert "SECRET_KEY" in read_by_the_project()

    def test_names_every_setting_that_is_read(self) -> None:
        example = names_in_example((ROOT / ".env.example").read_text("utf-8"))
        assert read_by_the_project() - example == set()

    def test_names_no_setting_that_nothing_reads(self) -> None:
        example = names_in_example((ROOT / ".env.example").read_text("utf-8"))
        assert example - read_by_the_project() - READ_ELSEWHERE == set()

    def test_says_a_sentence_before_each(self) -> None:
        lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
        bare = [
            line
            for before, line in itertools.pairwise(lines)
            if names_in_example(line) and not before.startswith(("# ", "#SECRET_KEY="))
        ]
        assert bare == []

    def test_holds_no_secret(self) -> None:
        text = (ROOT / ".env.example").read_text("utf-8")
        assert (
            re.findall(
                r"(?m)^#?(?:SECRET_KEY|UNSUBSCRIBE_KEY|FIELD_KEYS|PUSH_KEY|POSTGRES_PASSWORD)=(.+)$", text
            )
            == []
        )
