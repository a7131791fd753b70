import { focusAgain, succeed } from './focus.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { keyOf } from './keys.js';
import { actionsOf } from './message-actions.js';
import { openMenu } from './menu.js';

const PRESS = 450; // ms of a long press on a message

/** The buttons at the message under the pointer or with the focus, its menu, and the equivalent keys. */
export class MessageTools {
  /** @type {HTMLElement | null} */
  #at = null;

  /** @param {import('./app.js').App} app @param {import('./timeline.js').Timeline} timeline */
  constructor(app, timeline) {
    this.app = app;
    this.timeline = timeline;
    const { t } = app, { list } = timeline;
    const button = (/** @type {import('./icons.js').IconName} */ name, /** @type {string} */ label,
      /** @type {() => void} */ run) =>
      h('button', { class: 'bare', tabindex: -1, 'aria-label': label, title: label, onclick: run }, icon(name));
    this.more = button('more', t('more'), () => this.#menu());
    this.more.setAttribute('aria-haspopup', 'menu');
    this.reply = button('reply', t('reply'), () => this.#run('r'));
    this.bar = h('div', { class: 'tools', role: 'toolbar', 'aria-label': t('messageTools') },
      button('face', t('react'), () => this.#run('+')), this.reply, this.more);
    // Not pointerover, which also fires when the list scrolls below a resting mouse.
    list.addEventListener('pointermove', (event) => { if (event.pointerType === 'mouse') this.#attach(event.target); });
    list.addEventListener('pointerleave', () => { if (!this.#at?.contains(document.activeElement)) this.#detach(); });
    list.addEventListener('focusin', (event) => this.#attach(event.target));
    list.addEventListener('contextmenu', (event) => this.#asked(event));
    list.addEventListener('keydown', (event) => this.#pressed(event));
    this.#listenToFingers(list);
  }

  /**
   * A message was redrawn: its buttons move to the new element, and the focus, too.
   * @param {HTMLElement} old @param {HTMLElement} now
   */
  replaced(old, now) {
    const hadFocus = old.contains(document.activeElement);
    succeed(old, now);
    if (this.#at === old) this.#attach(now);
    if (hadFocus) queueMicrotask(() => focusAgain(now));
  }

  /** @param {EventTarget | null} target */
  #attach(target) {
    const node = /** @type {HTMLElement | null} */ (/** @type {Element | null} */ (target)?.closest?.('.message')
      ?? null);
    if (!node || node === this.#at) return;
    this.#at = node;
    const message = this.timeline.messageOf(node);
    if (message?.state) return this.bar.remove();
    this.reply.hidden = this.app.permissions.maySend(this.app.open) === false;
    node.querySelector('.body')?.append(this.bar);
  }

  #detach() {
    this.bar.remove();
    this.#at = null;
  }

  get #message() {
    return this.#at && this.timeline.messageOf(this.#at);
  }

  #actions() {
    return this.#at && this.#message ? actionsOf(this.app, this.#message, this.#at) : [];
  }

  /** @param {string} letter */
  #run(letter) {
    this.#actions().find((action) => action.letter === letter)?.action();
  }

  #menu() {
    const anchor = this.bar.isConnected ? this.more : this.#at;
    if (anchor)
      openMenu(anchor, this.app.t('messageTools'),
        this.#actions()
          .map((action) => ({ ...action, key: action.letter === 'Delete' ? '⌦' : action.letter?.toUpperCase() })));
  }

  /** @param {MouseEvent} event */
  #asked(event) {
    const target = /** @type {Element} */ (event.target);
    if (target.closest('a, img, video, audio') || getSelection()?.toString()) return;
    const node = target.closest('.message');
    if (!node) return;
    event.preventDefault();
    this.#attach(node);
    this.#menu();
  }

  /** A long press on a message opens its menu. @param {HTMLElement} list */
  #listenToFingers(list) {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    list.addEventListener('pointerdown', (event) => {
      if (event.pointerType === 'mouse') return;
      clearTimeout(timer);
      timer = setTimeout(() => this.#asked(event), PRESS);
    });
    for (const end of ['pointerup', 'pointercancel', 'scroll'])
      list.addEventListener(end, () => clearTimeout(timer), { passive: true });
    list.addEventListener('click', (event) => {
      if (!matchMedia('(hover: hover)').matches) this.#attach(event.target);
    });
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const node = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!node.classList.contains('message')) {
      if (event.key === 'Escape') /** @type {HTMLElement | null} */ (node.closest('.message'))?.focus();
      return;
    }
    this.#attach(node); // keys act on the message that has the focus, wherever the mouse is
    const key = keyOf(event);
    const messages = /** @type {HTMLElement[]} */ ([...this.timeline.list.querySelectorAll('.message')]),
      at = messages.indexOf(node);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: messages.length - 1 }[event.key];
    if (to !== undefined) this.timeline.focus(messages[to]);
    else if (event.key === 'Enter' || event.key === 'ContextMenu') this.#menu();
    else if (event.key === 'Escape') this.app.emit('compose');
    else if (this.#actions().some(({ letter }) => letter === key)) this.#run(key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
