// Kinds of messages: a reply, a forward, media; and later actions on them.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site, unique } from './support/client.mjs';
import { deletedEverywhere } from './support/deleted.mjs';
import { CONFLICT, DENIED, Desk, MESSAGE, NOT_FOUND, people, TIME, UUID } from './support/people.mjs';

const desk = new Desk(site);
let ann, ben, eve, room, other;
before(async () => {
  [ann, ben, eve] = await people(['ann', 'ben', 'eve']);
  [room, other] = await Promise.all([desk.group(ann, [ben]), desk.group(ann, [eve])]);
});

const NEW = { read_receipts: [], reactions: [], attachments: [], parent_message: null, forwarded_from: null,
  delivered_to: [], is_deleted: false,
  is_forwarded: false, is_edited: false, delivered_count: 0, read_count: 0, reaction_counts: {}, mentions: [],
  pinned: false };

test('a new message has every key, and nothing has happened to it', async () => {
  const { id, seq, created_at, updated_at, ...rest } = await desk.say(ann, room, '  text & <b>bold</b>  ');
  assert.match(id, UUID);
  assert.ok(Number.isSafeInteger(seq) && seq > 0);
  assert.match(created_at, TIME);
  assert.equal(updated_at, created_at);
  assert.deepEqual(rest, { room: { id: room.id }, sender: ann.shown, content: 'text &amp; <b>bold</b>', ...NEW });
});

test('a reply nests its parent, one level, as it is now', async () => {
  const parent = await desk.say(ann, room, 'parent');
  const reply = await desk.say(ben, room, 'reply', { parent_message_id: parent.id });
  assert.deepEqual(Object.keys(reply), MESSAGE);
  assert.deepEqual(reply.parent_message, parent);
  assert.deepEqual([reply.is_forwarded, reply.forwarded_from], [false, null]);
  const second = await desk.say(ann, room, 'second', { parent_message_id: reply.id });
  assert.deepEqual(second.parent_message, { ...reply, parent_message: null });
  await desk.ask(ann, 'message.modify',
    { action: 'update', message_id: parent.id, extra_fields: { content: 'changed' } });
  const shown = (await desk.messages(ben, room)).find(({ id }) => id === reply.id);
  assert.deepEqual([shown.parent_message.content, shown.parent_message.is_edited], ['changed', true]);
  // Outside of extra_fields, or as null, it makes no reply.
  assert.equal((await desk.say(ben, room, 'x', {}, { parent_message_id: parent.id })).parent_message, null);
  for (const value of [null, '', 0])
    assert.equal((await desk.say(ben, room, 'x', { parent_message_id: value })).parent_message, null);
});

test('a forward keeps its origin as it was, one level, whoever may read it', async () => {
  const origin = await desk.say(ann, room, `origin @${ben.user.username}`);
  await desk.ask(ben, 'message.react', { message_id: origin.id, type: 'add', reaction_content: 'x' });
  const forward = await desk.say(ann, other, 'see', { forwarded_from_id: origin.id });
  assert.deepEqual(Object.keys(forward), MESSAGE);
  assert.deepEqual([forward.content, forward.is_forwarded, forward.parent_message], ['see', true, null]);
  assert.deepEqual(forward.forwarded_from, { ...origin, ...NEW });
  await desk.ask(ann, 'message.modify',
    { action: 'update', message_id: origin.id, extra_fields: { content: 'changed' } });
  const [shown] = await desk.messages(eve, other);
  assert.equal(shown.forwarded_from.content, origin.content);
  const again = await desk.say(eve, other, 'again', { forwarded_from_id: forward.id });
  assert.deepEqual([again.forwarded_from.content, again.forwarded_from.forwarded_from], ['see', null]);
  await desk.refused(ann, 'message.send',
    { room_id: other.id, content: ' ', extra_fields: { forwarded_from_id: origin.id } }, 4003,
    { content: ['This field may not be blank.'] });
});

