// @ts-check
// A hint that the app can be on the home screen, where the browser offers it or is an iPhone's. Dismissed once, it is gone.
/** @param {string} part */
const find = (part) => /** @type {HTMLElement} */ (document.querySelector(`[data-install${part}]`));

function end() {
  find("").remove();
  // A cookie, for signing out clears every storage; it says nothing about anybody, and the server then leaves the hint out.
  document.cookie = `no-install-hint=1; path=/; max-age=34560000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
}

/** @param {string} part */
function show(part) {
  find(part).hidden = find("").hidden = false;
}

find("-no").addEventListener("click", end);
addEventListener("appinstalled", end);
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  find("-go").onclick = () => /** @type {any} */ (event).prompt();
  show("-go");
});
if (/** @type {any} */ (navigator).standalone === false) show("-ios");
