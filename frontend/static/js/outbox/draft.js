// @ts-check
// Half-typed words: sealed into the outbox every ten seconds while they change, so that a killed tab loses no more than
// that. A draft stays on the phone as long as its form is open; then it goes, to be continued or thrown away.
import { changed, promise } from "./here.js";
import { changedFields } from "./fields.js";
import { put } from "./save.js";

/** @import { Outbox } from "./store.js" */

const EVERY = 10_000;
const OPEN_FOR = 25_000;

/** @param {Outbox} store @param {string} sheet */
const draftsOf = async (store, sheet) => (sheet ? (await store.list()).filter((row) => row.draft && row.sheet === sheet) : []);

/** @param {HTMLFormElement} form @param {string} momentId @param {Promise<Outbox | undefined>} outbox */
export function keepDrafts(form, momentId, outbox) {
  let last = JSON.stringify(changedFields(form));
  let isOver = false;
  // What this sheet is called from its first draft on: another sheet of the same moment has drafts of its own.
  let sheet = "";
  let running = Promise.resolve();
  const keep = async () => {
    const store = await outbox;
    if (!store || isOver) return;
    const heldUntil = Date.now() + OPEN_FOR;
    const fields = changedFields(form);
    const text = JSON.stringify(fields);
    if (text === last) {
      for (const row of await draftsOf(store, sheet)) await store.update({ ...row, plain: false, heldUntil });
      return;
    }
    const occurredAt = "when" in fields ? String(new FormData(form).get("opened_at") || "") || null : null;
    const op = await put(store, { type: "draft.put", momentId, sheet, occurredAt, fields, heldUntil });
    sheet ||= op;
    last = text;
  };
  const next = () => {
    running = running.then(keep).catch(() => undefined);
  };
  setInterval(next, EVERY);
  document.addEventListener("visibilitychange", () => document.hidden && next());
  /** No draft is written from here on, and none is under way. @returns {Promise<string>} what the sheet is called, if it has any */
  const stop = async () => {
    isOver = true;
    await running;
    return sheet;
  };
  /** The plain form takes the words along from here; until its page says that they arrived, the draft stays. */
  const handOver = async () => {
    await stop();
    const store = await outbox;
    if (!store) return;
    const heldUntil = Date.now() + OPEN_FOR;
    for (const row of await draftsOf(store, sheet)) await store.update({ ...row, plain: true, heldUntil });
  };
  // "Leave it as it is" means that: what was typed here is thrown away, and so is what was sent of it meanwhile.
  const throwAway = async () => {
    await stop();
    const store = await outbox;
    if (!store) return;
    if (sheet) await put(store, { type: "draft.put", momentId, sheet, fields: {} });
    promise(store.account, await store.count());
    changed();
  };
  const link = /** @type {HTMLAnchorElement | null} */ (form.querySelector("[data-leave]"));
  link?.addEventListener("click", async (event) => {
    event.preventDefault();
    await throwAway().catch(() => undefined);
    location.assign(link.href);
  });
  return { stop, handOver, resume: () => void (isOver = false) };
}
