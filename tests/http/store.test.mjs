// The library's store holds exactly the server's state: random histories of several people, compared field by
// field.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { site, unique, until } from './support/client.mjs';
import { caughtUp, enter } from './support/library.mjs';

const SEEDS = process.env.STORE_SEEDS?.split(',').map(Number)
  ?? [1, 2, 3, 4].map((n) => n + Math.floor(Math.random() * 1e6) * 10);
const STEPS = Number(process.env.STORE_STEPS ?? 160);

/** mulberry32 */
function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A small town: people, rooms and messages, with random actions. */
class Town {
  constructor(seed) {
    this.random = randomFrom(seed);
    this.messages = []; // {id, room, sender, seq}
    this.refused = 0;
    this.done = 0;
  }

  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  some(list, most) {
    return list.filter(() => this.random() < most / Math.max(most, list.length)).slice(0, most);
  }

  async found() {
    this.people = await Promise.all(['ann', 'ben', 'cem', 'dan'].map((name) => site.register(name)));
    const [ann, ben, cem, dan] = this.people;
    this.square = await site.room(ann, [ben, cem, dan]);
    this.tower = await site.room(dan, [ann, ben, cem]); // nobody leaves it, and it is deleted
    this.club = await site.room(ben, [ann, cem]);
    const { data: channel } = await site.done(cem, 'room.create',
      { type: 'Channel', name: `channel ${unique()}`, subscribers: [ann.user.id], is_public: true });
    const { data: pair } = await site.done(ann, 'room.create', { type: 'OneToOneChat', participants: [dan.user.id] });
    this.stable = new Set([this.square.id, this.tower.id]);
    this.rooms = [this.square.id, this.square.id, this.club.id, channel.id, pair.id, this.tower.id];
    this.named = [this.club.id, channel.id];
    this.channel = channel.id;
  }

  /** A command of a person, which may be refused. */
  async ask(who, name, data) {
    const { status, body, text } = await site.command(who, name, data);
    assert.ok(status < 500, `${name} ${JSON.stringify(data)}: ${text}`);
    if (status !== 200) this.refused++;
    else this.done++;
    return status === 200 ? body : null;
  }

  async say(who, room) {
    const content = `${unique()}${this.random() < 0.3 ? ` @${this.pick(this.people).user.username}` : ''}`;
    const extra_fields = {};
    const other = this.pick(this.messages);
    if (other && this.random() < 0.25) extra_fields.parent_message_id = other.id;
    else if (other && this.random() < 0.15) extra_fields.forwarded_from_id = other.id;
    const answer = await this.ask(who, 'message.send',
      { room_id: room, content, extra_fields, ...(this.random() < 0.5 && { client_id: unique() }) });
    if (answer) this.messages.push({ id: answer.data.id, room, sender: who, seq: answer.seq });
  }

  /** A random action on messages. */
  touch(who) {
    const message = this.pick(this.messages.slice(-40)) ?? { id: this.square.id };
    const mine = this.pick(this.messages.filter(({ sender }) => sender === who).slice(-20)) ?? message;
    return this.pick([
      () => this.ask(who, 'message.react',
        { type: 'add', message_id: message.id, reaction_content: this.pick(['👍', '🎉', '😀']) }),
      () => this.ask(who, 'message.react', { type: 'remove', message_id: message.id }),
      () => this.ask(who, 'message.pin', { type: this.pick(['add', 'remove']), message_id: message.id }),
      () => this.ask(who, 'message.read', { message_id: message.id }),
      () => this.ask(who, 'message.read',
        { message_id: this.some(this.messages.filter(({ room }) => room === message.room).slice(-30),
          8).map(({ id }) => id) }),
      () => this.ask(who, 'message.acknowledged', { message_id: message.id }),
      () => this.ask(who, 'room.read', { room_id: message.room, seq: message.seq }),
      () => this.ask(who, 'message.modify', { action: 'update', message_id: mine.id,
        extra_fields:
          { content: `edited ${unique()}${this.random() < 0.3 ? ` @${this.pick(this.people).user.username}` : ''}` } }),
      () => this.ask(who, 'message.modify', { action: 'delete', message_id: [mine.id] }),
    ])();
  }

