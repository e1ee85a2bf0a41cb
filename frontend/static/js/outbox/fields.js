// @ts-check
// What a sheet says, in the words of the API. Of a saved moment only what was changed: what stays is not sent, so that it
// cannot undo what was changed elsewhere meanwhile.

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */
/** @typedef {Record<string, any> & { ratings: Record<string, any>, own: Record<string, any> }} Said */

const LISTS = ["contexts", "cues", "feelings"];
const MARKS = ["about_adult"];
const ONES = ["visibility", "tone", "child"];
const TAKE_BACK = "none";

/** @param {HTMLFormElement} form @param {string} name @returns {Field[]} */
const named = (form, name) => [.../** @type {NodeListOf<Field>} */ (form.querySelectorAll(`[name="${name}"]`))];

/** What the moment says, by field: a sheet that came back to be mended holds typed words from the start. @param {HTMLFormElement | null} form @returns {Record<string, any> | undefined} */
const before = (form) => form?.dataset.was && JSON.parse(form.dataset.was);

/** @param {Field} field @param {boolean} first as the page came */
function isOn(field, first) {
  if (!(field instanceof HTMLInputElement)) return false;
  const was = first && before(field.form);
  if (!was) return first ? field.defaultChecked : field.checked;
  return was[field.name] === true || [was[field.name]].flat().includes(field.value);
}

/** The value of what is chosen of one name; undefined where the sheet has no such field. @param {HTMLFormElement} form @param {string} name @param {boolean} first */
function chosen(form, name, first) {
  const fields = named(form, name);
  if (!fields.length) return undefined;
  const was = first && before(form);
  if (was) return String(was[name] ?? "");
  if (fields[0].type !== "radio") return first ? fields[0].defaultValue : fields[0].value;
  return fields.find((field) => isOn(field, first))?.value ?? "";
}

/** @param {string} answer */
function answered(answer) {
  if (answer === TAKE_BACK) return null;
  return /^\d$/.test(answer) ? Number(answer) : answer;
}

/** The whole sheet. @param {HTMLFormElement} form @param {boolean} first @returns {Said} */
function read(form, first) {
  /** @type {Said} */
  const said = { ratings: {}, own: {} };
  for (const name of LISTS) said[name] = named(form, name).filter((field) => isOn(field, first)).map((field) => field.value);
  for (const name of MARKS) {
    const [mark] = named(form, name);
    if (mark) said[name] = isOn(mark, first);
  }
  for (const name of ONES) {
    const value = chosen(form, name, first);
    if (value) said[name] = value;
  }
  const note = chosen(form, "note", first);
  if (note !== undefined) said.note = note.replaceAll("\r\n", "\n");
  const repairs = chosen(form, "repairs", first);
  if (repairs !== undefined) said.repairs = repairs || null;
  const questions = new Set([...form.elements].map((field) => /** @type {Field} */ (field).name ?? "").filter((name) => /^(rating|own)_/.test(name)));
  for (const name of questions) {
    const answer = chosen(form, name, first);
    if (!answer) continue;
    if (name.startsWith("own_")) said.own[name.slice("own_".length)] = answer === TAKE_BACK ? null : answer;
    else said.ratings[name.slice("rating_".length)] = answered(answer);
  }
  return said;
}

/** A question that stood there to be asked and was left open was skipped. @param {HTMLFormElement} form @param {Record<string, any>} ratings */
function skipped(form, ratings) {
  const asked = named(form, "asked").map((field) => field.value);
  return Object.fromEntries(asked.filter((dimension) => dimension && !(dimension in ratings)).map((dimension) => [dimension, "skipped"]));
}

/** When it was, if the sheet says another time than the page knew. @param {HTMLFormElement} form */
export function timeOf(form) {
  const picked = chosen(form, "picked", false);
  const isPicked = Boolean(picked) && picked !== chosen(form, "picked", true);
  const when = chosen(form, "when", false) || "keep";
  const meant = when === "keep" && isPicked ? "pick" : when;
  if (meant === "keep") return undefined;
  return { when: meant, ...(meant === "pick" ? { picked } : {}) };
}

/** Fields as `PATCH` of the API takes them. @param {HTMLFormElement} form @param {{ asked?: boolean }} [how] asked: the sheet is done, so open questions count */
export function changedFields(form, { asked = false } = {}) {
  const was = read(form, true);
  const now = read(form, false);
  const [ratings, own] = /** @type {const} */ (["ratings", "own"]).map((part) => Object.fromEntries(Object.entries(now[part]).filter(([name, answer]) => answer !== was[part][name])));
  const all = asked ? { ...skipped(form, now.ratings), ...ratings } : ratings;
  /** @type {Record<string, unknown>} */
  const fields = { ...timeOf(form) };
  for (const [name, value] of Object.entries(now)) {
    if (name !== "ratings" && name !== "own" && JSON.stringify(value) !== JSON.stringify(was[name])) fields[name] = value;
  }
  // What is marked as about another adult is private for now, whatever stood there before.
  if (fields.about_adult) delete fields.visibility;
  // Only coming back mends a miss.
  if ("repairs" in fields && now.tone && now.tone !== "came_back") delete fields.repairs;
  if (Object.keys(all).length) fields.ratings = all;
  if (Object.keys(own).length) fields.own = own;
  return fields;
}