test('what a message can not refer to is answered as if it was not there', async () => {
  const hidden = await desk.say(ann, room, 'hidden from eve');
  const unknown = crypto.randomUUID();
  for (const field of ['parent_message_id', 'forwarded_from_id']) {
    const sent = (value) => ({ room_id: other.id, content: 'x', extra_fields: { [field]: value } });
    for (const id of [hidden.id, unknown])
      await desk.refused(eve, 'message.send', sent(id), 4003,
        { [field]: [`Invalid pk "${id}" - object does not exist.`] });
    await desk.refused(eve, 'message.send', sent('nope'), 4003, { [field]: ['“nope” is not a valid UUID.'] });
  }
  await desk.refused(ann, 'message.send',
    { room_id: other.id, content: 'x', extra_fields: { parent_message_id: hidden.id } }, 4003,
    { parent_message_id: [`Invalid pk "${hidden.id}" - object does not exist.`] });
  await desk.refused(ann, 'message.send',
    { room_id: room.id, content: 'x', extra_fields: { parent_message_id: hidden.id, forwarded_from_id: hidden.id } },
    4005, CONFLICT);
});

test('media become attachments, and the text is Media Files', async () => {
  const full = { media_url: '/media/1/a.pdf', media_type: 'file', file_size: 7, mime_type: 'application/pdf',
    caption: '<b>c</b>', metadata: { a: [1, null] } };
  const { body } = await site.command(ann, 'message.send',
    { room_id: room.id, content: 'dropped', extra_fields: { media: [full, { media_url: 'u', media_type: 'image' }] } });
  assert.equal(body.data.content, 'Media Files');
  const [first, second] = body.data.attachments;
  assert.match(first.id, UUID);
  assert.deepEqual(first, { id: first.id, ...full });
  assert.deepEqual(second,
    { id: second.id, media_url: 'u', media_type: 'image', file_size: 0, mime_type: 'image/jpeg', caption: null,
      metadata: {} });
  assert.deepEqual(Object.keys(first),
    ['id', 'media_url', 'media_type', 'file_size', 'mime_type', 'caption', 'metadata']);
  assert.deepEqual((await desk.messages(ben, room))[0], body.data);
  const bare = await desk.data(ann, 'message.send',
    { room_id: room.id, extra_fields: { media: [{ media_url: 'u', media_type: 'audio', mime_type: 'audio/ogg' }] } });
  assert.equal(bare.attachments.length, 1);
  for (const media of [[], null]) assert.deepEqual((await desk.say(ann, room, 'text', { media })).attachments, []);
});

test('text stays beside media where that is asked for, and can name somebody', async () => {
  const media = [{ media_url: 'u', media_type: 'image' }];
  const { content, attachments, mentions } = await desk.data(ann, 'message.send', { room_id: room.id,
    content: `for @${ben.user.username}<br>and all`, extra_fields: { media, with_text: true } });
  assert.equal(content, `for @${ben.user.username}<br>and all`);
  assert.equal(attachments.length, 1);
  assert.deepEqual(mentions.map(({ id }) => id), [ben.user.id]);
  const bare = await desk.data(ann, 'message.send',
    { room_id: room.id, content: 'x', extra_fields: { media, with_text: false } });
  assert.equal(bare.content, 'Media Files');
});

test('what is meant to come from somebody else is not sent', async () => {
  const count = (await desk.messages(ann, room)).length;
  const send = (as_user) => site.command(ann, 'message.send', { room_id: room.id, content: 'in whose name?', as_user });
  assert.equal((await send(ben.user.id)).status, 401);
  assert.equal((await desk.messages(ann, room)).length, count);
  for (const mine of [ann.user.id, null]) assert.equal((await send(mine)).status, 200);
});

