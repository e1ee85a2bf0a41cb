// @ts-check
// The kit: the one part of a family that the phone keeps readable, for the log form without a connection. It goes with
// signing out.
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

/** Fetch it, and the keys to seal with. @param {Outbox} store @returns {Promise<boolean>} whether it came */
export async function fetchKit(store) {
  const session = await bootstrap();
  if (session.status !== 200 || session.body.account !== store.account) return false;
  await learn(store, session);
  const { status, body } = await ask("/api/v1/sync/kit");
  if (status !== 200 || body.account !== store.account) return false;
  await store.set("kit", { at: Date.now(), ...body });
  return true;
}

/** This page is one of discreet mode: what the phone kept before that goes now. Where there is no kit, none comes. @param {string} account */
export async function keepLess(account) {
  const store = new Outbox(account);
  if (!(await store.db.mayBeThere())) return;
  const kit = await store.get("kit");
  if (!kit || kit.discreet) return;
  await store.set("kit", { ...kit, own: [] });
  await fetchKit(store);
}
