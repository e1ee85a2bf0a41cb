{# The outbox's part of sw.js. Context: shared, pending_cookie. #}
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

self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(sendWaiting());
});

// Somebody signed out while there was no way to tell the server: told before anything else is asked of it.
let owes;
const settleLeaving = async () => {
  owes ??= await new Phone().owesLeave().catch(() => false);
  if (!owes) return;
  const session = await bootstrap({ fresh: true });
  if (session.status === 0) return;
  if (session.status === 200) {
    const form = new URLSearchParams({ csrfmiddlewaretoken: session.body.csrf, waiting: "kept" });
    const gone = await fetch("/account/logout/", { method: "POST", body: form, redirect: "manual" });
    if (gone.type !== "opaqueredirect" && !gone.ok) return;
  }
  owes = false;
  await new Phone().leave({ owed: false });
};

self.addEventListener("message", (event) => {
  if (event.data !== "leave") return;
  owes = true;
  event.waitUntil(new Phone().leave({ owed: true }).catch(() => undefined));
});
