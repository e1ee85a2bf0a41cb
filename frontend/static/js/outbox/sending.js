// @ts-check
// When to send: right after a save, and whenever the phone may have found a connection again.
import { changed, promise } from "./here.js";

/** @import { Outbox } from "./store.js" */
/** @import { Told } from "./flush.js" */

const EVERY = 60_000;
/** After a tap the phone goes down soon, arrived or not. */
export const A_MOMENT = 2_500;
/** After a sheet its page is worth a little longer. */
export const A_WHILE = 10_000;
/** With these the moment stands where the page would lead to. */
const DONE = new Set(["applied", "duplicate", "merged"]);

/** Until then no page is loaded anew: somebody saves on it, or reads what became of that. */
let stillUntil = 0;
/** @param {number} time in milliseconds from now */
export function holdStill(time) {
  stillUntil = performance.now() + time;
}

/** Send what waits, if there may be a way. @param {Outbox} store @param {{ urgent?: boolean, mend?: boolean }} [how] @returns {Promise<Told>} */
export async function send(store, how) {
  if (!navigator.onLine) {
    await askForSync();
    return { sent: new Map(), left: await store.count() };
  }
  const { flush } = await import("./flush.js");
  const told = await flush(store, how);
  promise(store.account, await store.count());
  changed();
  if (told.left) await askForSync();
  const isOutdated = (await store.flow()).stop === "outdated";
  // Held still, it has to wait for the next occasion: that comes within a minute.
  if (isOutdated && performance.now() >= stillUntil) await (await import("./outdated.js")).loadAnew(store);
  return told;
}

/** Chromium sends later even when no page is open any more; others wait for the next page. */
async function askForSync() {
  try {
    const worker = /** @type {any} */ (await navigator.serviceWorker?.getRegistration());
    await worker?.sync?.register("outbox");
  } catch {
    // Not here, or not allowed: the other occasions remain.
  }
}

/**
 * Send this one now and wait a little for it.
 * @param {Outbox} store @param {string} op @param {number} patience in milliseconds @returns {Promise<"sent" | "kept" | "waits">} kept: with the server, for its author to look at
 */
export async function sendNow(store, op, patience) {
  const late = new Promise((resolve) => setTimeout(resolve, patience));
  const told = /** @type {Told | undefined} */ (await Promise.race([send(store, { urgent: true }).catch(() => undefined), late]));
  const status = told?.sent.get(op) ?? "";
  if (DONE.has(status)) return "sent";
  return ["rescued", "conflict", "gone", "private_only"].includes(status) ? "kept" : "waits";
}

/**
 * From now on: on every occasion, and when the pause after a failure is over.
 * @param {Outbox} store @param {{ urgent: boolean }} first urgent: its owner has just come back
 */
export function keepSending(store, first) {
  const now = async (/** @type {boolean} */ urgent) => {
    if (await store.count()) await send(store, { urgent });
  };
  const on = (/** @type {boolean} */ urgent) => now(urgent).catch(() => undefined);
  addEventListener("online", () => on(true));
  addEventListener("pageshow", () => on(false));
  document.addEventListener("visibilitychange", () => document.hidden || on(false));
  const again = async () => {
    const pause = (await store.flow().catch(() => ({ retryAt: 0 }))).retryAt - Date.now();
    setTimeout(() => (document.hidden ? again() : on(false).then(again)), pause > 0 ? Math.min(pause, EVERY) : EVERY);
  };
  on(first.urgent).then(again);
}
