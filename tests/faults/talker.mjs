// A client that sends one command after the other, repeats commands without an answer, and keeps a ledger of its
// acknowledgements.
import http from 'node:http';
import { now, pause } from './time.mjs';

const PATIENCE = 12_000; // ms for an answer
const AGAIN = 60; // ms before a repeat

/** One command by POST: {status, body, text}; status 0 when there was no answer. */
export function post(front, agent, token, event_type, data) {
  const payload = JSON.stringify({ event_type, data });
  return new Promise((resolve) => {
    const lost = () => resolve({ status: 0 });
    const request = http.request(new URL('command', front), {
      method: 'POST', agent, timeout: PATIENCE,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload),
        authorization: `Bearer ${token}` },
    }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('error', lost).on('close', lost).on('end', () => {
        const text = Buffer.concat(parts).toString();
        let body = null;
        try { body = JSON.parse(text); } catch { /* the web server's own page */ }
        resolve({ status: response.statusCode, body, text });
      });
    });
    request.on('timeout', () => request.destroy()).on('error', lost).end(payload);
  });
}

/** Whether an answer is allowed during a fault: none, 4053, or a page of the web server. */
export function mayRepeat({ status, body }) {
  return status === 0 || body?.error?.code === 4053 || (status >= 500 && !body?.error);
}

export class Talker {
  promises = []; // {seq, key}: acknowledged commands, in order; key: the client_id of a message
  promised = 0; // the time at which the newest acknowledged command was sent
  refused = 0; // 4053: nothing was done
  unknown = 0; // no answer, or one that leaves the outcome open
  odd = []; // unexpected answers
  #talking = true;

  /** rooms: the rooms to send to; follower: its WebSocket, or null for HTTP; pace: ms between two commands. */
  constructor({ name, who, front, rooms, follower, pace: between }) {
    Object.assign(this, { name, who, front, rooms, follower, between, sent: 0 });
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    this.running = this.#talk();
  }

  async #talk() {
    await pause(Math.random() * this.between);
    while (this.#talking) {
      const room_id = this.rooms[this.sent % this.rooms.length];
      const key = `${this.name}-${this.sent++}`;
      await this.#say('message.send', { room_id, content: `${key} ${'.'.repeat(this.sent % 80)}`, client_id: key },
        key);
      // A command that is not repeatable is sent once.
      if (this.sent % 8 === 0 && this.promises.length)
        await this.#say('room.read', { room_id, seq: this.promises.at(-1).seq });
      await pause(this.between * (0.5 + Math.random()));
    }
    this.agent.destroy();
  }

  /** Repeats until it is acknowledged; without a key, until it is answered or lost. */
  async #say(event_type, data, key) {
    for (;;) {
      const asked = now(), answer = await this.#ask(event_type, data);
      if (answer.status === 200) {
        this.promised = asked;
        if (answer.seq !== undefined) this.promises.push({ seq: answer.seq, key: key ?? null });
        return;
      }
      if (!mayRepeat(answer)) {
        this.odd.push(`${event_type}: ${answer.status} ${answer.text ?? JSON.stringify(answer.body)}`);
        return;
      }
      if (answer.status === 0 || answer.body?.error?.unknown) this.unknown++;
      else this.refused++;
      if (!key) return;
      await pause(AGAIN * (0.5 + Math.random()));
    }
  }

  async #ask(event_type, data) {
    if (!this.follower) {
      const answer = await post(this.front, this.agent, this.who.token, event_type, data);
      return { ...answer, seq: answer.body?.seq };
    }
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => { this.follower.cut(); resolve(null); }, PATIENCE);
    });
    const answer = await Promise.race([this.follower.ask(`q${this.sent}`, event_type, data), late]);
    clearTimeout(timer);
    if (!answer) return { status: 0 };
    return answer.error ? { status: 503, body: answer } : { status: 200, seq: answer.seq };
  }

  stop() {
    this.#talking = false;
    return this.running;
  }

  ledger() {
    const { name, who, promises, refused, unknown, odd } = this;
    return { name, account: who.id, promises, refused, unknown, odd };
  }
}
