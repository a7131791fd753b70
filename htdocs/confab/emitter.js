/** Events by name. */
export class Emitter {
  /** @type {Map<string, Set<(value: any) => void>>} */
  #listeners = new Map();

  /**
   * @param {string} event
   * @param {(value: any) => void} listener
   * @returns {() => void} removes the listener
   */
  on(event, listener) {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set.add(listener));
    return () => { set.delete(listener); };
  }

  /**
   * Resolves at the next occurrence of an event.
   * @param {string} event
   * @returns {Promise<any>}
   */
  once(event) {
    return new Promise((resolve) => {
      const off = this.on(event, (value) => {
        off();
        resolve(value);
      });
    });
  }

  /**
   * A listener that throws is reported; the others are called all the same.
   * @param {string} event @param {any} [value]
   */
  emit(event, value) {
    for (const listener of [...this.#listeners.get(event) ?? []]) {
      try {
        listener(value);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** Reports it as an uncaught error, without interrupting the caller. @param {unknown} error */
function report(error) {
  if (globalThis.reportError) globalThis.reportError(error);
  else queueMicrotask(() => { throw error; });
}
