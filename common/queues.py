"""Queue names. A task names its queue explicitly, so that an operator can give each its own workers."""

from __future__ import annotations

from typing import Final

SCHEDULE: Final = "schedule"
COMPILE: Final = "compile"
MAIL: Final = "mail"
PUSH: Final = "push"

ALL: Final = (SCHEDULE, COMPILE, MAIL, PUSH)
