import { h } from './html.js';
import { icon } from './icons.js';

/** Only addresses that can do no harm when they are followed. @param {string} address */
export function safeAddress(address) {
  try {
    const url = new URL(address, location.href);
    return ['http:', 'https:'].includes(url.protocol) ? url.href : '';
  } catch {
    return '';
  }
}

/** A picture, a recording or a file. @param {import('./app.js').App} app @param {any} asset */
export function attachmentView(app, asset) {
  const { media_url, media_type, caption, metadata } = asset, url = safeAddress(media_url);
  const name = metadata?.name || url.split(/[?#]/)[0].split('/').pop() || media_url;
  const text = caption ? h('figcaption', { dir: 'auto' }, caption) : null;
  if (media_type === 'image' && url) return h('figure', {}, pictureOf(app, asset, url, name), text);
  if ((media_type === 'video' || media_type === 'audio') && url && new URL(url).origin === location.origin)
    return h('figure', {},
      h(media_type, { src: url, controls: true, preload: 'metadata', 'aria-label': caption || name }), text);
  return h('figure', {}, h('a', { class: 'file', href: url || null, target: '_blank', rel: 'noopener nofollow ugc' },
    icon('file'), h('span', { class: 'file-name', dir: 'auto' }, name),
    h('small', {}, asset.file_size ? app.formats.size(asset.file_size) : app.t('attachment'))), text);
}

/** @param {import('./app.js').App} app @param {any} asset @param {string} url @param {string} name */
function pictureOf(app, { caption, metadata }, url, name) {
  const picture = h('img',
    { src: safeAddress(metadata?.preview || url) || url, alt: caption || name, loading: 'lazy',
      referrerpolicy: 'no-referrer' });
  if (metadata?.width > 0 && metadata?.height > 0)
    Object.assign(picture, { width: metadata.width, height: metadata.height });
  const link = h('a', { class: 'picture', href: url, target: '_blank', rel: 'noopener nofollow ugc' }, picture);
  picture.addEventListener('error',
    () => link.replaceChildren(h('span', { class: 'file' }, icon('file'),
      h('span', { class: 'file-name', dir: 'auto' }, name), h('small', {}, app.t('pictureGone')))));
  return link;
}
