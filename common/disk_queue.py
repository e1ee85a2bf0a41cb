"""The queue on disk: kombu's own, but nobody finds a message before it is whole, and one that is not ends no worker.

kombu (5.7) creates a message under the name that readers look for and writes it then. A worker that reads it in between
finds nothing, calls that unrecoverable and ends, and everything that runs beside it ends too.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    # Its two bases call the second one differently.
    def _put(self, queue: str, payload: dict[str, Any], **_options: Any) -> None:  # type: ignore[override]
        """Write the message beside the queue, then put it in at once.

        Raises:
            ChannelError: the disk does not take it; nothing of it is in the queue.
        """
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"  # as kombu names them: the oldest comes first
        folder = Path(self.data_folder_out)
        unready = folder / f".{name}"
        try:
            unready.write_text(dumps(payload), encoding="utf-8")
            unready.rename(folder / name)
        except OSError as error:
            unready.unlink(missing_ok=True)
            raise ChannelError(f"Cannot add a message to {folder}") from error

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        """The oldest message. One that cannot be read is gone: it was a nudge, and the next tick says the same."""
        del timeout  # a look into a folder takes none
        try:
            message: dict[str, Any] = super()._get(queue)
        except ValueError:
            raise Empty from None
        return message


class Transport(filesystem.Transport):
    Channel = Channel
