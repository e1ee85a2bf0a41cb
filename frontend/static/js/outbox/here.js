// @ts-check
// Where this page stands: whose it is, and what the cookie is called that counts what waits.
const said = /** @type {HTMLElement | null} */ (document.querySelector("meta[name=outbox]"))?.dataset ?? {};

/** The account of the one who is signed in; "" on pages for everybody. */
export const account = said.account ?? "";
/** Whether this is one of the pages that work without a connection: they are nobody's, and fill themselves in. */
export const isShell = "shell" in said;

const SAVED = /^\/(?:moments|log\/saved)\/([0-9a-f-]{36})\/\?saved$/;
/** The moment whose plain form led here. The address says it once: whoever comes back to this page later saved nothing. */
export const savedPlain = SAVED.exec(location.pathname + location.search)?.[1] ?? "";
if (savedPlain) history.replaceState(history.state, "", location.pathname);

/** Whether this page is one of somebody's in discreet mode. */
export const isDiscreet = document.getElementById("cover") !== null;

const name = said.cookie ?? "pending";
// Enough of the account to tell two people of one phone apart, and too little to tell who they are.
const tagOf = (/** @type {string} */ whose) => whose.slice(2, 8);

const secure = name.startsWith("__Host-") ? "; Secure" : "";

/** @param {string} called */
const cookie = (called) => document.cookie.split("; ").find((one) => one.startsWith(`${called}=`))?.slice(called.length + 1) ?? "";

/** The cookie: how many wait of whom, whoever was here last first. "2.k3Fq9a~1.x8Yz0b": a tag may hold "_" and "-" */
const told = () => {
  const parts = cookie(name).split("~").map((part) => part.split("."));
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
  document.cookie = `${name}=${value}; Path=/; SameSite=Lax; Max-Age=34560000${secure}`;
}

const keyName = name.replace("pending", "kit-key");
/** As long as a session lasts that nobody uses. */
const KEY_FOR = 1_209_600;

/** The key that the kit of this account is sealed under; "" where there is none, or another account's. @param {string} whose */
export const keyOf = (whose) => {
  const [tag, key = ""] = cookie(keyName).split(".");
  return tag === tagOf(whose) ? key : "";
};

/** @param {string} whose @param {string} key */
export function keepKey(whose, key) {
  document.cookie = `${keyName}=${tagOf(whose)}.${key}; Path=/; SameSite=Strict; Max-Age=${KEY_FOR}${secure}`;
}

/** Without it nobody opens the kit any more, whatever of it the disk still holds. */
export function dropKey() {
  document.cookie = `${keyName}=; Path=/; SameSite=Strict; Max-Age=0${secure}`;
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
