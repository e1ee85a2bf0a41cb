// @ts-check
// Half-typed words: sealed into the outbox every ten seconds while they change, so that a killed tab loses no more than
// that. A draft stays on the phone as long as its form is open; then it goes, to be continued or thrown away.
import { isFull } from "./database.js";
import { changed, promise } from "./here.js";
import { changedFields } from "./fields.js";
import { put } from "./save.js";

/** @import { Outbox } from "./store.js" */

const EVERY = 10_000;
const OPEN_FOR = 25_000;

/** @param {Outbox} store @param {string} sheet */
const draftsOf = async (store, sheet) => (sheet ? (await store.list()).filter((row) => row.draft && row.sheet === sheet) : []);

/** A phone without room: said once, and not in the way of whoever types. @param {HTMLFormElement} form */
function sayFull(form) {
  const line = /** @type {HTMLElement | null} */ (form.querySelector("[data-full]"));
  if (line) line.hidden = false;
}

/**
 * @param {HTMLFormElement} form @param {string} momentId @param {Promise<Outbox | undefined>} outbox
 * @param {() => Record<string, unknown>} [read] what is typed on it
 */
export function keepDrafts(form, momentId, outbox, read = () => changedFields(form)) {
  // What came back to be mended is kept nowhere yet.
  let last = "was" in form.dataset ? "{}" : JSON.stringify(read());
  let isOver = false;
  // What this sheet is called from its first draft on: another sheet of the same moment has drafts of its own.
  let sheet = "";
  /** @param {Outbox} store */
  const takeOver = async (store) => {
    const [before] = (await store.list()).filter((row) => row.plain && row.moment_id === momentId);
    sheet = before?.sheet ?? "";
  };
  let running = Promise.resolve();
  const keep = async () => {
    const store = await outbox;
    if (!store || isOver) return;
    const heldUntil = Date.now() + OPEN_FOR;
    if (!sheet && "was" in form.dataset) await takeOver(store);
    const fields = read();
    const text = JSON.stringify(fields);
    if (text === last) {
      for (const row of await draftsOf(store, sheet)) await store.update({ ...row, plain: false, heldUntil });
      return;
    }
    const occurredAt = "when" in fields || form.dataset.keep === "capture" ? String(new FormData(form).get("opened_at") || "") || null : null;
    const op = await put(store, { type: "draft.put", momentId, sheet, occurredAt, fields, heldUntil });
    sheet ||= op;
    last = text;
  };
  const next = () => {
    running = running.then(keep).catch((error) => void (isFull(error) && sayFull(form)));
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

/**
 * The drafts of a sheet that has a note alone: the note, and with whom. A tap on a child alone is no draft.
 * @param {HTMLFormElement} form @param {string} momentId @param {Promise<Outbox | undefined>} outbox
 * @param {() => Record<string, unknown>} whom
 */
export function keepNote(form, momentId, outbox, whom) {
  return keepDrafts(form, momentId, outbox, () => {
    const { note } = changedFields(form);
    return note ? { note, ...whom() } : {};
  });
}
