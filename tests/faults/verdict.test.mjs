// Tests of the verdict: each of its findings, from a log and ledgers that are made for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from './verdict.mjs';

const HALL = 'hall', SECRET = 'secret';

/** A row of the log as the statement gives it. */
const row = (seq, room, { accounts = '', joined = '', departed = '', key = '' } = {}) =>
  [seq, room, accounts, joined, departed, key, key ? 't' : 'f', 'f'].join('\t');

// Ann (1) and Ben (2) are in the hall from 1 on; Ben is in the secret room from 3 to 6.
const LOG = [row(1, HALL, { joined: ' 1 2 ' }), row(2, SECRET, { joined: ' 1 ' }), row(3, SECRET, { joined: ' 2 ' }),
  row(4, HALL, { key: 'a' }),
  row(5, SECRET, { key: 'b' }), row(6, SECRET, { departed: ' 2 ' }), row(7, SECRET, { key: 'c' }),
  row(8, '', { accounts: '2' }), row(10, HALL, { key: 'd' })];
const ANN = [1, 2, 3, 4, 5, 6, 7, 10], BEN = [1, 3, 4, 5, 8, 10];

async function verdict({ log = LOG, ann = ANN, ben = BEN, promises = [], ...ledger }) {
  const world = { start: 0, churns: 1, rooms: { secret: SECRET }, removals: [{ account: 2, at: 1000 }], async* lines() {
    yield* log;
  } };
  const reader = (account,
    seqs) => ({ account, kind: 'ws', seqs, repeated: [], reordered: [], resyncs: [], opens: [], ends: 0 });
  const faults = [{ seq: 5 }, { seq: 10 }];
  const whole = await judge(world, { end: 10, followers: [reader(1, ann), { ...reader(2, ben), ...ledger }],
    talkers: [{ name: 't', promises, refused: 0, unknown: 0, odd: [] }] }, faults);
  const found = Object.fromEntries(['lost', 'repeated', 'reordered',
    'leaked'].map((name) => [name, faults.map((fault) => fault[name])])
    .filter(([, counts]) => counts.some(Boolean)));
  return { found, whole, faults };
}

test('a run in which all went well', async () => {
  const { found, whole, faults } = await verdict({ promises: [{ seq: 4, key: 'a' }, { seq: 10, key: 'd' }] });
  assert.deepEqual(found, {});
  assert.deepEqual([whole.stored, whole.delivered, whole.promised, whole.excused], [9, 14, 2, 0]);
  assert.deepEqual(faults.map(({ stored, delivered }) => [stored, delivered]), [[5, 9], [4, 5]]);
});

test('what was not delivered is lost, and belongs to its fault', async () => {
  assert.deepEqual((await verdict({ ann: ANN.filter((seq) => seq !== 4) })).found, { lost: [1, 0] });
  assert.deepEqual((await verdict({ ben: BEN.filter((seq) => seq !== 8) })).found, { lost: [0, 1] });
});

test('a promise that the log does not have, or has of another', async () => {
  assert.deepEqual((await verdict({ promises: [{ seq: 9, key: 'e' }] })).found, { lost: [0, 1] });
  assert.deepEqual((await verdict({ promises: [{ seq: 4, key: 'b' }] })).found, { lost: [1, 0] });
  assert.deepEqual((await verdict({ promises: [{ seq: 10, key: 'd' }, { seq: 4, key: 'a' }] })).found,
    { reordered: [1, 0] });
});

test('what was delivered and is not in the log', async () => {
  assert.deepEqual((await verdict({ ann: [...ANN, 9] })).found, { lost: [0, 1] });
  assert.deepEqual((await verdict({ ann: [...ANN, 11] })).found, { lost: [0, 1] });
});

test('what is not for the reader', async () => {
  assert.deepEqual((await verdict({ ben: [...BEN, 7] })).found, { leaked: [0, 1] });
  assert.deepEqual((await verdict({ ben: [...BEN, 2] })).found, { leaked: [1, 0] });
  assert.deepEqual((await verdict({ ann: [...ANN, 8] })).found, { leaked: [0, 1] });
});

test('what came twice, or late, or was stored twice, or not told of', async () => {
  assert.deepEqual((await verdict({ repeated: [4] })).found, { repeated: [1, 0] });
  assert.deepEqual((await verdict({ reordered: [8] })).found, { reordered: [0, 1] });
  assert.deepEqual((await verdict({ resyncs: [4] })).found, { lost: [1, 0] });
  assert.deepEqual((await verdict({ log: [...LOG.slice(0, -1), row(10, HALL, { key: 'a' })] })).found,
    { repeated: [0, 1] });
});

test('of a membership that has ended, only what was asked for after the end may be missing', async () => {
  const ben = BEN.filter((seq) => seq !== 5);
  const ask = (open) => verdict({ ben, opens: [open] });
  const excused = await ask({ from: 4, to: 8, until: 2000 });
  assert.deepEqual([excused.found, excused.whole.excused], [{}, 1]);
  for (const open of [{ from: 4, to: 8, until: 500 }, { from: 5, to: 8, until: 2000 }, { from: 2, to: 4, until: 2000 }])
    assert.deepEqual((await ask(open)).found, { lost: [1, 0] });
  // A membership that continues allows none of it.
  assert.deepEqual((await verdict({ ann: ANN.filter((seq) => seq !== 5) })).found, { lost: [1, 0] });
});
