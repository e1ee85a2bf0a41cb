"""What browsers complain about while they are driven, whoever opened them: pages, frames, workers, the policy itself.

Three ears, because none hears everything. The console has errors and uncaught exceptions of pages and their frames; a
listener in each document has every violation of the content security policy; and to the address of `report-uri` the
browser itself sends what it blocked, in a service worker as well.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Browser, BrowserContext

# Being offline, and a form that comes back with 422, are part of some journeys.
EXPECTED = re.compile(r"ERR_INTERNET_DISCONNECTED|(status of|Status Error Code) 4(04|22|09)")
LISTEN = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error("CSP " + event.effectiveDirective + " " + event.blockedURI));
"""


class Reports:
    """Everything that was complained about since it was last asked for, and the address for the browser's reports."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._heard: list[str] = []

    def add(self, complaint: str) -> None:
        self._heard.append(complaint)

    def take(self) -> list[str]:
        taken, self._heard[:] = list(self._heard), []
        return taken

    def watch(self, browser: Browser) -> Browser:
        """The browser, in which every context is listened to from the moment it opens."""
        open_context = browser.new_context

        def watched(**options: Any) -> BrowserContext:
            return self.listen(open_context(**options), scripts=options.get("java_script_enabled", True))

        browser.new_context = watched  # type: ignore[method-assign]
        browser.new_page = lambda **options: watched(**options).new_page()  # type: ignore[method-assign]
        return browser

    def listen(self, context: BrowserContext, *, scripts: bool = True) -> BrowserContext:
        if scripts:
            context.add_init_script(LISTEN)
        context.on("weberror", lambda error: self._hear("error", str(error.error)))
        context.on("console", lambda line: self._hear(line.type, line.text, line.location.get("url", "")))
        return context

    def _hear(self, kind: str, text: str, where: str = "") -> None:
        if kind == "error" and not EXPECTED.search(text):
            self.add(f"console {where}: {text}")


@contextmanager
def open_reports() -> Iterator[Reports]:
    """A server that takes the browser's own reports on the policy."""

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["csp-report"]
            reports.add(f"report {sent['document-uri']}: {sent['effective-directive']} {sent['blocked-uri']}")
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Not on the terminal of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    reports = Reports(f"http://127.0.0.1:{server.server_port}/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield reports
    finally:
        server.shutdown()
        server.server_close()
