// A client that holds a stream open and keeps a ledger of the dispatches it gets. It reconnects whenever the stream
// ends, from its cursor.
import http from 'node:http';
import WebSocket from 'ws';
import { now, pause } from './time.mjs';

const SILENCE = 8_000; // ms without a heartbeat after which a client closes a stream; the stack's interval is 2 s
const CATCH_UP = 3_000; // ms after its opening in which a stream may still be behind
const POLL_WAIT = 2; // s

export class Follower {
  last = 0; // the newest dispatch
  seqs = []; // in the order they came
  repeated = []; // seqs that came again
  reordered = []; // seqs that came after greater ones
  resyncs = []; // when a session.resync came
  opens = []; // {from, to, until}: replays: dispatches in (from, to], expected until a moment
  ends = 0;
  paused = false;
  #open = true;
  #heard = now();
  #connection = null; // has destroy()
  #body = null; // has pause()
  #answers = new Map(); // commands over this WebSocket

  /** who: {id, token}; front: the mount point's URL; cursor: {epoch, seq} to start from. */
  constructor({ kind, who, front, epoch, seq }) {
    Object.assign(this, { kind, who, front: new URL(front), epoch, start: seq, last: seq, cursor: seq });
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.watchdog = setInterval(() => {
      if (!this.paused && now() - this.#heard > SILENCE) this.cut();
    }, 1_000);
    this.running = this.#follow();
  }

  async #follow() {
    while (this.#open) {
      this.#heard = now();
      await this[`_${this.kind}`]().catch(() => {});
      this.socket = null;
      for (const settle of this.#answers.values()) settle(null);
      this.#answers.clear();
      if (this.kind !== 'poll' || this.failed) {
        this.ends++;
        await pause(50 + Math.random() * 100);
      }
    }
  }

  /** Ends the connection as a client that dies would. */
  cut() {
    this.#connection?.destroy?.();
    this.#connection?.terminate?.();
  }

  close() {
    this.#open = false;
    clearInterval(this.watchdog);
    this.cut();
    this.agent.destroy();
  }

  /** Stops reading, or continues. */
  stall(paused) {
    this.paused = paused;
    this.#heard = now();
    if (paused) this.#body?.pause();
    else this.#body?.resume();
  }

  /** A command over this WebSocket; null when the answer was lost with it. */
  ask(id, event_type, data) {
    return new Promise((resolve) => {
      if (!this.socket) { resolve(null); return; }
      this.#answers.set(id, resolve);
      this.socket.send(JSON.stringify({ event_type, data, id }), (error) => { if (error) this.cut(); });
    });
  }

  #url(path) {
    const url = new URL(path, this.front);
    url.searchParams.set('since', `${this.epoch}:${this.cursor}`);
    return url;
  }

  #opened(head) {
    const open = { from: this.cursor, to: Infinity, until: now() + CATCH_UP };
    this.opens.push(open);
    setTimeout(() => { open.to = Math.max(head, this.last); }, CATCH_UP);
  }

  _ws() {
    return new Promise((resolve) => {
      const url = this.#url('ws');
      url.protocol = 'ws:';
      url.searchParams.set('token', this.who.token);
      const socket = new WebSocket(url, ['confab.v1'], { perMessageDeflate: false, handshakeTimeout: SILENCE });
      this.#connection = this.#body = socket;
      socket.on('message', (data) => this.#take(data.toString()));
      socket.on('ping', () => { this.#heard = now(); });
      socket.on('open', () => { if (this.paused) socket.pause(); this.socket = socket; });
      socket.on('error', () => socket.terminate());
      socket.on('close', resolve);
    });
  }

  _sse() {
    return new Promise((resolve) => {
      const request = http.get(this.#url('events'),
          { agent: false, headers: { authorization: `Bearer ${this.who.token}` } }, (response) => {
        let rest = '';
        this.#body = response;
        if (this.paused) response.pause();
        response.setEncoding('utf8');
        response.on('data', (part) => {
          this.#heard = now();
          if (response.statusCode !== 200) return;
          const blocks = (rest + part).split('\n\n');
          rest = blocks.pop();
          for (const block of blocks) {
            const at = block.indexOf('data: ');
            if (at >= 0) this.#take(block.slice(at + 6));
          }
        });
        response.on('close', resolve).on('error', resolve);
      });
      this.#connection = request;
      request.on('error', resolve).on('close', resolve);
    });
  }

  _poll() {
    const url = this.#url('poll');
    url.searchParams.set('wait', POLL_WAIT);
    if (this.session) url.searchParams.set('session', this.session);
    this.failed = true;
    return new Promise((resolve) => {
      const request = http.get(url, { agent: this.agent, headers: { authorization: `Bearer ${this.who.token}` } },
          (response) => {
        const parts = [];
        response.on('data', (part) => { this.#heard = now(); parts.push(part); });
        response.on('end', () => { if (response.statusCode === 200) this.#batch(Buffer.concat(parts).toString()); });
        response.on('close', resolve).on('error', resolve);
      });
      this.#connection = request;
      request.on('error', resolve).on('close', resolve);
    });
  }

  #batch(text) {
    let batch;
    try { batch = JSON.parse(text); } catch { return; }
    this.failed = false;
    const from = this.cursor;
    for (const event of batch.events) {
      if (event.eventType === 'session.ready') this.session = event.data.session_id;
      else if (event.eventType === 'session.resync') this.resyncs.push(from);
      else if (event.seq !== undefined && event.eventType !== 'chat.notifications') this.#stored(event.seq);
    }
    const [epoch, seq] = batch.cursor.split(':');
    Object.assign(this, { epoch, cursor: Number(seq) });
    if (this.cursor < this.last) this.reordered.push(this.cursor);
    this.opens.push({ from, to: this.cursor, until: now() });
  }

  /** Handles a frame. Of a dispatch only the end is parsed, because most frames are dispatches. */
  #take(text) {
    this.#heard = now();
    if (text.startsWith('{"eventType":"session.') || text.startsWith('{"eventType":"chat.')) {
      const { eventType, data } = JSON.parse(text);
      if (eventType === 'session.ready') this.#opened(data.seq);
      if (eventType === 'session.resync') this.#resync(data);
      return;
    }
    const seq = Number(text.slice(text.lastIndexOf(',"seq":') + 7, -1));
    if (Number.isInteger(seq) && text.startsWith('{"eventType"')) {
      this.#stored(seq);
      this.cursor = this.last;
    } else if (text.startsWith('{"id"') || text.includes('"id":"q')) {
      this.#answer(JSON.parse(text));
    }
  }

  #answer(answer) {
    this.#answers.get(answer.id)?.(answer);
    this.#answers.delete(answer.id);
  }

  #resync({ head, epoch }) {
    this.resyncs.push(this.cursor);
    Object.assign(this, { epoch, cursor: head });
  }

  #stored(seq) {
    if (seq > this.last) {
      this.last = seq;
      this.seqs.push(seq);
    } else if (this.seqs.includes(seq)) {
      this.repeated.push(seq);
    } else {
      this.reordered.push(seq);
      this.seqs.push(seq);
    }
  }

  ledger() {
    const { kind, who, start, seqs, repeated, reordered, resyncs, opens, ends } = this;
    return { kind, account: who.id, start, seqs: Float64Array.from(seqs), repeated, reordered, resyncs, opens, ends };
  }
}
