// @ts-check
// A form whose save goes through the outbox. Where that cannot be, it is the plain form it always was; and without a
// connection too, it stays as it is and says so.
import { isFull } from "./database.js";
import { A_MOMENT, A_WHILE, holdStill, sendNow } from "./sending.js";
import { bootstrap } from "./session.js";

/** @import { Outbox } from "./store.js" */

/** Some browsers' databases never answer: a form must not wait for them for ever. */
const PATIENCE = 5_000;

/** The outbox, if it answers. @param {Promise<Outbox | undefined>} outbox @returns {Promise<Outbox>} */
async function whatAnswers(outbox) {
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error("no answer")));
  const store = await Promise.race([outbox, late]);
  if (!store) throw new Error("no outbox");
  await Promise.race([store.count(), late]);
  return store;
}

/** @param {HTMLFormElement} form @param {string} name */
function complain(form, name) {
  for (const trouble of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-trouble]"))) {
    trouble.hidden = trouble.dataset.trouble !== name;
    if (!trouble.hidden) trouble.scrollIntoView({ block: "nearest" });
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {object} how
 * @param {Promise<Outbox | undefined>} how.outbox
 * @param {(store: Outbox, submitter: HTMLElement | null) => Promise<string>} how.keep puts it into the outbox and gives the operation's id
 * @param {(became: "sent" | "kept" | "waits", store: Outbox) => void} how.then
 * @param {() => void} [how.failed] nothing was put anywhere, or it was not sent as it is after all
 * @param {() => Promise<void>} [how.plain] the form is about to be sent as it is
 * @param {number} [how.patience] how long to wait for it to arrive, in milliseconds
 */
export function throughOutbox(form, { outbox, keep, then, failed, plain, patience = A_MOMENT }) {
  let isPlain = false;
  let isBusy = false;
  /** @param {HTMLElement | null} submitter @param {unknown} error */
  const giveBack = async (submitter, error) => {
    // Being online by the phone's own account says little: a form sent into nothing takes its words along.
    const isThere = navigator.onLine && (await bootstrap({ fresh: true })).status !== 0;
    isBusy = false;
    failed?.();
    if (!isThere) return complain(form, isFull(error) ? "full" : "offline");
    // A page of nobody's has no token to send a form with.
    if (form.dataset.keep === "shell") return complain(form, "here");
    const late = new Promise((resolve) => setTimeout(resolve, A_MOMENT));
    await Promise.race([plain?.().catch(() => undefined), late]);
    isPlain = true;
    // Not at once: while the first submit event is still on its way, a second one is ignored.
    setTimeout(() => form.requestSubmit(submitter));
  };
  const isHereStill = () => {
    if (!isPlain) return;
    isPlain = false;
    failed?.();
  };
  form.addEventListener("invalid", isHereStill, true);
  addEventListener("pageshow", (event) => event.persisted && isHereStill());
  form.addEventListener("submit", async (event) => {
    if (isPlain || event.defaultPrevented) return;
    event.preventDefault();
    if (isBusy) return;
    isBusy = true;
    // Loaded anew now, the page would show an empty sheet: whoever sees it taps once more, for the same moment.
    holdStill(Infinity);
    complain(form, "");
    const submitter = /** @type {SubmitEvent} */ (event).submitter;
    try {
      const store = await whatAnswers(outbox);
      const op = await keep(store, submitter);
      then(await sendNow(store, op, patience), store);
    } catch (error) {
      await giveBack(submitter, error);
    } finally {
      holdStill(A_WHILE);
    }
  });
}
