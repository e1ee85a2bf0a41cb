// @ts-check
// Quick exit, by the link or by Shift three times. Blank first, then leave, then sign out: it never waits for the network.
// It cannot clear the browser's history, and the help page says so.
const PRESSES = 3;
const WITHIN = 2000;

/** @param {HTMLAnchorElement} link */
function leave(link) {
  const token = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=csrfmiddlewaretoken]"))?.value;
  const { href } = link;
  const { signOut } = link.dataset;
  document.title = " ";
  document.body.replaceChildren();
  location.replace(href);
  if (signOut && token) {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", token);
    navigator.sendBeacon(signOut, form);
  }
}

const exit = () => /** @type {HTMLAnchorElement | null} */ (document.querySelector("a[data-quick-exit]"));

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-quick-exit]") : null;
  if (link instanceof HTMLAnchorElement) {
    event.preventDefault();
    leave(link);
  }
});

/** @type {number[]} */
let presses = [];
document.addEventListener("keydown", (event) => {
  if (event.key !== "Shift") {
    presses = [];
    return;
  }
  if (event.repeat) return;
  presses = [...presses, event.timeStamp].filter((at) => event.timeStamp - at < WITHIN);
  const link = exit();
  if (presses.length >= PRESSES && link) leave(link);
});
