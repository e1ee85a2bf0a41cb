// @ts-check
// The quiet line that says what waits on this phone. Its words stand in the page, in the page's language.
import { onChange } from "./here.js";

/** @import { Outbox } from "./store.js" */

const SENT_FOR = 4_000;

/** "Tue 18:42" @param {number} at */
function time(at) {
  const how = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return how.format(at);
}

/** The words of a state, with number and time in their places. @param {HTMLElement} line @param {string} state @param {number} count @param {number} since */
function words(line, state, count, since) {
  const one = count === 1 ? line.dataset[`${state}One`] : undefined;
  return (one ?? line.dataset[state] ?? "").replace("%n", String(count)).replace("%t", since ? time(since) : "");
}

/** @param {HTMLElement} line @param {string} state @param {number} [count] @param {number} [since] when the oldest was noted */
export function say(line, state, count = 0, since = 0) {
  const text = line.querySelector("[data-outbox-text]") ?? line;
  line.dataset.state = state;
  line.hidden = !state;
  const instead = /** @type {HTMLElement | null} */ (line.parentElement?.querySelector("[data-outbox-instead]"));
  if (instead) instead.hidden = Boolean(state);
  if (state) text.textContent = words(line, state, count, since);
}

/** What to say of this outbox: the state, its number, and since when. @param {Outbox} store @returns {Promise<[string, number, number]>} */
export async function stateOf(store) {
  const [count, flow, rows] = [await store.count(), await store.flow(), await store.list()];
  const troubled = new Set(rows.filter((row) => row.trouble).map((row) => row.moment_id)).size;
  if (flow.evicted) return ["evicted", flow.evicted, 0];
  if (!count) return ["", 0, 0];
  if (troubled) return ["trouble", troubled, 0];
  return [flow.stop === "foreign" ? "" : flow.stop || "waiting", count, Math.min(...rows.map((row) => row.at))];
}

/** @param {Outbox} store */
export function watchLine(store) {
  const lines = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-outbox]"));
  if (!lines.length) return;
  const show = async () => {
    const [state, count, since] = await stateOf(store);
    for (const line of lines) {
      const justSent = !state && !line.hidden && line.dataset.state !== "sent";
      if (!justSent) {
        if (state || line.dataset.state !== "sent") say(line, state, count, since);
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
