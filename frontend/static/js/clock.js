// @ts-check
// A moment happened when the sheet was opened, not when its last field was filled in: the time is frozen then.

const pad = (/** @type {number} */ n) => String(Math.trunc(Math.abs(n))).padStart(2, "0");

/** This instant on the phone's own clock, with its offset: 2026-11-22T18:04:05+00:00. */
export function localInstant(now = new Date()) {
  const offset = -now.getTimezoneOffset();
  const local = new Date(now.getTime() + offset * 60_000).toISOString().slice(0, 19);
  return `${local}${offset < 0 ? "-" : "+"}${pad(offset / 60)}:${pad(offset % 60)}`;
}

/** The zone the phone says it is in, or nothing: the server then keeps the household's. */
export function zone() {
  try {
    return Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  } catch {
    return "";
  }
}

/** @param {ParentNode} root */
function fill(root) {
  for (const field of root.querySelectorAll("[data-opened-at]")) {
    /** @type {HTMLInputElement} */ (field).value = localInstant();
  }
  for (const field of root.querySelectorAll("[data-timezone]")) {
    const name = zone();
    if (field instanceof HTMLInputElement && name) field.value = name;
    if (field instanceof HTMLSelectElement && name && !field.dataset.chosen) {
      const known = [...field.options].some((option) => option.value === name);
      if (known) field.value = name;
    }
  }
}

export function watchClock() {
  fill(document);
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field instanceof HTMLSelectElement && field.matches("[data-timezone]")) field.dataset.chosen = "yes";
  });
  document.addEventListener("htmx:afterSwap", (event) => fill(/** @type {Element} */ (event.target)));
}
