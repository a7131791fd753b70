// Passwords: guessing, changing and resetting them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { KINDS, unique, until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';
import { openFolder } from './support/token.mjs';

const folder = openFolder('password');
const page = 'https://chat.example/chat/?x=1#reset=';
const old_password = 'a good password', new_password = 'a better password';
/** Streams end within a second; a busy machine gets two seconds. */
const SOON = 2000;
let stack, site;

async function restart(environment) {
  await stack.kill('session', 'SIGTERM');
  Object.assign(process.env, environment);
  await stack.program('session');
  await until(() => site.request('GET', 'session').then(({ status }) => status === 401, () => false),
    'session answers');
}

before(async () => {
  // The file is moved into place when complete, so nobody reads half of it.
  writeFileSync(path.join(folder, 'mail.sh'),
    'f=$(mktemp "$1/part.XXXXXX"); { echo "words: $#"; cat; } >"$f"; mv "$f" "$1/mail.${f##*.}"\n');
  Object.assign(process.env, {
    CONFAB_MAIL_COMMAND: `/bin/sh ${folder}/mail.sh  ${folder} $HOME;exit`, CONFAB_RESET_URL: page,
    CONFAB_LOGIN_ATTEMPTS: '3', CONFAB_ADDRESS_ATTEMPTS: '0',
  });
  stack = await Stack.start('password');
  site = stack.site;
});
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const login = (username, password) => site.request('POST', 'session', { body: { username, password } });
const change = (who, body) => site.request('POST', 'session/password', { token: who.token, body });
const reset = (body) => site.request('POST', 'session/reset', { body });
const mails = () =>
  readdirSync(folder).filter((name) => name.startsWith('mail.') && name !== 'mail.sh')
    .map((name) => readFileSync(path.join(folder, name), 'utf8'));
const mailsTo = (email) => mails().filter((text) => text.includes(`To: ${email}\r\n`));

/** An account with an e-mail address. */
async function register(email = `${unique()}@example.org`) {
  const username = `pw-${unique()}`;
  const { status, body } = await site.request('POST', 'session/register',
    { body: { username, password: old_password, email } });
  assert.equal(status, 201);
  return { ...body, email };
}

/** Requests a link and reads it from the mail. */
async function linkFor(who) {
  assert.equal((await reset({ username: who.user.username })).status, 202);
  const text = await until(() => mailsTo(who.email).at(-1), 'a mail');
  return text.split(page)[1].split('\r\n')[0];
}

test('that links are sent, and that registration is closed, is told to anybody', async () => {
  const options = async () => (await site.request('GET', 'session/options')).body;
  assert.deepEqual(await options(), { allow_register: true, password_reset: true });
  await stack.confab('setting', 'allow_register', 'false');
  assert.deepEqual(await options(), { allow_register: false, password_reset: true });
  await stack.confab('setting', 'allow_register', 'true');
});

test('a changed password ends the other log-ins and their streams, and keeps this one', async () => {
  const ann = await register();
  const other = (await login(ann.user.username, old_password)).body;
  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, other)));
  const kept = await site.stream('ws', ann);
  const { status, text } = await change(ann, { old_password, new_password });
  assert.equal(status, 204, text);
  const [socket, sse, poll] = await Promise.all(streams.map((stream) => stream.over(SOON)));
  assert.deepEqual(socket, { code: 4001 });
  assert.deepEqual(sse, { status: 200 });
  assert.equal(poll.status, 401);
  assert.equal((await kept.command('session.heartbeat', {})).status, 'success');
  kept.close();
  assert.equal((await site.request('GET', 'session', { token: other.token })).status, 401);
  assert.equal((await site.request('GET', 'session', { token: ann.token })).status, 200);
  assert.equal((await login(ann.user.username, old_password)).status, 401);
  assert.equal((await login(ann.user.username, new_password)).status, 200);
});

