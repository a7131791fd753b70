// The paths of one-to-one messages, as they are configured: below the mount point, elsewhere at the site, or nowhere;
// and however a web server tells a program of them.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FastcgiRequest, variables } from './support/fastcgi.mjs';
import { people } from './support/people.mjs';
import { Stack } from './support/stack.mjs';

let stack, ann, ben;
before(async () => {
  stack = await Stack.start('direct-paths', { env: { CONFAB_DIRECT_MESSAGES: '/mail/box/',
    CONFAB_DIRECT_THREAD: 'talks', CONFAB_DIRECT_PEOPLE: '', CONFAB_DIRECT_SOCKETS: 'other /chat/ws/messages/' } });
  [ann, ben] = await people(['ann', 'ben'], (statement) => stack.query(statement));
}, { timeout: 60_000 });
after(() => stack?.stop());

function ask(method, where, more = {}) {
  const request = new FastcgiRequest(path.join(stack.run, 'command.sock'),
    { ...variables(method, where, { token: ann.token }), ...more });
  request.end();
  return request.response();
}

test('a path with a slash at its start is one of the site', async () => {
  const { status, body } = await ask('GET', '/mail/box/?page=1');
  assert.deepEqual([status, body], [200, { count: 0, next: null, previous: null, results: [] }]);
  assert.deepEqual((await ask('GET', '/mail/box')).status, 200);
  for (const other of ['/mail/', '/mail/boxes/', '/chat/mail/box/', '/chat/api/v1/message/', '/chat/api/v1/messagexx/'])
    assert.equal((await ask('GET', other)).status, 404, other);
  // A command is not asked for by GET.
  for (const command of ['/chat/command', '/chat/command?x', '/cgi-bin/confab-command'])
    assert.equal((await ask('GET', command)).status, 405, command);
});

test('another path is below the mount point, with or without slashes', async () => {
  for (const where of ['/chat/talks', '/chat/talks/', '/chat/talks?recipient_id=1'])
    assert.deepEqual((await ask('GET', where)).body, [], where);
  assert.equal((await ask('GET', '/talks/')).status, 404);
});

test('an empty path is none', async () => {
  for (const where of ['/', '/chat/', '/chat/api/v1/user/']) assert.equal((await ask('GET', where)).status, 404, where);
});

test('it does not matter how a web server tells the path', async () => {
  for (const [what, params] of [
    ['the path in two parts', { SCRIPT_NAME: '/chat', PATH_INFO: '/talks/' }],
    ['a rewritten path', { REQUEST_URI: '/inbox?x=1', SCRIPT_NAME: '/chat/talks/' }],
    ['a program in a cgi-bin that was rewritten to', { SCRIPT_NAME: '/cgi-bin/confab-command',
      REQUEST_URI: '/chat/talks/' }],
    ['a program in a cgi-bin', { SCRIPT_NAME: '/cgi-bin/confab-command', PATH_INFO: '/talks/',
      REQUEST_URI: '/cgi-bin/confab-command/talks/' }],
  ]) {
    const { status, body } = await ask('GET', '/none', params);
    assert.deepEqual([status, body], [200, []], what);
  }
});

test('links lead to the path that was asked for', async () => {
  const room = await stack.site.done(ann, 'room.create', { type: 'OneToOneChat', participants: [ben.user.id] });
  for (let i = 0; i < 16; i++)
    await stack.site.done(ann, 'message.send', { room_id: room.data.id, content: `${i}` });
  const { body } = await ask('GET', '/inbox/', { SCRIPT_NAME: '/mail/box/', REQUEST_URI: '/inbox/?a=b' });
  assert.equal(body.next, '/inbox/?page=2');
});

test('a path that is not UTF-8 leads nowhere', async () => {
  const { status } = await ask('GET', '/mail/box/%ff', { SCRIPT_NAME: Buffer.from('/mail/box/\xff', 'latin1') });
  assert.equal(status, 404);
});

test('sockets are at the paths that are configured', async () => {
  const socket = await stack.site.stream('ws', ann, { path: 'ws/messages/', protocols: [], wait: false });
  await socket.until(() => socket.socket.readyState === 1 || socket.ended, 'an open socket');
  socket.send({ message: 'hi' });
  assert.deepEqual(await socket.next(), { message: 'hi' });
  socket.close();
  const usual = await stack.site.stream('ws', ann, { path: 'ws/' });
  assert.equal(usual.frames[0].eventType, 'session.ready');
  usual.close();
});
