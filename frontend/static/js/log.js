// @ts-check
// The log sheet and its undo: their saves go through the outbox. It is the page that the icon opens, so it asks for little.
import { localInstant } from "./clock.js";
import { outbox, watchOutbox } from "./outbox.js";
import { throughOutbox } from "./outbox/form.js";
import { showSavedHere } from "./outbox/here-saved.js";
import { put } from "./outbox/save.js";
import { A_MOMENT, A_WHILE, holdStill, sendNow } from "./outbox/sending.js";
import { bootstrap } from "./outbox/session.js";

/** @import { Outbox } from "./outbox/store.js" */

const LOG = "/log/";
export const KEPT = "/moments/drafts/";

/** @param {HTMLFormElement} form @param {string} name */
export const valueOf = (form, name) => /** @type {string} */ (new FormData(form).get(name) ?? "");

/** With whom, in the words of the API: one child, or each of them. @param {HTMLFormElement} form */
function withWhom(form) {
  const child = valueOf(form, "child");
  if (child !== "all") return { child };
  const all = /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll("input[name=child]"));
  return { children: [...all].map((one) => one.value).filter((id) => id && id !== "all") };
}

/** The words on a form. Too long a note is a matter for the form itself, which says so beside it. @param {HTMLFormElement} form */
export function noteOf(form) {
  const note = valueOf(form, "note").replaceAll("\r\n", "\n");
  const most = Number(form.dataset.noteMax) || Infinity;
  if (navigator.onLine && [...note].length > most) throw new Error("too long");
  return note;
}

/** @param {Outbox} store @param {string} momentId */
function takeBack(store, momentId) {
  return put(store, { type: "delete", momentId, fields: { whole: true } });
}

/** @param {HTMLFormElement} form */
export function keepCapture(form) {
  let momentId = "";
  let tone = "";
  // Words shared from another app are still there; what was made of them here is nowhere else.
  const drafts = form.querySelector("[name=note]")
    ? import("./outbox/draft.js").then((page) => page.keepNote(form, valueOf(form, "moment_id"), outbox, () => withWhom(form))).catch(() => undefined)
    : undefined;
  throughOutbox(form, {
    outbox,
    failed: async () => (await drafts)?.resume(),
    plain: async () => (await drafts)?.handOver(),
    keep: async (store, submitter) => {
      momentId = valueOf(form, "moment_id");
      tone = /** @type {HTMLButtonElement | null} */ (submitter)?.value ?? "";
      const whom = withWhom(form);
      const repairs = valueOf(form, "repairs");
      const mends = repairs && tone === "came_back" && "child" in whom ? { repairs } : {};
      const note = noteOf(form);
      const words = note ? { note } : {};
      const occurredAt = valueOf(form, "opened_at") || localInstant();
      const sheet = await (await drafts)?.stop();
      return put(store, { type: "create", momentId, sheet, occurredAt, fields: { tone, when: "just_now", ...whom, ...mends, ...words } });
    },
    then: (became, store) => {
      if (became === "sent") return location.assign(`${LOG}saved/${momentId}/`);
      if (became === "kept") return location.assign(KEPT);
      const more = addMoreHere(momentId, tone);
      return showSavedHere(store, { tone, momentId, more, undo: () => undoHere(store, momentId, tone) });
    },
  });
}

/** @param {Outbox} store @param {string} momentId @param {string} tone */
async function undoHere(store, momentId, tone) {
  holdStill(A_WHILE);
  try {
    const became = await sendNow(store, await takeBack(store, momentId), A_MOMENT);
    if (became === "waits") showSavedHere(store, { momentId, takenBack: true });
    else location.assign(`${LOG}?undone`);
  } catch {
    // It was not taken back: the page stays the one of a saved moment, with a button that works.
    showSavedHere(store, { tone, momentId, more: addMoreHere(momentId, tone), undo: () => undoHere(store, momentId, tone) });
  }
}

/** In the page that works offline the sheet is at hand; elsewhere adding waits for a connection. @param {string} momentId @param {string} tone */
function addMoreHere(momentId, tone) {
  const sheet = /** @type {HTMLTemplateElement | null} */ (document.querySelector("template[data-sheet]"));
  if (!sheet && !navigator.onLine && navigator.serviceWorker?.controller) return () => location.assign(`/moments/${momentId}/more/`);
  if (!sheet) return undefined;
  return () => document.dispatchEvent(new CustomEvent("outbox:more", { detail: { momentId, tone } }));
}

/** "Saved. Phone down.", as the server shows it. @param {HTMLFormElement} form */
function keepUndo(form) {
  const momentId = form.dataset.moment ?? "";
  throughOutbox(form, {
    outbox,
    keep: (store) => takeBack(store, momentId),
    then: (became, store) => {
      if (became === "waits") showSavedHere(store, { momentId, takenBack: true });
      else location.assign(became === "sent" ? `${LOG}?undone` : KEPT);
    },
  });
}

const find = (/** @type {string} */ what) => /** @type {HTMLFormElement | null} */ (document.querySelector(`form[data-keep="${what}"]`));
const capture = find("capture");
const undo = find("undo");
if (capture) keepCapture(capture);
if (undo) keepUndo(undo);
watchOutbox();
// By the time of the tap the way is known: the save itself is then one request, as it always was.
outbox.then((store) => void (store && navigator.onLine && bootstrap()));