  /** A random action on a room. */
  change(who) {
    const room_id = this.pick(this.named), user = this.pick(this.people).user.id;
    return this.pick([
      () => this.ask(who, 'room.add_members', { room_id, members: [user] }),
      () => this.ask(who, 'room.add_members', { room_id, members: this.people.map((one) => one.user.id) }),
      () => this.ask(who, 'room.remove_members', { room_id, members: [user] }),
      () => this.ask(who, 'room.leave', { room_id }),
      () => this.ask(who, 'room.join', { room_id: this.channel }),
      () => this.ask(who, 'room.modify',
        { room_id, action: 'update', data: { description: unique(), name: `named ${unique()}` } }),
      () => this.ask(who, 'room.modify',
        { room_id, action: this.pick(['add_admin', 'remove_admin', 'add_moderator']), data: { users: [user] } }),
      () => this.ask(who, 'room.modify', { room_id: this.rooms[4], action: 'delete' }),
      () => this.ask(this.people[0], 'room.create', { type: 'OneToOneChat', participants: [this.people[3].user.id] }),
      async () => {
        const made = await this.ask(who, 'room.create', { type: 'GroupChat', name: unique(), participants: [user] });
        this.rooms.push(made.data.id);
        this.named.push(made.data.id);
      },
      () => (this.random() < 0.3 ? this.ask(who, 'room.modify', { room_id, action: 'delete' }) : undefined),
    ])();
  }

  step() {
    const who = this.pick(this.people), chance = this.random();
    return chance < 0.45 ? this.say(who, this.pick(this.rooms)) : chance < 0.88 ? this.touch(who) : this.change(who);
  }

  /** A random action of a person on the store alone. */
  async look({ client, store }) {
    const room = this.pick(store.list())?.id;
    const chance = client ? this.random() : 0;
    const fails = (error) => assert.ok(error.code === 4002 || error.code === 4004, error);
    if (room && chance < 0.3) await store.openRoom(room).catch(fails);
    else if (room && chance < 0.4) await store.loadOlder(room).catch(fails);
    else if (room && chance < 0.5) await store.loadAround(room, this.pick(this.messages)?.seq ?? 1).catch(fails);
    else if (room && chance < 0.6) await store.loadNewer(room).catch(fails);
    else if (room && chance < 0.7) await store.loadPins(room).catch(fails);
    else if (room && chance < 0.8) await store.loadDetail(room).catch(fails);
    else if (chance < 0.86) client.connection.use(this.pick(['ws', 'sse', 'poll']));
    else if (chance < 0.94) await store.load();
    else {
      client.stop();
      client.start();
    }
  }
}

/**
 * Removes data that a client need not have: only the sender knows who got a message, and nobody knows what happened in
 * a room while not a member. The parent shown in a reply, if it is not loaded itself, is as old as the reply's
 * transaction.
 */
function seenBy(me, stable, message, here) {
  if (!message) return message;
  const { parent_message: parent } = message;
  const seen = { ...message,
    parent_message: parent && (here.has(parent.id) ? seenBy(me, stable, parent, here) : parent.id) };
  if (message.sender.id !== me) delete seen.delivered_to, delete seen.delivered_count;
  if (message.forwarded_from && !stable.has(message.forwarded_from.room.id))
    seen.forwarded_from = message.forwarded_from.id;
  return seen;
}

async function compare(town, who, { store, hasPins = false }) {
  const { data: list } = await site.done(who, 'room.list');
  const here = new Set(list.flatMap(({ id }) => store.messages(id).map((message) => message.id)));
  const me = who.user.id, seen = (message) => seenBy(me, town.stable, message, here);
  const plain = (room) =>
    ({ ...room, last_message: seenBy(me, town.stable, room.last_message, new Set()), last_read_seq: 0 });
  const byId = (rooms) => rooms.map(plain).sort((a, b) => (a.id < b.id ? -1 : 1));
  assert.deepEqual(byId(store.list()), byId(list));
  assert.deepEqual(store.list().map(({ id }) => id), list.map(({ id }) => id), 'the order of the list');
  for (const room of list) {
    assert.ok(room.last_read_seq >= store.room(room.id).last_read_seq);
    if (store.detail(room.id))
      assert.deepEqual(store.detail(room.id), (await site.done(who, 'room.info', { room_id: room.id })).data);
    const { data: { data: { messages: all } } } = await site.done(who, 'room.messages',
      { room_id: room.id, before: 2 ** 53 - 1, limit: 200 });
    const { loaded, older, newer } = store.extent(room.id);
    if (!loaded) continue;
    const here = store.messages(room.id).filter(({ state }) => !state);
    const first = here[0]?.seq ?? 0, last = here.at(-1)?.seq ?? Infinity;
    const there = all.reverse().filter(({ seq }) => (!older || seq >= first) && (!newer || seq <= last));
    assert.deepEqual(here.map(seen), (here.length || !newer ? there : []).map(seen),
      `messages of ${room.type}, ${JSON.stringify({ older, newer, first, last })}`);
    if (hasPins || store.pins(room.id).length) {
      const { data: { messages: pins } } = await site.done(who, 'room.pins', { room_id: room.id });
      assert.deepEqual(store.pins(room.id).map(seen), pins.map(seen));
    }
  }
  return list;
}

