// The page on a shared host: no WebSockets, and places for few streams.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Site } from '../http/support/client.mjs';
import { SharedHost } from '../http/support/shared-host.mjs';
import { connectedBy, enterRoom, launch, openAs, say, sees } from './support/browser.mjs';

const skip = SharedHost.isPossible ? false : 'apache2 with mod_cgid is not installed';
let browser, host, site;

before(async () => {
  if (skip) return;
  [browser, host] = await Promise.all([launch(), SharedHost.start()]);
  site = new Site(host.url);
  await host.install();
  const { code, said } = await host.setup('--url', host.url, '--database', host.database);
  assert.equal(code, 0, said);
  await host.confab('setting', 'allow_register', 'true');
  await host.configure('cgi_address_waiters = 1');
}, { timeout: 120_000 });
after(async () => {
  await browser?.close();
  await host?.stop();
});

async function register(name) {
  const person = await site.register(name);
  const { headers } = await site.request('POST', 'session',
    { body: { username: person.user.username, password: person.password } });
  return { ...person, cookie: headers['set-cookie'][0] };
}

test('one page takes the only place for an event stream, the other polls, and both talk', { skip }, async () => {
  const [ann, ben] = [await register('ann'), await register('ben')];
  const room = await site.room(ann, [ben]);
  const first = await openAs(browser, ann, { at: host.url });
  await connectedBy(first, 'server-sent events');
  const second = await openAs(browser, ben, { at: host.url });
  await connectedBy(second, 'long-poll');
  await enterRoom(first, room.name);
  await enterRoom(second, room.name);
  await say(first, 'Is anybody there?');
  await sees(second, 'Is anybody there?');
  await say(second, 'Nobody but me.');
  await sees(first, 'Nobody but me.');
  await say(first, 'Then we are two.');
  await sees(second, 'Then we are two.');
  assert.deepEqual([first.problems, second.problems], [[], []]);
  await second.reload();
  const start = Date.now();
  await connectedBy(second, 'long-poll'); // it is remembered
  assert.ok(Date.now() - start < 10_000);
});
