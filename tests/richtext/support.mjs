// Shared by the oracles of rich text: the sanitiser itself, a tree as text, and the rules for a tree.
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseFragment, defaultTreeAdapter as adapter, html } from 'parse5';

const PROGRAM = path.resolve(import.meta.dirname, '../../build', process.env.BUILD ?? 'release',
  'tests/richtext/clean');

/** Each text sanitised by lib/text/sanitise.c. */
export function clean(texts, { keep = false } = {}) {
  const input = texts.map((text) => `${text}\0`).join('');
  return execFileSync(PROGRAM, keep ? ['-k'] : [], { input, encoding: 'utf8', maxBuffer: 1 << 30 }).split('\0').slice(0,
    -1);
}

const escapeText = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
const escapeValue = (text) => escapeText(text).replaceAll('"', '&quot;');

/** A tree in the sanitiser's own notation, with references only for the characters that need them. */
export function notation(node) {
  if (node.nodeName === '#text') return escapeText(node.value);
  if (node.nodeName.startsWith('#') && node.nodeName !== '#document-fragment') return `{${node.nodeName}}`;
  const inside = node.childNodes.map(notation).join('');
  if (!node.tagName) return inside;
  const name = node.namespaceURI === html.NS.HTML ? node.tagName : `{${node.namespaceURI}}${node.tagName}`;
  const attributes = node.attrs.map((a) => ` ${a.prefix ? `${a.prefix}:` : ''}${a.name}="${escapeValue(a.value)}"`)
    .join('');
  return name === 'br' ? `<br${attributes}>` : `<${name}${attributes}>${inside}</${name}>`;
}

const parse = (text) => parseFragment(adapter.createElement('div', html.NS.HTML, []), text, {});

/** The tree that parse5 makes of a text inside a div. */
export const tree = (text) => notation(parse(text));

const meanings = new Map();
function meaning(reference) {
  if (!meanings.has(reference)) meanings.set(reference, parse(reference).childNodes.map((node) => node.value).join(''));
  return meanings.get(reference);
}

/** Output in the notation of tree(): unnecessary references are replaced by their characters. */
export const canonical = (output) => output.replace(/<[^>]*>|[^<]+/g, (part) =>
  part.replace(/&#?\w+;/g, (reference) => (part.startsWith('<') ? escapeValue : escapeText)(meaning(reference))));

const NAMES = new Set(['b', 'i', 's', 'strong', 'em', 'code', 'a', 'span', 'p', 'pre', 'blockquote', 'ul', 'ol', 'li',
  'br']);
const ELSEWHERE = 'noopener nofollow ugc';

function wrongAttribute(element, { name, value }, keep) {
  if (keep && (name === 'class' || name === 'id')) return null;
  if (element.tagName === 'code' && name === 'class')
    return /^language-[a-z0-9#+._-]{1,32}$/i.test(value) ? null : `class ${value}`;
  if (element.tagName !== 'a') return `${element.tagName} with ${name}`;
  switch (name) {
    case 'href': {
      const url = URL.canParse(value, 'https://here.invalid/') ? new URL(value, 'https://here.invalid/')
        : { protocol: 'http:' };
      return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? null : `link to ${value}`;
    }
    case 'rel': return value === ELSEWHERE ? null : `rel ${value}`;
    case 'title': case 'target': return null;
    default: return `a with ${name}`;
  }
}

/** The first fault in the tree of this output; null if there is none. */
export function forbidden(output, { keep = false } = {}) {
  const visit = (node) => {
    if (node.nodeName === '#text') return null;
    if (node.tagName && (!NAMES.has(node.tagName) || node.namespaceURI !== html.NS.HTML))
      return `element ${node.tagName}`;
    if (!node.tagName && node.nodeName !== '#document-fragment') return node.nodeName;
    const attrs = node.attrs ?? [], value = (name) => attrs.find((a) => a.name === name)?.value;
    if (!['', '_self', '_parent', '_top'].includes((value('target') ?? '').toLowerCase())
      !== (value('rel') === ELSEWHERE)) return 'rel and target';
    for (const found of attrs.map((a) => wrongAttribute(node, a, keep))) if (found) return found;
    if (node.tagName && node.tagName !== 'br' && !node.childNodes.length) return `empty ${node.tagName}`;
    for (const child of node.childNodes) {
      const found = visit(child);
      if (found) return found;
    }
    return null;
  };
  return visit(parse(output));
}
