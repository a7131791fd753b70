// Erasure: a message that was deleted for good is gone from all tables, the log and all queues within minutes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { site, unique, until } from './support/client.mjs';
import { Desk, people, sql } from './support/people.mjs';

const desk = new Desk(site);
const run = promisify(execFile);
const word = (beginning) => `${beginning}${unique()}`.replaceAll('-', '');

/** Those of the words that occur in a dump of the whole database. */
async function left(words) {
  const host = realpathSync(path.join(process.env.CONFAB_DIR, 'run'));
  const { stdout } = await run('pg_dump', ['-a', '-h', host, '-U', 'confab_admin', 'confab'],
    { maxBuffer: 1 << 30 });
  return words.filter((word) => stdout.includes(word));
}

const gone = (words, what) => until(async () => !(await left(words)).length, what, 60_000);

test('a message', { timeout: 120_000 }, async () => {
  const [ann, ben] = await people(['ann', 'ben']);
  const words = ['first', 'edited', 'caption', 'kept', 'answer'].map(word);
  const [first, edited, caption, kept, answer] = words;
  const room = await desk.group(ann, [ben]), other = await desk.group(ann, [ben]);
  const message = await desk.say(ann, room, first);
  await desk.say(ben, other, 'look', { forwarded_from_id: message.id });
  await desk.ask(ben, 'message.acknowledged', { message_id: message.id });
  await desk.ask(ben, 'message.read', { message_id: [message.id] });
  await desk.ask(ann, 'message.modify', { message_id: message.id, action: 'update',
    extra_fields: { content: edited } });
  await desk.ask(ben, 'message.react', { message_id: message.id, type: 'add', reaction_content: '+' });
  await desk.ask(ann, 'message.pin', { message_id: message.id, type: 'add' });
  const reply = await desk.say(ben, room, answer, { parent_message_id: message.id });
  await desk.ask(ann, 'message.react', { message_id: reply.id, type: 'add', reaction_content: '+' });
  const media = await desk.say(ann, room, kept,
    { media: [{ media_url: 'https://a.example/x.png', media_type: 'image', caption }] });
  assert.deepEqual((await left([first, edited, caption, answer])).length, 4);

  await desk.ask(ann, 'message.modify', { message_id: message.id, action: 'delete' });
  await desk.ask(ann, 'message.modify', { message_id: media.id, action: 'delete' });
  await gone([first, edited, caption], 'nothing is left of the messages');
  assert.deepEqual(await left([answer]), [answer]);
  // A client that reconnects gets the rest, in order.
  const stream = await site.stream('sse', ben, { since: '0' });
  const { data } = await stream.message(answer);
  assert.equal(data.parent_message, null);
  stream.close();
});

test('a room', { timeout: 120_000 }, async () => {
  const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
  const [name, said, described] = ['name', 'said', 'described'].map(word);
  const room = await desk.group(ann, [ben], { name, description: described });
  await desk.say(ben, room, said);
  await desk.ask(ann, 'room.add_members', { room_id: room.id, members: [cid.user.id] });
  await desk.ask(cid, 'room.leave', { room_id: room.id });
  const chat = await desk.pair(ann, ben);
  const forward = await desk.say(ann, chat, 'look', { forwarded_from_id: (await desk.messages(ann, room))[0].id });
  await desk.modify(ann, room, 'delete');
  await gone([name, said, described], 'nothing is left of the room');
  const { forwarded_from } = (await desk.messages(ben, chat)).find(({ id }) => id === forward.id);
  assert.equal(forwarded_from.is_deleted, true);
  // To the members, and to those who had left before and may not have got it yet.
  assert.equal(await sql(`select count(*) from confab.log where payload like '%roomdelete.dispatch%${room.id}%'`), '2');
});
