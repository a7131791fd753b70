// Keys of tokens from a JSON Web Key Set: "confab jwks" keeps the list, the running programs read it again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { Stack } from './support/stack.mjs';
import { openFolder } from './support/token.mjs';

const folder = openFolder('jwks');
const list = path.join(folder, 'keys');
const program = path.resolve(import.meta.dirname, '../../build', process.env.BUILD ?? 'release', 'confab');
const SECRET = 'a secret of the operator, which stays as it is';
const OWN = `# ours\nown HS256 secret\n`;
let stack, server, address, answer;

/** What runs at the address: {status, headers, body}. */
function serve() {
  server = http.createServer((request, response) => {
    response.writeHead(answer.status ?? 200, answer.headers ?? {});
    response.end(answer.body ?? '');
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

/** Runs confab jwks; {code, said}. */
function jwks(...words) {
  return new Promise((resolve) => {
    const child = execFile(program, ['jwks', ...words], { env: { ...process.env, CONFAB_JWT_KEYS: list } },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, said: stdout + stderr }));
    child.stdin.end();
  });
}

class Key {
  static kinds = {
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: () => generateKeyPairSync('ed25519'),
  };

  constructor(alg, kid) {
    this.alg = alg;
    this.kid = kid;
    Object.assign(this, Key.kinds[alg]());
  }

  jwk(more = {}) {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.kid, alg: this.alg, use: 'sig', ...more };
  }

  token(subject, head = {}, secret = undefined) {
    const now = Math.floor(Date.now() / 1000);
    const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: this.alg, kid: this.kid, ...head })}.${part({ sub: subject, exp: now + 300 })}`;
    const key = this.alg === 'ES256' ? { key: this.privateKey, dsaEncoding: 'ieee-p1363' } : this.privateKey;
    const signature = secret ? createHmac('sha256', secret).update(text).digest()
      : sign(this.alg === 'EdDSA' ? null : 'sha256', Buffer.from(text), key);
    return `${text}.${signature.toString('base64url')}`;
  }
}

const set = (...keys) =>
  ({ body: JSON.stringify({ keys: keys.map((key) => (key instanceof Key ? key.jwk() : key)) }) });
const status = async (token) => (await stack.site.request('GET', 'session', { token })).status;
const first = new Key('RS256', 'first'), second = new Key('ES256', 'second'), third = new Key('EdDSA', 'third/3=');
const files = () => Object.fromEntries(readdirSync(folder).map((name) =>
  [name, readFileSync(path.join(folder, name), 'utf8')]));

before(async () => {
  writeFileSync(path.join(folder, 'secret'), SECRET);
  writeFileSync(list, OWN);
  address = `http://127.0.0.1:${await serve()}/jwks.json`;
  stack = await Stack.start('jwks', { env: { CONFAB_JWT_KEYS: list } });
}, { timeout: 60_000 });
after(async () => {
  server?.close();
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

test('keys of an address are good for logging in, without a restart', { timeout: 60_000 }, async () => {
  assert.equal(await status(first.token('ann')), 401);
  answer = set(first);
  const trial = await jwks('-u', address, '-n');
  assert.deepEqual([trial.code, readFileSync(list, 'utf8')], [0, OWN]);
  assert.match(trial.said, /1 key, would be written/);
  const { code, said } = await jwks('-u', address);
  assert.equal(code, 0, said);
  assert.match(said, /1 key, written/);
  assert.match(readFileSync(list, 'utf8'),
    /^# ours\nown HS256 secret\nfirst RS256 jwks-[0-9a-f]{8}-[0-9a-f]{16}\.pem\n$/);
  assert.equal(statSync(list).mode & 0o777, 0o644);
  await until(async () => await status(first.token('ann')) === 200, 'the key is known');
});

test('a set that is as before changes nothing', async () => {
  const { mtimeMs, ino } = statSync(list);
  assert.match((await jwks('-u', address)).said, /1 key, as before/);
  assert.deepEqual([statSync(list).mtimeMs, statSync(list).ino], [mtimeMs, ino]);
});

test('keys come and go with the set, and no other', { timeout: 60_000 }, async () => {
  answer = set(second, third);
  const { code, said } = await jwks('-u', address);
  assert.equal(code, 0, said);
  await until(async () => await status(first.token('ann')) === 401, 'the old key is gone');
  for (const key of [second, third])
    await until(async () => await status(key.token('ann')) === 200, `${key.alg} is known`);
  const own = new Key('RS256', 'own');
  await until(async () => await status(own.token('ann', { alg: 'HS256' }, SECRET)) === 200, 'the operator’s stays');
  assert.equal(readdirSync(folder).filter((name) => name.startsWith('jwks-')).length, 2);
  // Of another source, with an issuer.
  writeFileSync(path.join(folder, 'set'), set(first).body);
  assert.equal((await jwks('-f', path.join(folder, 'set'), '-i', 'https://other.example')).code, 0);
  assert.match(readFileSync(list, 'utf8'), /^first RS256 \S+ https:\/\/other\.example$/m);
  assert.match(readFileSync(list, 'utf8'), /^second ES256 /m);
});

test('a key is never good for another algorithm', async () => {
  const pem = readFileSync(path.join(folder, readFileSync(list, 'utf8').match(/^second ES256 (\S+)/m)[1]), 'utf8');
  for (const secret of [pem, pem.trim(), second.jwk().x])
    assert.equal(await status(second.token('ann', { alg: 'HS256' }, secret)), 401);
});

const good = first.jwk({ kid: 'good' });
const unused = {
  'a secret': [{ kty: 'oct', k: 'c2VjcmV0', kid: 'x' }, /it is a secret/],
  'a private key': [{ ...first.privateKey.export({ format: 'jwk' }), kid: 'x' }, /it is a secret/],
  'a key for encryption': [first.jwk({ kid: 'x', use: 'enc' }), /not for signatures/],
  'a key that may not verify': [first.jwk({ kid: 'x', use: undefined, key_ops: ['encrypt'] }), /not for signatures/],
  'another algorithm': [first.jwk({ kid: 'x', alg: 'PS512' }), /not for RS256, ES256 or EdDSA/],
  'another kind': [{ kty: 'AKP', kid: 'x' }, /not for RS256, ES256 or EdDSA/],
  'another curve': [{ ...second.jwk(), kid: 'x', crv: 'P-521' }, /curve is not P-256/],
  'a point that is none': [{ ...second.jwk(), kid: 'x', y: second.jwk().x }, /no point of the curve/],
  'a short coordinate': [{ ...second.jwk(), kid: 'x', y: 'AAAA' }, /32 bytes/],
  'a small modulus': [{ ...first.jwk(), kid: 'x', n: 'sXch' }, /at least 2048 bits/],
  'a huge modulus': [{ ...first.jwk(), kid: 'x', n: 'f'.repeat(40_000) }, /no number of RSA/],
  'an even exponent': [{ ...first.jwk(), kid: 'x', e: 'AAI' }, /no number of RSA/],
  'a modulus of another type': [{ ...first.jwk(), kid: 'x', n: 17 }, /no number of RSA/],
  'no name': [first.jwk({ kid: undefined }), /no kid/],
  'a name with a line feed': [first.jwk({ kid: 'x HS256 secret\ny' }), /its kid/],
  'a long name': [first.jwk({ kid: 'x'.repeat(257) }), /its kid/],
  'no object': ['x', /no kid/],
};
for (const [what, [key, why]] of Object.entries(unused))
  test(`${what} is left out, and it is said why`, async () => {
    answer = set(good, key);
    const { code, said } = await jwks('-u', address, '-n');
    assert.equal(code, 0, said);
    assert.match(said, why);
    assert.match(said, /1 key, would be written/);
  });

const bad = {
  'no JSON': [() => ({ body: '<html>' }), /jwks\.json: /],
  'no set': [() => ({ body: '[]' }), /there are no "keys"/],
  'no keys': [() => ({ body: '{"keys": []}' }), /no key of it can be used; the list stays/],
  'only unusable keys': [() => set({ kty: 'oct', k: 'x', kid: 'y' }), /no key of it can be used; the list stays/],
  'too many keys': [() => set(...Array.from({ length: 65 }, (_, i) => ({ ...good, kid: `${i}` }))),
    /more than 64 keys/],
  'two keys of a name': [() => set(good, good), /two keys "good"/],
  'a name that the operator has given': [() => set(first.jwk({ kid: 'own' })), /there is a key "own" already/],
  'deep JSON': [() => ({ body: `{"keys": ${'['.repeat(5000)}` }), /jwks\.json: /],
  'very many values': [() => ({ body: `{"keys": [${'1,'.repeat(200_000)}1]}` }), /jwks\.json: /],
  'much': [() => ({ body: `{"keys": "${'x'.repeat(2_000_000)}"}` }), /more than 1048576 bytes/],
  'a redirect': [() => ({ status: 302, headers: { location: 'http://203.0.113.1/' } }), /it redirects to http:/],
  'an error': [() => ({ status: 503 }), /the answer is 503 instead of 200/],
};
for (const [what, [reply, why]] of Object.entries(bad))
  test(`${what} is refused in a line, and nothing changes`, async () => {
    answer = reply();
    const before = files();
    const { code, said } = await jwks('-u', address);
    assert.equal(code, 1, said);
    assert.match(said.trim().split('\n').at(-1), why);
    assert.deepEqual(files(), before);
  });

test('an address is encrypted or of this machine, and answers', async () => {
  for (const url of ['http://198.51.100.1/x', 'ftp://127.0.0.1/x', 'file:///etc/passwd', 'x', ''])
    assert.match((await jwks('-u', url)).said, /an address is https|where is the set/, url);
  const { code, said } = await jwks('-u', 'http://127.0.0.1:1/');
  assert.equal(code, 1);
  assert.match(said, /^confab-jwks: http:\/\/127\.0\.0\.1:1\/: .*connect/);
});

test('a wrong command line is a sentence', async () => {
  for (const [words, why] of [[['-u', address, '-f', 'x'], /-u or -f, not both/], [[], /where is the set/],
    [['-i', 'a b', '-u', address], /an issuer without spaces/], [['x'], /confab-jwks/], [['-z'], /confab-jwks/]]) {
    const { code, said } = await jwks(...words);
    assert.equal(code, 2, said);
    assert.match(said, why);
    assert.equal(said.trim().split('\n').length, 1);
  }
  assert.match((await jwks('--help')).said, /^confab-jwks: /);
});

test('a list that has become unreadable keeps the keys that there are', { timeout: 60_000 }, async () => {
  const text = readFileSync(list, 'utf8');
  writeFileSync(list, `${text}a line too many\n`);
  await new Promise((resolve) => setTimeout(resolve, 6000));
  assert.equal(await status(second.token('ann')), 200);
  writeFileSync(list, text);
  assert.equal(await status(second.token('ann')), 200);
});
