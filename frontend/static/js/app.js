// @ts-check
// Everything here makes a working page nicer; no page needs it. Nothing of a family is ever written to browser storage.
import "./quiet.js";
import { watchClock } from "./clock.js";
import { watchComfort } from "./comfort.js";
import { watchCover } from "./cover.js";
import { watchMemory } from "./memory.js";
import { watchSaved } from "./saved.js";
import { watchStillOpen } from "./still-open.js";
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
watchComfort();
watchSaved();
watchStillOpen();
watchToasts();

if ("serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => {
      // Private windows and old browsers refuse: the app works online without it.
    });
  });
}
