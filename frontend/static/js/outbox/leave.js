// @ts-check
// Signing out, seen from the phone: nothing that waits may get lost by it, and nothing of the family may stay.
import { account, promise, promised } from "./here.js";
import { Phone } from "./store.js";

/** @import { Outbox } from "./store.js" */

/** Whoever signs out with something waiting, or without a connection, is asked first. @param {HTMLFormElement} form */
export async function leave(form) {
  if (promised(account) || !navigator.onLine) {
    location.assign("/waiting/?leave");
    return;
  }
  await new Phone().leave({ owed: false }).catch(() => undefined);
  form.submit();
}

/** Delete what waits of that account. @param {Outbox} store */
export async function discard(store) {
  await store.db.destroy();
  promise(store.account, 0);
}
