// @ts-check
// Everything here makes a working page nicer; no page needs it. Nothing of a family is ever written to browser storage.
import "./quiet.js";
import { watchClock } from "./clock.js";
import { watchSaved } from "./saved.js";
import { watchToasts } from "./toasts.js";

watchClock();
watchSaved();
watchToasts();

if ("serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register("/sw.js", { scope: "/" }).catch(() => {
      // Private windows and old browsers refuse: the app works online without it.
    });
  });
}
