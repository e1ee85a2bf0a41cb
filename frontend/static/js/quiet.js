// @ts-check
// Quick exit, by the link or by Shift three times. Blank first, then leave, then sign out: it never waits for the network.
// It cannot clear the browser's history, and the help page says so.
import { dropKey } from "./outbox/here.js";

const PRESSES = 3;
const WITHIN = 2000;

/** @param {HTMLAnchorElement} link */
function leave(link) {
  const { href } = link;
  const { signOut } = link.dataset;
  // A page that the phone keeps is nobody's, and cannot say who is signed in: there the worker finds out.
  const isKept = document.querySelector("meta[name=outbox][data-shell]") !== null;
  const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"];
  document.title = " ";
  document.body.replaceChildren();
  location.replace(href);
  if (signOut || isKept) dropKey();
  // The worker outlives this page: it takes the kit away, and sees the signing out through should the beacon not arrive.
  if (signOut || isKept) navigator.serviceWorker?.controller?.postMessage("leave");
  if (signOut && token) {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", token);
    navigator.sendBeacon(signOut, form);
  }
}

/** @param {unknown} link */
const isExit = (link) => link instanceof HTMLAnchorElement && "quickExit" in link.dataset;

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || !isExit(link)) return;
  event.preventDefault();
  leave(link);
});

// Escape would stop the page that is about to load (as GOV.UK found), and a single key is pressed by accident.
/** @type {number[]} */
let presses = [];
document.addEventListener("keydown", (event) => {
  if (event.key !== "Shift") {
    presses = [];
    return;
  }
  if (event.repeat) return;
  presses = [...presses, event.timeStamp].filter((at) => event.timeStamp - at < WITHIN);
  const link = presses.length < PRESSES ? undefined : [...document.links].find(isExit);
  if (link instanceof HTMLAnchorElement) leave(link);
});
