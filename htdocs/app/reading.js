import { RoomType } from '../confab.js';

const MOST = 100; // receipts at once
const PAUSE = 300; // ms

/**
 * Acknowledges messages that have arrived, and marks messages as read while they are on the screen and the person is
 * active. Reading creates receipts, which show the others who has read; in channels, with many readers, only a position
 * is sent.
 */
export class Reading {
  /** @type {Set<string>} messages that arrived and are not acknowledged */
  #arrived = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isTelling = false;

  /** @param {import('./app.js').App} app @param {import('./timeline.js').Timeline} timeline */
  constructor(app, timeline) {
    this.app = app;
    this.timeline = timeline;
    const { store, client } = app;
    const soon = () => { this.#timer ??= setTimeout(() => this.#tell(), PAUSE); };
    for (const event of ['focus', 'visibilitychange']) addEventListener(event, soon);
    timeline.list.addEventListener('scroll', soon, { passive: true });
    this.offs = [
      store.on('notify', ({ message }) => {
        if (!message) return;
        if (!message.delivered_to.includes(app.me.username)) this.#arrived.add(message.id);
        if (message.room.id === app.open && !this.#isLooking) timeline.startLine(message);
        soon();
      }),
      client.on('notifications', (data) => {
        for (const { message } of Object.values(data).flat())
          if (message && !message.delivered_to.includes(app.me.username))
          this.#arrived.add(message.id);
        soon();
      }),
      store.on('messages', soon), app.on('open', soon),
      () => {
        for (const event of ['focus', 'visibilitychange']) removeEventListener(event, soon);
        clearTimeout(this.#timer);
      },
    ];
  }

  close() {
    for (const off of this.offs) off();
  }

  get #isLooking() {
    return !document.hidden && document.hasFocus();
  }

  async #tell() {
    this.#timer = undefined;
    if (this.#isTelling) return void (this.#timer = setTimeout(() => this.#tell(), PAUSE));
    this.#isTelling = true;
    try {
      await this.#read();
      await this.#acknowledge();
    } catch {
      // They are sent again with the next ones.
    }
    this.#isTelling = false;
  }

  async #read() {
    const { app, timeline } = this, { store, client, room } = app;
    if (!room || (!room.unread && !room.mentions) || !this.#isLooking) return;
    const unread = timeline.messages.filter((message) => timeline.isUnread(message));
    const seen = /** @type {any[]} */ (timeline.isAtEnd ? unread
      : unread.filter((message) => this.#isSeen(/** @type {any} */ (message).seq)));
    if (!seen.length) return timeline.isAtEnd ? store.markRead(room.id) : undefined;
    const ids = seen.slice(-MOST).map(({ id }) => id);
    for (const id of ids) this.#arrived.delete(id);
    if (room.type !== RoomType.CHANNEL) await client.readMessages(ids);
    if (room.type === RoomType.CHANNEL || room.unread > ids.length) await store.markRead(room.id, seen.at(-1).seq);
  }

  /** @param {number} seq */
  #isSeen(seq) {
    const { list } = this.timeline,
      node = /** @type {HTMLElement | null} */ (list.querySelector(`[data-seq="${seq}"]`));
    return !!node && node.offsetTop < list.scrollTop + list.clientHeight;
  }

  async #acknowledge() {
    const { client } = this.app, ids = [...this.#arrived].slice(0, MOST);
    if (!ids.length || !client.share.isLeading) return this.#arrived.clear();
    for (const id of ids) this.#arrived.delete(id);
    await client.acknowledge(ids);
  }
}
