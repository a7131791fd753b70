// What is pinned in a room, while its list is on its way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pins } from '../../htdocs/confab/pins.js';

const read = (pins) => pins.map((message) => ({ ...message, read: true }));

test('what comes while the list is on its way is applied to it', async () => {
  const pins = new Pins();
  let answer;
  const loading = pins.load(() => new Promise((resolve) => { answer = resolve; }));
  assert.equal(pins.rewrite(read), true);
  answer([{ id: 'a' }]);
  await loading;
  assert.deepEqual(pins.messages, [{ id: 'a', read: true }]);
  assert.equal(pins.rewrite((same) => same), false);
});

test('a list that could not be had leaves what was there, and holds nothing for it', async () => {
  const pins = new Pins();
  await pins.load(async () => [{ id: 'a' }]);
  await assert.rejects(pins.load(async () => { throw new Error('away'); }), /away/);
  assert.deepEqual(pins.messages, [{ id: 'a' }]);
  await pins.load(async () => [{ id: 'b' }]);
  assert.deepEqual(pins.messages, [{ id: 'b' }]);
});