test('wrong media are refused, and nothing is stored', async () => {
  const count = (await desk.messages(ann, room)).length;
  const wrong = (media, code,
    detail) =>
      desk.refused(ann, 'message.send', { room_id: room.id, content: 'x', extra_fields: { media } }, code, detail);
  const asset = (fields) => ({ media_url: 'u', media_type: 'image', ...fields });
  for (const media of ['x', { a: 1 }, 7, true]) await wrong(media, 4003, ['Media must be a list of media files']);
  await wrong([asset(), asset({ media_type: 'film' })], 4003, [{}, { media_type: ['"film" is not a valid choice.'] }]);
  await wrong([{ media_type: 'image' }, asset({ media_url: '' })], 4003,
    [{ media_url: ['This field is required.'] }, { media_url: ['This field may not be blank.'] }]);
  await wrong([asset({ media_url: null, media_type: undefined })], 4003,
    [{ media_url: ['This field may not be null.'], media_type: ['This field is required.'] }]);
  for (const [file_size, sentence] of [[-1, 'Ensure this value is greater than or equal to 0.'],
    ['x', 'A valid integer is required.'], [1.5, 'A valid integer is required.'],
    [1e400, 'This field may not be null.'], [true, 'A valid integer is required.']])
    await wrong([asset({ file_size })], 4003, [{ file_size: [sentence] }]);
  await wrong([asset({ mime_type: 'text/html' })], 4005, CONFLICT);
  await wrong([asset({ caption: ['x'] })], 4003, [{ caption: ['Not a valid string.'] }]);
  assert.equal(
    (await site.command(ann, 'message.send', { room_id: room.id, extra_fields: { media: [7, null] } })).body.error.code,
    4003);
  assert.equal((await desk.messages(ann, room)).length, count);
});

test('extra_fields can not write what is the server\'s', async () => {
  const id = crypto.randomUUID();
  const sent = await desk.say(ann, room, 'mine',
    { id, content: 'other', room_id: other.id, sender_id: ben.user.id, sender: ben.user.id, is_deleted: true,
      is_edited: true,
    is_forwarded: true, created_at: '2000-01-01T00:00:00Z', pinned: true, seq: 1, nonsense: 1 });
  assert.notEqual(sent.id, id);
  const { content, room: { id: where }, sender, is_deleted, is_edited, is_forwarded, pinned } = sent;
  assert.deepEqual([content, where, sender, is_deleted, is_edited, is_forwarded, pinned],
    ['mine', room.id, ann.shown, false, false, false, false]);
  assert.deepEqual(Object.keys(sent), MESSAGE);
  const { data: { message } } = await desk.ask(ann, 'message.modify', { action: 'update', message_id: sent.id,
    extra_fields: { content: 'new', sender_id: ben.user.id, room_id: other.id, is_deleted: true, is_edited: false,
      created_at: '2000-01-01T00:00:00Z' } });
  assert.deepEqual({ ...message, updated_at: sent.updated_at }, { ...sent, content: 'new', is_edited: true });
});

test('an edit changes the text and nothing else, and the earlier ones are kept', async () => {
  const sent = await desk.say(ann, room, 'one');
  await desk.ask(ben, 'message.read', { message_id: sent.id });
  const { data: { message: reacted } } = await desk.ask(ben, 'message.react',
    { message_id: sent.id, type: 'add', reaction_content: '🙂' });
  const edit = (content) =>
    desk.ask(ann, 'message.modify', { action: 'update', message_id: sent.id, extra_fields: { content } });
  const { eventType, data } = await edit(' <u>two</u><em onclick="x">!</em> ');
  assert.equal(eventType, 'messagemodification.dispatch');
  assert.deepEqual(data,
    { status: 'successful', action: 'update',
      message: { ...reacted, content: 'two<em>!</em>', is_edited: true, updated_at: data.message.updated_at } });
  assert.ok(data.message.updated_at > sent.updated_at);
  await edit('three');
  for (const who of [ann, ben]) {
    const reply = await desk.ask(who, 'message.history', { message_id: sent.id });
    assert.equal(reply.eventType, 'messagehistory.dispatch');
    assert.equal(reply.seq, undefined);
    assert.deepEqual([reply.data.message_id, reply.data.room_id], [sent.id, room.id]);
    assert.deepEqual(reply.data.versions.map(({ version, content }) => [version, content]),
      [[3, 'three'], [2, 'two<em>!</em>'], [1, 'one']]);
    for (const version of reply.data.versions)
      assert.deepEqual(Object.keys(version).sort(), ['content', 'created_at', 'version']);
    assert.equal(reply.data.versions[2].created_at, sent.created_at);
  }
  await desk.refused(eve, 'message.history', { message_id: sent.id }, 4004, NOT_FOUND);
});

