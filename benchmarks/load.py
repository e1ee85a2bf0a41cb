"""A load generator small enough not to be what is measured: raw sockets, kept open, one per client."""

from __future__ import annotations

import socket
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MakeRequest = Callable[[], bytes]
CpuSeconds = Callable[[int], float]
"""The processor time that the server on a port has used so far."""
CLIENTS = 16
ROUNDS = 3


class WrongAnswer(RuntimeError):
    """The server said something else than what is being measured."""


@dataclass(frozen=True)
class Measured:
    """How long one request takes alone, how many are answered under load, what one costs the server's processors
    (which another program on the same machine hardly changes), and how large an answer is."""

    p50_ms: float
    per_second: float
    cpu_ms: float
    answer_bytes: int


@dataclass(frozen=True)
class Target:
    """One kind of request: where it goes, how it is made, and the status that counts as done."""

    name: str
    port: int
    make: MakeRequest
    status: int


class Connection:
    """A kept-alive HTTP/1.1 connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connect()

    def _connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. A server may close a connection that has served enough."""
        self.socket.sendall(request)
        data = self.socket.recv(65536)
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                raise WrongAnswer("the server closed the connection in the middle of an answer")
            data += more
        head, _gap, body = data.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", b"0"))
        while len(body) < length:
            body += self.socket.recv(65536)
        if fields.get(b"connection") == b"close":
            self.close()
            self._connect()
        return int(head[9:12]), body

    def close(self) -> None:
        self.socket.close()


def measure(targets: list[Target], *, seconds: float, cpu_seconds: CpuSeconds) -> list[Measured]:
    """Latency with one client and throughput with sixteen of each target, the best of a few rounds.

    The rounds go from target to target, so that what else the machine does in a moment falls on all of them; the
    best round is the one it disturbed least.
    """
    for target in targets:
        _run_clients(target, clients=2, seconds=seconds / ROUNDS)
    rounds = [
        [_measure_once(target, seconds=seconds / ROUNDS, cpu_seconds=cpu_seconds) for target in targets]
        for _round in range(ROUNDS)
    ]
    return [
        Measured(
            min(one.p50_ms for one in ones),
            max(one.per_second for one in ones),
            min(one.cpu_ms for one in ones),
            ones[-1].answer_bytes,
        )
        for ones in zip(*rounds, strict=True)
    ]


def _measure_once(target: Target, *, seconds: float, cpu_seconds: CpuSeconds) -> Measured:
    alone, size = _run_clients(target, clients=1, seconds=seconds)
    began, used = time.perf_counter(), cpu_seconds(target.port)
    crowd, _size = _run_clients(target, clients=CLIENTS, seconds=seconds)
    took, used = time.perf_counter() - began, cpu_seconds(target.port) - used
    return Measured(statistics.median(alone) * 1000, len(crowd) / took, used / len(crowd) * 1000, size)


def _run_clients(target: Target, *, clients: int, seconds: float) -> tuple[list[float], int]:
    """The duration of each answer all clients got within *seconds*, and the size of the last one."""
    durations: list[float] = []
    sizes: list[int] = []
    failures: list[Exception] = []

    def client() -> None:
        try:
            own, size = _ask_until(target, time.perf_counter() + seconds)
            durations.extend(own)
            sizes.append(size)
        except (OSError, WrongAnswer) as error:
            failures.append(error)

    threads = [threading.Thread(target=client) for _number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise WrongAnswer(f"{target.name}: {failures[0]}")
    return durations, sizes[-1]


def _ask_until(target: Target, until: float) -> tuple[list[float], int]:
    connection = Connection(target.port)
    durations = []
    size = 0
    while (began := time.perf_counter()) < until:
        status, body = connection.ask(target.make())
        durations.append(time.perf_counter() - began)
        size = len(body)
        if status != target.status:
            raise WrongAnswer(f"{status} instead of {target.status}: {body[:300]!r}")
    connection.close()
    return durations, size


def request(method: str, path: str, *, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """An HTTP/1.1 request as it goes over the wire."""
    fields = {"Host": "127.0.0.1", **(headers or {})}
    if body or method == "POST":
        fields["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body
