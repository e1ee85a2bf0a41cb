"""What is on the disk of a phone that was killed, and what its caches hold. A search first proves that it can see."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Playwright, expect

from tests.journeys.conftest import LAUNCH, PHONE, App
from tests.journeys.phone import HAS_KIT, Rows, get_ready, tap, wait_for, wait_until_sent, waiting
from tests.journeys.reports import Reports

MIRA, JON = "mira@example.org", "jon@example.org"
CANARY = "Zaunkoenig singt im Brombeerstrauch"
SYNC = "**/api/v1/sync/"
WORD = "Brombeerstrauch"
PLAIN = """async (words) => {
  const asked = indexedDB.open("plain");
  asked.onupgradeneeded = () => asked.result.createObjectStore("notes");
  const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  const change = db.transaction("notes", "readwrite", { durability: "strict" });
  change.objectStore("notes").put(words, "one");
  await new Promise((done) => (change.oncomplete = done));
}"""
KEPT = """async () => {
  const names = await caches.keys();
  return (await Promise.all(names.map(async (name) => {
    const cache = await caches.open(name);
    return Promise.all((await cache.keys()).map(async (key) => [key.url, await (await cache.match(key)).text()]));
  }))).flat();
}"""


def spellings(word: str) -> dict[str, bytes]:
    """The word as a disk may hold it: UTF-8, UTF-16, and base64 at each of the three places where it may begin."""
    plain, wide = word.encode(), word.encode("utf-16-le")
    found = {"utf-8": plain, "utf-16": wide}
    for name, content in (("utf-8", plain), ("utf-16", wide)):
        for before in range(3):
            text = base64.b64encode(b"\0" * before + content)
            # The letters at both ends also depend on what stands beside the word.
            found[f"base64 of {name} at {before}"] = text[(0, 2, 3)[before] : -4]
    return found


def read(path: Path) -> bytes | None:
    """None if it is gone: the browser may be at work."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def hits(folder: Path, word: str) -> set[str]:
    """Which spellings of the word stand in any file of the folder."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    contents = [content for path in files if (content := read(path)) is not None]
    return {name for name, spelt in spellings(word).items() if any(spelt in content for content in contents)}


def processes_of(profile: Path) -> list[int]:
    """The browser that runs on this profile, and no other."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            line = (
                (folder / "cmdline").read_bytes().decode(errors="replace") if folder.name.isdecimal() else ""
            )
        except OSError:
            continue
        if f"--user-data-dir={profile}" in line:
            found.append(int(folder.name))
    return found


def kill(profile: Path) -> None:
    pids = processes_of(profile)
    assert pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def cookies_of(profile: Path) -> bytes:
    """Everything that the file of cookies holds, deleted rows and journals included. Names stand there in clear."""
    return b"".join(path.read_bytes() for path in profile.rglob("Cookies*") if path.is_file())


@pytest.fixture(autouse=True)
def _no_reports(reports: Reports) -> Iterator[None]:
    """Requests fail here on purpose, and the console says so; anything else is still a complaint."""
    yield
    assert [line for line in reports.take() if "Failed to load resource" not in line] == []


@pytest.fixture
def start(
    playwright: Playwright, reports: Reports, app: App, tmp_path: Path
) -> Iterator[Callable[[], BrowserContext]]:
    """Starts the browser of this phone, with whatever its profile holds from the time before."""
    opened: list[BrowserContext] = []

    def launch() -> BrowserContext:
        how: dict[str, Any] = {"base_url": app.url, "viewport": PHONE, "is_mobile": True, "has_touch": True}
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path), **LAUNCH, **how, locale="en-GB"
        )
        context.set_default_timeout(15_000)
        opened.append(context)
        return reports.listen(context)

    yield launch
    with suppress(Error):  # it may have been killed
        opened[-1].close()