test('what is wrong with a change is said, in order', async () => {
  const mine = await desk.say(ann, room, 'mine'), mine2 = await desk.say(ann, room, 'mine'),
    elsewhere = await desk.say(ann, other, 'mine'), his = await desk.say(ben, room, 'his');
  const wrong = (data, code, detail, who = ann) => desk.refused(who, 'message.modify', data, code, detail);
  await wrong({ action: 'update', message_id: [] }, 4003, ['Atleast one message_id is required for modification']);
  await wrong({ action: 'delete', message_id: [mine.id, elsewhere.id] }, 4003,
    ['All messages marked for modification must come from the same room']);
  await wrong({ action: 'delete', message_id: [mine.id, crypto.randomUUID()] }, 4004, NOT_FOUND);
  await wrong({ action: 'delete', message_id: [mine.id, his.id] }, 4002, DENIED.owner);
  for (const who of [ann, eve]) await wrong({ action: 'delete', message_id: his.id }, 4002, DENIED.owner, who);
  await wrong({ action: 'nope', message_id: his.id }, 4002, DENIED.owner);
  for (const action of ['nope', '', null, 7, undefined])
    await wrong({ action, message_id: mine.id }, 4003, ['Invalid action type']);
  for (const extra_fields of [undefined, {}, [], 'x', null])
    await wrong({ action: 'update', message_id: mine.id, extra_fields }, 4003,
      ["'extra_fields' field should be provided for update action"]);
  for (const extra_fields of [{ x: 1 }, { content: '<img src=x>' }])
    await wrong({ action: 'update', message_id: mine.id, extra_fields }, 4003,
      ['Content should be provided for update action']);
  await wrong({ action: 'update', message_id: mine.id, extra_fields: { content: ' \n ' } }, 4003,
    { content: ['This field may not be blank.'] });
  await wrong({ action: 'update', message_id: [mine.id, mine2.id], extra_fields: { content: 'x' } }, 4003,
    ['You can only update one message at a time']);
  await wrong({ action: 'delete', message_id: 'nope' }, 4003, ['“nope” is not a valid UUID.']);
  for (const message_id of [true, null, 1.5, {}, [[]], [null]])
    await wrong({ action: 'delete', message_id }, 4003, ['Invalid message_id type']);
  const unchanged = (await desk.messages(ann, room)).filter(({ id }) => [mine.id, mine2.id, his.id].includes(id));
  assert.deepEqual(unchanged, [his, mine2, mine]);
  await desk.ask(ann, 'message.modify',
    { action: 'update', message_id: [mine.id, mine.id], extra_fields: { content: 'same twice is one' } });
});

test('many are deleted at once, all or none, and the ids come back as they were sent', async () => {
  const sent = [];
  for (let i = 0; i < 5; i++) sent.push(await desk.say(ann, room, `d${i}`));
  const ids = [sent[0].id.toUpperCase(), sent[1].id, sent[1].id, sent[2].id.replaceAll('-', '')];
  const { data } = await desk.ask(ann, 'message.modify', { action: 'delete', message_id: ids });
  assert.deepEqual(data, { status: 'successful', action: 'delete', message_ids: ids, room_id: room.id, user: ann.ref });
  await desk.refused(ann, 'message.modify', { action: 'delete', message_id: [sent[3].id, sent[0].id] }, 4004,
    NOT_FOUND);
  assert.deepEqual((await desk.messages(ann, room)).slice(0, 2).map(({ id }) => id), [sent[4].id, sent[3].id]);
  await desk.refused(ann, 'message.modify',
    { action: 'delete', message_id: Array.from({ length: 201 }, () => crypto.randomUUID()) }, 4003,
    ['At most 200 messages at once.']);
});

test('a deleted message is nowhere', () => deletedEverywhere(desk));

