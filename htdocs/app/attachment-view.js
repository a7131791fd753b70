import { isForeign, safeAddress } from '../ui/address.js';
import { h } from './html.js';
import { icon } from './icons.js';

/**
 * A picture, a recording or a file. Nothing is loaded from another host without a click: the host would learn who reads
 * here.
 * @param {import('./app.js').App} app @param {import('../confab/types.js').Attachment} asset
 */
export function attachmentView(app, asset) {
  const { media_url, media_type, caption, metadata } = asset, url = safeAddress(media_url);
  const isOurs = !!url && !isForeign(url);
  const name = nameOf(metadata?.name) || url.split(/[?#]/)[0].split('/').pop() || media_url;
  const text = caption ? h('figcaption', { dir: 'auto' }, caption) : null;
  if (media_type === 'image' && isOurs) return h('figure', {}, pictureOf(app, asset, url, name), text);
  if ((media_type === 'video' || media_type === 'audio') && isOurs)
    return h('figure', {},
      h(media_type, { src: url, controls: true, preload: 'metadata', 'aria-label': caption || name }), text);
  const about = [url && !isOurs && new URL(url).host, asset.file_size && app.formats.size(asset.file_size)];
  return h('figure', {},
    h('a', { class: 'file', href: url || null, target: '_blank', rel: 'noopener noreferrer nofollow ugc' },
    icon('file'), h('span', { class: 'file-name', dir: 'auto' }, name),
    h('small', { dir: 'auto' }, about.filter(Boolean).join(' · ') || app.t('attachment'))), text);
}

/** The sender's name of a file, without characters that change the direction of text. @param {unknown} given */
function nameOf(given) {
  return typeof given === 'string' ? given.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '') : '';
}

/** @param {import('./app.js').App} app @param {any} asset @param {string} url @param {string} name */
function pictureOf(app, { caption, metadata }, url, name) {
  const picture = h('img',
    { src: previewOf(metadata?.preview) || url, alt: caption || name, loading: 'lazy',
      referrerpolicy: 'no-referrer' });
  if (metadata?.width > 0 && metadata?.height > 0)
    Object.assign(picture, { width: metadata.width, height: metadata.height });
  const link = h('a', { class: 'picture', href: url, target: '_blank', rel: 'noopener nofollow ugc' }, picture);
  picture.addEventListener('error',
    () => link.replaceChildren(h('span', { class: 'file' }, icon('file'),
      h('span', { class: 'file-name', dir: 'auto' }, name), h('small', {}, app.t('pictureGone')))));
  return link;
}

/** @param {unknown} given @returns {string} '' when there is none of ours */
function previewOf(given) {
  const address = typeof given === 'string' ? safeAddress(given) : '';
  return address && !isForeign(address) ? address : '';
}
