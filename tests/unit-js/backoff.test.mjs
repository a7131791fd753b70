import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, Code, ConfabError } from '../../htdocs/confab.js';

test('the delay is anywhere between nothing and twice as much at each attempt, up to the cap', () => {
  const most = (attempt) => backoff(attempt, { base: 500, cap: 4000, random: () => 1 });
  assert.deepEqual([1, 2, 3, 4, 5, 50, 5000].map(most), [500, 1000, 2000, 4000, 4000, 4000, 4000]);
  assert.equal(backoff(3, { random: () => 0 }), 0);
  assert.equal(backoff(2, { base: 500, random: () => 0.5 }), 500);
});

test('what the server asks for is the least, and those who wait for it do not come back together', () => {
  assert.equal(backoff(1, { retryAfter: 7, random: () => 0 }), 7000);
  assert.equal(backoff(1, { retryAfter: 7, random: () => 1 }), 7500);
});

test('clients that lost the same server spread evenly', () => {
  const delays = Array.from({ length: 4000 }, () => backoff(6, { base: 500, cap: 16_000 })), tenth = 1600;
  for (let i = 0; i < 10; i++) {
    const count = delays.filter((delay) => delay >= i * tenth && delay < (i + 1) * tenth).length;
    assert.ok(count > 280 && count < 520, `${count} of 4000 in tenth ${i}`);
  }
});

test('an error says its code, its detail, its first sentence, and whether the same again may help', () => {
  const error = ConfabError.from({ error: { code: 4003, detail: { name: ['This field is required.'] } } });
  assert.equal(error.code, Code.INVALID);
  assert.deepEqual(error.detail, { name: ['This field is required.'] });
  assert.equal(error.message, 'This field is required.');
  assert.equal(error.retryable, false);
  assert.equal(ConfabError.from({ error: 'invalid event type' }).message, 'invalid event type');
  assert.equal(ConfabError.from({ status: 'success' }), null);
  for (const code of [Code.NETWORK, Code.RATE_LIMITED, Code.UNAVAILABLE])
    assert.ok(new ConfabError(code, 'x').retryable);
  for (const code of [4001, 4002, 4003, 4004, 4005, 4006, 4013]) assert.ok(!new ConfabError(code, 'x').retryable);
  assert.equal(ConfabError.from({ error: { code: 4029, detail: '9' } }, 9).retryAfter, 9);
});
