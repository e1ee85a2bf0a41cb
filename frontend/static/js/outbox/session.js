// @ts-check
// Asking the server: any answer at all, in a shape that the rules of sending can read.

/** @import { Outbox, SealingKey } from "./store.js" */
/**
 * @typedef {object} Session What the server says of the one who is signed in.
 * @property {string} account
 * @property {string} csrf
 * @property {string} server_time
 * @property {{ min: number, max: number }} protocol
 * @property {SealingKey[]} keys
 * @property {{ ops: number, bytes: number }} limits
 *
 * @typedef {{ status: number, code: string, after: number, body: any, clock?: string }} Answer
 */

/** From this protocol on the server understands when a phone says what time it heard last. */
const HEARS = 2;

export const LONGEST_TOLD = 3_600_000;
const PATIENCE = 30_000;
const SESSION_FOR = 300_000;

/** Seconds or a date, in milliseconds from now. @param {string | null} said */
function retryAfter(said) {
  if (!said) return 0;
  const seconds = Number(said);
  const pause = Number.isNaN(seconds) ? Date.parse(said) - Date.now() : seconds * 1000;
  return Math.min(Math.max(pause || 0, 0), LONGEST_TOLD);
}

/** Any answer at all; status 0 where there was none. @param {string} address @param {RequestInit} [init] @returns {Promise<Answer>} */
export async function ask(address, init = {}) {
  try {
    const response = await fetch(address, {
      ...init,
      cache: "no-store",
      credentials: "same-origin",
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
    const body = await response.json().catch(() => ({}));
    return { status: response.status, code: body?.code ?? "", after: retryAfter(response.headers.get("Retry-After")), body };
  } catch (error) {
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    return { status: 0, code: isLate ? "timeout" : "unreachable", after: 0, body: {} };
  }
}

/** @type {{ at: number, answer: Promise<Answer> } | undefined} */
let known;

/** Who is signed in, as of at most some minutes ago. Never stored: the CSRF token in it is as good as the session. */
export function bootstrap({ fresh = false } = {}) {
  const isOld = !known || Math.abs(Date.now() - known.at) > SESSION_FOR;
  if (!known || fresh || isOld) {
    const asked = { at: Date.now(), answer: ask("/api/v1/sync/session").then((answer) => ({ ...answer, clock: new Date().toISOString() })) };
    known = asked;
    asked.answer.then(({ status }) => {
      if (status !== 200 && known === asked) known = undefined;
    });
  }
  return known.answer;
}

/** Keep what sealing needs: the keys, and what time it was there and here. @param {Outbox} store @param {Answer} answer */
export async function learn(store, { body, clock }) {
  await store.set("keys", body.keys);
  await store.set("heard", body.protocol?.max >= HEARS ? { at: body.server_time, clock } : null);
}

/** It ended: whoever asks next asks the server. */
export function forgetSession() {
  known = undefined;
}