test('what is wrong with a change is said by field', async () => {
  const ann = await register();
  const attempt = async (body) => {
    const answer = await change(ann, body);
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.body.error.code, 4003);
    return Object.keys(answer.body.error.detail).join();
  };
  assert.equal(await attempt({ new_password }), 'old_password');
  assert.equal(await attempt({ old_password: 7, new_password }), 'old_password');
  assert.equal(await attempt({ old_password: 'wrong', new_password }), 'old_password');
  assert.equal(await attempt({ old_password }), 'new_password');
  assert.equal(await attempt({ old_password, new_password: 'short' }), 'new_password');
  assert.equal(await attempt({ old_password, new_password: 'x'.repeat(2000) }), 'new_password');
  assert.equal((await site.request('POST', 'session/password', { body: { old_password, new_password } })).status, 401);
  assert.equal(
    (await site.request('POST', 'session/password',
      { body: { old_password, new_password },
        headers: { cookie: `confab=${ann.token}`, origin: 'https://evil.example' } })).status, 403);
  assert.equal((await site.request('GET', 'session/password', { token: ann.token })).headers.allow, 'POST');
  assert.equal((await login(ann.user.username, old_password)).status, 200, 'none of it changed anything');
});

test('a link by mail sets a new password once, and ends every log-in and stream', async () => {
  const ann = await register();
  const streams = await Promise.all(KINDS.map((kind) => site.stream(kind, ann)));
  const token = await linkFor(ann);
  assert.match(token, /^[\w-]{43}$/);
  const [mail] = mailsTo(ann.email);
  assert.ok(mail.startsWith('words: 2\n'), 'the command was split at blanks, by no shell');
  assert.ok(mail.includes(`account ${ann.user.username}.`));
  assert.equal((await reset({ token, new_password: 'short' })).status, 422);
  assert.equal((await reset({ token, new_password })).status, 204);
  const [socket, sse, poll] = await Promise.all(streams.map((stream) => stream.over(SOON)));
  assert.deepEqual(socket, { code: 4001 });
  assert.deepEqual(sse, { status: 200 });
  assert.equal(poll.status, 401);
  assert.equal((await login(ann.user.username, old_password)).status, 401);
  assert.equal((await login(ann.user.username, new_password)).status, 200);
  const again = await reset({ token, new_password: old_password });
  assert.equal(again.status, 422);
  assert.deepEqual(Object.keys(again.body.error.detail), ['token']);
  assert.equal(
    await stack.query(`select count(*) from confab.password_reset where token_hash = convert_to('${token}', 'UTF8')`),
    '0', 'a token is never kept as it is');
});

test('asking for a link is answered in one way, whoever asks for whom', async () => {
  const ann = await register();
  const [disabled, none, foreign] = [await register(), await register(''),
    await register('a@example.org, b@example.org')];
  await stack.query(`select confab.account_disable(${disabled.user.id}, true)`);
  const answers = [];
  for (const body of [{ username: ann.user.username }, { username: `nobody-${unique()}` },
    { email: `${unique()}@example.org` },
    { username: disabled.user.username }, { username: none.user.username }, { username: foreign.user.username },
    { username: ann.user.username }])
    answers.push(await reset(body));
  for (const { status, text } of answers) {
    assert.equal(status, 202);
    assert.equal(text, '{"status":"accepted"}');
  }
  // The two workers have processed everything before this.
  const bob = await register();
  await linkFor(bob);
  await until(() => mailsTo(ann.email).length, 'a mail');
  assert.equal(mailsTo(ann.email).length, 1, 'one mail a minute');
  assert.equal(mailsTo(disabled.email).length, 0);
  assert.equal(mails().filter((text) => text.includes('To: a@')).length, 0, 'no mail to two');
  for (const body of [{}, { username: null }, { username: '' }, { email: 7 }, { token: '' }, { token: 'x'.repeat(43) },
    { token: 'x', new_password }])
    assert.equal((await reset(body)).status, 422, JSON.stringify(body));
});

test('by address, whatever its case, it is the oldest account\'s', async () => {
  const email = `${unique()}@Example.org`;
  const [first] = [await register(email), await register(email)];
  assert.equal((await reset({ email: email.toLowerCase() })).status, 202);
  const mail = await until(() => mailsTo(email)[0], 'a mail');
  assert.ok(mail.includes(`account ${first.user.username}.`));
});

