"""Adding to a record. The caller holds the author's row (`accounts.selectors.get_user`), so links come one by one."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from observations.feed import States, note_changes
from observations.history import state_of
from observations.models import Observation, RecordHead, RecordLink
from observations.record.chain import START, content_hash, link_digest
from observations.record.content import WITH_STATE, content_of
from observations.rules import Act


@dataclass(slots=True)
class _End:
    """Where an author's record in one household ends, and the next link begins."""

    household_id: int
    author_id: int
    chain: uuid.UUID
    number: int
    digest: bytes

    @classmethod
    def of(cls, *, household_id: int, author_id: int) -> _End:
        links = RecordLink.objects.filter(household_id=household_id, author_id=author_id).order_by("-id")
        last = links.values_list("chain", "number", "digest").first()
        chain, number, digest = last or (uuid.uuid4(), 0, START)
        return cls(household_id, author_id, chain, number, bytes(digest))

    def next(self, content: bytes, **columns: Any) -> RecordLink:
        self.number += 1
        self.digest = link_digest(self.digest, number=self.number, content=content)
        place = {"household_id": self.household_id, "author_id": self.author_id, "chain": self.chain}
        return RecordLink(**place, number=self.number, content=content, digest=self.digest, **columns)

    def next_about_itself(self, act: Act, says: Mapping[str, Any]) -> RecordLink:
        return self.next(content_hash({"act": act, **says}, salt=b""), act=act, says=says)


def add_link(
    observation: Observation, act: Act, *, at: datetime, fields: Mapping[str, Any] | None = None
) -> None:
    """The link of an act that was just done; *fields* are those of its state now, where the caller has them."""
    add_links([observation], act, at=at, states={} if fields is None else {observation.pk: fields})


def add_links(
    observations: Sequence[Observation], act: Act, *, at: datetime, states: States = MappingProxyType({})
) -> None:
    """The links of one act on observations of one author in one household, in this order.

    *states*: the fields of their states now, by key, of those where the caller has them.
    """
    if not observations:
        return
    end = _End.of(household_id=observations[0].household_id, author_id=observations[0].author_id)
    RecordLink.objects.bulk_create(
        end.next(
            _hashed(row, act, at=at, fields=states.get(row.pk)),
            observation=row,
            act=act,
            revision=row.revision,
            at=at,
        )
        for row in observations
    )
    # The one place that every write passes: nothing that others may see changes without a number in their feed.
    note_changes(observations, at=at, states=states)


def _hashed(row: Observation, act: Act, *, at: datetime, fields: Mapping[str, Any] | None) -> bytes:
    if fields is None:
        fields = state_of(row).fields if act in WITH_STATE else {"visibility": row.visibility}
    note = Observation.note.fingerprint(row) if act in WITH_STATE else ""
    content = content_of(row, act=act, revision=row.revision, at=at, fields=fields, note=note)
    return content_hash(content, salt=bytes(row.salt))


def forget_purged(*, household_id: int, author_id: int, observation_ids: Collection[int]) -> None:
    """Let the links of these observations, which are destroyed now, say nothing; and one link say that they were."""
    about = RecordLink.objects.filter(observation_id__in=observation_ids)
    gone: dict[str, list[int]] = {}
    for chain, number in about.order_by("chain", "number").values_list("chain", "number"):
        gone.setdefault(str(chain), []).append(number)
    about.update(observation=None, act="", revision=None, at=None)
    if gone:
        end = _End.of(household_id=household_id, author_id=author_id)
        end.next_about_itself(Act.PURGED, {"links": gone}).save()


def move_record(*, author_id: int, source_id: int, target_id: int, children: Mapping[str, str]) -> None:
    """Take the author's record along into another household, where each of these children has another public id."""
    own = {"author_id": author_id, "household_id": source_id}
    if RecordLink.objects.filter(**own).update(household_id=target_id):
        RecordHead.objects.filter(**own).update(household_id=target_id)
        end = _End.of(household_id=target_id, author_id=author_id)
        end.next_about_itself(Act.MOVED, {"children": dict(children)}).save()
