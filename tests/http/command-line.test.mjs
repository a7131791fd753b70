// The errors for a wrong command line, environment or configuration; -n checks the same things as a start.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { until } from './support/client.mjs';

const built = path.resolve(import.meta.dirname, '../../build', process.env.BUILD ?? 'release');
const folder = mkdtempSync(path.join(tmpdir(), 'confab-words-'));
const file = path.join(folder, 'file');
writeFileSync(file, 'no key\n');
const pipe = path.join(folder, 'pipe');
execFileSync('mkfifo', [pipe]);
/** Lists whose keys are no files. */
const keysAt = (place) => {
  const list = path.join(folder, `keys-${place.replaceAll('/', '-')}`);
  writeFileSync(list, `a HS256 ${place}\n`);
  return list;
};
const NO_FILE = 'is a device, a pipe or a socket, and has to be a file';
after(() => rmSync(folder, { recursive: true }));

const SERVING = ['confab-command', 'confab-session', 'confab-media', 'confab-events', 'confab-bridge'];
const DATABASE = `host=${process.env.CONFAB_DIR}/run dbname=confab`;
const more = (name) => ` (${name} --help says more)`;

/** This environment, with no CONFAB_* variables but those given and what every run needs. */
function environment(variables) {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('CONFAB_'));
  return { ...Object.fromEntries(others), CONFAB_RUN_DIR: folder, CONFAB_MEDIA_DIR: path.join(folder, 'media'),
    CONFAB_DATABASE: DATABASE, ...variables };
}

function run(program, words, variables) {
  const env = environment(variables);
  return new Promise((resolve) => {
    const child = execFile(path.join(built, program), words, { env, timeout: 10_000 }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }));
    child.stdin.end();
  });
}

async function refused(program, words, variables, sentence) {
  const { status, stdout, stderr } = await run(program, words, variables);
  assert.deepEqual({ status, stdout, stderr }, { status: 2, stdout: '', stderr: `${sentence}\n` },
    `${program} ${words.join(' ')}`);
}

// The arguments, and the output.
const WRONG_WORDS = [
  [['-x'], 'there is no option -x'],
  [['--nonsense'], 'there is no option --nonsense'],
  [['--help=me'], 'there is no option --help=me'],
];
const WRONG_OF_SERVING = [
  [['-c'], '-c needs a value after it'],
  [['extra'], '"extra" is one word too many: there are only options'],
  [['-n', 'extra'], '"extra" is one word too many: there are only options'],
];

for (const program of [...SERVING, 'confab-preview', 'confab-jwks', 'confab'])
  test(`${program}: a wrong option is named`, async () => {
    const wrong = SERVING.includes(program) ? [...WRONG_WORDS, ...WRONG_OF_SERVING] : WRONG_WORDS;
    for (const [words, said] of wrong) await refused(program, words, {}, `${program}: ${said}${more(program)}`);
  });

