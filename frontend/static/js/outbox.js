// @ts-check
// The outbox on every page: it remembers whose phone this is, tells what waits, and sends when it can.
import { isHere } from "./outbox/database.js";
import { account, changed, dropKey, isDiscreet, isShell, keyOf, promise, promised, savedPlain, wasAnothers } from "./outbox/here.js";
import { watchLine } from "./outbox/line.js";
import { keepSending } from "./outbox/sending.js";
import { Outbox, Phone } from "./outbox/store.js";

const KIT_FOR = 300_000;

/** The outbox of whoever this page is for; nothing where nobody is, or where the phone keeps nothing. @returns {Promise<Outbox | undefined>} */
async function find() {
  if (!isHere || !crypto.subtle) return undefined;
  if (account) return new Outbox(account);
  const whose = isShell ? await new Phone().account() : "";
  // Somebody else signed in since, and has not logged anything here yet: this page knows nothing of them.
  if (whose && wasAnothers(whose)) return undefined;
  return whose ? new Outbox(whose) : undefined;
}

/** @type {Promise<Outbox | undefined>} */
export const outbox = find().catch(() => undefined);

/** A database that is new and empty although something was promised: the phone made room for something else. @param {Outbox} store */
async function noticeEviction(store) {
  const missing = promised(store.account);
  if ((await store.isNew()) && missing && !(await store.count())) await store.setFlow({ evicted: missing });
}

/** The page that a plain form leads to once it was saved: its words need no draft any more. @param {Outbox} store */
async function forgetPlain(store) {
  if (!savedPlain) return;
  await store.remove((await store.list()).filter((row) => row.plain && row.moment_id === savedPlain));
}

/** @param {Outbox} store */
async function start(store) {
  await forgetPlain(store);
  await noticeEviction(store);
  const isBack = Boolean(account) && (await new Phone().take(account));
  promise(store.account, await store.count());
  watchLine(store);
  keepSending(store, { urgent: isBack });
  if (!account) return;
  // Whoever was here before may have left without a page that could take their key away.
  if (!keyOf(account)) dropKey();
  const { fetchKit, readKit } = await import("./outbox/kit.js");
  const kit = await readKit(store);
  if (kit?.discreet === isDiscreet && Math.abs(Date.now() - kit.at) < KIT_FOR) return;
  if (await fetchKit(store)) changed();
}

let isWatched = false;

/** Nothing here is needed for the page that just opened. */
export function watchOutbox() {
  if (isWatched) return;
  isWatched = true;
  const idle = globalThis.requestIdleCallback ?? ((/** @type {() => void} */ work) => setTimeout(work, 200));
  // Of whoever left too long ago nothing stays, even where nobody signs in any more.
  const begin = () => outbox.then((store) => store && start(store)).then(() => new Phone().purge()).catch(() => undefined);
  if (document.readyState === "complete") idle(begin);
  else addEventListener("load", () => idle(begin));
}