test('whoever has left can not change what they said, until they are back', async () => {
  const { id } = await desk.say(ben, room, 'mine');
  await desk.ask(ben, 'room.leave', { room_id: room.id });
  for (const change of [{ action: 'delete' }, { action: 'update', extra_fields: { content: 'x' } }])
    await desk.refused(ben, 'message.modify', { message_id: id, ...change }, 4002, DENIED.message);
  await desk.ask(ann, 'room.invite', { room_id: room.id, user_id: ben.user.id });
  await desk.ask(ben, 'room.answer', { room_id: room.id, accept: true });
  await desk.ask(ben, 'message.modify', { message_id: id, action: 'delete' });
});

test('pins', async () => {
  const group = await desk.group(ann, [ben]), chat = await desk.pair(ann, ben);
  const one = await desk.say(ben, group, 'one'), two = await desk.say(ben, group, 'two'),
    theirs = await desk.say(ann, chat, 'chat');
  const pin = (who, { id }, type) => desk.ask(who, 'message.pin', { message_id: id, type });
  const { eventType, data, seq } = await pin(ann, one, 'add');
  assert.deepEqual([eventType, typeof seq], ['messagepin.dispatch', 'number']);
  assert.deepEqual(data, { status: 'successful', type: 'add', message: { ...one, pinned: true }, user: ann.ref });
  await pin(ann, two, 'add');
  const again = await pin(ann, two, 'add');
  assert.deepEqual([again.data.status, again.seq], ['failed', undefined]);
  const pins = await desk.ask(ben, 'room.pins', { room_id: group.id });
  assert.equal(pins.eventType, 'roompins.dispatch');
  assert.deepEqual([pins.data.room_id, pins.data.messages.map(({ id }) => id)], [group.id, [two.id, one.id]]);
  assert.deepEqual((await pin(ann, one, 'remove')).data,
    { status: 'successful', type: 'remove', message: one, user: ann.ref });
  assert.equal((await pin(ann, one, 'remove')).data.status, 'failed');
  await desk.refused(ben, 'message.pin', { message_id: one.id, type: 'add' }, 4002, DENIED.admin);
  for (const type of ['x', null, undefined, 7, {}])
    await desk.refused(ann, 'message.pin', { message_id: one.id, type }, 4003, ['invalid pin type']);
  assert.equal((await pin(ben, theirs, 'add')).data.status, 'successful');
});

test('search finds words and phrases of one\'s own rooms, and marks them', async () => {
  const word = `w${unique()}`;
  const found = await desk.say(ann, room, `<b>${word}</b> & <em>tea</em>`),
    hidden = await desk.say(ann, other, `${word} elsewhere`);
  const search = (who, data) => desk.ask(who, 'message.search', { query: word, ...data });
  const reply = await search(ben, {});
  assert.deepEqual([reply.eventType, reply.data.query, reply.data.order, reply.data.has_next],
    ['messagesearch.dispatch', word, 'relevance', false]);
  const [{ message, snippet, rank }] = reply.data.results;
  assert.deepEqual(message, found);
  assert.equal(snippet, `<mark>${word}</mark> &amp; tea`);
  assert.equal(typeof rank, 'number');
  assert.deepEqual((await search(ann, {})).data.results.map((r) => r.message.id).sort(), [found.id, hidden.id].sort());
  assert.deepEqual((await search(ann, { room_id: other.id })).data.results.map((r) => r.message.id), [hidden.id]);
  assert.deepEqual((await search(ann, { before: hidden.seq })).data.results.map((r) => r.message.id), [found.id]);
  assert.deepEqual((await search(ann, { sender: ben.user.id })).data.results, []);
  const newest = (await search(ann, { order: 'newest', limit: 1 })).data;
  assert.deepEqual([newest.order, newest.has_next, newest.results[0].message.id], ['newest', true, hidden.id]);
  assert.deepEqual((await desk.data(ann, 'message.search', { query: `"${word} elsewhere"` })).results
    .map((r) => r.message.id), [hidden.id]);
  await desk.refused(ann, 'message.search', { query: ' ' }, 4003, { query: ['This field may not be blank.'] });
  await desk.refused(ben, 'message.search', { query: word, room_id: other.id }, 4004, NOT_FOUND);
  await desk.refused(ben, 'message.search', { query: word, room_id: crypto.randomUUID() }, 4004, NOT_FOUND);
});
