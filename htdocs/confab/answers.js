import { Code } from './codes.js';
import { ConfabError } from './error.js';
import { encode, uniqueId } from './text.js';

const ANSWER = 15_000; // ms until a command over the WebSocket counts as lost
const LOST = { error: { code: Code.NETWORK, detail: 'No answer.' } };

/** Commands sent over the WebSocket that wait for their answer. */
export class Answers {
  /**
   * @type {Map<string, {
   *   resolve: (answer: any) => void, reject: (error: ConfabError) => void, timer: ReturnType<typeof setTimeout>
   * }>}
   */
  #waiting = new Map();

  /**
   * @param {(text: string) => boolean} send
   * @param {string} event_type @param {object} data
   * @returns {Promise<any> | null} null: it could not be sent
   */
  ask(send, event_type, data) {
    const id = uniqueId();
    if (!send(encode({ event_type, data, id }))) return null;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.settle(id, LOST), ANSWER);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  /** @param {any} id @param {any} body */
  settle(id, body) {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    const error = ConfabError.from(body);
    if (error) waiting.reject(error);
    else waiting.resolve(body);
  }

  /** An error that names no command: it belongs to the waiting command if there is only one. @param {any} body */
  settleOnly(body) {
    if (this.#waiting.size === 1) this.settle([...this.#waiting.keys()][0], body);
  }

  /** The connection is gone: commands without an answer may or may not have been executed. */
  lose() {
    for (const id of [...this.#waiting.keys()]) this.settle(id, LOST);
  }
}
