import { element } from '../ui/html.js';
import { icon, iconButton } from './parts.js';
import { badge } from './room-list.js';

/**
 * The frame around a room or the list of rooms: a panel with a header and a line about the connection, and the button
 * that opens it when it floats.
 */
export class Shell {
  panel = element('section', 'panel');
  title = element('h2', '');
  status = element('p', 'status');
  body = element('div', 'room');
  /** @type {HTMLButtonElement | null} */
  launcher = null;

  /**
   * @param {import('../ui/text.js').Language} language
   * @param {{
   *   isFloating: boolean, isOpen: boolean, heading: string, back: () => void, close: () => void, toggle: () => void
   * }} how
   */
  constructor(language, { isFloating, isOpen, heading, back, close, toggle }) {
    const { t, dir, lang } = language, { panel, title, status, body } = this, header = document.createElement('header');
    this.language = language;
    this.node = element('div', 'frame');
    // The direction of the page decides on which side it floats, that of the language how its text runs.
    Object.assign(panel, { dir, lang, id: 'panel', hidden: isFloating && !isOpen });
    panel.setAttribute('role', isFloating ? 'dialog' : 'region');
    panel.setAttribute('aria-labelledby', 'title');
    title.id = 'title';
    title.textContent = heading;
    status.setAttribute('role', 'status');
    this.back = iconButton('back', t('back'), 'mirror', back);
    this.back.hidden = true;
    header.append(this.back, title);
    if (isFloating) header.append(iconButton('close', t('closeChat'), '', close));
    panel.append(header, status, body);
    panel.addEventListener('leave', close);
    panel.addEventListener('keydown', ({ key }) => { if (key === 'Escape') close(); });
    this.node.append(panel);
    if (isFloating) this.node.append(this.launcher = this.#makeLauncher(isOpen, toggle));
  }

  /** @param {boolean} isOpen @param {() => void} toggle */
  #makeLauncher(isOpen, toggle) {
    const launcher = iconButton('chat', this.language.t('openChat'), 'launcher', toggle);
    launcher.setAttribute('aria-controls', 'panel');
    launcher.setAttribute('aria-expanded', String(isOpen));
    return launcher;
  }

  /** @param {boolean} isOpen */
  set isOpen(isOpen) {
    this.panel.hidden = !isOpen;
    this.launcher?.setAttribute('aria-expanded', String(isOpen));
  }

  /** @param {number} unread */
  count(unread) {
    const { t } = this.language;
    this.launcher?.replaceChildren(icon('chat'), ...(unread ? [badge(unread, t)] : []));
    this.launcher?.setAttribute('aria-label',
      unread ? `${t('openChat')}, ${t('unread', { count: unread })}` : t('openChat'));
  }

  /**
   * Shows the state of the connection; with a link to the log-in page if the visitor is not logged in.
   * @param {string} state @param {string | null} loginUrl
   */
  say(state, loginUrl) {
    const words = state === 'open' || state === 'stopped' ? ''
      : this.language.t(state === 'unauthenticated' ? 'logInFirst' : state);
    this.status.textContent = words;
    if (state !== 'unauthenticated' || !loginUrl) return;
    const link = /** @type {HTMLAnchorElement} */ (element('a', '', words));
    link.href = loginUrl;
    this.status.replaceChildren(link);
  }
}
