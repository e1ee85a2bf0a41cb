"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be. A *serious* one does not work or is not safe."""

    wrong: str
    mend: str
    serious: bool = True


Findings = Iterator[Finding]
Check = Callable[[], Findings]
