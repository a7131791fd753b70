// A shared host: installed into a home, set up with --cgi, used through Apache, and taken back.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Site, until } from './support/client.mjs';
import { SharedHost } from './support/shared-host.mjs';

const skip = SharedHost.isPossible ? false : 'apache2 with mod_cgid is not installed';

describe('a shared host', { skip }, () => {
  let host, site, ann, ben, room, cookie;

  before(async () => {
    host = await SharedHost.start();
    site = new Site(host.url);
  }, { timeout: 60_000 });
  after(() => host?.stop());

  /** What setup says; it has to be refused, in one line, and to have changed nothing. */
  async function refused(pattern, ...words) {
    const before = await host.listing(host.home);
    const { code, said } = await host.setup(...words);
    assert.equal(code, 1, said);
    assert.match(said, pattern);
    assert.equal(said.trim().split('\n').length, 1, said);
    const changed = (lines) => lines.filter((line) => !/^(error\.log|apache\.pid| )/.test(line));
    assert.deepEqual(changed(await host.listing(host.home)), changed(before));
  }

  it('takes an installation into a home', async () => {
    const { code, said } = await host.install();
    assert.equal(code, 0, said);
    assert.ok(existsSync(path.join(host.prefix, 'etc/confab/confab.conf')));
  });

  it('refuses what is wrong in a sentence, and changes nothing', async () => {
    await refused(/--url: the address/);
    await refused(/is to end with a \//, '--url', host.url.slice(0, -1));
    await refused(/is not an address/, '--url', 'chat');
    await refused(/--database: say which/, '--url', host.url, '--database', 'dbname=x');
    await refused(/can't be used: .*role "nobody-here" does not exist/, '--url', host.url,
      '--database', `host=${host.cluster.run} dbname=shared_host user=nobody-here`);
    await refused(/can't be used: .*No such file/, '--url', host.url,
      '--database', 'host=/nonexistent dbname=x user=y');
    await writeFile(path.join(host.home, 'public_html/index.html'), 'a page of theirs');
    const { said } = await host.setupIn(path.join(host.home, 'public_html'), '--url', new URL('/', host.url).href,
      '--database', host.database);
    assert.match(said, /index\.html is there already/);
  });

  it('takes back what it has made when the address does not work', async () => {
    const before = await host.listing(path.join(host.home, 'public_html'));
    const { code, said } = await host.setup('--url', new URL('/elsewhere/', host.url).href,
      '--database', host.database);
    assert.equal(code, 1);
    assert.match(said, /taken back: log-in: the answer is 404 .*\(the address is of another folder\)/s);
    const names = (lines) => lines.map((line) => line.split(' ')[0]);
    assert.deepEqual(names(await host.listing(path.join(host.home, 'public_html'))), names(before));
  });

  it('says what it would do, and does it', async () => {
    const words = ['--url', host.url, '--database', host.database];
    const plan = await host.setup('--dry-run', ...words);
    assert.match(plan.said, /the page and the programs in /);
    assert.ok(!existsSync(host.folder));
    const { code, said } = await host.setup(...words);
    assert.equal(code, 0, said + await host.errors());
    assert.match(said, /came by long-poll in \d+ ms/);
    assert.match(said, /log in as admin with the password [0-9a-f]{18}/);
  });

  it('changes nothing when it runs again', async () => {
    const files = async () => [...await host.listing(host.folder),
      ...(await host.listing(host.prefix)).filter((line) => !/ 16|state/.test(line))];
    const before = await files();
    const { code, said } = await host.setup('--url', host.url);
    assert.equal(code, 0, said);
    assert.match(said, /everything is there already/);
    const settled = (lines) => lines.filter((line) => !/^var\/confab\/confab\/(run|media)/.test(line));
    assert.deepEqual(settled(await files()), settled(before));
  });

  it('keeps what is private out of reach', async () => {
    for (const name of ['etc/confab/confab.conf', 'var/confab/confab/run', 'var/confab/confab/media'])
      assert.equal((await stat(path.join(host.prefix, name))).mode & 0o077, 0, name);
    assert.equal((await site.request('GET', 'command')).status, 405); // it runs, and is not shown
    assert.equal((await site.request('GET', 'chunks/')).status, 404);
  });

  it('serves the page with its policy, and says that there are no WebSockets', async () => {
    const page = await site.request('GET', '', { headers: { 'accept-encoding': 'gzip' } });
    assert.equal(page.status, 200);
    const sample = await readFile(path.resolve(import.meta.dirname, '../../conf/apache.conf.in'), 'utf8');
    assert.equal(page.headers['content-security-policy'], /Security-Policy "(.*)"/.exec(sample)[1]);
    assert.equal(page.headers['content-encoding'], 'gzip');
    assert.match((await site.request('GET', 'confab.js')).headers['content-type'], /javascript/);
    assert.equal((await site.request('GET', 'healthz')).status, 200);
    assert.equal((await site.request('GET', 'readyz')).status, 200);
    assert.equal((await site.request('GET', 'ws')).status, 404);
  });

  it('lets people register, log in and talk, with a token and with the cookie', async () => {
    await host.confab('setting', 'allow_register', 'true');
    [ann, ben] = [await site.register('ann'), await site.register('ben')];
    room = await site.room(ann, [ben]);
    const { status, headers } = await site.request('POST', 'session',
      { body: { username: ann.user.username, password: ann.password } });
    assert.equal(status, 200);
    cookie = headers['set-cookie'][0].split(';')[0];
    const said = (origin) => site.request('POST', 'command', { headers: { cookie, origin },
      body: { event_type: 'message.send', data: { room_id: room.id, content: 'by cookie' } } });
    assert.equal((await said(site.url.origin)).status, 200);
    const stranger = await said('http://evil.test');
    assert.equal(stranger.status, 403);
    assert.equal(stranger.body.error.code, 4002);
  });

  it('answers uploads, also those that are refused before they are read', async () => {
    await host.configure('media_max_size = 1');
    const upload = (size, headers = {}, who = ann) => site.request('POST', 'media?name=a.txt', { token: who?.token,
      raw: Buffer.alloc(size, 'a line of text\n'), headers: { 'content-type': 'text/plain', ...headers } });
    const { status, body, text } = await upload(3000);
    assert.equal(status, 201, text);
    const got = await site.request('GET', body.media_url, { token: ann.token });
    assert.equal(got.status, 200, got.text);
    assert.equal(got.text.length, 3000);
    assert.equal((await site.request('GET', body.media_url, { token: ben.token })).status, 404);
    const large = await upload(5_000_000);
    assert.equal(large.status, 413);
    assert.equal(large.body.error.code, 4013);
    const nobody = await upload(900_000, {}, null);
    assert.equal(nobody.status, 401);
    assert.equal(nobody.body.error.code, 4001);
    const stranger = await upload(900_000, { cookie, origin: 'http://evil.test' }, null);
    assert.equal(stranger.status, 403);
    assert.equal(stranger.body.error.code, 4002);
  });

  for (const kind of ['sse', 'poll'])
    it(`delivers by ${kind}, at once and in order`, async () => {
      const stream = await site.stream(kind, ben);
      const seqs = [];
      for (let i = 0; i < 3; i++)
        seqs.push((await site.done(ann, 'message.send', { room_id: room.id, content: `${i}` })).seq);
      const got = [];
      while (got.length < 3) {
        const frame = await stream.next(({ eventType }) => eventType === 'message.dispatch');
        got.push(frame.seq);
      }
      assert.deepEqual(got, seqs);
      stream.close();
    });

  it('does the upkeep while it is used', async () => {
    const sql = (statement) => host.cluster.queryOn('shared_host', statement);
    await sql('insert into confab.process (name, alive_at) values (\'silent\', now() - interval \'1 hour\')');
    await until(async () => {
      await site.request('GET', 'poll?wait=0', { token: ben.token });
      return await sql('select count(*) from confab.process where name = \'silent\'') === '0';
    }, 'a program that is gone is noticed', 30_000);
    const { code, said } = await host.confab('maintain');
    assert.equal(code, 0, said);
    assert.match((await host.confab('status')).said, /shared_host, which they share/);
  });

  it('is found right by the check, which names what is wrong', async () => {
    const { code, said } = await host.confab('check', '--url', host.url);
    const wrong = said.match(/^(ERROR|WARNING) .*/mg) ?? [];
    // The tests' clusters do not wait for the disk.
    assert.deepEqual(wrong.filter((line) => !/fsync is off/.test(line)), [], said);
    assert.equal(code, 1);
    assert.match(said, /^fine +delay +long-poll \d+ ms$/m);
    assert.doesNotMatch(said, /^\S+ +(sockets|backlog|websocket) /m);
    const program = path.join(host.folder, 'command');
    const data = `${host.prefix}/var/confab/confab`;
    const traps = [
      [() => chmod(program, 0o775), () => chmod(program, 0o755), /command has the mode 775[^]*chmod 755 .*command$/m],
      [() => chmod(host.folder, 0o777), () => chmod(host.folder, 0o755), /chat has the mode 777/],
      [() => rename(path.join(host.folder, 'confab.js'), `${host.home}/c`),
        () => rename(`${host.home}/c`, path.join(host.folder, 'confab.js')), /lacks confab\.js[^]*confab setup --cgi/],
      [() => rename(`${data}/run`, `${data}/away`), () => rename(`${data}/away`, `${data}/run`),
        /run can't be written to[^]*mkdir -p/],
    ];
    for (const [set, release, found] of traps) {
      await set();
      const check = await host.confab('check', '--url', host.url, 'folder');
      await release();
      assert.equal(check.code, 2, check.said);
      assert.match(check.said, found);
    }
    assert.equal((await host.confab('check', '--url', host.url, 'folder')).code, 0);
  });

  it('takes files of an older version away', async () => {
    const gone = path.join(host.prefix, 'share/confab/htdocs/icon.svg');
    await rename(gone, `${host.home}/icon.svg`);
    assert.equal((await host.setup('--url', host.url)).code, 0);
    assert.ok(!existsSync(path.join(host.folder, 'icon.svg')));
    await rename(`${host.home}/icon.svg`, gone);
    assert.equal((await host.setup('--url', host.url)).code, 0);
    assert.ok(existsSync(path.join(host.folder, 'icon.svg')));
  });

  it('is taken back, first without and then with its data', async () => {
    await writeFile(path.join(host.folder, 'theirs.txt'), 'of somebody else');
    const { code, said } = await host.setup('--remove');
    assert.equal(code, 0, said);
    const left = (await host.listing(host.folder)).map((line) => line.split(' ')[0]).filter(Boolean);
    assert.deepEqual(left, ['theirs.txt']);
    assert.equal(await host.cluster.queryOn('shared_host', 'select count(*) > 0 from confab.account'), 't');
    assert.equal((await host.setup('--remove', '--data')).code, 0);
    assert.ok(!existsSync(path.join(host.prefix, 'var/confab')));
    assert.equal(await host.cluster.queryOn('shared_host',
      'select count(*) from pg_namespace where nspname like \'confab%\''), '0');
  });
});
