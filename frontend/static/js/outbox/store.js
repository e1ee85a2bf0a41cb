// @ts-check
// What the phone keeps: for each account a database of its own with sealed operations, and one that says whose phone it is.
import { Database, tidyUp } from "./database.js";

/**
 * @typedef {object} Row A sealed operation that waits.
 * @property {number} [seq] the order in which they were made
 * @property {string} op_id
 * @property {string} moment_id
 * @property {string} kid
 * @property {string} sealed
 * @property {number} at when it was put here, in milliseconds
 * @property {boolean} draft half-typed; it counts, but is no moment yet
 * @property {number} heldUntil its form is still open: not sent before that
 * @property {number} fails how often it failed alone
 * @property {number} failedSince
 * @property {string} trouble a code; it waits for a person, not for the network
 * @property {string} [sheet] of a draft: the first one of the same sheet
 * @property {boolean} [plain] a draft whose words were sent with the plain form
 *
 * @typedef {object} Flow How sending goes.
 * @property {"" | "expired" | "outdated" | "foreign"} stop why nothing can be sent now
 * @property {number} tries in a row without an answer
 * @property {number} retryAt not before that, in milliseconds
 * @property {boolean} told the server asked for that pause
 * @property {number} cap operations at once
 * @property {number} needsYou how many were kept by the server for their author to look at
 * @property {number} evicted how many the phone removed
 *
 * @typedef {{ kid: string, pub: string, not_after: string }} SealingKey
 * @typedef {Record<string, { op: string, at: number }>} Chain by moment
 */

const PREFIX = "outbox-";
const MOST_OPS = 500;
const MOST_BYTES = 5_000_000;
const CHAIN_FOR = 86_400_000;
const FOREIGN_KEPT_FOR = 30 * 86_400_000;
/** @type {Flow} */
const SMOOTH = { stop: "", tries: 0, retryAt: 0, told: false, cap: 100, needsYou: 0, evicted: 0 };

/** @param {Chain} [chain] @returns {Chain} */
const ofToday = (chain = {}) => Object.fromEntries(Object.entries(chain).filter(([, link]) => link.at > Date.now() - CHAIN_FOR));

/** Everything of one account on this phone. */
export class Outbox {
  /** @param {string} account */
  constructor(account) {
    this.account = account;
    this.db = new Database(PREFIX + account, (db) => {
      db.createObjectStore("ops", { keyPath: "seq", autoIncrement: true });
      db.createObjectStore("meta");
    });
  }

  /** @param {string} key @returns {Promise<any>} */
  get(key) {
    return this.db.run("readonly", (store) => store("meta").get(key));
  }

  /** @param {string} key @param {unknown} value */
  async set(key, value) {
    await this.db.run("readwrite", (store) => store("meta").put(value, key));
  }

  /** @returns {Promise<Row[]>} in the order they were made */
  list() {
    return this.db.run("readonly", (store) => store("ops").getAll());
  }

  /** How many moments wait: several operations may be about one. @returns {Promise<number>} */
  async count() {
    return new Set((await this.list()).map((row) => row.moment_id)).size;
  }

  /**
   * Put one more in. A newer draft of a sheet takes the place of an older one, and its save takes the place of both. What
   * another sheet of the same moment says waits beside it: nobody may have read it again.
   * @param {Pick<Row, "op_id" | "moment_id" | "kid" | "sealed" | "draft"> & Partial<Row>} row
   * @param {string} [sheet] that this is of
   */
  async add(row, sheet) {
    const rows = await this.list();
    const gone = sheet ? rows.filter((one) => one.draft && one.sheet === sheet) : [];
    const bytes = rows.reduce((sum, one) => sum + one.sealed.length, row.sealed.length);
    if (rows.length - gone.length >= MOST_OPS || bytes > MOST_BYTES) throw new DOMException("full", "QuotaExceededError");
    const whole = { at: Date.now(), heldUntil: 0, fails: 0, failedSince: 0, trouble: "", ...row };
    await this.db.run("readwrite", (store) => {
      for (const one of gone) store("ops").delete(/** @type {number} */ (one.seq));
      store("ops").add(whole);
      if (row.draft) return;
      const asked = store("meta").get("chain");
      asked.onsuccess = () => store("meta").put({ ...ofToday(asked.result), [row.moment_id]: { op: row.op_id, at: whole.at } }, "chain");
    });
  }

  /** Change one that still waits; one that was deleted meanwhile stays deleted. @param {Row} row */
  async update(row) {
    await this.db.run("readwrite", (store) => {
      const asked = store("ops").getKey(/** @type {number} */ (row.seq));
      asked.onsuccess = () => {
        if (asked.result !== undefined) store("ops").put(row);
      };
    });
  }

