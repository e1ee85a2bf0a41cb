"""What journeys of the outbox do over and over: get a phone ready, look into its queue, look into the server's rows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.journeys.conftest import App


def wait_for(page: Page, happened: Callable[[], bool], seconds: int = 40) -> None:
    """Give the page time until that is so."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not come to that"
        page.wait_for_timeout(100)


def get_ready(page: Page) -> None:
    """The worker rules the page, and the kit and a key are on the phone."""
    page.goto("/log/")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)", timeout=20_000)
    if not page.evaluate("!!navigator.serviceWorker.controller"):
        page.reload()  # a page that was on its way while the worker began belongs to none, until it is asked for again
    # Asked from here: what Playwright asks again and again in the page itself, the policy takes for an eval.
    wait_for(page, lambda: bool(page.evaluate("!!navigator.serviceWorker.controller")))
    wait_for(page, lambda: bool(page.evaluate(HAS_KIT)))


HAS_KIT = """async () => {
  const names = (await indexedDB.databases()).map((one) => one.name).filter((one) => one.startsWith("outbox-a_"));
  for (const name of names) {
    const asked = indexedDB.open(name);
    const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
    const read = db.transaction("meta").objectStore("meta").get("kit-sealed");
    const kit = await new Promise((done) => (read.onsuccess = () => done(read.result)));
    db.close();
    if (kit) return true;
  }
  return false;
}"""
COUNT = """async () => {
  const names = (await indexedDB.databases()).map((one) => one.name).filter((one) => one.startsWith("outbox-a_"));
  let sum = 0;
  for (const name of names) {
    const asked = indexedDB.open(name);
    const db = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
    const count = db.transaction("ops").objectStore("ops").count();
    sum += await new Promise((done) => (count.onsuccess = () => done(count.result)));
    db.close();
  }
  return sum;
}"""


def waiting(page: Page) -> int:
    """How many operations are on this phone, whoever's they are."""
    return int(page.evaluate(COUNT))


def wait_until_sent(page: Page) -> None:
    wait_for(page, lambda: waiting(page) == 0)


def tap(page: Page, tone: str = "We were in tune") -> None:
    """One moment, on a sheet that is open."""
    page.get_by_role("button", name=tone).tap()
    expect(page.get_by_role("heading", name="Saved. Phone down.")).to_be_visible()


def log_offline(page: Page, times: int, tone: str = "We were in tune") -> None:
    for _time in range(times):
        page.goto("/log/")
        tap(page, tone)


class Rows:
    """What the server has of one person."""

    def __init__(self, app: App, address: str) -> None:
        self._path = Path(app.env["VAR_DIR"]) / "attune.sqlite3"
        self._address = address
        self._before = self._ids()

    def _select(self, what: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self._path, timeout=20) as database:
            return database.execute(
                f"SELECT {what} FROM observations_observation o JOIN accounts_user u ON u.id = o.author_id "
                "WHERE u.email = ? AND o.deleted_at IS NULL ORDER BY o.id",
                [self._address],
            ).fetchall()

    def _ids(self) -> set[int]:
        return {row[0] for row in self._select("o.id")}

    def all(self, what: str) -> list[tuple[Any, ...]]:
        """All of them, the oldest first."""
        return self._select(what)

    def new(self, what: str = "o.id") -> list[tuple[Any, ...]]:
        """The rows that came since this was made."""
        return [row[1:] for row in self._select(f"o.id, {what}") if row[0] not in self._before]


MANY = """async (times) => {
  const named = async (part) => {
    for (;;) {
      const found = performance.getEntriesByType("resource").find((one) => part.test(one.name));
      if (found) return found.name;
      await new Promise((then) => setTimeout(then, 50)); // the page is still fetching it
    }
  };
  const { put } = await import(await named(/outbox\\/save\\.[0-9a-f]+\\.js/));
  const { outbox } = await import(await named(/js\\/outbox\\.[0-9a-f]+\\.js/));
  const store = await outbox;
  const { readKit } = await import(await named(/outbox\\/kit\\.[0-9a-f]+\\.js/));
  const { children } = await readKit(store);
  for (let n = 0; n < times; n += 1) {
    const fields = { tone: "in_tune", when: "just_now", child: children[0].id };
    const occurredAt = new Date().toISOString();
    await put(store, { type: "create", momentId: crypto.randomUUID(), occurredAt, fields });
  }
}"""


def put_many(page: Page, times: int) -> None:
    """Moments through the page's own modules: what tapping does, without the tapping. For pages with the log sheet."""
    page.evaluate(MANY, times)