class TestTheSearch:
    def test_sees_each_spelling(self, tmp_path: Path) -> None:
        for number in range(3):
            text = f"{'x' * number}{WORD}{CANARY}"
            (tmp_path / f"a{number}").write_bytes(base64.b64encode(text.encode()))
            (tmp_path / f"b{number}").write_bytes(
                base64.b64encode(b"x" * number + WORD.encode("utf-16-le") + b"yyy")
            )
        (tmp_path / "c").write_text(CANARY, "utf-8")
        (tmp_path / "d").write_text(CANARY, "utf-16-le")
        assert hits(tmp_path, WORD) == set(spellings(WORD))

    def test_sees_what_a_page_writes_unsealed(
        self, start: Callable[[], BrowserContext], tmp_path: Path
    ) -> None:
        page = start().pages[0]
        page.goto("/help/")
        page.evaluate(PLAIN, CANARY)
        kill(tmp_path)
        assert hits(tmp_path, WORD)


class TestAKilledPhone:
    def test_twenty_moments_arrive_once_and_no_word_was_on_the_disk(
        self, start: Callable[[], BrowserContext], sign_in: Callable[..., None], app: App, tmp_path: Path
    ) -> None:
        rows = Rows(app, MIRA)
        context = start()
        page = context.pages[0]
        sign_in(page)
        get_ready(page)
        page.get_by_label("Pip").check(force=True)
        context.set_offline(True)
        for number in range(20):
            page.goto("/log/")
            page.get_by_label("Pip").check(force=True)
            tap(page)
            if number % 5 == 0:
                page.get_by_role("button", name="Add more").tap()
                page.locator("textarea[name=note]").fill(f"{CANARY} {number}")
                page.get_by_role("button", name="Save").tap()
                expect(page.get_by_role("heading", name="Saved. Phone down.")).to_be_visible()
        assert waiting(page) == 24
        kill(tmp_path)
        assert hits(tmp_path, WORD) == set()
        page = start().pages[0]
        page.goto("/log/")
        if "/account/login/" in page.url:  # a killed browser may have lost its youngest cookies
            sign_in(page)
            page.goto("/log/")
        wait_until_sent(page)
        assert len(rows.new()) == 20
        assert sorted(revision for (revision,) in rows.new("o.revision")) == [1] * 16 + [2] * 4
        page.goto("/moments/?text=Brombeerstrauch")
        expect(page.get_by_text(f"{CANARY} 15").first).to_be_visible()


NICKNAME = "Quastenflosser"
RENAME = """
from households.models import Child
(child,) = [child for child in Child.objects.all() if child.nickname == "{before}"]
child.nickname = "{after}"
child.save()
"""
READABLE = """async (label) => {
  const { name } = (await indexedDB.databases()).find((one) => one.name.startsWith("outbox-a_"));
  const asked = indexedDB.open(name);
  const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  const change = db.transaction("meta", "readwrite", { durability: "strict" });
  const kit = { at: 0, account: name.slice(7), children: [{ id: "x", label, mark: "" }], missed: [], discreet: false };
  change.objectStore("meta").put(kit, "kit");
  change.objectStore("meta").delete("kit-sealed");
  await new Promise((done) => (change.oncomplete = done));
  db.close();
}"""
READ = """async () => {
  const { name } = (await indexedDB.databases()).find((one) => one.name.startsWith("outbox-a_"));
  const asked = indexedDB.open(name);
  const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
  const read = db.transaction("meta").objectStore("meta").get("kit");
  const kit = await new Promise((done) => (read.onsuccess = () => done(read.result)));
  db.close();
  return kit ?? null;
}"""


def sign_out(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="More").tap()
    page.get_by_role("button", name="Sign out").tap()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def keep_and_sign_out(page: Page) -> None:
    page.context.route(SYNC, lambda route: route.abort())
    tap(page)
    page.goto("/")
    page.get_by_role("button", name="More").tap()
    page.get_by_role("button", name="Sign out").tap()
    page.get_by_role("button", name="Keep sealed").tap()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def sign_out_offline(page: Page) -> None:
    page.goto("/")
    page.context.set_offline(True)
    page.get_by_role("button", name="More").tap()
    page.get_by_role("button", name="Sign out").tap()
    expect(page.get_by_text("Nothing waits on this phone.")).to_be_visible()
    page.get_by_role("button", name="Sign out").tap()
    expect(page.get_by_role("heading", name="Signed out")).to_be_visible()


