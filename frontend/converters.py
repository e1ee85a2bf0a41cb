"""What may stand in an address."""

from __future__ import annotations


class WeekConverter:
    """A week as it stands in an address: 2026-W46, or 2026-W46b for the second of two that share a label."""

    regex = "[0-9]{4}-W[0-9]{2}b?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value
