// WebSockets like those of tutorials (direct_sockets): {"message": …} in both directions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { site } from './support/client.mjs';
import { people, sql, TIME } from './support/people.mjs';

/** An open socket; the stream behind it is open as well. */
async function talk(who, { query = '', path = 'ws/messages/', ...options } = {}) {
  const socket = await site.stream('ws', who, { path: path + query, protocols: [], wait: false, ...options });
  await socket.until(() => socket.socket.readyState === 1 || socket.ended, 'an open socket');
  socket.say = (message) => socket.send({ message });
  return socket;
}
const withPerson = (who, other, options) => talk(who, { query: `?recipient_id=${other.user.id}`, ...options });
const content = (text) => ({ message }) => message?.content === text;
const error = (socket) => socket.next((frame) => frame.error);
const close = (...sockets) => { for (const socket of sockets) socket.close(); };
const post = async (from, to, text) => (await site.request('POST', 'messages/',
  { token: from.token, body: { recipient: to.user.id, content: text } })).body;

/** A socket in which a first message has arrived, so nothing that is said from now on is missed. */
async function ready(socket, from, to) {
  const { content: text } = await post(from, to, `ready ${Math.random()}`);
  await socket.next(content(text));
  return socket;
}

describe('a socket with a recipient', () => {
  it('sends a text to both sides, opening the one-to-one', async () => {
    const [ann, ben] = await people(['ann', 'ben']);
    const [a, b] = [await withPerson(ann, ben), await withPerson(ben, ann)];
    a.say('hello <b>you</b>');
    const { message } = await b.next(content('hello &lt;b&gt;you&lt;/b&gt;'));
    assert.match(message.timestamp, TIME);
    assert.deepEqual(message, { id: message.id, sender: ann.ref, recipient: ben.user.id,
      content: 'hello &lt;b&gt;you&lt;/b&gt;', timestamp: message.timestamp });
    assert.deepEqual((await a.next()).message, message);
    b.say({ content: 'as an object' });
    assert.deepEqual((await a.next(content('as an object'))).message.sender, ben.ref);
    const { body } = await site.request('GET', `messages/?recipient_id=${ann.user.id}`, { token: ben.token });
    assert.deepEqual(body.map((one) => one.content), ['hello &lt;b&gt;you&lt;/b&gt;', 'as an object']);
    close(a, b);
  });

  it('brings what was sent in any way, once', async () => {
    const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
    const [a, b, c] = [
      await ready(await withPerson(ann, ben), ben, ann), await ready(await withPerson(ben, ann), ann, ben),
      await ready(await withPerson(ben, cid), cid, ben)];
    const sent = await post(ann, ben, 'by POST');
    await b.next(content('by POST'));
    a.say(sent); // as some tutorials do
    a.say({ ...sent, content: 'changed' });
    a.say('after');
    await b.next(content('after'));
    await a.next(content('after'));
    for (const socket of [a, b])
      assert.equal(socket.frames.filter(content('by POST')).length, 1);
    assert.equal(b.frames.filter(content('changed')).length, 0);
    await post(cid, ben, 'from cid');
    await c.next(content('from cid'));
    assert.ok(c.frames.every(({ message }) => message.sender.id === cid.user.id));
    assert.ok(b.frames.every(({ message }) => message.sender.id !== cid.user.id));
    close(a, b, c);
  });

  it('says what is wrong, and stays open', async () => {
    const [ann, ben] = await people(['ann', 'ben']);
    const socket = await withPerson(ann, ben);
    for (const [frame, detail] of [
      ['{"message":', undefined], ['[]', undefined], ['"x"', undefined],
      [{}, { message: ['This field is required.'] }],
      [{ message: null }, { message: ['This field may not be null.'] }],
      [{ message: '  ' }, { message: ['This field may not be blank.'] }],
      [{ message: {} }, { message: ['This field is required.'] }],
      [{ message: ['x'] }, { message: ['Not a valid string.'] }],
      [{ message: 'x'.repeat(100_001) }, { message: ['Ensure this field has no more than 100000 characters.'] }],
      [{ event_type: 'user.list' }, { message: ['This field is required.'] }],
    ]) {
      socket.send(frame);
      const { error: { code, detail: told } } = await error(socket);
      assert.equal(code, 4003);
      if (detail) assert.deepEqual(told, detail);
    }
    close(socket);
    const nobody = await talk(ann, { query: '?recipient_id=999999999999' });
    nobody.say('x');
    assert.equal((await error(nobody)).error.code, 4004);
    const self = await withPerson(ann, ann);
    self.say('x');
    assert.deepEqual((await error(self)).error.detail, { recipient: ['You can\'t write to yourself.'] });
    close(nobody, self);
  });

  it('obeys blocking', async () => {
    const [ann, ben] = await people(['ann', 'ben']);
    await post(ann, ben, 'before');
    await site.done(ben, 'user.block', { user_id: ann.user.id });
    const socket = await withPerson(ann, ben);
    socket.say('x');
    assert.equal((await error(socket)).error.code, 4002);
    close(socket);
  });

  it('is refused where the recipient is no number', async () => {
    const [ann] = await people(['ann']);
    for (const wrong of ['undefined', '', '1x', '1e3', ' 1', '99999999999999999999']) {
      const socket = await talk(ann, { query: `?recipient_id=${encodeURIComponent(wrong)}` });
      assert.match(socket.ended?.error, /400/, wrong);
    }
  });
});

