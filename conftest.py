"""What this machine can run: a test that needs a server which is not here is skipped, and says which."""

from __future__ import annotations

import pytest

from tests.machine import NEEDS, missing


def pytest_sessionstart() -> None:
    """The pages name their files by hash, in tests as well; a fresh clone has none collected yet."""
    from attune_project.collected import collect_static_files

    collect_static_files()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker in NEEDS:
        needing = [item for item in items if item.get_closest_marker(marker)]
        reason = missing(marker) if needing else ""
        for item in needing if reason else []:
            item.add_marker(pytest.mark.skip(reason=reason))
