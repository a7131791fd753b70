// People of an existing table: Django's, through the view that docs/identity.md shows.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';
import { HostKeys, openFolder } from './support/token.mjs';

const run = promisify(execFile);
const top = path.resolve(import.meta.dirname, '../..');
const ISSUER = 'https://portal.example';
const recipe = /^```sql django-users\n([^]*?)^```/m.exec(readFileSync(path.join(top, 'docs/identity.md'), 'utf8'))[1];

const folder = openFolder('host-user'), keys = new HostKeys(folder);
let stack;

const sql = async (statement) =>
  (await run(path.join(top, 'tools/stack'), ['sql', stack.dir, statement])).stdout.trim();

/** Runs lines of Python in a Django project whose users are in the stack's database. */
function django(lines) {
  const file = path.join(folder, 'portal.py');
  writeFileSync(file, `from django.conf import settings
settings.configure(SECRET_KEY='of the test', INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes'],
    DATABASES={'default': {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'confab', 'USER': 'confab_admin',
        'HOST': '${realpathSync(path.join(stack.dir, 'run'))}', 'OPTIONS': {'options': '-c search_path=public'}}},
    DEFAULT_AUTO_FIELD='django.db.models.AutoField')
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
${lines}`);
  return execFileSync('/usr/bin/python3', [file], { encoding: 'utf8' });
}

/** A log-in of the person by a token of the portal. */
const logIn = (subject, claims = {}) => stack.site.request('GET', 'session',
  { token: keys.make({ iss: ISSUER, sub: `${subject}`, jti: randomUUID(), ...claims }) });
/** The view has been looked at; not by a program that had begun before. */
const update = () =>
  until(async () => await sql('select confab.host_users_update(1000)') !== '0', 'a look at the view');
const accountOf = (subject) => sql(`select account_id from confab.external_identity where subject = '${subject}'`);

before(async () => {
  stack = await Stack.start('host-user', { env: { CONFAB_JWT_KEYS: keys.list, CONFAB_JWT_ISSUER: ISSUER } });
  django(`call_command('migrate', verbosity=0)
User.objects.create_user('zoë', 'z@example.org', 'a word', pk=7, first_name='Zoë', last_name='Ott')
User.objects.create_user('max', 'm@example.org', 'a word', pk=8, first_name='Max', is_staff=True)
User.objects.create_user('gone', 'g@example.org', 'a word', pk=9, is_active=False)
User.objects.create_user('self', '', 'a word', pk=70, first_name='ZOË', last_name='zoë')`);
  await sql(recipe);
  await stack.confab('setting', 'host_issuer', `"jwt:${ISSUER}"`);
  await stack.confab('setting', 'visitors_list_people', 'true');
}, { timeout: 90_000 });
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

test('the programs take the table over by themselves; nobody has to log in first', { timeout: 60_000 }, async () => {
  await until(() => accountOf(8), 'the upkeep looks at the view', 40_000);
  const { body: zoe } = await logIn(7);
  assert.deepEqual([zoe.user.username, zoe.user.first_name, zoe.user.last_name, zoe.user.email],
    ['zoë', 'Zoë', 'Ott', 'z@example.org']);
  assert.equal('is_staff' in zoe.user, false);
  const token = keys.make({ iss: ISSUER, sub: '7' });
  const { data: { users } } = await stack.site.done({ token }, 'user.list', {});
  const named = Object.fromEntries(users.map((user) => [user.username, user]));
  assert.deepEqual([named.max.is_staff, named.max.first_name, named.max.email], [true, 'Max', '']);
  assert.equal('gone' in named, false);
  // Names that payloads or other people use are nobody's.
  const [own] = users.filter(({ username }) => /^self/.test(username));
  assert.deepEqual([own.username === 'self', own.first_name, own.last_name], [false, '', '']);
  await stack.site.done({ token }, 'room.create', { type: 'OneToOneChat', participants: [named.max.id] });
});

test('what changes there changes here, and counts more than a token', async () => {
  django(`User.objects.filter(pk=8).update(first_name='Maxi', last_name='May', email='', is_staff=False)`);
  await update();
  const { body } = await logIn(8, { given_name: 'Another', email: 'another@example.org' });
  assert.deepEqual([body.user.first_name, body.user.last_name, body.user.email, 'is_staff' in body.user],
    ['Maxi', 'May', '', false]);
  const before = await sql(`select xmin from confab.account where id = ${body.user.id}`);
  await update();
  assert.equal(await sql(`select xmin from confab.account where id = ${body.user.id}`), before, 'nothing is rewritten');
});

test('who is not active there is logged out, and in again later', async () => {
  const token = keys.make({ iss: ISSUER, sub: '8' });
  assert.equal((await stack.site.request('GET', 'session', { token })).status, 200);
  assert.equal((await logIn(9)).status, 401);
  django('User.objects.filter(pk=8).update(is_active=False)');
  await update();
  assert.equal((await stack.site.request('GET', 'session', { token })).status, 401);
  assert.equal((await logIn(8)).status, 401);
  django('User.objects.filter(pk__in=[8, 9]).update(is_active=True)');
  await update();
  assert.equal((await logIn(8)).status, 200);
  assert.equal((await logIn(9)).body.user.username, 'gone');
});

test('a picture is an address of this host or with https', async () => {
  const at = (avatar) => sql(`select confab.host_avatar('${JSON.stringify({ avatar })}')`);
  for (const good of ['/media/7.jpg', 'https://pictures.example/7.jpg?s=80']) assert.equal(await at(good), good);
  for (const bad of ['//elsewhere.example/x.jpg', 'http://x.example/7.jpg', 'javascript:alert(1)', '/a b', '/a"b',
    'https://', '7.jpg', `/${'x'.repeat(500)}`, ''])
    assert.equal(await at(bad), '', bad);
  await sql(`set role confab_owner; drop view confab_site.host_user; create view confab_site.host_user as
    select id::text as subject, '/pictures/' || id as avatar from auth_user`);
  await update();
  const { body } = await logIn(7);
  assert.deepEqual([body.user.avatar, body.user.first_name], ['/pictures/7', 'Zoë']);
});

test('who has erased the account is not brought back but by an own log-in', async () => {
  const { body: { user } } = await logIn(9);
  await stack.site.done({ token: keys.make({ iss: ISSUER, sub: '9' }) }, 'user.erase', { username: user.username });
  await update();
  assert.equal(await accountOf(9), '');
  const dump = await sql(`select count(*) from confab.account where username = 'gone'`);
  assert.equal(dump, '0');
  const { status, body } = await logIn(9, { preferred_username: 'gone' });
  assert.equal(status, 200);
  assert.notEqual(body.user.id, user.id);
});

test('a view that can not be read keeps nobody out', async () => {
  await sql(`set role confab_owner; drop view confab_site.host_user; create view confab_site.host_user as
    select id::text as subject, password as first_name from auth_user`);
  assert.equal((await logIn(7)).body.user.first_name, 'Zoë', 'confab has no right to passwords');
  assert.equal(await sql('select confab.host_users_update(1000)'), '0');
  await sql('set role confab_owner; drop view confab_site.host_user');
  assert.equal((await logIn(7)).status, 200);
  assert.equal(await sql('select confab.host_users_update(1000)'), '0');
});