for (const program of [...SERVING, 'confab-preview', 'confab-jwks', 'confab'])
  test(`${program}: its help and its version`, async () => {
    for (const option of ['-h', '--help']) {
      const { status, stdout, stderr } = await run(program, [option]);
      assert.deepEqual([status, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^${program}: \\w.*\n\nusage: ${program} `));
    }
    for (const option of ['-V', '--version'])
      assert.match((await run(program, [option])).stdout, new RegExp(`^${program} \\d+\\.\\d+\\.\\d+\n$`));
  });

test('confab-preview takes no words', () =>
  refused('confab-preview', ['picture.png'], {},
    `confab-preview: "picture.png" is one word too many: there are only options${more('confab-preview')}`));

// The arguments after confab, and the output.
const ACCOUNT = 'add, password, disable, enable or erase and NAME, or list is to follow';
const WRONG_COMMANDS = [
  [[], 'which command?'],
  [['satus'], 'there is no command "satus"; did you mean status?'],
  [['nonsense'], 'there is no command "nonsense"'],
  [['-s'], '-s needs a value after it'],
  [['upgrade', 'now'], 'upgrade: nothing is to follow'],
  [['status', 'now'], 'status: nothing is to follow'],
  [['maintain', 'now'], 'maintain: nothing is to follow'],
  [['restore-done', 'now'], 'restore-done: nothing is to follow'],
  [['keep', 'room'], 'keep: ROOM and DAYS is to follow'],
  [['keep', 'room', '1', '2'], 'keep: ROOM and DAYS is to follow'],
  [['account'], `account: ${ACCOUNT}`],
  [['account', 'ad', 'bob'], `account: ${ACCOUNT}, not "ad"`],
  [['account', 'add'], 'account add: the NAME of an account is to follow'],
  [['account', 'list', 'bob'], 'account list: nothing is to follow'],
  [['setting', 'a', 'b', 'c'], 'setting: nothing, NAME, or NAME and VALUE is to follow'],
  [['setting', 'allow_registr'], 'there is no setting "allow_registr"; did you mean allow_register?'],
  [['setting', 'allow_registr', 'true'], 'there is no setting "allow_registr"; did you mean allow_register?'],
  [['setting', 'allow_register', 'yes'], 'allow_register takes true or false, not yes'],
  [['setting', 'allow_register', '1'], 'allow_register takes true or false, not 1'],
  [['setting', 'push_delay', '-1'], 'push_delay takes a whole number from 0 to 86400, not -1'],
  [['setting', 'push_delay', '1.5'], 'push_delay takes a whole number from 0 to 86400, not 1.5'],
  [['setting', 'push_delay', '"9"'], 'push_delay takes a whole number from 0 to 86400, not "9"'],
  [['setting', 'integer_subjects', 'jwt:x'], 'integer_subjects takes a text in double quotes, not jwt:x'],
  [['setting', 'message_fields', '[1]'], 'message_fields takes a list of names, like ["colour"], not [1]'],
];

test('confab: wrong words are named', async () => {
  for (const [words, said] of WRONG_COMMANDS) await refused('confab', words, {}, `confab: ${said}${more('confab')}`);
});

test('confab setting takes what fits, in any spelling of JSON', async () => {
  for (const [name, value] of [['push_delay', ' 10'], ['message_fields', '[ ]'], ['integer_subjects', '""']])
    assert.deepEqual((await run('confab', ['setting', name, value])).status, 0, name);
});

test('confab setup: wrong words are named', async () => {
  for (const [words, said] of [[['--nonsense'], 'there is no option --nonsense'], [['-q'], 'there is no option -q'],
    [['extra'], '"extra" is one word too many: there are only options'],
    [['--data'], '--data goes with --remove']])
    await refused('confab', ['setup', ...words], {}, `confab setup: ${said}${more('confab setup')}`);
});

test('a configuration before the command is that of the command', async () => {
  const none = path.join(folder, 'none.conf');
  const { status, stdout } = await run('confab', ['-c', none, 'check', 'configuration']);
  assert.equal(status, 2);
  assert.match(stdout, /none\.conf is not there/);
  await refused('confab', ['-c', none, 'jwks'], {}, `confab-jwks: ${none}: No such file or directory`);
  for (const [words, said] of [[['-c', none, 'setup'], '-c does not go with setup'],
    [['-s', folder, 'check'], '-s does not go with check']])
    await refused('confab', words, {}, `confab: ${said}, whose options come after it${more('confab')}`);
});

test('confab setup and jwks: paths and addresses that can not be, and files that are none', async () => {
  for (const mount of ['/../', '//', '/a b/', 'chat'])
    await refused('confab', ['setup', '--mount', mount], {},
      `confab setup: --mount: a path with a / at both ends, like /chat/${more('confab setup')}`);
  for (const url of ['javascript:x', 'http://', 'http:///chat/', 'www.example.org'])
    await refused('confab', ['setup', '--url', url], {},
      `confab setup: --url: an address such as https://www.example.org/chat/${more('confab setup')}`);
  for (const [place, said] of [[pipe, NO_FILE], ['/dev/zero', NO_FILE], [folder, 'Is a directory']]) {
    const set = await run('confab', ['jwks', '-f', place], { CONFAB_JWT_KEYS: path.join(folder, 'list') });
    assert.deepEqual([set.status, set.stderr], [1, `confab-jwks: ${place}: ${said}\n`]);
  }
});

test('confab check reads no pipe', async () => {
  for (const place of [pipe, '/dev/zero', folder]) {
    const { status, stdout } = await run('confab', ['check', '-c', place, 'configuration']);
    assert.equal(status, 2);
    assert.match(stdout, new RegExp(`ERROR +configuration +${place}: (?:${NO_FILE}|Is a directory)`));
  }
});

test('confab check: wrong words are named', async () => {
  for (const [words, said] of [[['--nonsense'], 'there is no option --nonsense'],
    [['luck'], 'there is no check "luck"'],
    [['--url', 'here'], '--url: an address such as https://www.example.org/chat/']])
    await refused('confab', ['check', ...words], {}, `confab check: ${said}${more('confab check')}`);
});

// The environment, and the output of programs that read the configuration.
const WRONG_ENVIRONMENTS = [
  [{ CONFAB_MAX_BODDY: '1' }, 'CONFAB_MAX_BODDY in the environment: there is no such option; did you mean '
    + 'CONFAB_MAX_BODY?'],
  [{ CONFAB_NONSENSE_OF_MINE: '1' }, 'CONFAB_NONSENSE_OF_MINE in the environment: there is no such option'],
  [{ CONFAB_MAX_BODY: 'much' }, 'CONFAB_MAX_BODY: max_body takes a number from 1024 to 16777216, not "much"'],
  [{ CONFAB_RUN_DIR: 'run' }, 'CONFAB_RUN_DIR: run_dir takes a full path, not "run"'],
  [{ CONFAB_JWT_KEYS: 'keys' }, 'CONFAB_JWT_KEYS: jwt_keys takes a full path, or nothing, not "keys"'],
  [{ CONFAB_CONFIG: '/nonexistent' }, '/nonexistent: No such file or directory'],
  [{ CONFAB_CONFIG: pipe }, `${pipe}: ${NO_FILE}`],
  [{ CONFAB_CONFIG: '/dev/zero' }, `/dev/zero: ${NO_FILE}`],
  [{ CONFAB_CONFIG: folder }, `${folder}: Is a directory`],
  [{ CONFAB_DATABASE: 'nonsense=1' }, 'database: invalid connection option "nonsense"'],
];
// Options that only the serving programs check.
const WRONG_TO_SERVE = [
  [{ CONFAB_JWT_KEYS: '/nonexistent' }, 'jwt_keys: /nonexistent: No such file or directory'],
  [{ CONFAB_JWT_KEYS: pipe }, `jwt_keys: ${pipe}: ${NO_FILE}`],
  [{ CONFAB_JWT_KEYS: folder }, `jwt_keys: ${folder}: Is a directory`],
  ...[pipe, '/dev/zero'].map((place) => [{ CONFAB_JWT_KEYS: keysAt(place) },
    `jwt_keys: ${keysAt(place)}:1: ${place}: ${NO_FILE}`]),
  [{ CONFAB_JWT_KEYS: file }, `jwt_keys: ${file}:1: a line is "KID ALGORITHM FILE [ISSUER]"`],
  [{ CONFAB_RUN_DIR: '/nonexistent' }, 'run_dir: /nonexistent: No such file or directory'],
  [{ CONFAB_RUN_DIR: file }, `run_dir: ${file}: Not a directory`],
  [{ CONFAB_RUN_DIR: `/${'x'.repeat(100)}` }, `run_dir: /${'x'.repeat(100)}: the path is too long for a socket`],
];
const WRONG_MEDIA = [
  [{ CONFAB_MEDIA_DIR: '/nonexistent/media' }, 'media_dir: /nonexistent/media: No such file or directory'],
  [{ CONFAB_MEDIA_DIR: file }, `media_dir: ${file}: Not a directory`],
];

for (const program of [...SERVING, 'confab'])
  test(`${program}: a wrong configuration is named, with -n and without`, async () => {
    const wrong = [...WRONG_ENVIRONMENTS, ...(program === 'confab' ? [] : WRONG_TO_SERVE),
      ...(program === 'confab-media' ? WRONG_MEDIA : [])];
    for (const [variables, said] of wrong)
      for (const words of program === 'confab' ? [['status']] : [['-n'], []])
        await refused(program, words, variables, `${program}: ${said}`);
  });

test('with a socket that is passed run_dir does not matter', async () => {
  const server = net.createServer().listen(path.join(folder, 'passed.sock'));
  await once(server, 'listening');
  for (const program of SERVING) {
    const child = spawn(path.join(built, program), [], { stdio: [server._handle.fd, 'ignore', 'pipe'],
      env: environment({ CONFAB_RUN_DIR: '/nonexistent', CONFAB_MEDIA_DIR: path.join(folder, 'passed') }) });
    let said = '';
    child.stderr.on('data', (part) => { said += part; });
    const ended = once(child, 'exit');
    await until(() => said.includes(`${program} start `) || child.exitCode !== null, 'the start');
    child.kill();
    assert.deepEqual(await ended, [0, null], said);
  }
  server.close();
});

test('variables of the tools are no mistake, and -n changes nothing', async () => {
  const tools = { CONFAB_DIR: folder, CONFAB_URL: 'http://127.0.0.1/', CONFAB_ETC: folder, CONFAB_GROUP: 'x' };
  for (const program of SERVING)
    assert.deepEqual(await run(program, ['-n'], tools), { status: 0, stdout: '', stderr: '' }, program);
  await refused('confab-media', ['-n'], { CONFAB_MEDIA_DIR: path.join(folder, 'media/media') },
    `confab-media: media_dir: ${folder}/media/media: No such file or directory`);
});
