// @ts-check
// A form that is not in the outbox. Without a connection the browser would put a page of its own in this one's place, and
// what was typed here might be gone: so the form stays, and says that it was not sent.
import { ask } from "./outbox/session.js";

const PATIENCE = 5_000;

/** Being online by the phone's own account says little: any answer at all says more. */
async function isThere() {
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE, { status: 0 }));
  return navigator.onLine && (await Promise.race([ask("/api/v1/sync/session"), late])).status !== 0;
}

/** @param {HTMLFormElement} form */
function stay(form) {
  const told = /** @type {HTMLElement} */ (document.getElementById(form.dataset.stays ?? ""));
  let isSure = false;
  let isBusy = false;
  addEventListener("pageshow", () => void (isSure = false));
  form.addEventListener("submit", async (event) => {
    if (isSure) return;
    event.preventDefault();
    if (isBusy) return;
    isBusy = told.hidden = true;
    isSure = await isThere();
    isBusy = false;
    told.hidden = isSure;
    if (isSure) form.requestSubmit(event.submitter);
    else told.scrollIntoView({ block: "nearest" });
  });
}

export function watchStaying() {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-stays]"))) stay(form);
}
