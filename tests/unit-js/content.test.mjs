// The conversion of typed text: links, emoji, names in the other direction.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf } from '../../htdocs/app/keys.js';
import { htmlOfTyped, isEmojiOnly } from '../../htdocs/ui/content.js';
import { isComposing } from '../../htdocs/ui/keys.js';
import { language } from '../../htdocs/ui/text.js';

const links = (text) =>
  [...htmlOfTyped(text).matchAll(/<a href="([^"]*)" target="_blank">([^<]*)<\/a>/g)].map(([, href]) => href);

test('an address is a link without the punctuation around it', () => {
  for (const [text, ...addresses] of [
    ['https://en.wikipedia.org/wiki/C_(programming_language)',
      'https://en.wikipedia.org/wiki/C_(programming_language)'],
    ['(see https://x.org/a_(b).)', 'https://x.org/a_(b)'], ['在https://x.org/路径。好的', 'https://x.org/路径'],
    ['https://x.org/a，b', 'https://x.org/a'], ['HTTPS://X.org/Y', 'https://X.org/Y'],
    ['“http://x.org”', 'http://x.org'],
    ['https://x.org/a, https://x.org/b!', 'https://x.org/a', 'https://x.org/b'],
    ['https://x.org/[1]', 'https://x.org/[1]'],
    ['xhttps://no.org javascript:alert(1)']])
    assert.deepEqual(links(text), addresses, text);
  assert.equal(htmlOfTyped('a < "b"\n& https://x.org/?q="'), 'a &lt; "b"\n&amp; '
    + '<a href="https://x.org/?q=" target="_blank">https://x.org/?q=</a>"');
});

test('one to three emoji are large, of every make', () => {
  for (const text of ['👍', '❤️', '❤', '👨‍👩‍👧‍👦', '🇩🇪', '3️⃣', '👍🏽 🎉', '🏳️‍🌈🏳️‍🌈🏳️‍🌈'])
    assert.ok(isEmojiOnly(text), text);
  for (const text of ['', '3', '👍 ok', '👍👍👍👍', '#', 'a']) assert.ok(!isEmojiOnly(text), text);
});

test('a key is what it writes, or what stands at its place', () => {
  const key = (what) => keyOf({ altKey: false, ctrlKey: false, ...what });
  assert.equal(key({ key: 'к', code: 'KeyR' }), 'r');
  assert.equal(key({ key: 'R', code: 'KeyR' }), 'r');
  assert.equal(key({ key: 'k', code: 'KeyV' }), 'k'); // Dvorak
  assert.equal(key({ key: 'ˆ', code: 'KeyI', altKey: true }), 'i');
  assert.equal(key({ key: 'Dead', code: 'KeyI', altKey: true }), 'i');
  for (const [sign, code] of [['+', 'BracketRight'], ['?', 'Slash'], ['Delete', 'Delete'], ['ArrowUp', 'ArrowUp']])
    assert.equal(key({ key: sign, code }), sign);
});

test('Enter that ends a composition is not meant for the page', () => {
  assert.ok(isComposing({ isComposing: false, keyCode: 229 }));
  assert.ok(isComposing({ isComposing: true, keyCode: 13 }));
  assert.ok(!isComposing({ isComposing: false, keyCode: 13 }));
});

test('a name that reads the other way does not turn the sentence around it', () => {
  const { t } = language('en', 'ltr', { typing1: '{name} is typing…' });
  assert.equal(t('typing1', { name: 'a\u202eb' }), '\u2068a\u202eb\u2069 is typing…');
  assert.equal(t('typing1', { name: 'ann' }), 'ann is typing…');
});
