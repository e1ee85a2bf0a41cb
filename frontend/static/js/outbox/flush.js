// @ts-check
// Sending: at least once each, in batches, one flush at a time on this phone. An operation leaves the phone only after the
// server said something final about it. docs/api.md has the protocol; the rules below follow its tables line by line.

import { LONGEST_TOLD, ask, bootstrap, forgetSession, learn } from "./session.js";

/** @import { Outbox, Row } from "./store.js" */
/** @import { Answer, Session } from "./session.js" */
/** @typedef {{ sent: Map<string, string>, left: number }} Told What became of each operation, and how many still wait. */

const PROTOCOL = 1;
const LEAST_PAUSE = 2_000;
const MOST_PAUSE = 900_000;
const LONGEST_HELD = 60_000;
const LONE_FAILURES = 5;
const LONE_FAILURES_OVER = 3_600_000;
const FAILURES_IN_A_ROW = 3;
/** After these the words are with the server, whatever became of them. */
const FINAL = new Set(["applied", "duplicate", "merged", "conflict", "gone", "private_only", "rescued"]);
/** Of these, the ones that wait for their author in the app. */
const NEEDS_AUTHOR = new Set(["conflict", "gone", "private_only", "rescued"]);
/** No word about what was sent: it is tried again, and troubles nobody. */
const NOT_NOW = new Set([0, 401, 403, 429, 502, 503, 504]);
/** The whole batch: what to do, by status. */
/** @type {Record<number, "results" | "bad" | "expired" | "stale" | "large" | "outdated" | "slow">} */
const RULES = { 200: "results", 400: "bad", 401: "expired", 403: "stale", 413: "large", 426: "outdated", 429: "slow", 503: "slow" };

/** One round of sending. */
class Round {
  /** @param {Outbox} store @param {Session} session @param {number} cap */
  constructor(store, session, cap) {
    this.store = store;
    this.session = session;
    this.cap = Math.max(1, Math.min(cap, session.limits.ops));
    /** @type {Told} */
    this.told = { sent: new Map(), left: 0 };
    /** @type {Row[][]} */
    this.parts = [];
    /** @type {Row[]} */
    this.healthy = [];
    /** @type {Row[]} */
    this.suspects = [];
    this.renewed = false;
    this.failures = 0;
    this.failed = false;
    this.needsYou = 0;
  }

  /** @param {Row[]} rows */
  async run(rows) {
    this.healthy = rows.filter((row) => !row.fails);
    this.suspects = rows.filter((row) => row.fails);
    for (let batch = this.next(); batch; batch = this.next()) {
      if (!(await this.deliver(batch))) return;
    }
  }

  /** Parts of a batch that was refused go first, then as many as fit, and what failed alone before goes alone, last. */
  next() {
    if (this.parts.length) return this.parts.shift();
    const batch = [];
    let room = this.session.limits.bytes * 0.95 - 500;
    while (this.healthy.length && batch.length < this.cap) {
      room -= this.healthy[0].sealed.length + 200;
      if (room < 0 && batch.length) break;
      batch.push(/** @type {Row} */ (this.healthy.shift()));
    }
    if (batch.length) return batch;
    const suspect = this.suspects.shift();
    return suspect && [suspect];
  }

