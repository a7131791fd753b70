const STORE = 'unsent';

/**
 * Where unsent messages lie while the page is not there: IndexedDB, or only memory where that is missing or refused.
 * @typedef {{
 *   owner: string, n: number, client_id: string, room_id: string, content: string, text: string, extra_fields?: any,
 *   created_at: string, failure?: {code: number, detail: any}
 * }} Entry
 */
export class Shelf {
  /** @type {Promise<IDBDatabase | null> | undefined} */
  #opened;
  /** @type {Map<string, Entry>} */
  #memory = new Map();

  /** @param {string} owner whose they are: server and person */
  constructor(owner) {
    this.owner = owner;
  }

  /** In the order in which they were written. @returns {Promise<Entry[]>} */
  async all() {
    /** @type {Entry[]} */
    const entries = await this.#do('readonly', (store) => store.getAll()) ?? [...this.#memory.values()];
    return entries.filter(({ owner }) => owner === this.owner).sort((a, b) => a.n - b.n);
  }

  /** @param {Entry} entry */
  async put(entry) {
    if (await this.#do('readwrite', (store) => store.put(entry)) === null) this.#memory.set(entry.client_id, entry);
  }

  /** @param {string} id */
  async remove(id) {
    this.#memory.delete(id);
    await this.#do('readwrite', (store) => store.delete(id));
  }

  /**
   * null: there is no database.
   * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} work @returns {Promise<any>}
   */
  async #do(mode, work) {
    const database = await (this.#opened ??= open());
    if (!database) return null;
    return new Promise((resolve) => {
      try {
        const transaction = database.transaction(STORE, mode);
        const request = work(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = transaction.onerror = () => resolve(null);
      } catch {
        resolve(null);
      }
    });
  }
}

/** @returns {Promise<IDBDatabase | null>} */
function open() {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open('confab', 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'client_id' });
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}
