// @ts-check
// The page that the phone keeps for logging without a connection.
import { keepCapture } from "./log.js";
import { outbox } from "./outbox.js";
import { readKit } from "./outbox/kit.js";
import { fillCapture, fillSheet } from "./outbox/shell.js";
import { keepSheet } from "./sheet.js";

/** @import { Kit } from "./outbox/kit.js" */

const MORE = /^\/moments\/([0-9a-f-]{36})\/more\/$/;

/** @param {Kit} kit @param {string} momentId @param {string} tone */
function openSheet(kit, momentId, tone) {
  const template = /** @type {HTMLTemplateElement} */ (document.querySelector("template[data-sheet]"));
  const main = /** @type {HTMLElement} */ (document.getElementById("main"));
  main.replaceChildren(template.content.cloneNode(true), ...main.querySelectorAll("template"));
  main.classList.add("tall");
  document.body.className = "";
  const form = /** @type {HTMLFormElement} */ (main.querySelector("form"));
  fillSheet(form, kit, tone);
  keepSheet(form, momentId);
  scrollTo(0, 0);
  main.focus();
}

/** @param {string} name */
function show(name) {
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-part]"))) part.hidden = part.dataset.part !== name;
}

async function open() {
  const store = await outbox;
  /** @type {Kit | undefined} */
  const kit = store && (await readKit(store));
  if (!store || !kit?.children.length) return show("nobody");
  document.addEventListener("outbox:more", (event) => {
    const { momentId, tone } = /** @type {CustomEvent} */ (event).detail;
    openSheet(kit, momentId, tone);
  });
  const [, momentId] = MORE.exec(location.pathname) ?? [];
  if (!momentId) {
    const form = /** @type {HTMLFormElement} */ (document.querySelector("form[data-keep=shell]"));
    fillCapture(form, kit);
    keepCapture(form);
    return show("capture");
  }
  // Only what was noted on this phone today can be added to without a connection: of the rest nothing is kept here.
  if ((await store.chain())[momentId]) openSheet(kit, momentId, "");
  else show("elsewhere");
}

open().catch(() => show("nobody"));
