// One-to-one messages by plain HTTP: the message centre and the messages of tutorials. They are commands in other
// clothes, so what holds for commands holds here.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { site, unique } from './support/client.mjs';
import { people, sql, TIME, UUID } from './support/people.mjs';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const get = (path, who) => site.request('GET', path, { token: who?.token });
const post = (path, who, body, headers) => site.request('POST', path, { body, token: who?.token, headers });
const postForm = (path, who, fields, headers) =>
  site.request('POST', path, { raw: `${new URLSearchParams(fields)}`, token: who?.token,
    headers: { ...FORM, ...headers } });
const name = ({ user }) => user.username;
const id = ({ user }) => user.id;

async function good(answer, status = 200) {
  const { status: got, text, body } = await answer;
  assert.equal(got, status, text);
  return body;
}

async function bad(answer, status, code, detail) {
  const { status: got, text, body } = await answer;
  assert.equal(got, status, text);
  assert.equal(body.error.code, code);
  if (detail !== undefined) assert.deepEqual(body.error.detail, detail);
}

/** Sends as many messages, "1" to the number, and returns them as they were answered. */
async function say(from, to, count) {
  const sent = [];
  for (let i = 1; i <= count; i++)
    sent.push(await good(post('api/v1/message/', from, { recipient: name(to), body: `${i}` }), 201));
  return sent;
}

