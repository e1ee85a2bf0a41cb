"""Whether a record still says what was written, and what was written is all in it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from django.db import transaction
from django.db.models import Prefetch

from accounts.selectors import hold_user
from common.estates import in_chunks
from common.person_keys import has_key
from observations.models import Observation, RecordHead, RecordLink, Revision
from observations.record.chain import START, content_hash, link_digest
from observations.record.remaking import Renaming, is_as_left, list_versions, says_so
from observations.rules import Act

ABOUT_ITSELF: Final = (Act.MOVED, Act.PURGED)


class Flaw(StrEnum):
    """What can be wrong with a record."""

    MISSING = "missing"  # the numbers of a chain have a gap
    BROKEN = "broken"  # a link does not follow from the one before
    SHORT = "short"  # a chain no longer reaches a head that was kept of it
    REPLACED = "replaced"  # where a head was kept, there is another link now
    LOST = "lost"  # what a link speaks of is gone, and no link says that it was purged
    CHANGED = "changed"  # an observation is not what its link says
    UNRECORDED = "unrecorded"  # an observation was written past the record


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw, at a link or in an observation of the author."""

    flaw: Flaw
    chain: uuid.UUID | None = None
    number: int | None = None
    public_id: uuid.UUID | None = None


@dataclass(slots=True)
class Report:
    """Of one author: how many links still hold, how many say nothing any more, and what is wrong."""

    held: int = 0
    destroyed: int = 0
    findings: list[Finding] = field(default_factory=list)


@transaction.atomic
def check_record(*, author_id: int) -> Report:
    """Make every hash of this author's record again. The author is held meanwhile, and every note is opened."""
    hold_user(user_id=author_id)
    links = list(RecordLink.objects.filter(author_id=author_id).order_by("chain", "number"))
    chains = {chain: list(of_chain) for chain, of_chain in groupby(links, attrgetter("chain"))}
    report = Report()
    for chain in chains.values():
        report.findings += _check_chain(chain)
    report.findings += _check_heads(links, author_id)
    spoken_of = _sort(links, report)
    renamings = {key: _renamings(chain) for key, chain in chains.items()}
    _check_observations(report, author_id=author_id, spoken_of=spoken_of, renamings=renamings)
    return report


# --- The chain ---------------------------------------------------------------------------------------------------
def _check_chain(chain: Sequence[RecordLink]) -> Iterator[Finding]:
    before, expected = START, 1
    for link in chain:
        if link.number != expected:
            yield Finding(Flaw.MISSING, link.chain, expected)
        elif link_digest(before, number=link.number, content=bytes(link.content)) != bytes(link.digest):
            yield Finding(Flaw.BROKEN, link.chain, link.number)
        elif link.act in ABOUT_ITSELF and not _said(link):
            yield Finding(Flaw.CHANGED, link.chain, link.number)
        before, expected = bytes(link.digest), link.number + 1


def _said(link: RecordLink) -> dict[str, Any]:
    """What a link says about the record itself; nothing if that is not what was hashed."""
    says = link.says or {}
    return says if content_hash({"act": link.act, **says}, salt=b"") == bytes(link.content) else {}


def _check_heads(links: Sequence[RecordLink], author_id: int) -> Iterator[Finding]:
    digests = {(link.chain, link.number): bytes(link.digest) for link in links}
    # A head without a household: that one is gone, with nobody's words in it, and the record of it went along.
    for head in RecordHead.objects.filter(author_id=author_id, household__isnull=False).order_by("day", "id"):
        digest = digests.get((head.chain, head.number))
        if digest is None:
            yield Finding(Flaw.SHORT, head.chain, head.number)
        elif digest != bytes(head.digest):
            yield Finding(Flaw.REPLACED, head.chain, head.number)


# --- What it speaks of -------------------------------------------------------------------------------------------
def _sort(links: Sequence[RecordLink], report: Report) -> dict[int, list[RecordLink]]:
    """The links by the observation they speak of; those that speak of none are counted."""
    purged = {
        (uuid.UUID(chain), number)
        for link in links
        if link.act == Act.PURGED
        for chain, numbers in _said(link).get("links", {}).items()
        for number in numbers
    }
    spoken_of = defaultdict[int, list[RecordLink]](list)
    for link in links:
        if link.observation_id is not None:
            spoken_of[link.observation_id].append(link)
        elif link.act in ABOUT_ITSELF:
            report.held += 1
        elif (link.chain, link.number) in purged:
            report.destroyed += 1
        else:
            report.findings.append(Finding(Flaw.LOST, link.chain, link.number))
    return spoken_of


def _renamings(chain: Sequence[RecordLink]) -> list[Renaming]:
    """The latest first."""
    moved = (link for link in reversed(chain) if link.act == Act.MOVED)
    return [
        (link.number, {now: then for then, now in _said(link).get("children", {}).items()}) for link in moved
    ]


def _check_observations(
    report: Report,
    *,
    author_id: int,
    spoken_of: dict[int, list[RecordLink]],
    renamings: Mapping[uuid.UUID, Sequence[Renaming]],
) -> None:
    is_readable = has_key(owner_id=author_id)
    revisions = Prefetch("revisions", Revision.objects.order_by("number"))
    rows = Observation.objects.filter(author_id=author_id).select_related("child", "repairs")
    for row in in_chunks(rows.prefetch_related("ratings", "ticks", "own_answers__question", revisions)):
        links = spoken_of.pop(row.pk, [])
        if [link.revision for link in links] != [*range(1, row.revision + 1)]:
            report.findings.append(Finding(Flaw.UNRECORDED, public_id=row.public_id))
        elif not is_as_left(row, links[-1]):
            report.findings.append(Finding(Flaw.CHANGED, links[-1].chain, links[-1].number, row.public_id))
        for link, version in list_versions(row, links):
            if says_so(row, link, version, renamings=renamings[link.chain]):
                report.held += 1
            elif version.has_note and not is_readable:
                report.destroyed += 1
            else:
                report.findings.append(Finding(Flaw.CHANGED, link.chain, link.number, row.public_id))
    # What is left speaks of observations that have another author now.
    for link in (link for links in spoken_of.values() for link in links):
        report.findings.append(Finding(Flaw.LOST, link.chain, link.number))
