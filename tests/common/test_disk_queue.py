"""The queue on disk: what is found in it is whole, and what is not ends nobody."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError
from kombu.transport import filesystem

from attune_project.celery import app
from common.disk_queue import Channel, Transport

Open = Callable[..., Connection]


@pytest.fixture
def connect(tmp_path: Path) -> Open:
    folders = dict.fromkeys(("data_folder_in", "data_folder_out"), str(tmp_path))
    options = {**folders, "control_folder": str(tmp_path / "control"), "polling_interval": 0.001}
    return lambda transport=Transport: Connection(
        "filesystem://localhost", transport=transport, transport_options=options
    )


@pytest.fixture
def name() -> str:
    """Of a queue of its own: kombu remembers for the whole process where it has bound one."""
    return f"mail{uuid.uuid4().hex}"


class TestAMessage:
    def test_is_what_our_workers_read(self) -> None:
        with app.connection_for_read() as connection:
            assert isinstance(connection.transport, Transport)

    def test_comes_as_it_was_sent_the_oldest_first_and_is_kept_nowhere(
        self, connect: Open, name: str, tmp_path: Path
    ) -> None:
        with connect() as connection, closing(connection.SimpleQueue(name)) as queue:
            for number in range(3):
                queue.put({"number": number})
                time.sleep(0.002)  # their names tell milliseconds apart
            found = [queue.get(timeout=1) for _ in range(3)]
            assert [message.payload["number"] for message in found] == [0, 1, 2]
            for message in found:
                message.ack()
            with pytest.raises(Empty):
                queue.get(block=False)
        assert [path for path in tmp_path.iterdir() if path.is_file()] == []

    def test_is_whole_as_soon_as_it_is_there(
        self, connect: Open, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put_in, seen = Path.rename, []

        def look(path: Path, target: Path) -> Path:
            seen.append((json.loads(path.read_text()), list(tmp_path.glob(f"[0-9]*.{name}.msg"))))
            return put_in(path, target)

        monkeypatch.setattr(Path, "rename", look)
        with connect() as connection:
            connection.default_channel._put(name, {"number": 1})
        assert seen == [({"number": 1}, [])]
        assert len(list(tmp_path.glob(f"[0-9]*.{name}.msg"))) == 1

    def test_that_cannot_be_read_ends_nobody(self, connect: Open, name: str, tmp_path: Path) -> None:
        with connect() as connection, closing(connection.SimpleQueue(name)) as queue:
            (tmp_path / f"0_damaged.{name}.msg").touch()
            queue.put({"number": 1})
            assert queue.get(timeout=1).payload == {"number": 1}

    def test_kombus_own_reader_does_end(self, connect: Open, name: str, tmp_path: Path) -> None:
        """Else all of this can go."""
        with connect(filesystem.Transport) as connection, closing(connection.SimpleQueue(name)) as queue:
            (tmp_path / f"0_damaged.{name}.msg").touch()
            with pytest.raises(ValueError, match="Expecting value"):
                queue.get(timeout=1)

    def test_that_the_disk_does_not_take_is_an_error_and_leaves_nothing(
        self, connect: Open, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(path: Path, *_given: Any, **_options: Any) -> None:
            path.touch()
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_text", refuse)
        with connect() as connection, pytest.raises(ChannelError):
            Channel._put(connection.default_channel, name, {})
        assert [path for path in tmp_path.iterdir() if path.is_file()] == []