describe('the message centre', () => {
  let ann, ben, cid;
  before(async () => { [ann, ben, cid] = await people(['ann', 'ben', 'cid']); });

  it('sends plain text, opens the one-to-one, and tells both', async () => {
    const stream = await site.stream('sse', ben);
    const sent = await good(post('api/v1/message/', ann, { recipient: name(ben), body: ' a <b>&\nc ' }), 201);
    assert.match(sent.id, UUID);
    assert.match(sent.timestamp, TIME);
    assert.deepEqual(sent, { id: sent.id, user: name(ann), recipient: name(ben), timestamp: sent.timestamp,
      body: 'a &lt;b&gt;&amp;<br>c' });
    const { data } = await stream.event('message.dispatch');
    assert.equal(data.id, sent.id);
    assert.equal(data.content, sent.body);
    stream.close();
    assert.deepEqual(await good(get(`api/v1/message/${sent.id}/`, ben)), sent);
    assert.deepEqual(await good(get(`api/v1/message/${sent.id}`, ann)), sent);
    await bad(get(`api/v1/message/${sent.id}/`, cid), 404, 4004);
    for (const wrong of ['17', 'x', sent.id.slice(1), `${sent.id}/more`])
      await bad(get(`api/v1/message/${wrong}`, ann), 404, 4004);
  });

  it('takes forms, and names without regard to case', async () => {
    const sent = await good(postForm('api/v1/message/', ben, { recipient: name(ann).toUpperCase(), body: 'ä+&=%' }),
      201);
    assert.deepEqual([sent.user, sent.recipient, sent.body], [name(ben), name(ann), 'ä+&amp;=%']);
    assert.equal((await good(postForm('api/v1/message/', ben, { recipient_id: id(ann), body: '1' }), 201)).body, '1');
  });

  it('takes forms in parts, as FormData makes them', async () => {
    const form = new FormData();
    form.set('recipient', name(ann));
    form.set('other', new Blob(['a file']), 'file.txt');
    form.set('body', 'in "parts"\r\n=&');
    const response = await fetch(new URL('api/v1/message/', site.url),
      { method: 'POST', headers: { authorization: `Bearer ${ben.token}` }, body: form });
    assert.equal(response.status, 201);
    assert.equal((await response.json()).body, 'in "parts"<br>=&amp;');
    const parts = (raw) => site.request('POST', 'api/v1/message/',
      { token: ben.token, raw, headers: { 'content-type': 'multipart/form-data; boundary=b' } });
    const field = '--b\r\ncontent-disposition: form-data; name="body"\r\n\r\n';
    await bad(parts(`${field}x`), 422, 4003, ['The form is not complete.']);
    await bad(parts('body=x'), 422, 4003, ['The form is not complete.']);
    await bad(parts(Buffer.from(`${field}\xff\r\n--b--`, 'latin1')), 422, 4003, ['A field is not valid UTF-8.']);
    await bad(parts(`${field}x\r\n--b--`), 422, 4003, { recipient: ['This field is required.'] });
  });

  it('shows rich text from elsewhere sanitised', async () => {
    const page = await good(get(`api/v1/message/?target=${name(ben)}`, ann));
    const room = await sql(`select room_id from confab.message where id = '${page.results[0].id}'`);
    await site.done(ben, 'message.send', { room_id: room, content: '<b onclick="x">bold</b>' });
    const { results } = await good(get(`api/v1/message/?target=${name(ben)}`, ann));
    assert.equal(results[0].body, '<b>bold</b>');
    assert.deepEqual([results[0].user, results[0].recipient], [name(ben), name(ann)]);
  });

  it('says what is wrong', async () => {
    const to = { recipient: name(ben) };
    await bad(post('api/v1/message/', ann, { ...to, body: ' \n' }), 422, 4003,
      { body: ['This field may not be blank.'] });
    await bad(post('api/v1/message/', ann, to), 422, 4003, { body: ['This field is required.'] });
    await bad(post('api/v1/message/', ann, { ...to, body: null }), 422, 4003,
      { body: ['This field may not be null.'] });
    await bad(post('api/v1/message/', ann, { ...to, body: ['x'] }), 422, 4003, { body: ['Not a valid string.'] });
    await bad(post('api/v1/message/', ann, { ...to, body: 'x'.repeat(100_001) }), 422, 4003,
      { body: ['Ensure this field has no more than 100000 characters.'] });
    await bad(post('api/v1/message/', ann, { body: 'x' }), 422, 4003, { recipient: ['This field is required.'] });
    await bad(post('api/v1/message/', ann, { recipient: {}, body: 'x' }), 422, 4003,
      { recipient: ['Not a valid string.'] });
    await bad(post('api/v1/message/', ann, { recipient: name(ann), body: 'x' }), 422, 4003,
      { recipient: ['You can\'t write to yourself.'] });
    await bad(post('api/v1/message/', ann, { recipient: `no-${unique()}`, body: 'x' }), 404, 4004);
    await bad(post('api/v1/message/', ann, ['x']), 422, 4003);
    await bad(site.request('POST', 'api/v1/message/', { token: ann.token, raw: '{"body":' }), 422, 4003);
    await bad(site.request('POST', 'api/v1/message/', { token: ann.token, raw: 'body=%ff', headers: FORM }), 422, 4003);
    await bad(site.request('POST', 'api/v1/message/', { token: ann.token, raw: 'body=%00', headers: FORM }), 422, 4003);
    await bad(site.request('POST', 'api/v1/message/',
      { token: ann.token, raw: 'x', headers: { 'content-type': 'text/plain' } }), 415, 4003);
    await bad(site.request('POST', 'api/v1/message/',
      { token: ann.token, raw: `body=${'x'.repeat(1_100_000)}`, headers: FORM }), 413, 4013);
    const { status, headers } = await site.request('DELETE', 'api/v1/message/', { token: ann.token });
    assert.deepEqual([status, headers.allow], [405, 'GET, POST']);
    await bad(post('api/v1/user/', ann, {}), 405, 4003);
  });

  it('answers 403 to whoever is not logged in', async () => {
    for (const path of ['api/v1/user/', 'api/v1/message/', 'messages/', `messages/${crypto.randomUUID()}/`]) {
      await bad(get(path), 403, 4001);
      await bad(get(path, { token: 'x'.repeat(43) }), 403, 4001);
    }
    await bad(post('messages/', undefined, { recipient: 1, content: 'x' }), 403, 4001);
  });

  it('takes a cookie from pages of this site alone', async () => {
    const cookie = `confab=${ann.token}`, body = { recipient: name(ben), body: 'by cookie' };
    const { origin } = site.url;
    await good(site.request('GET', 'api/v1/message/', { headers: { cookie } }));
    await bad(post('api/v1/message/', undefined, body, { cookie }), 403, 4002);
    await bad(post('api/v1/message/', undefined, body, { cookie, origin: 'https://evil.example' }), 403, 4002);
    await bad(postForm('messages/', undefined, { recipient: id(ben), content: 'x' },
      { cookie, origin: 'https://evil.example' }), 403, 4002);
    await good(post('api/v1/message/', undefined, body, { cookie, origin }), 201);
  });

  it('repeats a message under its key once', async () => {
    const body = { recipient: name(ben), body: 'once' }, key = { 'idempotency-key': unique() };
    const first = await good(post('api/v1/message/', ann, body, key), 201);
    assert.deepEqual(await good(post('api/v1/message/', ann, body, key), 201), first);
    const own = await good(post('api/v1/message/', ann, { ...body, client_id: unique() }), 201);
    assert.notEqual(own.id, first.id);
    await bad(post('api/v1/message/', ann, { ...body, body: 'other' }, key), 422, 4003,
      { client_id: ['Already used for another message.'] });
  });

  it('pages through the messages', async () => {
    const [dan, eve, fay] = await people(['dan', 'eve', 'fay']);
    const sent = (await say(dan, eve, 17)).reverse();
    const path = `${site.url.pathname}api/v1/message/?target=${name(eve)}&page=`;
    assert.deepEqual(await good(get(`api/v1/message/?target=${name(eve)}`, dan)),
      { count: 17, next: `${path}2`, previous: null, results: sent.slice(0, 15) });
    assert.deepEqual(await good(get(`${path}2`, dan)),
      { count: 17, next: null, previous: `${path}1`, results: sent.slice(15) });
    await bad(get(`${path}3`, dan), 404, 4004);
    await bad(get(`${path}x`, dan), 422, 4003);
    await bad(get(`${path}0`, dan), 422, 4003);
    assert.deepEqual((await good(get(`api/v1/message/?recipient_id=${id(dan)}`, eve))).results, sent.slice(0, 15));
    const empty = { count: 0, next: null, previous: null, results: [] };
    assert.deepEqual(await good(get('api/v1/message/?target=n%C3%B6%20one', dan)), empty);
    assert.deepEqual(await good(get('api/v1/message/?target=', dan)), empty);
    assert.deepEqual(await good(get('api/v1/message/', fay)), empty);
    const last = await good(post('api/v1/message/', fay, { recipient: name(dan), body: 'hi' }), 201);
    const all = await good(get('api/v1/message/', dan));
    assert.deepEqual([all.count, all.results], [18, [last, ...sent.slice(0, 14)]]);
    assert.deepEqual((await good(get(`api/v1/message/?target=${name(dan)}`, fay))).results, [last]);
  });

  it('shows neither groups nor what was deleted', async () => {
    const [gil, hal] = await people(['gil', 'hal']);
    const room = await site.room(gil, [hal]);
    const other = await site.done(gil, 'message.send', { room_id: room.id, content: 'to the group' });
    const [first, second] = await say(gil, hal, 2);
    await site.done(gil, 'message.modify', { message_id: first.id, action: 'delete' });
    assert.deepEqual((await good(get('api/v1/message/', hal))).results, [second]);
    await bad(get(`api/v1/message/${other.data.id}/`, gil), 404, 4004);
    await bad(get(`api/v1/message/${first.id}/`, gil), 404, 4004);
    // Who deletes a one-to-one sees only what comes after.
    const one = await sql(`select room_id from confab.message where id = '${second.id}'`);
    await site.done(hal, 'room.modify', { room_id: one, action: 'delete' });
    await bad(get(`api/v1/message/${second.id}/`, hal), 404, 4004);
    assert.equal((await good(get('api/v1/message/', hal))).count, 0);
    assert.equal((await good(get('api/v1/message/', gil))).count, 1);
    const [third] = await say(hal, gil, 1);
    assert.deepEqual((await good(get(`api/v1/message/?target=${name(gil)}`, hal))).results, [third]);
  });

  it('obeys blocking', async () => {
    const [ida, jan] = await people(['ida', 'jan']);
    await site.done(jan, 'user.block', { user_id: id(ida) });
    await bad(post('api/v1/message/', ida, { recipient: name(jan), body: 'x' }), 422, 4003);
    assert.equal(await sql(`select count(*) from confab.room where pair @> array[${id(ida)}::bigint]`), '0');
    await good(post('api/v1/message/', jan, { recipient: name(ida), body: 'x' }), 201);
    await bad(post('api/v1/message/', ida, { recipient: name(jan), body: 'x' }), 403, 4002);
  });

  it('knows nobody who is gone', async () => {
    const [kim, leo] = await people(['kim', 'leo']);
    await say(kim, leo, 1);
    await site.done(leo, 'user.erase', { username: name(leo) });
    await bad(post('api/v1/message/', kim, { recipient: name(leo), body: 'x' }), 404, 4004);
    await bad(post('messages/', kim, { recipient: id(leo), content: 'x' }), 404, 4004);
  });

  it('opens a one-to-one once, however many write at once', async () => {
    const [mia, noa] = await people(['mia', 'noa']);
    const sent = await Promise.all([mia, noa, mia, noa].map((who, i) =>
      good(post('api/v1/message/', who, { recipient: name(who === mia ? noa : mia), body: `${i}` }), 201)));
    assert.equal(new Set(sent.map((message) => message.id)).size, 4);
    assert.equal(await sql(`select count(*) from confab.room where pair @> array[${id(mia)}::bigint]`), '1');
  });
});

