// The examples in docs/widget.md make valid tokens.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const docs = readFileSync(path.resolve(import.meta.dirname, '../../docs/widget.md'), 'utf8');
const KEY = 'a key of no less than thirty-two bytes';
const USER = { id: 7, name: 'Zoë "Z"', email: 'zoe@example.org' };

/** The example of a language that signs, with the key from a folder of the test. */
const example = (language, folder) => [...docs.matchAll(/```(\w+) chat-token\n([^`]*(?:`[^`]+`[^`]*)*?)\n```/g)]
  .find(([, name, text]) => name === language && text.includes('HS256'))[2].replace('/etc/confab/site.key',
    path.join(folder, 'site.key'));

const PROGRAMS = {
  php: ['php', 'a.php', (code) => code.replace('<?php', `<?php $user = json_decode(getenv('CHAT_USER'), true);`)],
  python: ['python3', 'a.py',
    (code) => `${code}\nimport os\nprint(chat_token(json.loads(os.environ['CHAT_USER'])), end='')\n`],
  js: [process.execPath, 'a.mjs',
    (code) => `${code}\nprocess.stdout.write(chatToken(JSON.parse(process.env.CHAT_USER)));\n`],
};

for (const [language, [program, file, complete]] of Object.entries(PROGRAMS))
  test(`the example in ${language} has ten lines and signs who the visitor is`, async (t) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'confab-docs-'));
    try {
      const code = example(language, folder);
      assert.ok(code.split('\n').length <= 11, code);
      await writeFile(path.join(folder, 'site.key'), `${KEY}\n`);
      await writeFile(path.join(folder, file), complete(code));
      const made = await run(program, [path.join(folder, file)],
        { env: { ...process.env, CHAT_USER: JSON.stringify(USER) } }).catch((error) => error);
      if (made.code === 'ENOENT') return t.skip(`${program} is not installed`);
      assert.equal(made.stderr, '');
      const [head, body, signature] = made.stdout.trim().split('.');
      const decode = (part) => JSON.parse(Buffer.from(part, 'base64url'));
      assert.deepEqual(decode(head), { alg: 'HS256', typ: 'JWT', kid: 'site' });
      const { exp, ...claims } = decode(body);
      assert.deepEqual(claims, { sub: '7', preferred_username: USER.name, email: USER.email });
      assert.ok(Math.abs(exp - Date.now() / 1000 - 600) < 30);
      assert.equal(signature, createHmac('sha256', KEY).update(`${head}.${body}`).digest('base64url'));
      return undefined;
    } finally {
      await rm(folder, { recursive: true });
    }
  });