for (const seed of SEEDS)
  test(`snapshot and dispatches are the fresh snapshot, history ${seed}`, { timeout: 240_000 }, async () => {
    const town = new Town(seed);
    await town.found();
    for (let i = 0; i < 20; i++) await town.step();
    // People connect while others send: the data that they load is of some moment between dispatches.
    const transports = [['ws', 'sse', 'poll'], ['sse', 'poll', 'ws'], ['poll', 'sse', 'ws'], ['ws']];
    const [views] = await Promise.all([
      Promise.all(town.people.map((who, i) => enter(who, { transports: transports[i] }))),
      ...[1, 2, 3].map(async () => { for (let i = 0; i < 10; i++) await town.step(); })]);
    await Promise.all(
      views.flatMap(({ store }) =>
        [store.openRoom(town.square.id), store.loadPins(town.square.id), town.look({ store })]));
    for (let i = 0; i < STEPS; i += 4) {
      if (i === STEPS * 0.75)
        await town.ask(town.people[3], 'room.modify', { room_id: town.tower.id, action: 'delete' });
      await Promise.all([town.step(), town.step(), town.step(), town.step(), town.look(town.pick(views))]);
    }
    const { seq } = await site.done(town.people[0], 'message.send', { room_id: town.square.id, content: 'the end' });
    await Promise.all(views.map((view) => caughtUp(view, seq)));
    let unread = 0;
    for (const [i, view] of views.entries()) for (const room of await compare(town, town.people[i], view))
      unread += room.unread;
    assert.ok(town.done > STEPS / 3, `only ${town.done} commands were carried out`);
    assert.ok(unread > 0);
    for (const { client } of views) client.stop();
  });

for (const seed of SEEDS.slice(0, 2))
  test(`a store that has seen everything asks for nothing more and is right, history ${seed}`, { timeout: 240_000 },
      async () => {
    const town = new Town(seed);
    await town.found();
    town.rooms = [town.square.id, town.tower.id, town.rooms[4]];
    town.change = (who) => town.say(who, town.square.id); // the members do not change
    for (let i = 0; i < 20; i++) await town.step();
    const views = await Promise.all(town.people
      .map((who, i) => enter(who, { transports: [['ws', 'sse', 'poll'][i % 3]] })));
    for (const view of views) {
      for (const { id } of view.store.list()) await Promise.all([view.store.openRoom(id), view.store.loadPins(id)]);
      // What was said before may arrive just after the list that has counted it: then the list is requested again.
      await until(() => view.store.rooms.isSettled, 'settled');
      Object.assign(view, { lists: 0, hasPins: true });
      const { listRooms } = view.client;
      view.client.listRooms = function () { view.lists++; return listRooms.call(this); };
    }
    for (let i = 0; i < STEPS; i += 4) {
      if (i === STEPS * 0.75) {
        // Messages forwarded from it are the last ones of the other rooms when it is deleted.
        const { data: { data: { messages: [from] } } } = await site.done(town.people[0], 'room.messages',
          { room_id: town.tower.id, limit: 1 });
        if (from)
          await site.done(town.people[0], 'message.send',
            { room_id: town.rooms[2], content: 'seen there', extra_fields: { forwarded_from_id: from.id } });
        town.rooms = [town.square.id];
        await site.done(town.people[3], 'room.modify', { room_id: town.tower.id, action: 'delete' });
      }
      await Promise.all([town.step(), town.step(), town.step(), town.step()]);
      // A message that is deleted before it has arrived is not sent; a client that has seen everything has seen it
      // before.
      const { seq: told } = await site.done(town.people[0], 'message.send',
        { room_id: town.square.id, content: 'so far' });
      await until(() => views.every(({ client }) => client.seq >= told), 'all that was told');
    }
    const { seq } = await site.done(town.people[0], 'message.send', { room_id: town.square.id, content: 'the end' });
    for (const [i, view] of views.entries()) {
      await until(() => view.client.seq >= seq, 'the end');
      await compare(town, town.people[i], view);
      assert.equal(view.lists, 0);
      view.client.stop();
    }
  });

test('a store that could not resume loads itself again', async () => {
  const [ann, ben] = await Promise.all([site.register('ann'), site.register('ben')]);
  const room = await site.room(ann, [ben]);
  const view = await enter(ben);
  await view.store.openRoom(room.id);
  view.client.stop();
  for (let i = 0; i < 3; i++) await site.done(ann, 'message.send', { room_id: room.id, content: `${i}` });
  view.client.connection.cursor = 'another:1';
  const loaded = view.store.once('loaded');
  await view.client.start();
  await loaded;
  assert.deepEqual(view.store.messages(room.id).map(({ content }) => content), ['0', '1', '2']);
  assert.equal(view.store.room(room.id).unread, 3);
  await until(() => view.store.rooms.isSettled, 'settled');
  view.client.stop();
});
