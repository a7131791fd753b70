import { isForeign, safeAddress } from '../ui/address.js';
import { h } from './html.js';
import { icon } from './icons.js';

const HUES = 12;

/** @param {string} text */
function hash(text) {
  let sum = 0;
  for (const sign of text) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) % 100_003;
  return sum;
}

/** The first letters of up to two words. @param {string} name */
function initials(name) {
  const words = name.split(/[\s._-]+/).filter(Boolean);
  return words.slice(0, 2).map((word) => [...word][0]).join('').toLocaleUpperCase();
}

/** The colour of a name: one of a dozen, as a class. @param {string} name */
export function hueOf(name) {
  return `hue-${hash(name) % HUES}`;
}

/**
 * A round picture, or the initials on the colour of the name. Hidden from screen readers, because the name stands
 * beside it.
 * @param {{name: string, image?: string | null, status?: string, kind?: 'person' | 'group' | 'channel'}} who
 */
export function avatar({ name, image, status, kind = 'person' }) {
  const node = h('span', { class: `avatar ${kind} ${hueOf(name)}`, 'aria-hidden': 'true' });
  const address = image ? safeAddress(image) : '';
  if (address && !isForeign(address)) {
    const picture = h('img', { src: address, alt: '', loading: 'lazy', referrerpolicy: 'no-referrer' });
    picture.addEventListener('error', () => picture.remove());
    node.append(picture);
  }
  node.append(kind === 'channel' ? icon('megaphone') : h('span', { class: 'initials' }, initials(name)));
  if (status) node.append(h('span', { class: `presence ${status}` }));
  return node;
}
