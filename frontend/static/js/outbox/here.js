// @ts-check
// Where this page stands: whose it is, and what the cookie is called that counts what waits.
const said = /** @type {HTMLElement | null} */ (document.querySelector("meta[name=outbox]"))?.dataset ?? {};

/** The account of the one who is signed in; "" on pages for everybody. */
export const account = said.account ?? "";
/** Whether this is one of the pages that work without a connection: they are nobody's, and fill themselves in. */
export const isShell = "shell" in said;

const SAVED = /^\/moments\/([0-9a-f-]{36})\/\?saved$/;
/** The moment whose plain form led here. The address says it once: whoever comes back to this page later saved nothing. */
export const savedPlain = SAVED.exec(location.pathname + location.search)?.[1] ?? "";
if (savedPlain) history.replaceState(history.state, "", location.pathname);

/** Whether this page is one of somebody's in discreet mode. */
export const isDiscreet = document.getElementById("cover") !== null;

const name = said.cookie ?? "pending";
// Enough of the account to tell two people of one phone apart, and too little to tell who they are.
const tagOf = (/** @type {string} */ whose) => whose.slice(2, 8);

/** The cookie: how many wait of whom, whoever was here last first. "2.k3Fq9a~1.x8Yz0b": a tag may hold "_" and "-" */
const told = () => {
  const value = document.cookie.split("; ").find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const parts = (value ?? "").split("~").map((part) => part.split("."));
  return parts.filter(([count, tag]) => tag && /^\d{1,4}$/.test(count)).map(([count, tag]) => ({ tag, count: Number(count) }));
};

/** How many are waiting of that account, by the cookie. @param {string} whose */
export const promised = (whose) => told().find(({ tag }) => tag === tagOf(whose))?.count ?? 0;

/** Whether the last one who was signed in here was somebody else. @param {string} whose */
export const wasAnothers = (whose) => (told()[0]?.tag ?? tagOf(whose)) !== tagOf(whose);

/** It outlives the database: a count without a database means that the phone cleared it. @param {string} whose @param {number} count */
export function promise(whose, count) {
  const others = told().filter(({ tag, count: waits }) => tag !== tagOf(whose) && waits);
  const value = [{ tag: tagOf(whose), count }, ...others].map((one) => `${one.count}.${one.tag}`).join("~");
  const secure = name.startsWith("__Host-") ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=34560000${secure}`;
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
