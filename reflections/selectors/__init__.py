"""Reads of weeks: the list, one week as it stands now, thoughts, and what is due to be sent."""

from reflections.selectors.weeks import (
    Part,
    Subscription,
    Told,
    WeekPage,
    WeekSummary,
    count_digests,
    find_subscription,
    get_reflection,
    list_chunks,
    list_due_digest_ids,
    list_quarantined_digest_ids,
    list_reflections,
    list_thoughts,
    own_reflection,
    words_for,
)

__all__ = [
    "Part",
    "Subscription",
    "Told",
    "WeekPage",
    "WeekSummary",
    "count_digests",
    "find_subscription",
    "get_reflection",
    "list_chunks",
    "list_due_digest_ids",
    "list_quarantined_digest_ids",
    "list_reflections",
    "list_thoughts",
    "own_reflection",
    "words_for",
]
