"""What this machine can run, and how its processors share it.

A test that needs a server which is not here is skipped, and says which.
"""

from __future__ import annotations

import gc
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


def pytest_collection_finish() -> None:
    """All that was just loaded stays: nobody looks through it for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 10)


# What the tests of one file share there takes long to build.
STAY_TOGETHER = ("tests/guards/", "tests/journeys/test_xss.py")


class Sharing(LoadScopeScheduling):
    """A test goes to the next process that is free, but those of some files stay together.

    Whatever has most tests comes first.
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _separator, _name = nodeid.partition("::")
        return path if path.startswith(STAY_TOGETHER) else nodeid

    def remove_node(self, node: Any) -> str | None:
        """What a process that died has done is not given out again: the others would wait for it for good.

        Goes with the release of pytest-xdist that mends its issue 1378.
        """
        units = self.assigned_work[node]
        for scope in [scope for scope, tests in units.items() if all(tests.values())]:
            del units[scope]
        return super().remove_node(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """How tests are shared unless somebody says `--dist`."""
    return Sharing(config, log) if config.getvalue("dist") == "load" else None
