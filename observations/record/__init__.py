"""The record of each author: a chain of hashes over every write, which shows what was changed past the program.

It holds no words, and of what was purged only that it was. It is honest, not court-certified: whoever can run this
program can also write to the record.
"""

from observations.record.chain import new_salt
from observations.record.checking import Finding, Flaw, Report, check_record
from observations.record.heads import keep_heads, last_day, sum_of_day
from observations.record.reading import list_author_ids, list_links
from observations.record.writing import add_link, add_links, forget_purged, move_record

__all__ = [
    "Finding",
    "Flaw",
    "Report",
    "add_link",
    "add_links",
    "check_record",
    "forget_purged",
    "keep_heads",
    "last_day",
    "list_author_ids",
    "list_links",
    "move_record",
    "new_salt",
    "sum_of_day",
]