  /** @param {Row[]} rows */
  async remove(rows) {
    await this.db.run("readwrite", (store) => {
      for (const row of rows) store("ops").delete(/** @type {number} */ (row.seq));
    });
  }

  /** The last operation of each moment of this day: what the next one of the same moment builds on. @returns {Promise<Chain>} */
  async chain() {
    return ofToday(await this.get("chain"));
  }

  /** @returns {Promise<Flow>} */
  async flow() {
    return { ...SMOOTH, ...(await this.get("flow")) };
  }

  /** @param {Partial<Flow>} changed */
  async setFlow(changed) {
    await this.set("flow", { ...(await this.flow()), ...changed });
  }

  /** Whether it was here before; from now on it was. A browser that clears a database clears this mark as well. */
  async isNew() {
    const born = await this.get("born");
    if (!born) await this.set("born", Date.now());
    return !born;
  }

  /** One per phone and account. @returns {Promise<string>} */
  async device() {
    const known = await this.get("device");
    if (known) return known;
    const made = crypto.randomUUID();
    await this.set("device", made);
    return made;
  }

  /** Take the family's part away; sealed operations stay. */
  async forgetFamily() {
    await this.db.run("readwrite", (store) => {
      store("meta").delete("kit-sealed");
      store("meta").delete("chain");
    });
    await this.forgetReadable();
  }

  /** A version before this one kept the kit unsealed. */
  async forgetReadable() {
    if (!(await this.get("kit"))) return;
    await this.deleteReadable();
    await tidyUp();
  }

  async deleteReadable() {
    await this.db.run("readwrite", (store) => store("meta").delete("kit"));
  }
}

/** Whose phone it is just now. */
export class Phone {
  constructor() {
    this.db = new Database(`${PREFIX}phone`, (db) => db.createObjectStore("meta"));
  }

  /** @returns {Promise<string>} the account that was used last and did not sign out; "" for none */
  async account() {
    return (await this.db.run("readonly", (store) => store("meta").get("account"))) ?? "";
  }

  /** Somebody is signed in. Whoever was here before leaves their family's part behind no longer. @param {string} account @returns {Promise<boolean>} whether they have just come */
  async take(account) {
    const before = await this.account();
    if (before && before !== account) await new Outbox(before).forgetFamily();
    const seen = { ...(await this.seen()), [account]: Date.now() };
    await this.db.run("readwrite", (store) => {
      store("meta").put(account, "account");
      store("meta").put(seen, "seen");
      store("meta").delete("leave");
    });
    await this.purge();
    return before !== account;
  }

  /** Whoever left and did not come back for thirty days: what waits of them is destroyed. */
  async purge() {
    const [account, seen] = [await this.account(), await this.seen()];
    const old = Object.keys(seen).filter((one) => one !== account && seen[one] < Date.now() - FOREIGN_KEPT_FOR);
    for (const one of old) await this.forget(one);
  }

  /** Nothing of that account stays here. @param {string} account */
  async forget(account) {
    await new Outbox(account).db.destroy();
    const { [account]: _gone, ...others } = await this.seen();
    const isTheirs = (await this.account()) === account;
    await this.db.run("readwrite", (store) => {
      store("meta").put(others, "seen");
      if (isTheirs) store("meta").delete("account");
    });
  }

  /** A version before this one left the kits of whoever is not here readable, should it have been closed in between. */
  async forgetReadable() {
    const account = await this.account();
    for (const one of Object.keys(await this.seen())) if (one !== account) await new Outbox(one).forgetReadable();
  }

  /** @returns {Promise<Record<string, number>>} */
  async seen() {
    return (await this.db.run("readonly", (store) => store("meta").get("seen"))) ?? {};
  }

  /** How many operations wait here, whoever's they are. @returns {Promise<number>} */
  async count() {
    const lists = await Promise.all(Object.keys(await this.seen()).map((account) => new Outbox(account).list()));
    return lists.flat().length;
  }

  /** Nobody's any more. *owed*: the server was not told yet. @param {{ owed: boolean }} how */
  async leave({ owed }) {
    const account = await this.account();
    if (account) await new Outbox(account).forgetFamily();
    // From here on the thirty days are counted.
    const seen = { ...(await this.seen()), ...(account && { [account]: Date.now() }) };
    await this.db.run("readwrite", (store) => {
      store("meta").delete("account");
      store("meta").put(seen, "seen");
      if (owed) store("meta").put(true, "leave");
      else store("meta").delete("leave");
    });
  }

  /** Whether somebody signed out while there was no connection. @returns {Promise<boolean>} */
  async owesLeave() {
    return Boolean(await this.db.run("readonly", (store) => store("meta").get("leave")));
  }
}
