/** A person is idle when idle in all tabs. The leading tab tells the server. */
export class SharedIdle {
  #tell;
  /** @type {Map<string, boolean>} */
  #tabs = new Map();
  #said = false;

  /** @param {(idle: boolean) => Promise<any> | null} tell null: not possible now, or not from this tab */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {string} tab @param {boolean} idle */
  set(tab, idle) {
    this.#tabs.set(tab, idle);
    this.say();
  }

  /** The server takes a new stream not to be idle. */
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
