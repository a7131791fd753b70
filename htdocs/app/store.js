/** What the page knows: rooms and the messages of those that were opened. Changes only by snapshots and dispatches. */
export class Store {
  constructor() {
    this.me = /** @type {any} */ (null);
    /** @type {Map<string, any>} */
    this.rooms = new Map();
    /** @type {Map<string, {messages: Map<string, any>, older: boolean}>} by room; messages by id or client_id */
    this.histories = new Map();
    this.open = '';
  }

  /** @param {any[]} list the reply to room.list */
  setRooms(list) {
    this.rooms = new Map(list.map((room) => [room.id, room]));
  }

  /** Rooms, the liveliest first. */
  sortedRooms() {
    const moment = (/** @type {any} */ room) => room.last_message?.created_at ?? room.created_at;
    return [...this.rooms.values()].sort((a, b) => (moment(a) < moment(b) ? 1 : -1));
  }

  /** @param {any} room */
  nameOf(room) {
    return room.name ?? room.peer?.username ?? room.participants?.find((/** @type {any} */ user) => user.id !== this.me.id)?.username ?? '…';
  }

  /**
   * A page of history.
   * @param {string} roomId @param {any[]} messages newest first @param {boolean} older whether there are older ones
   */
  addHistory(roomId, messages, older) {
    const history = this.history(roomId);
    history.older = older;
    for (const message of messages) this.#put(history, message);
  }

  /** @param {string} roomId */
  history(roomId) {
    let history = this.histories.get(roomId);
    if (!history) this.histories.set(roomId, history = { messages: new Map(), older: true });
    return history;
  }

  /** Messages of a room, oldest first; what is not sent yet comes last. @param {string} roomId */
  messages(roomId) {
    return [...this.history(roomId).messages.values()].sort((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity));
  }

  /**
   * Shows a message before the server has it; its dispatch replaces it.
   * @param {string} roomId @param {string} clientId @param {string} text
   */
  addPending(roomId, clientId, text) {
    this.history(roomId).messages.set(clientId, {
      client_id: clientId, room: { id: roomId }, sender: this.me, text, pending: true, created_at: new Date().toISOString(),
    });
  }

  /** @param {string} roomId @param {string} clientId @param {string | undefined} why undefined: it is being tried again */
  setFailed(roomId, clientId, why) {
    const message = this.history(roomId).messages.get(clientId);
    if (message) message.failed = why;
  }

  /** @param {any} dispatch */
  apply({ eventType, data }) {
    if (eventType === 'message.dispatch') this.#applyMessage(data);
    if (eventType === 'roomcreate.dispatch') this.#applyRoom(data);
  }

  /** @param {any} message */
  #applyMessage(message) {
    const history = this.histories.get(message.room.id);
    if (history) this.#put(history, message);
    const room = this.rooms.get(message.room.id);
    if (!room) return;
    room.last_message = message;
    if (message.sender.id !== this.me.id && message.room.id !== this.open) room.unread = (room.unread ?? 0) + 1;
  }

  /** @param {any} detail */
  #applyRoom(detail) {
    if (!this.rooms.has(detail.id)) this.rooms.set(detail.id, { ...detail, last_message: null, unread: 0 });
  }

  /** @param {{messages: Map<string, any>}} history @param {any} message */
  #put(history, message) {
    if (message.client_id) history.messages.delete(message.client_id);
    history.messages.set(message.id, message);
  }
}
