// Sites hand their users over to the chat: the recipes of docs/widget.md, run as they stand there.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Site, until } from './support/client.mjs';
import { Stack, freePort } from './support/stack.mjs';
import { openFolder } from './support/token.mjs';

const folder = openFolder('handoff');
const top = path.resolve(import.meta.dirname, '../..');
const doc = readFileSync(path.join(top, 'docs/widget.md'), 'utf8');
/** A code block, with this test's key. */
const block = (name) => new RegExp(`^\`\`\`${name}\n([^]*?)^\`\`\``, 'm').exec(doc)[1]
  .replaceAll('/etc/confab/site.key', path.join(folder, 'site.key'));

/** Each site logs Zoë in at /login and answers at /chat-token. */
const SITES = {
  php: {
    write: () => writeFileSync(path.join(folder, 'site.php'), `<?php session_start();
$user = $_SESSION['user'] ?? null;
if ($_SERVER['REQUEST_URI'] === '/login') {
  $_SESSION['user'] = ['id' => 7, 'name' => 'zoë', 'email' => 'z@example.org'];
  exit;
}
if (!$user) { http_response_code(401); exit; } ?>${block('php chat-token')}`),
    command: (port) => ['php', '-d', `session.save_path=${folder}`, '-S', `127.0.0.1:${port}`,
      path.join(folder, 'site.php')],
  },
  flask: {
    write: () => writeFileSync(path.join(folder, 'site_flask.py'), `${block('python chat-token')}
import sys
from flask import Flask, Response, abort, session
app = Flask(__name__)
app.secret_key = 'of the test'
@app.get('/login')
def login():
    session['user'] = {'id': 7, 'name': 'zoë', 'email': 'z@example.org'}
    return ''
${block('python flask')}
app.run('127.0.0.1', int(sys.argv[1]))`),
    command: (port) => ['/usr/bin/python3', path.join(folder, 'site_flask.py'), `${port}`],
  },
  django: {
    write: () => writeFileSync(path.join(folder, 'site_django.py'), `${block('python chat-token')}
import sys
from django.conf import settings
settings.configure(DEBUG=False, SECRET_KEY='of the test', ROOT_URLCONF=__name__, ALLOWED_HOSTS=['127.0.0.1'],
    INSTALLED_APPS=['django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions'],
    MIDDLEWARE=['django.contrib.sessions.middleware.SessionMiddleware', 'django.middleware.csrf.CsrfViewMiddleware',
        'django.contrib.auth.middleware.AuthenticationMiddleware'],
    DATABASES={'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': '${folder}/site.sqlite'}},
    DEFAULT_AUTO_FIELD='django.db.models.AutoField')
import django
django.setup()
${block('python django')}
from django.contrib.auth import login as log_in
from django.contrib.auth.models import User
from django.core.management import call_command
from django.urls import path
def login(request):
    log_in(request, User.objects.get(pk=7))
    return HttpResponse()
urlpatterns = [path('login', login), path('chat-token', give_chat_token)]
if __name__ == '__main__':
    call_command('migrate', verbosity=0)
    User.objects.get_or_create(pk=7, username='zoë', email='z@example.org')
    call_command('runserver', sys.argv[1], use_reloader=False)`),
    command: (port) => ['/usr/bin/python3', path.join(folder, 'site_django.py'), `127.0.0.1:${port}`],
  },
  express: {
    // Debian's packages are found by require() alone. In place of a session there is a cookie: that is the site's own.
    write: () => {
      writeFileSync(path.join(folder, 'token.mjs'), block('js chat-token'));
      writeFileSync(path.join(folder, 'site.mjs'), `import { createRequire } from 'node:module';
import { chatToken } from './token.mjs';
const app = createRequire(import.meta.url)('express')();
app.get('/login', (request, response) => response.cookie('who', '7').end());
app.use((request, response, next) => {
  const user = /who=7/.test(request.headers.cookie) ? { id: 7, name: 'zoë', email: 'z@example.org' } : undefined;
  request.session = { user };
  next();
});
${block('js express')}
app.listen(Number(process.argv[2]), '127.0.0.1');`);
    },
    command: (port) => ['node', path.join(folder, 'site.mjs'), `${port}`],
  },
};

