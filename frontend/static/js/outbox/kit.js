// @ts-check
// The kit: the one part of a family that the phone can read, for the log form without a connection. It lies in the database
// sealed; its key is a cookie, which goes with signing out. What was deleted from a database stays on the disk for a while.
import { fromBase64Url, join, toBase64Url } from "./bytes.js";
import { tidyUp } from "./database.js";
import { keepKey, keyOf } from "./here.js";
import { ask, bootstrap, learn } from "./session.js";
import { Outbox } from "./store.js";

/**
 * @typedef {object} Kit
 * @property {string} account
 * @property {{ id: string, timezone: string } | null} household
 * @property {{ id: string, label: string, mark: string }[]} children
 * @property {string | null} chosen a child's id, or "all"
 * @property {string} standing_visibility
 * @property {string} focus
 * @property {{ id: string, occurred_at: string, child: string }[]} missed
 * @property {{ id: string, prompt: string, options: { key: string, words: string }[] }[]} [own] questions of their own
 * @property {boolean} discreet
 */

const PLACE = "kit-sealed";
const KEY_BYTES = 32;

/** @param {string} key @param {KeyUsage} use */
const keyFrom = (key, use) => crypto.subtle.importKey("raw", fromBase64Url(key), "AES-GCM", false, [use]);

/** @param {string} account @param {Uint8Array<ArrayBuffer>} iv */
const how = (account, iv) => ({ name: "AES-GCM", iv, additionalData: join("attune kit v1|", account) });

/** The key of this account, made where there is none; "" where the browser keeps no cookie. @param {string} account */
function keyFor(account) {
  if (!keyOf(account)) keepKey(account, toBase64Url(crypto.getRandomValues(new Uint8Array(KEY_BYTES))));
  return keyOf(account);
}

/** @param {Outbox} store @param {object} kit */
async function keepKit(store, kit) {
  const key = keyFor(store.account);
  if (!key) return;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt(how(store.account, iv), await keyFrom(key, "encrypt"), join(JSON.stringify(kit)));
  await store.set(PLACE, { iv, sealed });
}

/** What the phone knows of the family; nothing where its key is gone. @param {Outbox} store @returns {Promise<(Kit & { at: number }) | undefined>} */
export async function readKit(store) {
  await replaceReadable(store);
  const [kept, key] = [await store.get(PLACE), keyOf(store.account)];
  if (!kept || !key) return undefined;
  try {
    const text = await crypto.subtle.decrypt(how(store.account, kept.iv), await keyFrom(key, "decrypt"), kept.sealed);
    return JSON.parse(new TextDecoder().decode(text));
  } catch {
    return undefined; // Of another key: two tabs made one each, or the cookie is a newer one.
  }
}

/** A version before this one kept it readable. @param {Outbox} store */
async function replaceReadable(store) {
  const readable = await store.get("kit");
  if (!readable) return;
  await keepKit(store, readable);
  await store.deleteReadable();
  tidyUp().catch(() => undefined);
}

/** Fetch it, and the keys to seal with. @param {Outbox} store @returns {Promise<boolean>} whether it came */
export async function fetchKit(store) {
  const session = await bootstrap();
  if (session.status !== 200 || session.body.account !== store.account) return false;
  await learn(store, session);
  const { status, body } = await ask("/api/v1/sync/kit");
  if (status !== 200 || body.account !== store.account) return false;
  await keepKit(store, { at: Date.now(), ...body });
  return true;
}

/** This page is one of discreet mode: what the phone kept before that goes now. Where there is no kit, none comes. @param {string} account */
export async function keepLess(account) {
  const store = new Outbox(account);
  if (!(await store.db.mayBeThere())) return;
  const kit = await readKit(store);
  if (!kit || kit.discreet) return;
  await keepKit(store, { ...kit, own: [] });
  await fetchKit(store);
}