def sign_out_offline_and_come_back(page: Page) -> None:
    sign_out_offline(page)
    page.context.set_offline(False)
    page.goto("/moments/")
    expect(page).to_have_url(re.compile("/account/login/"))


def leave_quickly(page: Page) -> None:
    page.context.route(SYNC, lambda route: route.abort())
    tap(page)
    for _press in range(3):
        page.keyboard.press("Shift")
    expect(page.get_by_role("heading", name="Rain later")).to_be_visible()
    page.wait_for_timeout(1_000)


def shows_it_offline(page: Page) -> None:
    page.context.set_offline(True)
    page.goto("/log/")
    expect(page.get_by_text(NICKNAME)).to_be_visible()
    page.context.set_offline(False)
    page.goto("/log/")


def key_of(context: BrowserContext) -> str:
    """The key of the kit, with the letters that say whose it is."""
    return next((cookie["value"] for cookie in context.cookies() if cookie["name"] == "kit-key"), "")


@pytest.fixture(scope="class")
def _name_like_no_other(app: App) -> Iterator[None]:
    app.manage("shell", "-c", RENAME.format(before="Moth", after=NICKNAME))
    yield
    app.manage("shell", "-c", RENAME.format(before=NICKNAME, after="Moth"))


@pytest.mark.usefixtures("_name_like_no_other")
class TestTheKit:
    """What the phone knows of a family. It is sealed, and its key is a cookie that leaving destroys."""

    @pytest.fixture
    def page(self, start: Callable[[], BrowserContext], sign_in: Callable[..., None]) -> Page:
        """The log sheet, as somebody sees it who was signed in and then lost the connection for a while."""
        page = start().pages[0]
        sign_in(page)
        get_ready(page)
        shows_it_offline(page)
        return page

    def test_is_not_readable_on_the_disk_of_a_phone_in_use(self, page: Page, tmp_path: Path) -> None:
        assert key_of(page.context)
        kill(tmp_path)
        assert hits(tmp_path, NICKNAME) == set()

    @pytest.mark.parametrize(
        "leave",
        [sign_out, keep_and_sign_out, sign_out_offline, sign_out_offline_and_come_back, leave_quickly],
        ids=lambda leave: leave.__name__,
    )
    def test_goes_with_its_key(self, page: Page, tmp_path: Path, leave: Callable[[Page], None]) -> None:
        leave(page)
        assert key_of(page.context) == ""
        kill(tmp_path)
        assert hits(tmp_path, NICKNAME) == set()

    def test_goes_when_somebody_else_signs_in(
        self, page: Page, sign_in: Callable[..., None], tmp_path: Path
    ) -> None:
        hers = key_of(page.context)
        page.context.clear_cookies(name="session")
        sign_in(page, JON)
        get_ready(page)
        wait_for(page, lambda: key_of(page.context)[:6] not in ("", hers[:6]))
        kill(tmp_path)
        assert hits(tmp_path, NICKNAME) == set()

    def test_goes_when_whoever_signs_in_has_no_children_here(
        self, page: Page, sign_in: Callable[..., None], tmp_path: Path
    ) -> None:
        hers = key_of(page.context)
        page.context.clear_cookies(name="session")
        sign_in(page, "cleo@example.org")
        page.goto("/coach/")
        wait_for(page, lambda: key_of(page.context)[:6] != hers[:6])
        kill(tmp_path)
        assert hits(tmp_path, NICKNAME) == set()

    def test_leaves_no_key_on_the_disk_and_outlives_the_browser_until_then(
        self, page: Page, start: Callable[[], BrowserContext], tmp_path: Path
    ) -> None:
        page.context.close()  # not killed: cookies are written some seconds late
        assert b"kit-key" in cookies_of(tmp_path)
        page = start().pages[0]
        page.goto("/log/")
        shows_it_offline(page)
        keep_and_sign_out(page)
        page.context.close()
        assert b"kit-key" not in cookies_of(tmp_path)
        assert hits(tmp_path, NICKNAME) == set()

    def test_counts_as_absent_without_its_key_and_comes_anew(self, page: Page) -> None:
        page.context.clear_cookies(name="kit-key")
        page.context.set_offline(True)
        page.goto("/log/")
        expect(page.get_by_text("This page works without one after you have signed in")).to_be_visible()
        page.context.set_offline(False)
        page.goto("/log/")
        wait_for(page, lambda: key_of(page.context) != "")
        page.wait_for_timeout(500)
        shows_it_offline(page)

    def test_of_a_version_before_is_replaced_and_wiped(self, page: Page, tmp_path: Path) -> None:
        page.goto("/readyz")  # where nobody looks for a kit meanwhile
        page.evaluate(READABLE, WORD)
        assert hits(tmp_path, WORD)
        page.goto("/log/")
        wait_for(page, lambda: page.evaluate(READ) is None)
        wait_for(page, lambda: bool(page.evaluate(HAS_KIT)))
        wait_for(page, lambda: not hits(tmp_path, WORD))
        kill(tmp_path)
        assert hits(tmp_path, WORD) == set()
        assert hits(tmp_path, NICKNAME) == set()