let stack;
before(async () => {
  writeFileSync(path.join(folder, 'site.key'), randomBytes(48).toString('base64'));
  writeFileSync(path.join(folder, 'keys'), 'site HS256 site.key\n');
  stack = await Stack.start('handoff',
    { env: { CONFAB_JWT_KEYS: path.join(folder, 'keys'), CONFAB_TRUST_REMOTE_USER: '1' } });
}, { timeout: 60_000 });
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

for (const [name, { write, command }] of Object.entries(SITES))
  describe(name, () => {
    let child, url, said = '';

    before(async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      write();
      const [program, ...words] = command(port);
      child = spawn(program, words,
        { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_PATH: '/usr/share/nodejs' } });
      for (const from of [child.stdout, child.stderr]) from.on('data', (part) => { said += part; });
      await until(() => {
        if (child.exitCode !== null) throw new Error(said);
        return fetch(`${url}/`).then(() => true, () => false);
      }, `${name} answers`, 30_000);
    }, { timeout: 40_000 });
    after(() => child?.kill());

    const token = (cookie) => fetch(`${url}/chat-token`, { method: 'POST', headers: cookie ? { cookie } : {} });

    it('gives a token to who is logged in there, and to nobody else', async () => {
      assert.equal((await token()).status, 401);
      const login = await fetch(`${url}/login`);
      const cookie = login.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
      const answer = await token(cookie);
      const text = await answer.text();
      assert.equal(answer.status, 200, text + said);
      assert.match(answer.headers.get('content-type'), /^text\/plain/);
      assert.match(answer.headers.get('cache-control'), /no-store/);
      const { body } = await stack.site.request('GET', 'session', { token: text });
      assert.deepEqual([body.user.username, body.user.email], ['zoë', 'z@example.org']);
      const room = await stack.site.room({ token: text });
      await stack.site.done({ token: text }, 'message.send', { room_id: room.id, content: `from ${name}` });
    });
  });

describe('Apache, by REMOTE_USER', () => {
  it('logs in whom Apache has asked for a password', async () => {
    const port = await freePort(), users = path.join(folder, 'club');
    execFileSync('htpasswd', ['-bc', users, 'zoe', 'a word'], { stdio: 'ignore' });
    const recipe = block('apache remote-user').replace('/etc/apache2/club.htpasswd', users);
    const modules = ['auth_basic', 'authn_core', 'authn_file', 'authz_user']
      .map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so\n`).join('');
    const sample = readFileSync(path.join(top, 'conf/apache.conf.in'), 'utf8');
    // tools/stack asks whether the server is up, and has no password.
    const open = '<Location "/chat/readyz">\nAuthMerging Off\nRequire all granted\n</Location>\n';
    writeFileSync(path.join(folder, 'apache.conf.in'), `${modules}${sample}${recipe}${open}`);
    execFileSync(path.join(top, 'tools/stack'), ['front', stack.dir, 'apache', `${port}`],
      { env: { ...process.env, STACK_CONF: folder } });
    const site = new Site(`http://127.0.0.1:${port}/chat/`), { origin } = site.url;
    const authorization = `Basic ${Buffer.from('zoe:a word').toString('base64')}`;
    assert.equal((await site.request('GET', 'session')).status, 401);
    assert.equal((await site.request('GET', '')).status, 401);
    const { status, body } = await site.request('GET', 'session', { headers: { authorization } });
    assert.deepEqual([status, body?.user.username], [200, 'zoe']);
    const command = (from) => site.request('POST', 'command', { headers: { authorization, origin: from },
      body: { event_type: 'room.list', data: {} } });
    assert.equal((await command(origin)).status, 200);
    assert.equal((await command('https://elsewhere.example')).status, 403);
  });
});
