"""A library of its own to load, change and break: the built-in file under another key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checklists import packs, selectors


@pytest.fixture(autouse=True)
def _forget_what_this_test_loaded() -> Iterator[None]:
    """What a test put into the database is rolled back; the memory of it has to go too."""
    yield
    selectors.forget_content()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A directory with one checklist, `trial`, version 1."""
    text = (packs.LIBRARY / "en.yaml").read_text(encoding="utf-8")
    (tmp_path / "trial.yaml").write_text(text.replace("checklist: attune\n", "checklist: trial\n"), "utf-8")
    return tmp_path


@pytest.fixture
def rewrite(library: Path) -> Callable[..., None]:
    """Replaces one passage of the trial file, and insists that it was there."""

    def replace(old: str, new: str) -> None:
        path = library / "trial.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text, f"the trial file no longer says {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
