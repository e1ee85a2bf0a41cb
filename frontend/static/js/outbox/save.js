// @ts-check
// Putting an operation into the outbox: sealed first, then written. Nothing readable of it ever touches the disk.
import { join, fromBase64Url, toBase64Url } from "./bytes.js";
import { zone } from "../clock.js";
import { changed, promise } from "./here.js";
import { seal } from "./hpke.js";
import { bootstrap, learn } from "./session.js";
import { uuid7 } from "./uuid7.js";

/** @import { Outbox, SealingKey } from "./store.js" */
/**
 * @typedef {object} Act What somebody did.
 * @property {"create" | "update" | "delete" | "draft.put"} type
 * @property {string} momentId
 * @property {number | null} [rev] of the moment, as the page shows it
 * @property {string} [sheet] the first draft of the sheet that this is of
 * @property {string | null} [occurredAt]
 * @property {"auto" | "typed"} [source]
 * @property {Record<string, unknown>} fields
 * @property {number} [heldUntil]
 */

const FIRST_KEY_WITHIN = 2_000;
/** The server takes no longer one (SEALED_CHARS_MAX of observations/rules.py): it could never leave this phone. */
const MOST_SEALED = 200_000;

/** The key to seal with: the youngest one. @param {Outbox} store @returns {Promise<SealingKey>} */
async function sealingKey(store) {
  /** @type {SealingKey[]} */
  let keys = (await store.get("keys")) ?? [];
  if (!keys.length) {
    const late = new Promise((_, reject) => setTimeout(reject, FIRST_KEY_WITHIN, new Error("no key yet")));
    const answer = await Promise.race([bootstrap(), late]);
    keys = /** @type {any} */ (answer).body?.keys ?? [];
    if (keys.length) await learn(store, /** @type {any} */ (answer));
  }
  const [youngest] = [...keys].sort((one, other) => (one.not_after < other.not_after ? 1 : -1));
  if (!youngest) throw new Error("no key");
  return youngest;
}

/** What this act builds on: what waits here of the same moment, or the moment as the page showed it. @param {Outbox} store @param {Act} act */
async function baseOf(store, { momentId, rev, type, sheet }) {
  if (type === "draft.put") return sheet ? { op: sheet } : null;
  if (type === "create") return null;
  const waiting = (await store.list()).filter((row) => row.moment_id === momentId && !row.draft).pop();
  if (waiting) return { op: waiting.op_id };
  if (rev) return { rev };
  const link = (await store.chain())[momentId];
  return link ? { op: link.op } : null;
}

/**
 * Seal and keep. Afterwards it is on the disk, or this throws and nothing happened.
 * @param {Outbox} store @param {Act} act @returns {Promise<string>} the operation's id
 */
export async function put(store, act) {
  const { kid, pub } = await sealingKey(store);
  const op = uuid7();
  const words = {
    type: act.type,
    base: await baseOf(store, act),
    occurred_at: act.occurredAt ?? null,
    tz: zone(),
    occurred_src: act.source ?? "auto",
    logged_at: new Date().toISOString(),
    heard: (await store.get("heard")) ?? undefined,
    fields: act.fields,
  };
  const bytes = await seal({
    pub: fromBase64Url(pub),
    info: join("attune outbox v1"),
    aad: join(["v1", store.account, op, act.momentId, kid].join("|")),
    text: join(JSON.stringify(words)),
  });
  const sealed = toBase64Url(bytes);
  if (sealed.length > MOST_SEALED) throw new Error("too long");
  const draft = act.type === "draft.put";
  const row = { op_id: op, moment_id: act.momentId, kid, sealed, draft, heldUntil: act.heldUntil ?? 0 };
  await store.add(draft ? { ...row, sheet: act.sheet || op } : row, act.sheet);
  // It is on the disk: nothing that fails from here on may look as if it were not.
  await store.count().then((count) => promise(store.account, count)).catch(() => undefined);
  changed();
  asked ??= askToStay(store).catch(() => undefined);
  return op;
}

/** @type {Promise<void> | undefined} */
let asked;

/** Ask the browser once to keep what is here when it needs room; some of them ask the person. @param {Outbox} store */
async function askToStay(store) {
  if (await store.get("askedToStay")) return;
  await store.set("askedToStay", true);
  await navigator.storage?.persist?.();
}
