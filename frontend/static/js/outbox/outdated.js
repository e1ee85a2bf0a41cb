// @ts-check
// A page of an older version met a newer server: the page is loaded anew, then what waits is sent. Never under somebody's
// hands: where something is half typed, the page stays, and says it when that is saved.

/** @import { Outbox } from "./store.js" */

const ONCE_IN = 600_000;

/** Whether something on this page was typed or chosen and is not saved yet. */
export function isDirty() {
  const fields = /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>} */ (
    document.querySelectorAll("main input, main textarea, main select")
  );
  return [...fields].some((field) => {
    if (field instanceof HTMLSelectElement) return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
    if (field.type === "hidden") return false;
    const isTicked = field instanceof HTMLInputElement && ["radio", "checkbox"].includes(field.type);
    return isTicked ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  });
}

/** Whether loading this page anew would take words along. A form that came back to be mended holds them from the start. */
function holdsWords() {
  const notes = /** @type {NodeListOf<HTMLTextAreaElement>} */ (document.querySelectorAll("main textarea"));
  return isDirty() || [...notes].some((note) => note.value);
}

/** @param {Outbox} store */
export async function loadAnew(store) {
  const last = (await store.get("loadedAnew")) ?? 0;
  if (holdsWords() || Math.abs(Date.now() - last) < ONCE_IN) return;
  await store.set("loadedAnew", Date.now());
  await (await navigator.serviceWorker?.getRegistration())?.update().catch(() => undefined);
  // Somebody may have begun to type meanwhile.
  if (!holdsWords()) location.reload();
}
