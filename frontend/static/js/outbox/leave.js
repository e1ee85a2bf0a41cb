// @ts-check
// Signing out, seen from the phone: nothing that waits may get lost by it, and nothing of the family may stay.
import { account, dropKey, promise, promised } from "./here.js";
import { Outbox, Phone } from "./store.js";

/** Count what waits of everybody here: the cookie alone may have been lost. This account last, so that it stands first. */
async function countAll() {
  const others = Object.keys(await new Phone().seen()).filter((one) => one !== account);
  for (const whose of [...others, account]) promise(whose, await new Outbox(whose).count());
}

/** Whoever signs out with something waiting, or without a connection, is asked first. @param {HTMLFormElement} form */
export async function leave(form) {
  await countAll().catch(() => undefined);
  if (promised(account) || !navigator.onLine) {
    // The page that asks is nobody's: it has to find out whose phone this is, even where nothing was ever logged.
    await new Phone().take(account).catch(() => undefined);
    location.assign("/waiting/?leave");
    return;
  }
  dropKey();
  await new Phone().leave({ owed: false }).catch(() => undefined);
  form.submit();
}

/** Delete what waits of that account, once nothing of it is being sent. @param {Outbox} store */
export async function discard(store) {
  const { oneAtATime } = await import("./flush.js");
  await oneAtATime(() => store.db.destroy());
  promise(store.account, 0);
}

/** Nothing of that account stays on this phone, sealed or not; it stays signed in. @param {Outbox} store */
export async function forget(store) {
  dropKey();
  await discard(store);
  await new Phone().forget(store.account);
}
