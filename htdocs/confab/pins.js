import { Loaded } from './loaded.js';

/**
 * What is pinned in a room, the newest pin first.
 * @typedef {import('./types.js').Message} Message
 */
export class Pins extends Loaded {
  /** @param {() => Promise<Message[]>} ask */
  load(ask) {
    return this.receive(ask, (pins) => { this.messages = pins; });
  }
}