class TestTheCaches:
    def test_hold_the_allow_list_and_no_word_of_a_family(
        self, phone: Page, sign_in: Callable[..., None], app: App
    ) -> None:
        sign_in(phone)
        get_ready(phone)
        for path in ("/", "/moments/", "/check/", "/household/", "/household/members/", "/waiting/", "/log/"):
            phone.goto(path)
        phone.context.set_offline(True)
        for path in ("/log/", "/waiting/", "/moments/", "/help/"):
            phone.goto(path)
        phone.context.set_offline(False)
        kept = phone.evaluate(KEPT)
        addresses = {address.removeprefix(app.url) for address, _text in kept}
        pages = {address for address in addresses if not address.startswith("/static/")}
        assert pages == {"/help/", "/offline/", "/waiting/", "/log/offline/"}
        whole = " ".join(text for address, text in kept)
        for word in ("blue door", "Mira", "Pip", "Moth", MIRA, "data-account", 'csrfmiddlewaretoken" value'):
            assert word not in whole, word

    def test_the_database_holds_nothing_readable_and_the_kit_goes_with_signing_out(
        self, phone: Page, sign_in: Callable[..., None]
    ) -> None:
        sign_in(phone)
        get_ready(phone)
        dump = """async () => {
          const all = {};
          for (const { name } of await indexedDB.databases()) {
            const asked = indexedDB.open(name);
            const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
            for (const store of db.objectStoreNames) {
              const at = db.transaction(store).objectStore(store);
              const [keys, rows] = await Promise.all([at.getAllKeys(), at.getAll()].map((one) =>
                new Promise((done) => (one.onsuccess = () => done(one.result)))));
              keys.forEach((key, place) => { all[`${name} ${store} ${key}`] = rows[place]; });
            }
            db.close();
          }
          return all;
        }"""
        kept = phone.evaluate(dump)
        (kit,) = [value for key, value in kept.items() if key.endswith(" kit-sealed")]
        assert set(kit) == {"iv", "sealed"}
        assert [key for key, value in kept.items() if "Pip" in json.dumps(value)] == []
        phone.context.set_offline(True)
        phone.goto("/waiting/?leave")
        phone.get_by_role("button", name="Sign out").tap()
        expect(phone.get_by_role("heading", name="Signed out")).to_be_visible()
        wait_for(phone, lambda: "kit" not in " ".join(phone.evaluate(dump)))
        phone.context.set_offline(False)
