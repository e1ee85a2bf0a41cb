"""Another site: where the quick exit leads, and where nobody knows anything."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Elsewhere:
    """Its address, and what browsers told it about where they came from."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.referrers: list[str | None] = []


@contextmanager
def open_elsewhere() -> Iterator[Elsewhere]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.referrers.append(self.headers.get("Referer"))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(
                b'<!doctype html><title>Weather</title><link rel="icon" href="data:,"><h1>Rain later</h1>'
            )

        def log_message(self, *_arguments: object) -> None:
            """Not on the terminal of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    site = Elsewhere(f"http://127.0.0.1:{server.server_port}/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
