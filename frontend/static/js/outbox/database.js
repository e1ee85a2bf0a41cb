// @ts-check
// IndexedDB with promises. A browser may drop the connection at any time (WebKit does): then it is opened anew, once.
const LOST = new Set(["InvalidStateError", "UnknownError", "AbortError", "TransactionInactiveError"]);

/** Old browsers and some private windows have none. */
export const isHere = Boolean(globalThis.indexedDB);

/** Whether the phone has no room left. @param {unknown} error */
export const isFull = (error) => error instanceof DOMException && error.name === "QuotaExceededError";

/** @param {unknown} error */
const isLost = (error) => error instanceof DOMException && LOST.has(error.name);

/** @param {string} name @param {(db: IDBDatabase) => void} build @returns {Promise<IDBDatabase>} */
const openDatabase = (name, build) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => build(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new DOMException("blocked", "UnknownError"));
  });

/**
 * One transaction: what *work* asks for, once everything in it is on the disk.
 * @template T
 * @param {IDBDatabase} db
 * @param {IDBTransactionMode} mode
 * @param {(store: (name: string) => IDBObjectStore) => IDBRequest<T> | void} work
 * @returns {Promise<T>}
 */
const transact = (db, mode, work) =>
  new Promise((resolve, reject) => {
    const stores = [...db.objectStoreNames];
    // Strict: a battery that dies right after "saved" must not take the moment along.
    const transaction = db.transaction(stores, mode, mode === "readwrite" ? { durability: "strict" } : {});
    /** @type {IDBRequest<T> | void} */
    let asked;
    transaction.oncomplete = () => resolve(/** @type {T} */ (asked?.result));
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
    asked = work((name) => transaction.objectStore(name));
  });

export class Database {
  /** @param {string} name @param {(db: IDBDatabase) => void} build */
  constructor(name, build) {
    this.name = name;
    this.build = build;
    /** @type {Promise<IDBDatabase> | undefined} */
    this.connection = undefined;
  }

  /** Whether it is on this phone already, or the browser does not say. */
  async mayBeThere() {
    const known = await indexedDB.databases?.();
    return !known || known.some(({ name }) => name === this.name);
  }

  connect() {
    this.connection ??= openDatabase(this.name, this.build).then((db) => {
      const forget = () => {
        this.connection = undefined;
      };
      db.onclose = forget;
      // Somebody deletes this database: a connection that stays open would hold them up.
      db.onversionchange = () => {
        db.close();
        forget();
      };
      return db;
    });
    return this.connection;
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(store: (name: string) => IDBObjectStore) => IDBRequest<T> | void} work
   * @returns {Promise<T>}
   */
  async run(mode, work) {
    try {
      return await transact(await this.connect(), mode, work);
    } catch (error) {
      this.connection = undefined;
      if (!isLost(error)) throw error;
      return transact(await this.connect(), mode, work);
    }
  }

  /** Gone, with everything in it. @returns {Promise<void>} */
  async destroy() {
    const open = await this.connection?.catch(() => undefined);
    open?.close();
    this.connection = undefined;
    await new Promise((resolve) => {
      const request = indexedDB.deleteDatabase(this.name);
      request.onsuccess = request.onerror = request.onblocked = () => resolve(undefined);
    });
  }
}

/** Together more than Chromium's log takes; each small enough not to become a file of its own. */
const FILLING = { times: 100, letters: 51_000 };

/**
 * What is deleted stays in a browser's files until it tidies up. Chromium does so where more was written than its log takes
 * and a whole database goes; the first time it only moves what is there (seen, and held by test_outbox_on_disk.py).
 */
export async function tidyUp() {
  for (let time = 0; time < 2; time += 1) {
    const filling = new Database("outbox-filling", (db) => db.createObjectStore("filling"));
    const letters = "-".repeat(FILLING.letters);
    const fill = filling.run("readwrite", (store) => {
      for (let n = 0; n < FILLING.times; n += 1) store("filling").put(letters, "letters");
    });
    await fill.catch(() => undefined);
    await filling.destroy();
  }
}
