// @ts-check
// The part of the service worker that shows reminders. Their words come sealed from our server, neutral as they are.
(() => {
  const worker = /** @type {any} */ (self);
  const PLAIN = { title: "Notes", body: "", url: "/", icon: "", badge: "", actions: [], secret: "" };

  /** @param {any} event */
  const read = (event) => {
    try {
      return { ...PLAIN, ...event.data.json() };
    } catch {
      return PLAIN; // a browser shows a text of its own where we show none
    }
  };

  // What became of it: with the secret that came along, and without a cookie, whoever is signed in by now.
  const tell = async (/** @type {string} */ secret, /** @type {string} */ said) => {
    if (!secret) return;
    const body = new URLSearchParams({ secret, said });
    await fetch("/account/reminders/noted/", { method: "POST", body, credentials: "omit" }).catch(() => {});
  };

  // Only pages of ours, whatever a message says.
  const ours = (/** @type {string} */ url) => {
    const target = new URL(url, worker.location.origin);
    return target.origin === worker.location.origin ? target : new URL("/", worker.location.origin);
  };

  const open = async (/** @type {URL} */ target) => {
    const tabs = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
    // A page on which nothing is half written may be taken: the one that is meant, loaded anew, or Today.
    const tab = ["", "/"].map((path) => tabs.find((/** @type {any} */ one) => new URL(one.url).pathname === (path || target.pathname))).find(Boolean);
    // A tab of another worker cannot be led anywhere: then there is none.
    const there = await tab?.navigate(target.href).catch(() => null);
    await (there ? there.focus().catch(() => {}) : worker.clients.openWindow(target.href));
  };

  worker.addEventListener("push", (/** @type {any} */ event) => {
    const { title, secret, url, ...options } = read(event);
    // The next one takes the place of one that is still there: they never pile up.
    const shown = worker.registration.showNotification(title, { ...options, tag: "reminder", data: { secret, url } });
    event.waitUntil(shown.then(() => tell(secret, "shown")));
  });

  worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
    const { secret, url } = event.notification.data ?? PLAIN;
    event.notification.close();
    const answered = ["later", "nothing"].includes(event.action);
    event.waitUntil(Promise.all([tell(secret, answered ? event.action : "opened"), answered || open(ours(url))]));
  });
})();
