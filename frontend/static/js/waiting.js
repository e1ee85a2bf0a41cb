// @ts-check
// What waits on this phone, one button that mends it, and the question when somebody signs out meanwhile.
import { outbox } from "./outbox.js";
import { account, changed, dropKey, onChange } from "./outbox/here.js";
import { discard, forget } from "./outbox/leave.js";
import { say, stateOf } from "./outbox/line.js";
import { send } from "./outbox/sending.js";
import { bootstrap } from "./outbox/session.js";
import { Phone } from "./outbox/store.js";

/** @import { Outbox, Row } from "./outbox/store.js" */

const find = (/** @type {string} */ what) => /** @type {HTMLElement} */ (document.querySelector(what));
const isLeaving = new URLSearchParams(location.search).has("leave");

/** @param {string} name */
function show(name) {
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-part]"))) part.hidden = part.dataset.part !== name;
}

/** One row for each moment: the first time it was noted, and whether something of it needs its author. @param {Row[]} rows */
function byMoment(rows) {
  /** @type {Map<string, Row>} */
  const found = new Map();
  for (const row of rows) {
    const first = found.get(row.moment_id) ?? row;
    found.set(row.moment_id, { ...first, trouble: first.trouble || row.trouble, draft: first.draft && row.draft });
  }
  return [...found.values()];
}

/** @param {Row[]} rows */
function list(rows) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("template[data-row]"));
  const how = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const made = rows.map((row) => {
    const one = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    const kind = row.trouble ? "trouble" : row.draft ? "draft" : "moment";
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (one.querySelectorAll("[data-kind]"))) part.hidden = part.dataset.kind !== kind;
    const words = /** @type {HTMLElement} */ (one.querySelector("[data-kind-words]"));
    words.textContent = words.dataset[kind] ?? "";
    const time = /** @type {HTMLTimeElement} */ (one.querySelector("time"));
    time.dateTime = new Date(row.at).toISOString();
    time.textContent = how.format(row.at);
    return one;
  });
  find("[data-rows]").replaceChildren(...made);
  find("[data-list]").hidden = !rows.length;
}

/** @param {Outbox} store */
async function draw(store) {
  const [[state, count], flow, rows] = [await stateOf(store), await store.flow(), await store.list()];
  say(find("[data-headline]"), state || "nothing", count);
  say(find("[data-why]"), state || "nothing", count);
  list(byMoment(rows));
  for (const act of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-act]"))) {
    act.hidden = !(act.dataset.act ?? "").split(" ").includes(state || "nothing");
  }
  find("[data-kept]").hidden = !flow.needsYou;
}

/** @param {Outbox} store */
function watchButtons(store) {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    if (!(button instanceof HTMLElement)) return;
    const act = button.dataset.do;
    if (act === "seen") await store.setFlow({ evicted: 0 });
    if (act === "looked") await store.setFlow({ needsYou: 0 });
    if (act === "reload") location.reload();
    if (act === "forget") return (await store.count()) ? askToForget(store) : forgetAll(store, button);
    if (act === "forget-all") return forgetAll(store, button);
    if (act === "keep") return show("list");
    if (act === "send") {
      button.setAttribute("aria-busy", "true");
      await send(store, { urgent: true, mend: true }).catch(() => undefined);
      button.removeAttribute("aria-busy");
      find("[data-not-taken]").hidden = !(await store.list()).some((row) => row.trouble);
    }
    changed();
  });
}

// --- Forgetting this phone ---------------------------------------------------------------------------------------------
/** @param {Outbox} store */
async function askToForget(store) {
  const count = await store.count();
  show("forget");
  say(find("[data-forget-headline]"), "ask", count);
  say(find("[data-forget-delete]"), "ask", count);
  find("#main").focus();
}

/** @param {Outbox} store @param {HTMLElement} button */
async function forgetAll(store, button) {
  button.setAttribute("aria-busy", "true");
  await forget(store);
  button.removeAttribute("aria-busy");
  show("forgotten");
  find("#main").focus();
}

// --- Signing out -------------------------------------------------------------------------------------------------------
/** Told to the server if it can be reached; otherwise as soon as it can. @param {string} waiting what became of the queue */
async function signOut(waiting) {
  const phone = new Phone();
  const answer = await bootstrap({ fresh: true });
  const isSignedIn = answer.status === 200;
  // Anything but the server's own "nobody is signed in" says nothing: then it is owed.
  const owed = !isSignedIn && answer.status !== 401;
  dropKey();
  await phone.leave({ owed }).catch(() => undefined);
  if (owed) navigator.serviceWorker?.controller?.postMessage("leave");
  if (!isSignedIn) {
    show("left");
    find(owed ? "[data-owed]" : "[data-told]").hidden = false;
    find("#main").focus();
    return;
  }
  const form = /** @type {HTMLFormElement} */ (find("form[data-sign-out]"));
  const set = (/** @type {string} */ name, /** @type {string} */ value) => {
    /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value = value;
  };
  set("csrfmiddlewaretoken", answer.body.csrf);
  set("waiting", waiting);
  form.submit();
}

/** @param {Outbox} store */
async function ask(store) {
  const count = await store.count();
  if (!count) return show("leave-now");
  show("leave");
  say(find("[data-leave-headline]"), "ask", count);
  say(find("[data-leave-delete]"), "ask", count);
}

/** @param {Outbox | undefined} store without one there is nothing to ask about */
function watchAnswer(store) {
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-answer]") : null;
    if (!(button instanceof HTMLElement)) return;
    const answer = button.dataset.answer;
    if (answer === "now") await signOut("none");
    if (!store) return;
    if (answer === "send") {
      button.setAttribute("aria-busy", "true");
      await send(store, { urgent: true, mend: true }).catch(() => undefined);
      button.removeAttribute("aria-busy");
      if (await store.count()) {
        await ask(store);
        find("[data-not-sent]").hidden = false;
        return;
      }
      await signOut("sent");
    }
    if (answer === "keep") await signOut("kept");
    if (answer === "delete") {
      button.setAttribute("aria-busy", "true");
      await discard(store);
      await signOut("deleted");
    }
  });
}

async function open() {
  const store = await outbox;
  watchAnswer(store);
  if (!store) return show(isLeaving && account ? "leave-now" : "nobody");
  if (isLeaving) return ask(store);
  show("list");
  watchButtons(store);
  const safely = () => draw(store).catch(() => undefined);
  onChange(safely);
  await draw(store);
}

open().catch(() => show("nobody"));
