import { element } from '../ui/html.js';

const ICONS = {
  chat: 'M21 12a8 8 0 0 1-8 8H4l1.6-3.2A8 8 0 1 1 21 12z',
  close: 'M6 6l12 12M18 6L6 18',
  back: 'M15 5l-7 7 7 7',
  send: 'M4 12h14M12 5l7 7-7 7',
};

/** @param {keyof typeof ICONS} name */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(svg.namespaceURI, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/**
 * A button with an icon and a label for screen readers.
 * @param {keyof typeof ICONS} name @param {string} label @param {string} className @param {() => void} [press]
 */
export function iconButton(name, label, className, press) {
  const button = /** @type {HTMLButtonElement} */ (element('button', className));
  button.type = press ? 'button' : 'submit';
  button.setAttribute('aria-label', label);
  button.title = label;
  button.append(icon(name));
  if (press) button.addEventListener('click', press);
  return button;
}

/** @param {string} text @param {string} className @param {() => void} press */
export function textButton(text, className, press) {
  const button = /** @type {HTMLButtonElement} */ (element('button', className, text));
  button.type = 'button';
  button.addEventListener('click', press);
  return button;
}

/** The time if it is today, else the day. @param {string} moment @param {string} lang */
export function when(moment, lang) {
  const date = new Date(moment), time = /** @type {HTMLTimeElement} */ (document.createElement('time'));
  const isToday = date.toDateString() === new Date().toDateString();
  time.dateTime = moment;
  time.title = new Intl.DateTimeFormat(lang, { dateStyle: 'full', timeStyle: 'short' }).format(date);
  time.textContent = new Intl.DateTimeFormat(lang,
    isToday ? { hour: 'numeric', minute: '2-digit' } : { day: 'numeric', month: 'short' }).format(date);
  return time;
}

/** The name of a room. @param {import('../confab/types.js').Room} room @param {(key: string) => string} t */
export function nameOf(room, t) {
  return room.name ?? room.peer?.username ?? t('deletedAccount');
}
