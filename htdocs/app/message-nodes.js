import { focusAgain, standIn, succeed } from './focus.js';
import { h } from './html.js';
import { foldTall, markOf, messageView } from './message-view.js';

const TOGETHER = 5 * 60_000; // ms between messages of one sender that are shown as a group

/**
 * The elements of a list of messages, with the headings of days and the line above new messages. Each is redrawn only
 * when it has changed.
 */
export class MessageNodes {
  /** @type {Map<string, {node: HTMLElement, message: any, state: string}>} the drawn elements, by message */
  #drawn = new Map();

  /** @type {{node: HTMLElement, key: string, message: any}[]} the elements redrawn in this pass */
  #fresh = [];

  /**
   * @param {import('./app.js').App} app
   * @param {HTMLElement} list
   * @param {(old: HTMLElement, now: HTMLElement) => void} replaced
   */
  constructor(app, list, replaced) {
    this.app = app;
    this.list = list;
    this.replaced = replaced;
  }

  clear() {
    this.#drawn.clear();
    this.list.replaceChildren();
  }

  /** @param {Element} node */
  messageOf(node) {
    return this.#drawn.get(/** @type {HTMLElement | null} */ (node.closest('.message'))?.dataset.key ?? '')?.message;
  }

  /**
   * Draws messages, oldest first.
   * @param {any[]} messages @param {string} line the message above which the new ones begin
   */
  fill(messages, line) {
    const { formats, t } = this.app, nodes = [], keys = new Set();
    let day = '', before = /** @type {any} */ (null);
    for (const message of messages) {
      const today = new Date(message.created_at).toDateString();
      if (today !== day) nodes.push(this.#separator(`day ${today}`, 'day', formats.day(message.created_at)));
      if (message.id && message.id === line) nodes.push(this.#separator('line', 'new-line', t('newMessages')));
      const isFirst = today !== day || message.id === line || before?.sender.id !== message.sender.id
        || Date.parse(message.created_at) - Date.parse(before.created_at) > TOGETHER;
      nodes.push(this.#message(message, isFirst));
      [day, before] = [today, message];
    }
    for (const node of nodes) keys.add(node.dataset.key);
    for (const key of this.#drawn.keys()) if (!keys.has(key)) this.#drawn.delete(key);
    arrange(this.list, nodes);
    foldTall(this.app, this.#fresh.splice(0));
  }

  /** @param {string} key @param {string} name @param {string} text */
  #separator(key, name, text) {
    const known = this.#drawn.get(key);
    if (known?.state === text) return known.node;
    const node = h('li', { class: name, 'data-key': key }, h('h3', {}, text));
    this.#drawn.set(key, { node, message: null, state: text });
    return node;
  }

  /** A message's element: the same one as long as nothing has changed. @param {any} message @param {boolean} isFirst */
  #message(message, isFirst) {
    const isMine = message.sender.id === this.app.me.id, key = (isMine && message.client_id) || message.id;
    const mark = isMine ? markOf(this.app, message) : null;
    const state = `${isFirst} ${message.state} ${message.error?.code} ${mark?.name} ${mark?.label}`;
    const known = this.#drawn.get(key);
    if (known && known.message === message && known.state === state) return known.node;
    const node = messageView(this.app, message, { isFirst, isMine, mark, key });
    if (known) {
      node.tabIndex = known.node.tabIndex;
      this.replaced(known.node, node);
      node.classList.add('still');
    }
    this.#drawn.set(key, { node, message, state });
    this.#fresh.push({ node, key, message });
    return node;
  }
}

/**
 * Makes these nodes the children, moving as few as possible. The focus of a removed one goes to its neighbour.
 * @param {HTMLElement} list @param {HTMLElement[]} nodes
 */
function arrange(list, nodes) {
  const wanted = new Set(nodes);
  const focused = /** @type {HTMLElement | null} */ (document.activeElement?.closest?.('.message') ?? null);
  for (const child of /** @type {HTMLElement[]} */ ([...list.children])) {
    if (wanted.has(child)) continue;
    const next = standIn(child, wanted) ?? neighbourOf(child, wanted);
    if (next && child.classList.contains('message')) succeed(child, next);
    child.remove();
  }
  let at = list.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else list.insertBefore(node, at);
  }
  if (focused && !focused.isConnected) focusAgain(focused);
}

/**
 * The next message, else the previous one, that stays or is redrawn.
 * @param {HTMLElement} node @param {Set<HTMLElement>} wanted
 */
function neighbourOf(node, wanted) {
  for (const way of /** @type {const} */ (['nextElementSibling', 'previousElementSibling']))
    for (let one = node[way]; one; one = one[way]) {
      const other = standIn(/** @type {HTMLElement} */ (one), wanted);
      if (other?.classList.contains('message')) return other;
    }
  return null;
}