describe('its people', () => {
  it('are everybody but the caller, by name', async () => {
    const [ann, ben] = await people(['ann', 'ben']);
    const all = await good(get('api/v1/user/', ann));
    const names = all.map(({ username }) => username.toLowerCase());
    assert.deepEqual(names, names.toSorted());
    assert.ok(all.some((user) => user.id === id(ben) && user.username === name(ben)));
    assert.ok(all.every((user) => user.id !== id(ann)));
  });

  it('are found by the beginning of a name, in pages', async () => {
    const prefix = `q${unique()}`;
    const found = await people(['a', 'b', 'c'].map((letter) => `${prefix}${letter}`));
    const [a, b, c] = found.map(({ ref }) => ref);
    const path = `${site.url.pathname}api/v1/user/?search=${prefix}&limit=2`;
    const [who] = await people(['who']);
    assert.deepEqual(await good(get(path, who)),
      { count: 3, next: `${path}&offset=2`, previous: null, results: [a, b] });
    assert.deepEqual(await good(get(`${path}&offset=2`, who)),
      { count: 3, next: null, previous: `${path}&offset=0`, results: [c] });
    assert.equal((await good(get(path, found[0]))).count, 2);
    await bad(get('api/v1/user/?limit=x', who), 422, 4003, { limit: ['A valid integer is required.'] });
    await bad(get('api/v1/user/?limit=0', who), 422, 4003);
    assert.equal((await good(get('api/v1/user/?limit=1', who))).results.length, 1);
  });
});

