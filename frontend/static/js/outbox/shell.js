// @ts-check
// The log form without a connection: a page of nobody's, which fills in the family's part from the kit.
import { localInstant } from "../clock.js";
import { bringForward } from "../comfort.js";

/** @import { Kit } from "./kit.js" */

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const find = (/** @type {ParentNode} */ place, /** @type {string} */ what) => /** @type {HTMLElement | null} */ (place.querySelector(what));

/** A chip of a template with this value and these words. @param {HTMLTemplateElement} template @param {string} value @param {string} words @param {string} [mark] */
function chip(template, value, words, mark) {
  const made = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
  const [input, label, child] = [made.querySelector("input"), find(made, "[data-words]"), find(made, ".child")];
  if (input) input.value = value;
  if (label) label.textContent = words;
  if (child && mark) child.textContent = mark;
  else child?.remove();
  return made;
}

/** @param {HTMLFormElement} form @param {Kit} kit */
export function fillCapture(form, kit) {
  const asked = new URLSearchParams(location.search);
  // Of older misses, and those of somebody else, the kit knows nothing: then the address says what is mended, and with whom.
  const mended = UUID.exec(asked.get("repairs") ?? "")?.[0] ?? "";
  const child = kit.missed.find((one) => one.id === mended)?.child ?? kit.children.find((one) => one.id === asked.get("child"))?.id;
  const place = /** @type {HTMLElement} */ (find(form, "[data-children]"));
  const template = /** @type {HTMLTemplateElement} */ (form.querySelector("template[data-chip]"));
  const chips = kit.children.map((child) => chip(template, child.id, child.label, child.mark));
  const all = place.dataset[kit.children.length === 2 ? "both" : "all"] ?? "";
  if (chips.length > 1 && !mended) chips.push(chip(template, "all", all));
  place.querySelector(".chips")?.append(...chips);
  const first = (mended && child) || (kit.chosen ?? kit.children[0].id);
  const inputs = [...form.querySelectorAll("input")].filter((input) => input.name === "child");
  for (const input of inputs) input.checked = input.value === first;
  if (!inputs.some((input) => input.checked)) inputs[0].checked = true;
  place.hidden = kit.children.length < 2;
  const hidden = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  hidden("moment_id").value = crypto.randomUUID();
  hidden("opened_at").value = localInstant();
  hidden("repairs").value = mended;
  const tone = mended ? "came_back" : asked.get("tone");
  for (const button of form.querySelectorAll("button[name=tone]")) button.toggleAttribute("data-suggested", button.getAttribute("value") === tone);
  form.hidden = false;
}

/** What the server would have put first: the tone's own cues, the question of the focus, the misses that can be mended. @param {HTMLFormElement} form @param {Kit} kit @param {string} tone */
export function fillSheet(form, kit, tone) {
  const groups = [...form.querySelectorAll("#id_cues details")];
  const own = ["in_tune", "missed", "came_back"].indexOf(tone);
  if (groups[own]) {
    groups[own].setAttribute("open", "");
    groups[own].parentElement?.prepend(groups[own]);
  }
  const place = form.querySelector("[data-one-question]");
  if (place && kit.focus && kit.focus !== "comfort") bringForward(place, kit.focus);
  fillOwn(form, kit);
  fillRepairs(form, kit, tone);
  const standing = tone === "missed" ? "private" : kit.standing_visibility;
  for (const input of form.querySelectorAll("input[name=visibility]")) {
    const one = /** @type {HTMLInputElement} */ (input);
    if (one.value === "coaches" && standing !== "coaches") one.closest("label")?.remove();
    // Of a moment whose tone is not known here, neither is who sees it: then nothing is said.
    one.checked = one.defaultChecked = Boolean(tone) && one.value === standing;
  }
}

/** Their own questions, in the shape that the built-in one before them has. @param {HTMLFormElement} form @param {Kit} kit */
function fillOwn(form, kit) {
  const place = find(form, "[data-own]");
  const pattern = find(form, "#id_rating_needs")?.closest(".field");
  if (!place || !pattern || !kit.own?.length) return place?.remove();
  for (const asked of kit.own) {
    const field = /** @type {HTMLElement} */ (pattern.cloneNode(true));
    const [legend, answer] = [find(field, "legend"), find(field, "label")];
    if (!legend || !answer) return;
    const group = /** @type {HTMLElement} */ (answer.parentElement);
    field.querySelector("fieldset")?.removeAttribute("aria-describedby");
    find(field, ".help")?.remove();
    /** @type {HTMLElement} */ (find(field, "[id]")).id = `id_own_${asked.id}`;
    legend.textContent = asked.prompt;
    group.className = asked.options.length > 3 ? "scale" : "chips";
    const like = (/** @type {string} */ key) => find(group, `input[value="${key}"]`)?.closest("label") ?? answer;
    group.replaceChildren(...asked.options.map(({ key, words }) => option(/** @type {HTMLElement} */ (like(key)), asked.id, key, words)));
    place.querySelector(".stack")?.append(field);
  }
  place.hidden = false;
}

/** @param {HTMLElement} pattern @param {string} id @param {string} key @param {string} words */
function option(pattern, id, key, words) {
  const label = /** @type {HTMLElement} */ (pattern.cloneNode(true));
  const [input, text] = [label.querySelector("input"), label.querySelector("span")];
  if (input && text) {
    input.name = `own_${id}`;
    input.value = key;
    input.checked = input.defaultChecked = false;
    input.id = `id_own_${id}_${key}`;
    label.setAttribute("for", input.id);
    const steps = /^\d$/.test(key) && text.lastElementChild;
    text.textContent = words;
    if (steps) text.append(steps);
  }
  return label;
}

/** @param {HTMLFormElement} form @param {Kit} kit @param {string} tone */
function fillRepairs(form, kit, tone) {
  const none = /** @type {HTMLInputElement | null} */ (form.querySelector("input[name=repairs]"));
  const field = none?.closest(".field");
  if (!none || !field || tone !== "came_back" || !kit.missed.length) {
    field?.remove();
    return;
  }
  const how = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  for (const missed of kit.missed) {
    const label = /** @type {HTMLElement} */ (none.closest("label")?.cloneNode(true));
    const [input, words] = [label.querySelector("input"), label.querySelector("span")];
    if (!input || !words) continue;
    input.value = missed.id;
    input.checked = input.defaultChecked = false;
    input.id = `id_repairs_${missed.id}`;
    label.setAttribute("for", input.id);
    words.textContent = how.format(new Date(missed.occurred_at));
    none.closest("label")?.after(label);
  }
}