  /** @param {string} address @param {object} more */
  async post(address, more) {
    return ask(address, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-CSRFToken": this.session.csrf,
        "X-Sync-Protocol": String(PROTOCOL),
      },
      body: JSON.stringify({ account: this.store.account, ...more }),
    });
  }

  /** Whether to go on. @param {Row[]} batch @returns {Promise<boolean>} */
  async deliver(batch) {
    const answer = await this.post("/api/v1/sync/", {
      device_id: await this.store.device(),
      client_now: new Date().toISOString(),
      ops: batch.map(({ op_id, moment_id, kid, sealed }) => ({ op_id, moment_id, kid, sealed })),
    });
    const rule = answer.status === 409 && answer.code === "account_mismatch" ? "foreign" : RULES[answer.status];
    switch (rule) {
      case "results":
        return Array.isArray(answer.body?.results) ? this.settle(batch, answer.body.results) : this.fail(batch, answer);
      case "bad":
        return this.divide(batch, true);
      case "large":
        return this.divide(batch, false);
      case "stale":
        return this.renew(batch);
      case "slow":
        await this.store.setFlow({ retryAt: Date.now() + (answer.after || LEAST_PAUSE), told: true });
        return false;
      case "expired":
      case "outdated":
      case "foreign":
        return this.stop(rule);
      default:
        return this.fail(batch, answer);
    }
  }

  /** @param {"expired" | "outdated" | "foreign"} why */
  async stop(why) {
    if (why === "expired") forgetSession();
    await this.store.setFlow({ stop: why });
    return false;
  }

  /** A token of before a new sign-in: fetched anew, once. Refused again, it is a matter of signing in. @param {Row[]} batch */
  async renew(batch) {
    if (this.renewed) return this.stop("expired");
    this.renewed = true;
    const answer = await bootstrap({ fresh: true });
    if (answer.status !== 200) return this.stop("expired");
    if (answer.body.account !== this.store.account) return this.stop("foreign");
    this.session = answer.body;
    this.parts.unshift(batch);
    return true;
  }

  /** Halve until the one that is refused stands alone; that one the server keeps unopened. @param {Row[]} batch @param {boolean} again a lone one is tried twice */
  async divide(batch, again) {
    if (batch.length > 1) {
      const middle = Math.ceil(batch.length / 2);
      this.parts.unshift(batch.slice(0, middle), batch.slice(middle));
      return true;
    }
    const [row] = batch;
    if (again && !row.fails) {
      await this.store.update({ ...row, fails: 1, failedSince: Date.now() });
      this.parts.unshift([{ ...row, fails: 1 }]);
      return true;
    }
    await this.rescue(row, again ? "bad_request" : "too_large");
    return true;
  }

  /** No answer, or one that says nothing. @param {Row[]} batch @param {Answer} answer */
  async fail(batch, answer) {
    this.failed = true;
    this.failures += 1;
    if (answer.status === 0 && answer.code !== "timeout") return false;
    if (batch.length > 1) {
      this.cap = Math.ceil(batch.length / 2);
      return false;
    }
    await this.failAlone(batch[0]);
    return this.failures < FAILURES_IN_A_ROW;
  }

  /** @param {Row} row */
  async failAlone(row) {
    const now = Date.now();
    const failed = { ...row, fails: row.fails + 1, failedSince: row.failedSince || now };
    if (failed.fails >= LONE_FAILURES && now - failed.failedSince >= LONE_FAILURES_OVER) return this.rescue(failed, "failed_alone");
    return this.store.update(failed);
  }

  /** What the server said of each. @param {Row[]} batch @param {{ op_id: string, status: string, code?: string }[]} results */
  async settle(batch, results) {
    const said = new Map(results.map((result) => [result?.op_id, result]));
    const gone = batch.filter((row) => FINAL.has(said.get(row.op_id)?.status ?? ""));
    await this.store.remove(gone);
    for (const row of batch) {
      const { status = "", code = "" } = said.get(row.op_id) ?? {};
      this.told.sent.set(row.op_id, status);
      if (NEEDS_AUTHOR.has(status)) this.needsYou += 1;
      if (status === "undecryptable") await this.rescue(row, code || status);
      else if (status === "op_id_reused") await this.store.update({ ...row, trouble: status });
      else if (!FINAL.has(status)) {
        this.failed = true;
        if (status !== "deferred" || code === "failed") await this.failAlone(row);
      }
    }
    this.failures = 0;
    this.cap = Math.min(this.cap * 2, this.session.limits.ops);
    return true;
  }

  /** The server takes it as it is, unopened; until it has, it stays here and waits for its owner. @param {Row} row @param {string} reason */
  async rescue(row, reason) {
    const { op_id, moment_id, kid, sealed } = row;
    const answer = await this.post("/api/v1/sync/rescue/", { ops: [{ op_id, moment_id, kid, sealed, reason }] });
    const isKept = answer.status === 200 && answer.body?.results?.some((/** @type {any} */ one) => one.op_id === op_id && one.status === "rescued");
    if (!isKept && NOT_NOW.has(answer.status)) {
      this.failed = true;
      return this.store.update(row);
    }
    if (!isKept) return this.store.update({ ...row, trouble: reason });
    this.needsYou += 1;
    this.told.sent.set(op_id, "rescued");
    return this.store.remove([row]);
  }
}