describe('the messages of tutorials', () => {
  let ann, ben;
  before(async () => { [ann, ben] = await people(['ann', 'ben']); });

  it('are a list, oldest first', async () => {
    const first = await good(post('messages/', ann, { recipient: id(ben), content: 'one <i>' }), 201);
    assert.match(first.id, UUID);
    assert.match(first.timestamp, TIME);
    assert.deepEqual(first, { id: first.id, sender: id(ann), recipient: id(ben), content: 'one &lt;i&gt;',
      timestamp: first.timestamp });
    const second = await good(postForm('messages/', ben, { recipient: id(ann), content: 'two' }), 201);
    assert.deepEqual(await good(get(`messages/?recipient_id=${id(ann)}`, ben)), [first, second]);
    assert.deepEqual(await good(get(`messages/?recipient_id=${id(ben)}`, ann)), [first, second]);
    assert.deepEqual(await good(get('messages', ann)), [first, second]);
    assert.deepEqual(await good(get(`messages/${first.id}/`, ben)), first);
    assert.deepEqual(await good(get('messages/?recipient_id=999999999999', ann)), []);
    assert.equal((await good(post('messages/', ann, { recipient: `${id(ben)}`, content: '3' }), 201)).content, '3');
  });

  it('say what is wrong', async () => {
    await bad(get('messages/?recipient_id=undefined', ann), 422, 4003,
      { recipient_id: ['A valid integer is required.'] });
    await bad(post('messages/', ann, { recipient: name(ben), content: 'x' }), 422, 4003,
      { recipient: ['A valid integer is required.'] });
    await bad(post('messages/', ann, { recipient: id(ben), content: '' }), 422, 4003,
      { content: ['This field may not be blank.'] });
    await bad(post('messages/', ann, { recipient: id(ann), content: 'x' }), 422, 4003);
    await bad(post('messages/', ann, { recipient: 999999999999, content: 'x' }), 404, 4004);
  });

  it('are the same ones as the centre\'s', async () => {
    const sent = await good(post('messages/', ann, { recipient: id(ben), content: 'same' }), 201);
    const { results: [shown] } = await good(get(`api/v1/message/?target=${name(ben)}`, ann));
    assert.deepEqual(shown, { id: sent.id, user: name(ann), recipient: name(ben), timestamp: sent.timestamp,
      body: 'same' });
  });
});

describe('as commands', () => {
  it('they are answered with dispatches', async () => {
    const [ann, ben] = await people(['ann', 'ben']);
    const refused = await site.command(ann, 'direct.send', { recipient: name(ben), body: 'x' });
    assert.deepEqual([refused.status, refused.body.recipient_id], [404, id(ben)]);
    await good(post('messages/', ann, { recipient: id(ben), content: 'x' }), 201);
    const socket = await site.stream('ws', ann);
    const sent = await socket.command('direct.send', { recipient: name(ben), body: 'y' });
    assert.equal(sent.eventType, 'directmessage.dispatch');
    assert.equal((await socket.message('y')).data.id, sent.data.id);
    const listed = await socket.command('direct.messages', { target: name(ben) });
    assert.equal(listed.data.count, 2);
    const { error } = await socket.command('direct.messages', { shape: 'round' });
    assert.deepEqual(error.detail, { shape: ['"round" is not a valid choice.'] });
    socket.close();
  });
});
