// @ts-check
// "Saved. Phone down." from the phone itself, while the moment waits for a connection.
import { onChange } from "./here.js";
import { say } from "./line.js";

/** @import { Outbox } from "./store.js" */

/**
 * @param {Outbox} store
 * @param {{ tone?: string, momentId: string, takenBack?: boolean, more?: () => void, undo?: () => void }} what
 */
export function showSavedHere(store, what) {
  const template = /** @type {HTMLTemplateElement | null} */ (document.querySelector("template[data-saved-here]"));
  const main = document.getElementById("main");
  if (!template || !main) return;
  // Whatever comes next is made of the page's templates again.
  main.replaceChildren(template.content.cloneNode(true), ...main.querySelectorAll("template"));
  document.body.classList.add("calm");
  main.classList.remove("tall");
  if (what.tone) main.dataset.tone = what.tone;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (main.querySelectorAll("[data-for]"))) {
    part.hidden = !(part.dataset.for ?? "").split(" ").includes(what.takenBack ? "taken-back" : what.tone || "words");
  }
  offer(main.querySelector("[data-undo]"), what.undo);
  offer(main.querySelector("[data-more]"), what.more);
  main.focus();
  tell(store, /** @type {HTMLElement} */ (main.querySelector("[data-still]")));
}

/** @param {HTMLElement | null} place @param {(() => void) | undefined} act */
function offer(place, act) {
  if (!place) return;
  place.hidden = !act;
  if (act) (place.matches("button") ? place : place.querySelector("button"))?.addEventListener("click", act, { once: true });
}

/** How many wait, until none does. @param {Outbox} store @param {HTMLElement} line */
function tell(store, line) {
  const show = async () => {
    const [count, { stop }] = [await store.count(), await store.flow()];
    say(line, count ? stop || "waiting" : "sent", count);
  };
  const safely = () => show().catch(() => undefined);
  onChange(safely);
  safely();
}