describe('a socket without a recipient', () => {
  it('gives a text to the account\'s own sockets alone, unstored', async () => {
    const [ann, ben] = await people(['ann', 'ben']);
    const sockets = await Promise.all(['ws/', 'ws/messages', 'ws/messages/'].map((path) => talk(ann, { path })));
    const [other, full, chat] = [await talk(ben, { path: 'ws/' }), await site.stream('ws', ann),
      await withPerson(ann, ben)];
    for (const socket of [...sockets, other, chat]) await ready(socket, ann, ben);
    sockets[0].say('to <i>myself</i>');
    for (const socket of sockets)
      assert.deepEqual(await socket.next(({ message }) => typeof message === 'string'),
        { message: 'to &lt;i&gt;myself&lt;/i&gt;' });
    await post(ann, ben, 'last');
    for (const socket of [other, chat]) {
      await socket.next(content('last'));
      assert.ok(socket.frames.every(({ message }) => typeof message === 'object'));
    }
    await full.message('last');
    assert.ok(full.frames.every(({ eventType }) => eventType));
    assert.equal(await sql(`select count(*) from confab.message where content like '%myself%'
      and sender_id = ${ann.user.id}`), '0');
    close(...sockets, other, full, chat);
  });

  it('gets the messages of all one-to-ones', async () => {
    const [ann, ben, cid] = await people(['ann', 'ben', 'cid']);
    const socket = await ready(await talk(ann), ben, ann);
    await post(ben, ann, 'from ben');
    await post(ann, cid, 'to cid');
    await socket.next(content('from ben'));
    const { message } = await socket.next(content('to cid'));
    assert.deepEqual([message.sender, message.recipient], [ann.ref, cid.user.id]);
    close(socket);
  });

  it('hands no message on that was told already, and nothing that is too long', async () => {
    const [ann, ben] = await people(['ann', 'ben']);
    const socket = await ready(await talk(ann), ben, ann);
    const sent = await post(ann, ben, 'once');
    socket.say(sent);
    socket.say({ ...sent, id: sent.id.toUpperCase() });
    socket.say('"\\<\u{1F600}'.repeat(200));
    assert.equal((await socket.next(({ message }) => typeof message === 'string')).message.length, 1600);
    socket.say('x'.repeat(1501));
    assert.deepEqual((await error(socket)).error.detail,
      { message: ['Ensure this field has no more than 1500 characters.'] });
    assert.equal(socket.frames.filter(content('once')).length, 1);
    close(socket);
  });
});

it('a socket takes a cookie from pages of this site alone, and a log-in only while it lasts', async () => {
  const [ann] = await people(['ann']);
  const headers = { cookie: `confab=${ann.token}`, origin: 'https://evil.example' };
  const foreign = await talk(null, { headers });
  assert.deepEqual(await foreign.over(), { code: 4001 });
  const own = await talk(null, { path: 'ws/', headers: { ...headers, origin: site.url.origin } });
  own.say('mine');
  await own.next(({ message }) => message === 'mine');
  await site.request('DELETE', 'session', { token: ann.token });
  assert.deepEqual(await own.over(), { code: 4001 });
});
