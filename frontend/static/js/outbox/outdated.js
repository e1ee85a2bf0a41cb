// @ts-check
// A page of an older version met a newer server: the page is loaded anew, then what waits is sent. Never under somebody's
// hands: where something is half typed, the line says it instead.

/** @import { Outbox } from "./store.js" */

const ONCE_IN = 600_000;

/** Whether something on this page was typed or chosen and is not saved yet. */
export function isDirty() {
  const fields = /** @type {NodeListOf<HTMLInputElement | HTMLTextAreaElement>} */ (document.querySelectorAll("main input, main textarea"));
  return [...fields].some((field) => {
    if (field.type === "hidden") return false;
    const isTicked = field instanceof HTMLInputElement && ["radio", "checkbox"].includes(field.type);
    return isTicked ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
  });
}

/** @param {Outbox} store */
export async function loadAnew(store) {
  const last = (await store.get("loadedAnew")) ?? 0;
  if (isDirty() || Math.abs(Date.now() - last) < ONCE_IN) return;
  await store.set("loadedAnew", Date.now());
  await (await navigator.serviceWorker?.getRegistration())?.update().catch(() => undefined);
  location.reload();
}
