// @ts-check
// Signing out, seen from the phone: nothing that waits may get lost by it, and nothing of the family may stay.
import { account, promise, promised } from "./here.js";
import { Outbox, Phone } from "./store.js";

const SIGN_OUT = "/account/logout/";

/** Whoever signs out with something waiting, or without a connection, is asked first. */
export function watchLeaving() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.getAttribute("action") !== SIGN_OUT || !account) return;
    if (!promised(account) && navigator.onLine) {
      new Phone().leave({ owed: false }).catch(() => undefined);
      return;
    }
    event.preventDefault();
    location.assign("/waiting/?leave");
  });
}

/** Delete what waits of that account. @param {Outbox} store */
export async function discard(store) {
  await store.db.destroy();
  promise(store.account, 0);
}
