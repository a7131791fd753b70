// The bytes that one account may cause to be stored and delivered in a minute, besides the number of its commands.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Desk, people as made } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

// A stack of its own, because settings apply to everybody.
let stack, site, desk;
const sql = (statement) => stack.query(statement);
const people = (names) => made(names, sql);
let ann, ben, cid, room;
before(async () => {
  stack = await Stack.start('budget');
  ({ site } = stack);
  desk = new Desk(site);
  [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
  room = await desk.group(ann, [ben, cid]);
}, { timeout: 60_000 });
after(() => stack?.stop());

test('many small changes to a long message grow the log by no more than that', { timeout: 120_000 }, async () => {
  const long = await desk.say(ann, room, 'a'.repeat(99_000));
  const reply = await desk.say(ann, room, 'b'.repeat(99_000), { parent_message_id: long.id });
  const stored = async () =>
    Number(await sql(`select coalesce(sum(length(payload)), 0) from confab.log where room_id = '${room.id}'`));
  const before = await stored();
  const streams = await Promise.all(['ws', 'sse', 'poll'].map((kind) => site.stream(kind, ann)));
  const answers = { 200: 0, 429: 0 };
  let refused;
  for (let i = 0; i < 400; i++) {
    const { status, body, headers } = await site.command(ben, 'message.react',
      { message_id: reply.id, type: 'add', reaction_content: `r${i}` });
    answers[status]++;
    if (status === 429) refused = { body, headers };
  }
  assert.equal(answers[200] + answers[429], 400);
  assert.ok(answers[200] >= 40 && answers[200] <= 140, JSON.stringify(answers));
  assert.equal(refused.body.error.code, 4029);
  assert.ok(refused.body.error.detail >= 1 && refused.body.error.detail <= 60);
  const grown = await stored() - before;
  assert.ok(grown < 14_000_000, `${grown} bytes`);
  // Others can continue, and so do their streams; small commands work for everybody.
  await desk.say(cid, room, 'still here');
  for (const stream of streams) {
    await stream.message('still here');
    assert.equal(stream.ended, null);
    stream.close();
  }
  await desk.say(ben, room, 'a few words');
});

test('what a busy person does is not counted', async () => {
  const [dan] = await people(['dan']);
  const chat = await desk.pair(dan, cid);
  for (let i = 0; i < 60; i++) await desk.say(dan, chat, 'words '.repeat(100));
  assert.equal(await sql(`select count(*) from confab.budget where account_id = ${dan.user.id}
    and kind in ('logged', 'told')`), '0');
});

test('what somebody sends themselves counts a tenth', async () => {
  const [eve] = await people(['eve']);
  const chat = await desk.pair(eve, cid);
  const one = await desk.say(eve, chat, 'c'.repeat(99_000));
  for (let i = 0; i < 100; i++) await desk.say(eve, chat, 'd'.repeat(99_000));
  for (let i = 0; i < 70; i++)
    await desk.ask(eve, 'message.modify',
      { message_id: one.id, action: 'update', extra_fields: { content: `${i}`.padEnd(99_000, 'e') } });
});

test('an operator says how much', async () => {
  const [eve] = await people(['eve']);
  const long = await desk.say(ann, room, 'f'.repeat(99_000));
  await desk.ask(ann, 'room.add_members', { room_id: room.id, members: [eve.user.id] });
  const next = await desk.say(ann, room, 'g'.repeat(99_000), { parent_message_id: long.id });
  const react = (i) =>
    site.command(eve, 'message.react', { message_id: next.id, type: 'add', reaction_content: `${i}` });
  await sql("update confab.setting set value = '150000' where name = 'account_log_bytes'");
  try {
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await react(i)).status);
    assert.deepEqual(statuses, [200, 200, 429, 429]);
    await sql("update confab.setting set value = '0' where name = 'account_log_bytes'");
    assert.equal((await react(5)).status, 200);
  } finally {
    await sql("update confab.setting set value = '6000000' where name = 'account_log_bytes'");
  }
});
