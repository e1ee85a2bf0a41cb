"""Keys that were dumped apart open the data again; what was destroyed meanwhile stays destroyed."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from common.key_dumps import dump_keys
from common.models import PersonKey
from common.person_keys import destroy_person_key, seal, unseal
from common.sealing import SealBroken, current_key_id, key_id

PLACE = {"table": "notes", "row": "7:a", "field": "note"}


def dump() -> str:
    out = io.StringIO()
    call_command("person_keys", "dump", stdout=out)
    return out.getvalue()


@pytest.fixture
def restore(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    def put_back(text: str) -> str:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        call_command("person_keys", "restore", stdout=out)
        return out.getvalue()

    return put_back


@pytest.fixture
def sealed(parent: User, co_parent: User) -> dict[User, bytes]:
    return {user: seal("words", owner_id=user.pk, **PLACE) for user in (parent, co_parent)}


def test_what_was_sealed_opens_with_the_keys_put_back(sealed: dict[User, bytes], restore: Any) -> None:
    kept = dump()
    PersonKey.objects.all().delete()
    assert "2 keys restored." in restore(kept)
    assert [unseal(text, owner_id=user.pk, **PLACE) for user, text in sealed.items()] == ["words"] * 2


def test_a_key_that_was_destroyed_stays_destroyed(
    sealed: dict[User, bytes], parent: User, restore: Any
) -> None:
    destroy_person_key(owner_id=parent.pk)
    kept = dump()
    PersonKey.objects.all().delete()
    restore(kept)
    with pytest.raises(SealBroken):
        unseal(sealed[parent], owner_id=parent.pk, **PLACE)
    assert PersonKey.objects.filter(pk=parent.pk, wrapped=b"").exists()


def test_a_key_that_is_there_is_never_replaced(sealed: dict[User, bytes], parent: User, restore: Any) -> None:
    kept = dump()
    destroy_person_key(owner_id=parent.pk)
    assert "0 keys restored. 2 were there" in restore(kept)
    with pytest.raises(SealBroken):
        unseal(sealed[parent], owner_id=parent.pk, **PLACE)


def test_somebody_who_is_not_in_the_data_is_passed_by(
    sealed: dict[User, bytes], co_parent: User, restore: Any
) -> None:
    kept = dump()
    User.objects.filter(pk=co_parent.pk).delete()
    PersonKey.objects.all().delete()
    assert restore(kept).startswith("1 keys restored. 0 were there and stayed as they are; 1 are of people")


@pytest.mark.parametrize("spoil", [1, 2, "cut", "words"])
def test_a_dump_that_is_not_whole_restores_nothing(
    sealed: dict[User, bytes], restore: Any, spoil: int | str
) -> None:
    lines = list(dump_keys())
    broken = {1: lines[1:], 2: lines[:2], "cut": ["\n".join(lines)[:-9]], "words": ["no dump"]}[spoil]
    PersonKey.objects.all().delete()
    with pytest.raises(CommandError, match="Nothing was restored"):
        restore("\n".join(broken))
    assert not PersonKey.objects.exists()


def test_a_dump_holds_no_key_that_opens_anything(sealed: dict[User, bytes], parent: User) -> None:
    assert [line.partition(":")[0] for line in dump_keys()] == ['{"person"', '{"person"', '{"keys"']
    rows = [json.loads(line) for line in list(dump_keys())[:-1]]
    assert {key_id(base64.b64decode(row["key"])) for row in rows} == {current_key_id()}
