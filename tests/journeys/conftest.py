"""The real app in a real browser: web, worker and schedule as `manage.py up` starts them, mail to a real SMTP sink.

Every browser a test opens is listened to (`reports`): a console error, an uncaught exception or a violation of the
content security policy fails the test, and a failing test leaves its last screen in `var/journeys/`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from attune_project.demo.family import PASSWORD
from tests.journeys.elsewhere import Elsewhere, open_elsewhere
from tests.journeys.reports import Reports, open_reports
from tests.machine import chromium as chromium_path
from tests.servers import Mailbox, free_port, open_mailbox, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
SHOTS = ROOT / "var" / "journeys"
PHONE = {"width": 360, "height": 740}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives a browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def reports() -> Iterator[Reports]:
    """What all browsers of this run complain about, with the address their own reports go to."""
    with open_reports() as heard:
        yield heard
        late = heard.take()
    assert late == []


@pytest.fixture(autouse=True)
def _no_reports(reports: Reports) -> Iterator[None]:
    """No test of a browser passes that it complained in."""
    yield
    assert reports.take() == []


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Elsewhere]:
    with open_elsewhere() as site:
        yield site


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    with open_mailbox() as box:
        yield box


@dataclass
class App:
    """A running installation of its own: database, keys and queue in a folder that goes away."""

    url: str
    env: dict[str, str]

    @property
    def log(self) -> str:
        """The last that web, worker and schedule said."""
        return (Path(self.env["VAR_DIR"]) / "up.log").read_text("utf-8", "replace")[-4000:]

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the running app, as an operator does."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            check=False,
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def app(
    mailbox: Mailbox, reports: Reports, elsewhere: Elsewhere, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    home = tmp_path_factory.mktemp("app")
    bind = f"127.0.0.1:{free_port()}"
    unset = {"DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
    env = {
        **{name: value for name, value in os.environ.items() if name not in unset},
        "VAR_DIR": str(home),
        "STATIC_ROOT": str(settings.STATIC_ROOT),
        "SITE_URL": f"http://{bind}",
        "EMAIL_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CSP_REPORT_URI": reports.url,
        "QUICK_EXIT_URL": elsewhere.url,
        "RATE_LIMIT_FACTOR": "100",  # every phone of the run comes from this one address
        "PYTHONWARNINGS": "default",
    }
    with (home / "up.log").open("wb") as log:
        up = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--demo", "--bind", bind],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the tests, which then end it
        )
        try:
            started = App(url=f"http://{bind}", env=env)
            _wait_until_ready(started, up)
            yield started
            assert up.poll() is None, "the app ended meanwhile:\n" + started.log
        finally:
            up.terminate()
            up.wait(20)


def _wait_until_ready(app: App, up: subprocess.Popen[bytes]) -> None:
    def is_ready() -> bool:
        assert up.poll() is None, "the app ended:\n" + app.log
        try:
            urllib.request.urlopen(f"{app.url}/readyz", timeout=2)
        except OSError:
            return False
        return True

    assert wait_until(is_ready, 300), "the app did not start:\n" + app.log


LAUNCH: dict[str, Any] = {
    "executable_path": chromium_path(),
    "args": [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ],
}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright, reports: Reports) -> Iterator[Browser]:
    browser = reports.watch(playwright.chromium.launch(**LAUNCH))
    yield browser
    browser.close()


@pytest.fixture
def open_phone(chromium: Browser, app: App, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Opens a phone of 360 by 740: a new browser context, signed out."""
    contexts: list[BrowserContext] = []

    def take(**options: Any) -> Page:
        context = chromium.new_context(
            **{
                "base_url": app.url,
                "viewport": PHONE,
                "is_mobile": True,
                "has_touch": True,
                "locale": "en-GB",
                "timezone_id": "Europe/Lisbon",
                **options,
            }
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        return context.new_page()

    yield take
    report = getattr(request.node, "report_of_call", None)
    for number, context in enumerate(contexts):
        for page in context.pages:
            if report is not None and report.failed:
                SHOTS.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=SHOTS / f"{request.node.name}-{number}.png", full_page=True)
        context.close()


@pytest.fixture
def phone(open_phone: Callable[..., Page]) -> Page:
    return open_phone()


@pytest.fixture
def sign_in(app: App) -> Callable[[Page], None]:
    """Signs the demonstration parent in with a password, as she would."""

    def through_the_form(page: Page, address: str = "mira@example.org") -> None:
        page.goto("/account/login/")
        page.get_by_text("With a password").click()
        form = page.locator("form:has(input[name=password])")
        form.locator("input[name=login]").fill(address)
        form.locator("input[name=password]").fill(PASSWORD)
        form.locator("button[type=submit]").click()
        page.wait_for_url(lambda url: "/account/" not in url)

    return through_the_form


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.report_of_call = report  # type: ignore[attr-defined]
    app = getattr(item, "funcargs", {}).get("app")
    if report.failed and app is not None:
        report.sections.append(("What the app said", app.log))
