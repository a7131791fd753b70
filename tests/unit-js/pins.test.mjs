// The pins of a room while their list is loading.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Loaded } from '../../htdocs/confab/loaded.js';

const load = (pins, ask) => pins.receive(ask, (list) => { pins.messages = list; });
const read = (pins) => pins.map((message) => ({ ...message, read: true }));

test('what comes while the list is on its way is applied to it', async () => {
  const pins = new Loaded();
  let answer;
  const loading = load(pins, () => new Promise((resolve) => { answer = resolve; }));
  assert.equal(pins.rewrite(read), true);
  answer([{ id: 'a' }]);
  await loading;
  assert.deepEqual(pins.messages, [{ id: 'a', read: true }]);
  assert.equal(pins.rewrite((same) => same), false);
});

test('a list that could not be had leaves what was there, and holds nothing for it', async () => {
  const pins = new Loaded();
  await load(pins, async () => [{ id: 'a' }]);
  await assert.rejects(load(pins, async () => { throw new Error('away'); }), /away/);
  assert.deepEqual(pins.messages, [{ id: 'a' }]);
  await load(pins, async () => [{ id: 'b' }]);
  assert.deepEqual(pins.messages, [{ id: 'b' }]);
});
