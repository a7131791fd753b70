// An erased account: within minutes nothing of the person is left in any table, in the log or among the files.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { left as leftIn, word } from './support/erased.mjs';
import { png } from './support/files.mjs';
import { Desk, people as made } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

let stack, site, desk;
before(async () => {
  stack = await Stack.start('erased-account', { env: { CONFAB_MEDIA_COLLECT: '1' } });
  ({ site } = stack);
  desk = new Desk(site);
}, { timeout: 60_000 });
after(() => stack?.stop());

const people = (names) => made(names, (statement) => stack.query(statement));
const left = (words) => leftIn(stack, words);

async function upload(who, name, content, type) {
  const form = new FormData();
  form.append('file', new Blob([content], { type }), name);
  const answer = await fetch(new URL('media', site.url),
    { method: 'POST', body: form, headers: { authorization: `Bearer ${who.token}` } });
  const asset = await answer.json();
  assert.equal(answer.status, 201, JSON.stringify(asset));
  return asset;
}

/** A person who has left traces in every possible place. */
async function busy() {
  const [ann, ben] = await people(['annë', 'ben']);
  const names = ['mail', 'first', 'last', 'file', 'emoji', 'reason', 'face'];
  const traces = Object.fromEntries(names.map((name) => [name, word(name)]));
  await stack.query(`update confab.account set email = '${traces.mail}@x.example', first_name = '${traces.first}',
    last_name = '${traces.last}' where id = ${ann.user.id}`);
  const said = word('said'), { username } = ann.user;
  const room = await desk.group(ann, [ben]), chat = await desk.pair(ben, ann);
  const message = await desk.say(ann, room, said);
  const kept = await desk.say(ben, room, `hello @${username}, are you there?`);
  await desk.ask(ben, 'message.modify',
    { message_id: kept.id, action: 'update', extra_fields: { content: `hello @${username}!` } });
  await desk.say(ben, chat, 'look', { forwarded_from_id: message.id });
  await desk.say(ben, room, 'an answer', { parent_message_id: message.id });
  await desk.ask(ann, 'message.read', { message_id: [kept.id] });
  await desk.ask(ann, 'message.react', { message_id: kept.id, type: 'add', reaction_content: traces.emoji });
  const closed = await desk.group(ben, [], { join_approval_required: true });
  await desk.ask(ann, 'room.request', { room_id: closed.id, reason: traces.reason });
  const asset = await upload(ann, `${traces.file}.txt`, `${traces.file} in it`, 'text/plain');
  await desk.say(ann, chat, '', { media: [{ ...asset, caption: traces.file }] });
  await desk.say(ben, room, '', { media: [asset] });
  const face = await upload(ann, `${traces.face}.png`, png(40, 30), 'image/png');
  await desk.say(ann, room, '', { media: [face] });
  await desk.modify(ben, closed, 'update', { name: 'closed', avatar: new URL(face.media_url, site.url).href });
  // Nobody finds these by the name as it is.
  const spelled = username.replace('ann', '@<b>ann</b>'), composed = `@${username.normalize('NFD')}`;
  const answer = await desk.say(ben, room, `${spelled}, ${composed} and @ann`);
  assert.deepEqual(answer.mentions.map(({ id }) => id), [ann.user.id]);
  await desk.say(ben, chat, 'look', { forwarded_from_id: answer.id });
  const words = [...Object.values(traces), username, spelled, composed];
  assert.deepEqual(await left([...words, said]), [...words, said]);
  await stack.query('analyze');
  return { ann, ben, room, chat, kept, said, words, since: message.seq - 1 };
}

test('by the operator: what was said stays, from nobody', { timeout: 180_000 }, async () => {
  const { ann, ben, room, chat, kept, said, words, since } = await busy();
  const stream = await site.stream('ws', ann);
  await stack.confab('account', 'erase', ann.user.username);
  await stream.over();
  assert.equal((await site.command(ann, 'room.list')).status, 401);
  await until(async () => !(await left(words)).length, 'nothing is left of the person', 150_000);
  const shown = { id: ann.user.id, username: `deleted-${ann.user.id}`, email: '', first_name: '', last_name: '' };
  const messages = await desk.messages(ben, room);
  assert.deepEqual(messages.find(({ content }) => content === said).sender, shown);
  assert.equal(messages.find(({ id }) => id === kept.id).content, `hello @${shown.username}!`);
  assert.deepEqual((await desk.data(ben, 'room.members', { room_id: room.id })).members.map(({ user }) => user.id),
    [ben.user.id]);
  assert.deepEqual((await desk.messages(ben, chat))[0].attachments, []);
  // A client that reconnects gets all dispatches, in order, and not from the memory of a program.
  const live = await site.stream('sse', ben);
  await desk.say(ben, room, 'marked');
  await live.message('marked');
  live.close();
  const again = await site.stream('sse', ben, { since: `${since}` });
  const { data } = await again.message(said);
  assert.deepEqual(data.sender, shown);
  await again.message('marked');
  again.close();
  assert.deepEqual(words.filter((one) => again.texts.some((text) => text.includes(one))), []);
  assert.equal(await stack.query('select count(*) from confab.erased_account'), '0');
});

test('by the person, where what was said goes, too', { timeout: 180_000 }, async () => {
  const { ann, ben, room, said, words } = await busy();
  await stack.confab('setting', 'erase_messages', 'true');
  await desk.refused(ann, 'user.erase', {}, 4003, { username: ['This field is required.'] });
  await desk.refused(ann, 'user.erase', { username: ben.user.username }, 4003,
    { username: ['This is not your user name.'] });
  assert.deepEqual(await desk.data(ann, 'user.erase', { username: ann.user.username }), { status: 'accepted' });
  await until(async () => !(await left([...words, said])).length, 'nothing is left', 150_000);
  assert.ok((await desk.messages(ben, room)).every(({ sender }) => sender.id === ben.user.id));
});

test('one\'s own data come as pages', { timeout: 60_000 }, async () => {
  const [ann, ben] = await people(['ann', 'ben']);
  const rooms = [await desk.group(ann, [ben]), await desk.pair(ann, ben)];
  await desk.ask(ann, 'user.block', { user_id: ben.user.id });
  const mine = [];
  for (const room of rooms) {
    for (let i = 0; i < 8; i++) mine.push((await desk.say(ann, room, `${i}`.padEnd(90_000, 'x'))).id);
    if (room.type === 'GroupChat') await desk.say(ben, room, 'not hers');
  }
  const pages = [];
  for (let after; after !== null;) {
    pages.push(await desk.data(ann, 'user.export', after && { after }));
    after = pages.at(-1).next;
  }
  assert.equal(pages.length, 2);
  const [{ account }, rest] = pages;
  assert.deepEqual([account.user, account.blocked, account.uploads], [ann.user, [ben.ref], []]);
  assert.deepEqual(account.rooms.map(({ id }) => id), rooms.map(({ id }) => id));
  assert.equal(rest.account, null);
  assert.deepEqual(pages.flatMap(({ messages }) => messages.map(({ id }) => id)).sort(), mine.sort());
  await desk.refused(ann, 'user.export', { after: 'x' }, 4003, { after: ['Not the next of an export.'] });
});
