import { pause } from './retry.js';
import { keysOf, readJson, removeItem, writeItem } from './storage.js';

const STORE = 'unsent';
const PATIENCE = 3_000; // ms until a database that does not answer counts as missing,
const OPENING = 30_000; // and until it is opened again

/**
 * The unsent messages of one person, in the order in which they were written. Memory is authoritative: storage that
 * fails, hangs or vanishes loses nothing while the page is open. For the next page they are also in IndexedDB, and
 * until IndexedDB has them in localStorage, which is written synchronously, so a reload right after Enter finds them,
 * too.
 * @typedef {{
 *   owner: string, n: number, client_id: string, room_id: string, content: string, text: string, extra_fields?: any,
 *   created_at: string, failure?: {code: number, detail: any}
 * }} Entry
 */
export class Shelf {
  /** @type {Promise<IDBDatabase> | undefined} */
  #opened;
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Set<string>} removed entries, which a slow database may still return */
  #gone = new Set();
  /** @type {Set<string>} entries that only this page has */
  #loose = new Set();

  /** @param {string} owner the server and the person */
  constructor(owner) {
    this.owner = owner;
    this.prefix = `confab unsent ${owner} `;
  }

  /** All entries, in order. @returns {Entry[]} */
  get all() {
    return [...this.#entries.values()].sort((a, b) => a.n - b.n);
  }

  /** The entries that only this page has. @returns {Entry[]} */
  get loose() {
    return this.all.filter(({ client_id }) => this.#loose.has(client_id));
  }

  /** @param {string} id */
  has(id) {
    return this.#entries.has(id);
  }

  /**
   * Loads the entries of earlier pages and other tabs.
   * @param {(entry: Entry) => void} found called for each new entry, at once or when a slow database answers
   * @returns {Promise<void>} resolves when there is nothing more to wait for
   */
  load(found) {
    const add = (/** @type {Entry} */ entry) => {
      if (entry?.owner !== this.owner || this.#entries.has(entry.client_id) || this.#gone.has(entry.client_id)) return;
      this.#entries.set(entry.client_id, entry);
      found(entry);
    };
    for (const key of keysOf(this.prefix)) add(readJson(key));
    const loading = this.#do('readonly', (store) => store.getAll()).then((entries) => {
      for (const entry of (entries ?? []).sort((/** @type {Entry} */ a, /** @type {Entry} */ b) => a.n - b.n))
        add(entry);
    });
    return Promise.race([loading, pause(PATIENCE)]);
  }

  /** @param {Entry} entry */
  put(entry) {
    const { client_id } = entry, key = this.prefix + client_id;
    this.#entries.set(client_id, entry);
    this.#gone.delete(client_id);
    if (!writeItem(key, JSON.stringify(entry))) this.#loose.add(client_id);
    this.#do('readwrite', (store) => store.put(entry)).then((result) => {
      if (result === null || this.#entries.get(client_id) !== entry) return;
      removeItem(key);
      this.#loose.delete(client_id);
    });
  }

  /** Adds an entry of another tab, which stores it. @param {Entry} entry */
  learn(entry) {
    if (!this.#gone.has(entry.client_id)) this.#entries.set(entry.client_id, entry);
  }

  /** @param {string} id */
  remove(id) {
    this.#entries.delete(id);
    this.#gone.add(id);
    this.#loose.delete(id);
    removeItem(this.prefix + id);
    this.#do('readwrite', (store) => store.delete(id));
  }

  /**
   * Runs a request on the database. Resolves to null if there is no database or it fails.
   * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} work @returns {Promise<any>}
   */
  async #do(mode, work) {
    const database = await (this.#opened ??= open()).catch(() => null);
    return new Promise((resolve) => {
      const fail = () => {
        this.#opened = undefined; // the next one tries again
        resolve(null);
      };
      try {
        // Without a database this throws.
        const transaction = /** @type {IDBDatabase} */ (database).transaction(STORE, mode);
        const request = work(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = transaction.onerror = fail;
      } catch {
        fail();
      }
    });
  }
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    setTimeout(reject, OPENING);
    const request = indexedDB.open('confab', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'client_id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = reject;
  });
}
