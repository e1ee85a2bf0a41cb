// @ts-check
// The quiet line that says what waits on this phone. Its words stand in the page, in the page's language.
import { onChange } from "./here.js";

/** @import { Outbox } from "./store.js" */

const SENT_FOR = 4_000;

/** The words of a state, with the number in its place. @param {HTMLElement} line @param {string} state @param {number} count */
function words(line, state, count) {
  const one = count === 1 ? line.dataset[`${state}One`] : undefined;
  return (one ?? line.dataset[state] ?? "").replace("%n", String(count));
}

/** @param {HTMLElement} line @param {string} state @param {number} [count] */
export function say(line, state, count = 0) {
  const text = line.querySelector("[data-outbox-text]") ?? line;
  line.dataset.state = state;
  line.hidden = !state;
  const instead = /** @type {HTMLElement | null} */ (line.parentElement?.querySelector("[data-outbox-instead]"));
  if (instead) instead.hidden = Boolean(state);
  if (state) text.textContent = words(line, state, count);
}

/** What to say of this outbox: the state, and its number. @param {Outbox} store @returns {Promise<[string, number]>} */
export async function stateOf(store) {
  const [count, flow, rows] = [await store.count(), await store.flow(), await store.list()];
  const troubled = new Set(rows.filter((row) => row.trouble).map((row) => row.moment_id)).size;
  if (flow.evicted) return ["evicted", flow.evicted];
  if (!count) return ["", 0];
  if (troubled) return ["trouble", troubled];
  return [flow.stop === "foreign" ? "" : flow.stop || "waiting", count];
}

/** @param {Outbox} store */
export function watchLine(store) {
  const lines = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-outbox]"));
  if (!lines.length) return;
  const show = async () => {
    const [state, count] = await stateOf(store);
    for (const line of lines) {
      const justSent = !state && !line.hidden && line.dataset.state !== "sent";
      if (!justSent) {
        if (state || line.dataset.state !== "sent") say(line, state, count);
        continue;
      }
      say(line, "sent");
      setTimeout(() => line.dataset.state === "sent" && say(line, ""), SENT_FOR);
    }
  };
  const safely = () => show().catch(() => undefined);
  onChange(safely);
  safely();
}
