/** A person is idle when idle in all tabs. The leading one tells the server. */
export class SharedIdle {
  #tell;
  /** @type {Map<string, boolean>} */
  #tabs = new Map();
  #said = false;

  /** @param {(idle: boolean) => Promise<any> | null} tell null: not now, or not from here */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {string} tab @param {boolean} idle */
  set(tab, idle) {
    this.#tabs.set(tab, idle);
    this.say();
  }

  /** A new stream is not idle, as far as the server knows. */
  reset() {
    this.#said = false;
    queueMicrotask(() => this.say());
  }

  /** @returns {boolean} */
  get isIdle() {
    return this.#tabs.size > 0 && [...this.#tabs.values()].every(Boolean);
  }

  say() {
    const idle = this.isIdle;
    if (idle === this.#said) return;
    const told = this.#tell(idle);
    if (!told) return;
    this.#said = idle;
    told.catch(() => { this.#said = !idle; });
  }
}
