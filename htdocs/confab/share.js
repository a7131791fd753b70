import { Command, Dispatch } from './codes.js';
import { findLocks } from './locks.js';
import { SharedIdle } from './shared-idle.js';
import { uniqueId } from './text.js';

const KEPT = 300; // dispatches, for a tab that missed some
const WELCOME = 5_000; // ms; a leading tab that is silent for longer is asleep, and another one takes over

/**
 * One connection for all tabs of one person in one browser: the tab that holds the lock leads, has the stream, and
 * passes its frames to the others. When it closes, the next in line gets the lock and continues from its own cursor. A
 * tab that has missed something (each frame names the one before it) requests it. Where locks.js finds no locks, or
 * there is no BroadcastChannel, each tab has a stream of its own.
 *
 * Between tabs: {lead}, {hello: tab, seq, epoch}, {welcome: tab, …}, {frame, before}, {state, transport}, {hurry},
 * {touch}, {tab, idle}.
 */
export class Share {
  #client;
  #locks;

  isLeading = false;
  #tab = uniqueId();
  #run = 0;
  #welcomed = false;
  /** @type {{frame: any, before: number}[]} the last dispatches, and the seq before each */
  #kept = [];
  /** @type {any} the last first frame of a stream */
  #ready = null;
  #idle = new SharedIdle((idle) =>
    (this.isLeading && this.#client.state === 'open' ? this.#client.command(Command.HEARTBEAT, { idle }) : null));
  /** @type {BroadcastChannel | null} */
  #channel = null;
  /** @type {(() => void) | null} releases the lock */
  #release = null;
  /** @type {AbortController | null} leaves the queue for the lock */
  #queue = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #theirTransport = '';

  /** @param {import('./client.js').Client} client @param {boolean} wanted */
  constructor(client, wanted) {
    this.#client = client;
    this.#locks = wanted && globalThis.BroadcastChannel ? findLocks() : undefined;
    this.isPossible = !!this.#locks;
    globalThis.addEventListener?.('pagehide', () => this.#channel?.postMessage({ tab: this.#tab, idle: true }));
  }

  get transport() {
    return this.isLeading ? this.#client.connection.name : this.#theirTransport;
  }

  get #name() {
    return `confab:${this.#client.base.href}:${this.#client.user?.id}`;
  }

  start() {
    const run = ++this.#run;
    if (!this.isPossible) return this.#lead();
    const channel = this.#channel = new BroadcastChannel(this.#name);
    channel.onmessage = ({ data }) => { if (run === this.#run) this.#heard(data); };
    this.#wait(run, {});
    this.#hello();
  }

  stop() {
    this.#run++;
    clearTimeout(this.#timer);
    this.#channel?.postMessage({ tab: this.#tab, idle: true });
    this.#channel?.close();
    this.#channel = null;
    this.#queue?.abort();
    this.#release?.();
    this.isLeading = this.#welcomed = false;
    this.#kept = [];
    this.#ready = this.#release = null;
  }

  /** @returns {boolean} */
  get isIdle() {
    return this.#idle.isIdle;
  }

  /** The person is active in this tab. */
  touch() {
    if (this.isLeading) this.#client.connection.touch();
    else this.#channel?.postMessage({ touch: true });
  }

  hurry() {
    if (this.isLeading) this.#client.connection.hurry();
    else this.#channel?.postMessage({ hurry: true });
  }

  /** Queues for the lock, and leads when it comes. @param {number} run @param {import('./locks.js').How} how */
  #wait(run, how) {
    this.#queue?.abort();
    const queue = this.#queue = new AbortController();
    let isGranted = false;
    this.#locks?.request(this.#name, how.steal ? how : { signal: queue.signal }, () => {
      if (run !== this.#run) return;
      clearTimeout(this.#timer);
      this.#queue = null;
      isGranted = true;
      this.#lead();
      return new Promise((resolve) => { this.#release = () => resolve(undefined); });
    }).catch(() => {
      // Another tab has stolen the lock because it took this one to be asleep.
      if (run === this.#run && isGranted) this.#follow(run);
    });
  }

  #lead() {
    this.isLeading = true;
    this.#channel?.postMessage({ lead: true });
    this.#client.setState('connecting');
    this.#client.connection.start();
  }

  /** @param {number} run */
  #follow(run) {
    this.isLeading = this.#welcomed = false;
    this.#client.connection.stop();
    this.#wait(run, {});
    this.#hello();
  }

  /** Asks the leader for its place and for the dispatches after ours. */
  #hello() {
    const { seq, epoch } = this.#client;
    const run = this.#run;
    this.#welcomed = false;
    this.#channel?.postMessage({ hello: this.#tab, seq, epoch });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (run === this.#run && !this.isLeading) this.#wait(run, { steal: true }); },
      WELCOME);
  }

  /** Handles a message from another tab. @param {any} said */
  #heard(said) {
    if ('idle' in said) return this.#idle.set(said.tab, said.idle);
    if (this.isLeading) {
      if (said.hello) this.#welcome(said);
      if (said.hurry) this.#client.connection.hurry();
      if (said.touch) this.#client.connection.touch();
    } else if (said.welcome === this.#tab) {
      this.#isWelcome(said);
    } else if (said.lead || (!this.#welcomed && said.frame?.eventType === Dispatch.READY)) {
      this.#hello();
    } else if (said.state) {
      this.#theirTransport = said.transport;
      this.#client.setState(said.state);
    } else if (said.frame && this.#welcomed) {
      const isStored = said.frame.seq !== undefined && said.frame.eventType !== Dispatch.NOTIFICATIONS;
      if (isStored && said.before > this.#client.seq) return this.#hello();
      this.take(said.frame);
    }
  }

  /** @param {any} frame */
  take(frame) {
    if (frame.eventType === Dispatch.READY) this.#ready = frame.data;
    this.#client.take(frame);
  }

  /**
   * Leading: answers a tab that has just opened or has missed something.
   * @param {{hello: string, seq: number, epoch: string}} from
   */
  #welcome(from) {
    const { seq, epoch, state } = this.#client;
    const since = from.epoch === epoch ? from.seq : -1;
    const missed = this.#kept.filter(({ frame }) => frame.seq > since).map(({ frame }) => frame);
    const isWhole = since >= (this.#kept[0]?.before ?? seq);
    this.#channel?.postMessage({
      welcome: from.hello, seq, epoch, state, transport: this.transport, ready: this.#ready,
      notifications: this.#client.pending?.(),
      missed: isWhole ? missed : null,
    });
  }

  /** @param {any} said */
  #isWelcome({ seq, epoch, state, transport, ready, notifications, missed }) {
    clearTimeout(this.#timer);
    this.#welcomed = !!ready;
    this.#theirTransport = transport;
    const client = this.#client;
    if (!ready) missed = [];
    else if (!client.connection.cursor)
      missed = [{ eventType: Dispatch.READY, data: { ...ready, seq, epoch } },
        { eventType: Dispatch.NOTIFICATIONS, data: notifications ?? {} }];
    for (const frame of missed ?? [{ eventType: Dispatch.RESYNC, data: { head: seq, epoch } }]) this.take(frame);
    client.setState(state);
  }

  /** Leading: passes a frame on. @param {any} frame @param {number} before the seq of the previous dispatch */
  publish(frame, before) {
    if (frame.eventType === Dispatch.READY) {
      this.#ready = frame.data;
      this.#idle.reset();
    }
    this.#channel?.postMessage({ frame, before });
  }

  /** Keeps a dispatch that was processed. @param {any} frame @param {number} before */
  keep(frame, before) {
    if (!this.isPossible) return;
    this.#kept.push({ frame, before });
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  tellState() {
    if (this.isLeading) this.#channel?.postMessage({ state: this.#client.state, transport: this.transport });
  }

  /** @param {boolean} idle */
  setIdle(idle) {
    this.#channel?.postMessage({ tab: this.#tab, idle });
    this.#idle.set(this.#tab, idle);
  }
}
