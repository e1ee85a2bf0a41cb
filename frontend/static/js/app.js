// @ts-check
// Everything here makes a working page nicer; no page needs it. What is written to browser storage is sealed before (outbox/).
import "./quiet.js";
import { watchMemory } from "./memory.js";
import { account, isDiscreet, isShell, promise, promised, wasAnothers } from "./outbox/here.js";

// htmx notes the page's address, a searched word included, in the tab's storage. It only needs it for history, unused here.
try {
  sessionStorage.removeItem("htmx-current-path-for-history");
} catch {
  // Storage is refused: then nothing was written either.
}

// More of a list was asked for. Where nobody answered, that is said beside it, and what is there stays; where the answer was
// an error, a tap leads to the page that says which.
document.addEventListener("htmx:sendError", ({ target }) => {
  const told = target instanceof HTMLAnchorElement ? target.parentElement?.querySelector("[data-unanswered]") : null;
  if (told instanceof HTMLElement) told.hidden = false;
});
document.addEventListener("htmx:responseError", (event) => {
  const { elt, requestConfig } = /** @type {CustomEvent} */ (event).detail;
  if (elt instanceof HTMLAnchorElement && requestConfig.triggeringEvent?.type === "click") location.assign(elt.href);
});

watchMemory();

// What few pages need is fetched by those alone: the first page of the day has to be light.
const has = (/** @type {string} */ what) => document.querySelector(what) !== null;
if (isDiscreet) import("./cover.js").then((page) => page.watchCover());
if (has("[data-opened-at], [data-timezone]")) import("./clock.js").then((page) => page.watchClock());
if (has("[data-one-question]")) import("./comfort.js").then((page) => page.watchComfort());
if (has("[data-saved]")) import("./saved.js").then((page) => page.watchSaved());
if (has("[data-stays]")) import("./stay.js").then((page) => page.watchStaying());
if (has("[data-still-open]")) import("./still-open.js").then((page) => page.watchStillOpen());
if (has("[data-toast]")) import("./toasts.js").then((page) => page.watchToasts());
else document.addEventListener("htmx:afterSettle", () => has("[data-toast]") && import("./toasts.js").then((page) => page.watchToasts()), { once: true });

// The outbox: where something waits, on its own pages, and where the phone changed hands.
if (isShell || (account && (promised(account) || wasAnothers(account)))) import("./outbox.js").then((page) => page.watchOutbox());
else if (account) promise(account, 0);
if (account && isDiscreet) import("./outbox/kit.js").then((page) => page.keepLess(account)).catch(() => undefined);
if (has('form[action="/account/logout/"]')) {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.getAttribute("action") !== "/account/logout/" || !account) return;
    event.preventDefault();
    import("./outbox/leave.js").then((page) => page.leave(form)).catch(() => form.submit());
  });
}

if ("serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => {
      // Private windows and old browsers refuse: the app works online without it.
    });
  });
}
