// Lists that may be long: of rooms, of members, of versions and of messages. They come in bounded pages.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { site } from './support/client.mjs';
import { DENIED, Desk, ids, NOT_FOUND, people, sql, TIME } from './support/people.mjs';

const desk = new Desk(site);
let ann, ben, cid;
before(async () => {
  [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
});

const idsOf = (list) => list.map(({ id }) => id);

test('room.list comes in pages, that with the newest activity first', async () => {
  const [dan] = await people(['dan']);
  const rooms = [];
  for (let i = 0; i < 5; i++) rooms.push(await desk.group(dan, [], { name: `r${i}` }));
  await desk.say(dan, rooms[1]);
  const order = [1, 4, 3, 2, 0].map((i) => rooms[i].id);
  const all = await desk.ask(dan, 'room.list');
  assert.deepEqual([Object.keys(all), idsOf(all.data)], [['eventType', 'data'], order]);
  const first = await desk.ask(dan, 'room.list', { limit: 2 });
  assert.deepEqual([idsOf(first.data), first.has_next], [order.slice(0, 2), true]);
  const second = await desk.ask(dan, 'room.list', { limit: '2', before: first.next });
  assert.deepEqual([idsOf(second.data), second.has_next], [order.slice(2, 4), true]);
  const last = await desk.ask(dan, 'room.list', { limit: 2, before: second.next });
  assert.deepEqual([idsOf(last.data), last.has_next, 'next' in last], [order.slice(4), false, false]);
  assert.deepEqual(await desk.data(dan, 'room.list', { limit: 2, before: `1/${rooms[0].id}` }), []);
  for (const [field, value] of [['limit', 0], ['limit', 'x'], ['before', -1]])
    assert.equal((await site.command(dan, 'room.list', { [field]: value })).body.error.code, 4003);
  await sql(`with made as (insert into confab.room (type, name, creator_id, capacity)
      select 'GroupChat', 'many', ${dan.user.id}, 9 from generate_series(1, 600) returning id)
    insert into confab.member (room_id, account_id, since_seq)
    select id, ${dan.user.id}, row_number() over () from made`);
  const cut = await desk.ask(dan, 'room.list');
  assert.deepEqual([cut.data.length, cut.has_next], [500, true]);
  const rest = await desk.data(dan, 'room.list', { before: cut.next });
  assert.equal(new Set(idsOf([...cut.data, ...rest])).size, 605);
});

test('room.list has the order that a client gives to the rooms it knows', async () => {
  const [dan] = await people(['dan']);
  const old = await desk.group(ann, [], { name: 'old' });
  const own = await desk.group(dan, [], { name: 'own' });
  await desk.ask(ann, 'room.add_members', { room_id: old.id, members: [dan.user.id] });
  const list = await desk.data(dan, 'room.list');
  const moment = (room) => room.last_message?.created_at ?? room.created_at;
  assert.deepEqual(new Set(idsOf(list)), new Set([old.id, own.id]));
  assert.deepEqual(list, list.toSorted((a, b) => (moment(a) < moment(b) ? 1 : -1)));
});

test('a room without messages: null, or for a client of the reference a message of empty values', async () => {
  const group = await desk.group(ann, [ben]), chat = await desk.pair(ann, cid);
  const last = (list, { id }) => list.find((room) => room.id === id).last_message;
  const http = await desk.data(ann, 'room.list');
  assert.deepEqual([last(http, group), last(http, chat)], [null, null]);
  for (const protocols of [['confab.v1'], []]) {
    const stream = await site.stream('ws', ann, { protocols });
    const { data } = await stream.command('room.list', {});
    if (protocols.length) assert.equal(last(data, group), null);
    else assert.deepEqual([last(data, group).id, last(data, group).content], [null, '']);
    assert.equal(last(data, chat), null);
    stream.close();
  }
});

test('room.members pages and searches; room.info counts', async () => {
  const crowd = await people(['zoe', 'zack', 'yan', 'xia']);
  const room = await desk.group(ann, crowd);
  const members = async (data) => {
    const got = await desk.data(ann, 'room.members', { room_id: room.id, ...data });
    assert.deepEqual([got.room_id, got.total], [room.id, 5]);
    return [got.members.map(({ user }) => user.id), got.has_next];
  };
  const all = ids([ann, ...crowd]).sort((a, b) => a - b);
  assert.deepEqual(await members({}), [all, false]);
  assert.deepEqual(await members({ limit: 2 }), [all.slice(0, 2), true]);
  assert.deepEqual(await members({ limit: 3, after: all[1] }), [all.slice(2), false]);
  const z = ids(crowd.slice(0, 2)).sort((a, b) => a - b);
  assert.deepEqual(await members({ search: 'Z' }), [z, false]);
  assert.deepEqual(await members({ search: 'z', limit: 1 }), [z.slice(0, 1), true]);
  assert.deepEqual(await members({ search: ben.user.username }), [[], false]);
  const [one] = (await desk.data(ann, 'room.members', { room_id: room.id, limit: 1 })).members;
  assert.deepEqual({ ...one, joined_at: '' }, { user: ann.shown, role: 'admin', joined_at: '' });
  assert.match(one.joined_at, TIME);
  assert.equal((await desk.ask(ann, 'room.info', { room_id: room.id })).total, 5);
  await desk.refused(ben, 'room.members', { room_id: room.id }, 4004, NOT_FOUND);
});

test('answers are bounded by bytes', async () => {
  const room = await desk.group(ann, [ben]);
  const message = await desk.say(ann, room, 'x'.repeat(90_000));
  for (let i = 0; i < 14; i++)
    await desk.ask(ann, 'message.modify',
      { message_id: message.id, action: 'update', extra_fields: { content: `${i}`.padEnd(90_000, 'y') } });
  const history = (data) => desk.data(ben, 'message.history', { message_id: message.id, ...data });
  const first = await history({});
  assert.deepEqual([first.versions[0].version, first.versions.length, first.has_next], [15, 11, true]);
  const rest = await history({ before: first.versions.at(-1).version });
  assert.deepEqual([rest.versions.map(({ version }) => version), rest.has_next], [[4, 3, 2, 1], false]);
  assert.deepEqual((await history({ limit: 1 })).versions.length, 1);

  for (let i = 0; i < 13; i++) await desk.say(ann, room, `${i}`.padEnd(90_000, 'z'));
  const seen = [];
  for (let before, more = true; more;) {
    const { data, has_next } = await desk.data(ben, 'room.messages',
      { room_id: room.id, limit: 200, ...(before && { before }) });
    assert.ok(JSON.stringify(data).length < 1_200_000);
    seen.push(...data.messages);
    before = data.messages.at(-1).seq;
    more = has_next;
  }
  assert.deepEqual([seen.length, seen[0].content[0], seen.at(-1).id], [14, '1', message.id]);
  const unpaged = await desk.data(ben, 'room.messages', { room_id: room.id });
  assert.deepEqual([unpaged.data.messages.length, unpaged.has_next], [10, true]);
  // A numbered page is cut, too, and names the place where the rest begins.
  const page = (number) => desk.data(ben, 'room.messages',
    { room_id: room.id, paginate: { page: number, size: 12 } });
  const cut = await page(1);
  assert.deepEqual([cut.data.messages.length, cut.before, cut.has_next, cut.next_page_number],
    [10, seen[9].seq, true, 2]);
  const remainder = await desk.data(ben, 'room.messages', { room_id: room.id, before: cut.before, limit: 2 });
  assert.deepEqual(idsOf(remainder.data.messages), idsOf(seen.slice(10, 12)));
  const whole = await page(2);
  assert.deepEqual([idsOf(whole.data.messages), 'before' in whole], [idsOf(seen.slice(12)), false]);
});

test('lists of rooms, pins and results are bounded by bytes, too', async () => {
  const [dan, eva] = await people(['dan', 'eva']);
  const rooms = [], said = [];
  for (let i = 0; i < 14; i++) {
    rooms.push(await desk.group(dan, [], { name: `r${i}` }));
    said.push(await desk.say(dan, rooms[i], `heavy ${i} `.padEnd(90_000, 'z')));
  }
  const read = async (name, data, itemsOf) => {
    const pages = [];
    for (let next; !pages.length || next;) {
      const answer = await desk.ask(dan, name, { ...data, ...(next && { before: next }) });
      assert.ok(JSON.stringify(answer).length < 1_300_000);
      assert.equal('next' in answer, !!answer.has_next);
      pages.push(itemsOf(answer.data));
      next = answer.next;
    }
    assert.ok(pages.length > 1, `${name} in one page`);
    return pages.flat();
  };
  const listed = await read('room.list', {}, (data) => data);
  assert.deepEqual(idsOf(listed), idsOf(rooms).reverse());

  const wall = rooms[0];
  const pinned = [said[0]];
  for (let i = 1; i < 14; i++) pinned.push(await desk.say(dan, wall, `pin ${i} `.padEnd(90_000, 'z')));
  for (const { id } of pinned) await desk.ask(dan, 'message.pin', { message_id: id, type: 'add' });
  const pins = await read('room.pins', { room_id: wall.id }, ({ messages }) => messages);
  assert.deepEqual(idsOf(pins), idsOf(pinned).reverse());
  assert.equal((await site.command(dan, 'room.pins', { room_id: wall.id, before: 'x' })).body.error.code, 4003);

  const find = (data) => desk.data(dan, 'message.search', { query: 'heavy', limit: 50, ...data });
  const best = await find({});
  assert.deepEqual([best.results.length < 14, best.results.length > 5, best.has_next], [true, true, true]);
  const newest = await find({ order: 'newest' });
  const rest = await find({ order: 'newest', before: newest.results.at(-1).message.seq });
  assert.deepEqual(idsOf([...newest.results, ...rest.results].map(({ message }) => message)), idsOf(said).reverse());
  assert.equal(rest.has_next, false);

  // Media and their captions count, and so do those of the message that is replied to.
  const hall = await desk.group(dan, [eva]);
  const media = Array.from({ length: 10 }, () => ({ media_url: '/x.png', media_type: 'image', caption: 'c'.repeat(2000),
    metadata: { name: 'm'.repeat(15_000) } }));
  for (let i = 0; i < 8; i++)
    await desk.ask(dan, 'message.send', { room_id: hall.id, extra_fields: { media } });
  const page = await desk.data(eva, 'room.messages', { room_id: hall.id, limit: 50 });
  assert.deepEqual([page.data.messages.length < 8, page.has_next], [true, true]);
});

test('a search for a phrase finds words in that order alone', async () => {
  const [dan] = await people(['dan']);
  const room = await desk.group(dan, []);
  for (const text of ['blue green', 'green blue', 'blue and green', 'deep blue green sea'])
    await desk.say(dan, room, text);
  const found = async (query) => (await desk.data(dan, 'message.search', { query, order: 'newest' })).results
    .map(({ message }) => message.content);
  assert.deepEqual(await found('"blue green"'), ['deep blue green sea', 'blue green']);
  assert.deepEqual(await found('"blue green" -sea'), ['blue green']);
  assert.deepEqual(await found('blue -"blue green"'), ['blue and green', 'green blue']);
  assert.deepEqual(await found('-"blue green"'), ['blue and green', 'green blue']);
  assert.deepEqual(await found('"blue green" or and'), ['deep blue green sea', 'blue and green', 'blue green']);
});

test('what somebody deleted for themselves is not quoted to them', async () => {
  const chat = await desk.pair(ann, ben);
  const secret = await desk.say(ben, chat, 'a secret');
  await desk.modify(ann, chat, 'delete');
  const stream = await site.stream('ws', ann);
  const reply = await desk.say(ben, chat, 'as I said', { parent_message_id: secret.id });
  const { data } = await stream.message('as I said');
  assert.equal(data.parent_message, null);
  await desk.ask(ben, 'message.pin', { message_id: reply.id, type: 'add' });
  assert.equal((await stream.event('messagepin.dispatch')).data.message.parent_message, null);
  assert.equal((await desk.messages(ann, chat))[0].parent_message, null);
  assert.equal((await desk.item(ann, chat)).last_message.parent_message, null);
  assert.equal((await desk.notifications(ann, chat))[0].message.parent_message, null);
  assert.equal((await desk.data(ann, 'room.pins', { room_id: chat.id })).messages[0].parent_message, null);
  assert.ok(!JSON.stringify(stream.frames).includes('a secret'));
  assert.equal((await desk.messages(ben, chat))[0].parent_message.content, 'a secret');
  stream.close();
});

test('only an admin removes admins', async () => {
  const room = await desk.group(ann, [ben, cid]);
  await desk.modify(ann, room, 'add_permission', { users: [ben.user.id], permission: ['can_remove_participants'] });
  await desk.modify(ann, room, 'add_admin', { users: [cid.user.id] });
  await desk.refused(ben, 'room.remove_members', { room_id: room.id, members: [cid.user.id] }, 4002, DENIED.remove);
  await desk.modify(ann, room, 'remove_admin', { users: [cid.user.id] });
  await desk.ask(ben, 'room.remove_members', { room_id: room.id, members: [cid.user.id] });
});

test('an emoji is one reaction however it is drawn, and what is not seen is none', async () => {
  const room = await desk.group(ann, [ben, cid]);
  const message = await desk.say(ann, room);
  const react = (who, reaction_content) =>
    site.command(who, 'message.react', { message_id: message.id, type: 'add', reaction_content });
  await react(ben, '❤️');
  const { body: { data } } = await react(cid, '❤');
  assert.deepEqual(data.message.reaction_counts, { '❤️': 2 });
  assert.equal((await react(cid, '❤️')).status, 409);
  for (const nothing of ['\u200b', '\u202e', '\ufe0f', '\u2060 \u00ad'])
    assert.equal((await react(ann, nothing)).body.error.code, 4003, JSON.stringify(nothing));
  for (const hostile of ['a\u202eb', 'a\nb', '\u2066x'])
    assert.deepEqual((await react(ann, hostile)).body.error.detail,
      { reaction_content: ['Control characters are not allowed.'] });
  assert.equal((await react(ann, '👨‍👩‍👧')).status, 200);
});

test('a stranger of a one-to-one can not leave it, whatever it is', async () => {
  const chat = await desk.pair(ben, cid);
  await desk.refused(ann, 'room.leave', { room_id: chat.id }, 4002, DENIED.room);
  await desk.refused(ben, 'room.leave', { room_id: chat.id }, 4003, ['You can only leave a channel/group chat']);
});

test('words are found however they are written', async () => {
  const room = await desk.group(ann, []);
  const said = ['Léon', 'Straße', 'Ærø', 'Đorđe', 'Zoe\u0308', 'Łódź', 'ｆｕｌｌｗｉｄｔｈ', 'ﬁne oﬃce',
    'שָׁלוֹם', 'אבא', 'سَلَامٌ', 'احمد', 'caf&eacute; &#321;ukasz', 'plain office', 'half ｶﾀｶﾅ'];
  for (const text of said) await desk.say(ann, room, text);
  for (const [query, ...found] of [['leon', 0], ['LÉON', 0], ['strasse', 1], ['straße', 1], ['aero', 2], ['dorde', 3],
    ['zoe', 4], ['zoë', 4], ['lodz', 5], ['lo', 5], ['leo', 0],
    ['fullwidth', 6], ['ＦＵＬＬＷＩＤＴＨ', 6], ['fine', 7], ['ﬁne', 7], ['office', 13, 7], ['oﬃce', 13, 7],
    ['שלום', 8], ['שָׁלוֹם', 8], ['אַבָּא', 9], ['سلام', 10], ['سَلَامٌ', 10], ['أحمد', 11], ['اَحْمَد', 11],
    ['cafe', 12], ['łukasz', 12], ['カタカナ', 14]]) {
    const { results } = await desk.data(ann, 'message.search', { query, room_id: room.id });
    const contents = results.map(({ message }) => message.content);
    assert.deepEqual(contents.sort(), found.map((i) => said[i]).sort(), query);
  }
});

test('null counts as absent where a field is optional', async () => {
  const room = await desk.group(ann, [ben]), { invite } = await desk.data(ann, 'room.invite', { room_id: room.id,
    expires_in: null, max_uses: null, user_id: null });
  const message = await desk.say(ann, room, 'null', { parent_message_id: null, media: null, with_text: null });
  const stream = await site.stream('ws', ann), { session_id } = stream.frames[0].data;
  for (const [event, required, ...optional] of [
    ['room.messages', { room_id: room.id }, 'before', 'after', 'around', 'limit', 'paginate'],
    ['room.list', {}, 'limit', 'before'], ['room.members', { room_id: room.id }, 'after', 'limit', 'search'],
    ['room.pins', { room_id: room.id }, 'before', 'limit'], ['message.history', { message_id: message.id }, 'before'],
    ['message.search', { query: 'null', room_id: room.id }, 'sender', 'before', 'limit', 'order'],
    ['message.typing', { room_id: room.id }, 'typing', 'message_id'], ['session.heartbeat', { session_id }, 'idle'],
    ['presence.subscribe', { session_id }, 'users', 'rooms'], ['user.list', {}, 'search', 'after', 'limit'],
    ['presence.unsubscribe', { session_id }, 'users', 'rooms'], ['user.blocked', {}, 'after', 'limit'],
    ['user.export', {}, 'after']])
    for (const nothing of [{}, Object.fromEntries(optional.map((name) => [name, null]))])
      await desk.ask(ann, event, { ...required, ...nothing });
  const shape = async (data) => Object.keys(await desk.data(ann, 'room.messages', { room_id: room.id, ...data }));
  assert.deepEqual(await shape({ before: null, limit: null }), await shape({}));
  await desk.ask(cid, 'room.join', { invite, room_id: null });
  await desk.refused(ann, 'room.answer', { room_id: room.id, user_id: cid.user.id, accept: null }, 4003,
    { accept: ['This field may not be null.'] });
  stream.close();
});
