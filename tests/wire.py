"""The wire between a phone and the app: it counts every byte, whoever asked for it, and can be as slow as a phone's."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PIECE = 1460  # bytes that travel in one go: lines are shared fairly among what is under way


@dataclass(frozen=True)
class Speed:
    """Bits a second each way, and the seconds there and back; 0 is as fast as this machine."""

    down: float = 0
    up: float = 0
    round_trip: float = 0


# What browsers' own tools call "Slow 4G".
SLOW_4G = Speed(down=1_600_000, up=750_000, round_trip=0.150)


@dataclass
class Lane:
    """One direction, shared by all connections."""

    bits_a_second: float
    delay: float
    carried: int = 0
    free_at: float = 0

    def arrival_of(self, piece: bytes, now: float) -> float:
        self.carried += len(piece)
        took = len(piece) * 8 / self.bits_a_second if self.bits_a_second else 0
        self.free_at = max(self.free_at, now) + took
        return self.free_at + self.delay


@dataclass
class Wire:
    """A port of its own in front of the app's."""

    app_port: int
    speed: Speed
    port: int = 0
    down: Lane = field(init=False)
    up: Lane = field(init=False)

    def __post_init__(self) -> None:
        self.down = Lane(self.speed.down, self.speed.round_trip / 2)
        self.up = Lane(self.speed.up, self.speed.round_trip / 2)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def connect(self, phone: asyncio.StreamReader, to_phone: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):  # the test is over: nobody waits any more
            await asyncio.sleep(self.speed.round_trip)  # the handshake
            app, to_app = await asyncio.open_connection("127.0.0.1", self.app_port)
            await asyncio.gather(carry(phone, to_app, self.up), carry(app, to_phone, self.down))


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, lane: Lane) -> None:
    """All that comes, each piece when its time has come, until one side closes."""
    clock = asyncio.get_running_loop().time
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while (come := await under_way.get())[1]:
            await asyncio.sleep(max(0, come[0] - clock()))
            target.write(come[1])
            await target.drain()

    delivering = asyncio.create_task(deliver())
    try:
        while piece := await source.read(PIECE):
            under_way.put_nowait((lane.arrival_of(piece, clock()), piece))
        under_way.put_nowait((0, b""))
        await delivering
    except OSError:
        delivering.cancel()
    finally:
        target.close()


@contextmanager
def open_wire(app_port: int, speed: Speed = Speed()) -> Iterator[Wire]:
    wire, loop = Wire(app_port, speed), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opening = asyncio.start_server(wire.connect, "127.0.0.1", 0)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result(10)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
