// @ts-check
// Everything here makes a working page nicer; no page needs it. What is written to browser storage is sealed before (outbox/),
// but for the kit of the log form.
import "./quiet.js";
import { watchClock } from "./clock.js";
import { watchCover } from "./cover.js";
import { watchMemory } from "./memory.js";
import { watchLeaving } from "./outbox/leave.js";
import { watchOutbox } from "./outbox.js";
import { watchToasts } from "./toasts.js";

// htmx notes the page's address, a searched word included, in the tab's storage. It only needs it for history, unused here.
try {
  sessionStorage.removeItem("htmx-current-path-for-history");
} catch {
  // Storage is refused: then nothing was written either.
}

watchCover();
watchMemory();
watchClock();
watchToasts();
watchLeaving();
watchOutbox();

// What few pages need is fetched by those alone.
if (document.querySelector("[data-one-question]")) import("./comfort.js").then((page) => page.watchComfort());
if (document.querySelector("[data-saved]")) import("./saved.js").then((page) => page.watchSaved());
if (document.querySelector("[data-still-open]")) import("./still-open.js").then((page) => page.watchStillOpen());

if ("serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => {
      // Private windows and old browsers refuse: the app works online without it.
    });
  });
}