test('a link is good for an hour, and not after the password was changed', async () => {
  const [ann, bob] = [await register(), await register()];
  const late = await linkFor(ann);
  await stack.query(`update confab.password_reset set expires_at = now() where account_id = ${ann.user.id}`);
  assert.equal((await reset({ token: late, new_password })).status, 422);
  const passed = await linkFor(bob);
  assert.equal((await change(bob, { old_password, new_password })).status, 204);
  assert.equal((await reset({ token: passed, new_password: 'a third password' })).status, 422);
});

test('a link goes nowhere in the logs', async () => {
  const ann = await register();
  const token = await linkFor(ann);
  for (const name of readdirSync(path.join(stack.dir, 'log')))
    assert.ok(!readFileSync(path.join(stack.dir, 'log', name), 'utf8').includes(token), name);
});

test('wrong passwords make a pause, whether there is such an account or not', async () => {
  const ann = await register();
  for (const name of [ann.user.username, `nobody-${unique()}`]) {
    for (let i = 0; i < 3; i++)
      assert.equal((await login(i ? name : name.toUpperCase(), 'wrong')).status, 401);
    const { status, headers, body } = await login(name, 'wrong');
    assert.equal(status, 429);
    assert.equal(body.error.code, 4029);
    assert.equal(headers['retry-after'], '1');
    assert.equal(body.error.detail, headers['retry-after']);
  }
  await stack.query(`update confab.attempt set next_at = now() + interval '1 minute'`);
  assert.equal((await login(ann.user.username, old_password)).status, 429, 'the right one is not looked at either');
  assert.equal((await change(ann, { old_password, new_password })).status, 429, 'nor where one is logged in');
  const bob = await register();
  assert.equal((await login(bob.user.username, old_password)).status, 200, 'another account is another matter');
  // When the window is over.
  await stack.query('update confab.attempt set ends_at = now()');
  assert.equal((await login(ann.user.username, old_password)).status, 200);
});

test('the right password is no attempt', async () => {
  const ann = await register();
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 2; j++) assert.equal((await login(ann.user.username, 'wrong')).status, 401);
    assert.equal((await login(ann.user.username, old_password)).status, 200);
  }
});

test('an address may try so often, whichever the account; the limits can be taken away', async () => {
  const ann = await register();
  await restart({ CONFAB_ADDRESS_ATTEMPTS: '2', CONFAB_LOGIN_ATTEMPTS: '0' });
  await stack.query('delete from confab.attempt');
  for (let i = 0; i < 3; i++) assert.equal((await login(ann.user.username, old_password)).status, 200);
  for (let i = 0; i < 2; i++) assert.equal((await login(`nobody-${i}-${unique()}`, 'wrong')).status, 401);
  const { status, headers } = await login(ann.user.username, old_password);
  assert.equal(status, 429);
  assert.equal(headers['retry-after'], '1');
  await stack.query(`update confab.attempt set next_at = now() + interval '1 minute'`);
  assert.equal((await reset({ username: ann.user.username })).status, 429);
  assert.equal((await reset({ token: 'x'.repeat(43), new_password })).status, 429);
  await restart({ CONFAB_ADDRESS_ATTEMPTS: '0' });
  for (let i = 0; i < 5; i++) assert.equal((await login(ann.user.username, 'wrong')).status, 401);
  assert.equal((await login(ann.user.username, old_password)).status, 200);
});

test('a mail command that fails is said in the log, and nobody waits for it', async () => {
  const ann = await register();
  await restart({ CONFAB_MAIL_COMMAND: '/nowhere/sendmail -t' });
  assert.equal((await reset({ username: ann.user.username })).status, 202);
  await until(() =>
    readFileSync(path.join(stack.dir, 'log/session.out'),
      'utf8').includes('mail command="/nowhere/sendmail" status=127'), 'a line in the log');
  await restart({ CONFAB_MAIL_COMMAND: '' });
  assert.equal((await reset({ username: ann.user.username })).status, 403, 'without a command there are no resets');
});
