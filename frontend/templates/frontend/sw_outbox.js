{# The outbox's part of sw.js. Context: shared, pending_cookie, kit_cookie. #}
// --- The outbox ----------------------------------------------------------------------------------------------------------
// (shared)
const { Outbox, Phone, ask, bootstrap, flush } = shared;
const channel = new BroadcastChannel("outbox");

const promise = async (account, count) => {
  const [name, tag] = ["{{ pending_cookie|escapejs }}", account.slice(2, 8)];
  const before = (await self.cookieStore?.get(name))?.value ?? "";
  const value = before.replace(new RegExp(`(^|~)[0-9]+\\.${tag}`), `$1${count}.${tag}`);
  const expires = Date.now() + 34_560_000_000;
  if (before && value !== before) await self.cookieStore.set({ name, value, path: "/", sameSite: "lax", expires });
};

const sendWaiting = async () => {
  const account = await new Phone().account();
  if (!account) return;
  const store = new Outbox(account);
  const told = await flush(store, { urgent: true });
  await promise(account, told.left).catch(() => undefined);
  channel.postMessage("changed");
  if (told.left && !(await store.flow()).stop) throw new Error("later");
};

// Where nobody signs in any more, no page counts the days.
const purge = () => new Phone().purge().catch(() => undefined);
self.addEventListener("activate", (event) => event.waitUntil(purge().then(() => new Phone().forgetReadable()).catch(() => undefined)));

self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(sendWaiting());
});

// A page took it away already, if there was one; the server's answer does where a worker has no cookies.
const dropKey = () => self.cookieStore?.delete("{{ kit_cookie|escapejs }}").catch(() => undefined);

// Somebody signed out while there was no way to tell the server: told before anything else is asked of it. Only the server's
// own word ends it; what is owed is read anew each time, since a page may have changed it.
let leaving = Promise.resolve();
const leave = async (how) => {
  await dropKey();
  await new Phone().leave(how);
};
/** Of anybody here: where nothing does, the browser may clear what it keeps. */
const whatWaits = async () => {
  try {
    return (await new Phone().count()) ? "kept" : "none";
  } catch {
    return "kept";
  }
};
const endSession = async () => {
  const session = await bootstrap({ fresh: true });
  if (session.status !== 200) return session.status === 401;
  const form = new URLSearchParams({ csrfmiddlewaretoken: session.body.csrf, waiting: await whatWaits() });
  const gone = await fetch("/account/logout/", { method: "POST", body: form, redirect: "manual" }).catch(() => undefined);
  if (gone?.type === "opaqueredirect" || gone?.ok) return true;
  // Refused: the page's own beacon may have come in between.
  return (await bootstrap({ fresh: true })).status === 401;
};
const settle = async () => {
  await leaving;
  if (!(await new Phone().owesLeave().catch(() => false))) return true;
  if (!(await endSession())) return false;
  await leave({ owed: false });
  return true;
};

/** Whether nobody's signing out is owed any more. */
let settling;
const settleLeaving = () => {
  settling ??= settle().finally(() => {
    settling = undefined;
  });
  return settling;
};

self.addEventListener("message", (event) => {
  if (event.data !== "leave") return;
  leaving = leave({ owed: true }).catch(() => undefined);
  // A kept page has no token to sign out with: this is where it is done, there and then if there is a way.
  event.waitUntil(settleLeaving().catch(() => undefined));
});
