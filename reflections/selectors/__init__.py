"""Reads of weeks and months, of threads and thoughts, and of what is due to be sent."""

from reflections.selectors.patterns import OwnCount, Patterns, get_patterns
from reflections.selectors.ready import list_ready_weeks
from reflections.selectors.standing import (
    Run,
    Standing,
    count_digests,
    get_run,
    get_standing,
    held_until,
    list_free_chunks,
    list_quarantined_digest_ids,
    list_runs,
)
from reflections.selectors.threads import find_thread, list_threads
from reflections.selectors.weeks import (
    Part,
    Subscription,
    Told,
    WeekPage,
    WeekSummary,
    find_subscription,
    get_reflection,
    list_chunks,
    list_due_digest_ids,
    list_reflections,
    list_thoughts,
    own_reflection,
    words_for,
)

__all__ = [
    "OwnCount",
    "Part",
    "Patterns",
    "Run",
    "Standing",
    "Subscription",
    "Told",
    "WeekPage",
    "WeekSummary",
    "count_digests",
    "find_subscription",
    "find_thread",
    "get_patterns",
    "get_reflection",
    "get_run",
    "get_standing",
    "held_until",
    "list_chunks",
    "list_due_digest_ids",
    "list_free_chunks",
    "list_quarantined_digest_ids",
    "list_ready_weeks",
    "list_reflections",
    "list_runs",
    "list_thoughts",
    "list_threads",
    "own_reflection",
    "words_for",
]