/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
export function oneAtATime(work) {
  if (navigator.locks) return /** @type {Promise<T>} */ (navigator.locks.request("outbox-flush", work));
  const turn = queue.then(work, work);
  queue = turn;
  return turn;
}
/** @type {Promise<unknown>} */
let queue = Promise.resolve();

/** Full jitter: somewhere between nothing and twice as long as the last time. @param {number} tries */
const pause = (tries) => Math.random() * Math.min(MOST_PAUSE, LEAST_PAUSE * 2 ** tries);

/**
 * Send what waits. *urgent*: somebody just saved, asked for it, or the connection came back; only a pause the server asked
 * for is still kept then. *mend*: what waits for a person goes as well, since a person asks.
 * @param {Outbox} store @param {{ urgent?: boolean, mend?: boolean }} [how] @returns {Promise<Told>}
 */
export function flush(store, { urgent = false, mend = false } = {}) {
  return oneAtATime(async () => {
    const now = Date.now();
    const flow = await store.flow();
    const all = await store.list();
    // Held beyond reason: the clock was set back since.
    const isHeld = (/** @type {Row} */ row) => row.heldUntil >= now && row.heldUntil <= now + LONGEST_HELD;
    const rows = all.filter((row) => mend || (!row.trouble && !isHeld(row)));
    /** @type {Told} */
    const nothing = { sent: new Map(), left: all.length };
    const waits = flow.retryAt > now && flow.retryAt < now + LONGEST_TOLD;
    if (!rows.length || (waits && (flow.told || !urgent))) return nothing;
    const answer = await bootstrap({ fresh: Boolean(flow.stop) || mend });
    const stop = reasonToStop(store, answer);
    if (stop) await store.setFlow({ stop });
    if (stop || answer.status !== 200) return stop ? nothing : later(store, flow.tries, answer, nothing);
    await learn(store, answer);
    const round = new Round(store, answer.body, flow.cap);
    await store.setFlow({ stop: "" });
    if (mend) for (const row of rows.filter((one) => one.trouble)) await round.rescue(row, row.trouble);
    await round.run(rows.filter((row) => !row.trouble));
    return close(store, round);
  });
}

/** @param {Outbox} store @param {Answer} answer @returns {"" | "expired" | "outdated" | "foreign"} */
function reasonToStop(store, { status, body }) {
  if (status === 401 || status === 403) return "expired";
  if (status === 426 || (status === 200 && body.protocol.min > PROTOCOL)) return "outdated";
  return status === 200 && body.account !== store.account ? "foreign" : "";
}

/** @param {Outbox} store @param {number} tries @param {Answer} answer @param {Told} told */
async function later(store, tries, answer, told) {
  const retryAt = Date.now() + (answer.after || pause(tries));
  await store.setFlow({ tries: tries + 1, retryAt, told: answer.after > 0 });
  return told;
}

/** @param {Outbox} store @param {Round} round */
async function close(store, round) {
  const flow = await store.flow();
  const cap = round.cap;
  const needsYou = flow.needsYou + round.needsYou;
  const told = { ...round.told, left: await store.count() };
  if (!round.failed) {
    const isPaused = flow.told && flow.retryAt > Date.now();
    await store.setFlow({ cap, needsYou, tries: 0, ...(isPaused ? {} : { retryAt: 0, told: false }) });
    return told;
  }
  await store.setFlow({ cap, needsYou });
  return later(store, flow.tries, { status: 0, code: "", after: 0, body: {} }, told);
}
