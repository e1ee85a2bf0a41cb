// @ts-check
// Passkeys: django-allauth's scripts talk to the browser. This one tells them where, and says kindly when it did not work.

const { forms } = /** @type {any} */ (globalThis).allauth.webauthn;

/** @param {HTMLFormElement} form */
function offer(form) {
  const { passkey = "", options } = form.dataset;
  const go = "passkey-go";
  forms[passkey]({
    ids: { login: go, authenticate: go, signup: go, credential: "passkey-credential" },
    data: passkey === "signupForm" ? { creation_options: JSON.parse(options ?? "{}") } : { request_options: JSON.parse(options ?? "{}") },
  });
  form.hidden = false;
}

/** @param {HTMLFormElement} form @param {string} name */
function say(form, name) {
  for (const word of form.querySelectorAll("[data-trouble]")) {
    if (word instanceof HTMLElement) word.hidden = word.dataset.trouble !== name;
  }
}

const form = document.querySelector("form[data-passkey]");
if (form instanceof HTMLFormElement && "PublicKeyCredential" in globalThis) {
  offer(form);
  document.querySelector("[data-no-passkeys]")?.remove();
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const { exception } = /** @type {CustomEvent} */ (event).detail;
    say(form, ["InvalidStateError", "SecurityError"].includes(exception?.name) ? exception.name : "");
  });
}
