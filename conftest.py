"""What this machine can run, and how its processors share it.

A test that needs a server which is not here is skipped, and says which.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

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


class Sharing(LoadScopeScheduling):
    """A test goes to the next process that is free, but a guard's stay together: what they share takes long to build.

    Whatever is longest comes first.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _separator, _name = nodeid.partition("::")
        return path if path.startswith("tests/guards/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return Sharing(config, log)
