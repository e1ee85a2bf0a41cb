"""What a link says of an observation, in one spelling that can be made again later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from observations.models import Observation
from observations.rules import Act

WITH_STATE: Final = (Act.RECORDED, Act.EDITED)
"""The acts after which a link says all there is; after others it says only that they happened."""

# Whom a came-back mends is no part of it: that link ends with the other moment, which may be another author's.
_LEFT_OUT: Final = "repairs"


def content_of(
    observation: Observation,
    *,
    act: str,
    revision: int,
    at: datetime,
    fields: Mapping[str, Any],
    note: str,
) -> dict[str, Any]:
    """The content of the link of an act. *fields* are those of a `State`; *note* stands for its note."""
    content = {"id": str(observation.public_id), "act": str(act), "revision": revision, "at": _utc(at)}
    if act == Act.NARROWED:
        return {**content, "visibility": fields["visibility"]}
    if act not in WITH_STATE:
        return content
    ticks = {name: sorted(keys) for name, keys in fields.items() if isinstance(keys, list)}
    return {
        **content,
        **{name: value for name, value in fields.items() if name != _LEFT_OUT},
        **ticks,
        "occurred_at": _utc(datetime.fromisoformat(fields["occurred_at"])),
        "note": note,
        "kind": str(observation.kind),
        "timezone": observation.timezone,
        "asked": observation.checklist_version_id,
        "received_at": _utc(observation.received_at),
    }


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
