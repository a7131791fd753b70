// Guessing at passwords and floods of log-ins, from several addresses: requests go to the program without a web server.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { unique, until } from './support/client.mjs';
import { FastcgiRequest, variables } from './support/fastcgi.mjs';
import { Stack } from './support/stack.mjs';

const password = 'a good password', LOGINS = 40, REGISTRATIONS = 25;
let stack, socket;

before(async () => {
  stack = await Stack.start('guessing', { env: { CONFAB_LOGIN_ATTEMPTS: 3, CONFAB_ADDRESS_ATTEMPTS: 8,
    CONFAB_ADDRESS_LOGINS: LOGINS, CONFAB_ADDRESS_REGISTRATIONS: REGISTRATIONS, CONFAB_SESSION_WORKERS: 2 } });
  socket = `${stack.dir}/run/session.sock`;
}, { timeout: 60_000 });
after(() => stack?.stop());

let addresses = 0;
const newAddress = () => `10.1.${addresses >> 8}.${addresses++ & 255}`;

function open(address, where, body, headers = {}) {
  const bytes = Buffer.from(JSON.stringify(body));
  const request = new FastcgiRequest(socket, { ...variables('POST', `/chat/session${where}`,
    { length: bytes.length, headers: { 'content-type': 'application/json', ...headers } }), REMOTE_ADDR: address });
  request.write(bytes);
  request.end();
  return request;
}
const post = (...args) => open(...args).response();
const login = (address, username, word, headers) => post(address, '', { username, password: word }, headers);
const register = async (address = newAddress(), username = `g-${unique()}`) =>
  ({ username, ...await post(address, '/register', { username, password }) });

/** Starts running pauses anew: on a busy machine a second is over before the check. */
const hold = (key, seconds) => stack.query(
  `update confab.attempt set next_at = now() + interval '${seconds} seconds' where key = confab.${key}`);

/** Fails so often that there is a pause. */
async function guess(address, username, headers) {
  for (let i = 0; i < 3; i++) assert.equal((await login(address, username, 'wrong', headers)).status, 401);
  await hold(`attempt_pair('${username}', '${address}')`, 25);
  const { status, headers: { 'retry-after': seconds }, body } = await login(address, username, password, headers);
  assert.deepEqual([status, body], [429, { error: { code: 4029, detail: seconds } }]);
  assert.ok(Number(seconds) >= 1 && Number(seconds) <= 30, seconds);
}

test('who guesses keeps nobody else out', async () => {
  const { username } = await register();
  const attacker = newAddress();
  await guess(attacker, username);
  assert.equal((await login(newAddress(), username, password)).status, 200, 'from another address');
  assert.equal((await login(attacker, username, password)).status, 429, 'which ends no pause of the first');
});

test('a browser that was logged in before is counted by itself', async () => {
  const { username, headers } = await register();
  const cookie = headers['set-cookie'].split(';')[0], address = newAddress();
  assert.match(headers['set-cookie'],
    /^confab-device=[\w-]{43}; Path=\/; Max-Age=31536000; HttpOnly; SameSite=Lax$/);
  await guess(address, username);
  const again = await login(address, username, password, { cookie });
  assert.equal(again.status, 200);
  assert.match(again.headers['set-cookie'], /^confab=/, 'it keeps its cookie');
  assert.equal((await login(address, username, password)).status, 429, 'the pause of the others goes on');
  // It does not allow unlimited attempts, and none for another account.
  const other = await register();
  await guess(address, other.username, { cookie });
  await guess(newAddress(), username, { cookie: 'confab-device=' + 'x'.repeat(43) });
});

test('the pause passes, and the right password ends it', async () => {
  const { username } = await register();
  const address = newAddress();
  await guess(address, username);
  await stack.query('update confab.attempt set next_at = now()');
  assert.equal((await login(address, username, 'wrong')).status, 401);
  assert.equal(await stack.query('select max(failures) from confab.attempt where failures = 4'), '4');
  await stack.query('update confab.attempt set next_at = now()');
  assert.equal((await login(address, username, password)).status, 200);
  for (let i = 0; i < 3; i++) assert.equal((await login(address, username, 'wrong')).status, 401);
});

test('many behind one address go on, with pauses of seconds', async () => {
  const address = newAddress();
  for (let i = 0; i < 8; i++) assert.equal((await login(address, `nobody-${i}`, 'wrong')).status, 401);
  const { username } = await register();
  await hold(`attempt_key('address', '${address}')`, 3);
  const { status, headers } = await login(address, username, password);
  assert.equal(status, 429);
  assert.ok(Number(headers['retry-after']) <= 10);
  await new Promise((resolve) => setTimeout(resolve, Number(headers['retry-after']) * 1000));
  assert.equal((await login(address, username, password)).status, 200);
});

test('an address makes so many accounts and log-ins in a window', { timeout: 60_000 }, async () => {
  const address = newAddress();
  const made = [];
  for (let i = 0; i <= REGISTRATIONS; i++) made.push((await register(address)).status);
  assert.deepEqual(made, [...Array(REGISTRATIONS).fill(201), 429]);
  const { status, username } = await register();
  assert.equal(status, 201, 'from another address');
  let refusal;
  for (let i = 0; i <= LOGINS && refusal?.status !== 429; i++) {
    refusal = await login(address, username, password);
    assert.equal(refusal.status, i < LOGINS ? 200 : 429, `${i}`);
  }
  assert.ok(Number(refusal.headers['retry-after']) > 200, 'until the window is over');
});

test('closed registration costs no hash', async () => {
  const { username } = await register();
  await stack.confab('setting', 'allow_register', 'false');
  const took = async (what) => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 10; i++) await what();
    return Number(process.hrtime.bigint() - start);
  };
  const refusals = await took(async () => assert.equal((await register()).status, 403));
  const logins = await took(async () => assert.equal((await login(newAddress(), username, password)).status, 200));
  await stack.confab('setting', 'allow_register', 'true');
  assert.ok(refusals < logins / 2, `${refusals} ns against ${logins}`);
});

test('what nobody waits for any more is not hashed', async () => {
  const { username } = await register();
  const dropped = async () => Number(
    (await stack.site.request('GET', 'metrics')).text.match(/^confab_abandoned_total\S* (\d+)$/m)?.[1] ?? 0);
  const before = await dropped();
  const gone = Array.from({ length: 60 }, () => open(newAddress(), '', { username, password }));
  await Promise.all(gone.map(({ socket: { connecting }, socket: one }) =>
    new Promise((resolve) => (connecting ? one.once('connect', resolve) : resolve()))));
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const { socket: one } of gone) one.destroy();
  assert.equal((await login(newAddress(), username, password)).status, 200);
  await until(async () => await dropped() - before >= 40, 'they are dropped');
});
