// @ts-check
// Where this page stands: whose it is, and what the cookie is called that counts what waits.
const said = /** @type {HTMLElement | null} */ (document.querySelector("meta[name=outbox]"))?.dataset ?? {};

/** The account of the one who is signed in; "" on pages for everybody. */
export const account = said.account ?? "";
/** Whether this is one of the pages that work without a connection: they are nobody's, and fill themselves in. */
export const isShell = "shell" in said;

const name = said.cookie ?? "pending";
// Enough of the account to tell two people of one phone apart, and too little to tell who they are.
const tagOf = (/** @type {string} */ whose) => whose.slice(2, 8);

/** How many the cookie says are waiting for that account. @param {string} whose */
export function promised(whose) {
  const value = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
  const [count, tag] = value.split(".");
  return tag === tagOf(whose) ? Number(count) || 0 : 0;
}

/** It outlives the database: a count without a database means that the phone cleared it. @param {string} whose @param {number} count */
export function promise(whose, count) {
  const secure = name.startsWith("__Host-") ? "; Secure" : "";
  const age = count ? 34_560_000 : 0;
  document.cookie = `${name}=${count}.${tagOf(whose)}; Path=/; SameSite=Lax; Max-Age=${age}${secure}`;
}

const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("outbox") : undefined;
/** @type {Set<() => void>} */
const listeners = new Set();
channel?.addEventListener("message", () => listeners.forEach((listen) => listen()));

/** Something changed in the outbox, here or in another tab. @param {() => void} listen */
export const onChange = (listen) => listeners.add(listen);

export function changed() {
  channel?.postMessage("changed");
  for (const listen of listeners) listen();
}
