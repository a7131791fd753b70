// The limits of one account and one address per minute, by class of command, and the programs' metrics.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { until } from './support/client.mjs';
import { FastcgiRequest, variables } from './support/fastcgi.mjs';
import { Stack } from './support/stack.mjs';

// A burst may have a quarter of a minute's commands.
const PER_MINUTE = { send: 40, receipt: 80, room: 60, search: 20, other: 32 };
const ADDRESS = 800;

let stack, site;
before(async () => {
  const rates = Object.entries(PER_MINUTE).map(([name, n]) => [`CONFAB_RATE_${name.toUpperCase()}`, n]);
  stack = await Stack.start('limits',
    { env: { CONFAB_RATE_LIMITS: 1, CONFAB_RATE_ADDRESS: ADDRESS, CONFAB_COMMAND_WORKERS: 4,
      ...Object.fromEntries(rates) } });
  ({ site } = stack);
  // The programs know it by the time of the request.
  await stack.query(`create function confab_site.nap(p_caller confab.caller, p_data jsonb) returns confab.outcome
    language plpgsql security definer set search_path = confab_site, confab, pg_temp as
    $$ begin perform pg_sleep((p_data ->> 'seconds')::int); return null; end $$;
    insert into confab.command (name, function, rings) values ('test.nap', 'confab_site.nap', false)`);
}, { timeout: 60_000 });
after(() => stack?.stop());

/** Sends commands until one is refused: the number of accepted ones, and the refusal. */
async function exhaust(ask) {
  for (let n = 0; n < 1000; n++) {
    const answer = await ask(n);
    if (answer.status === 429) return { n, answer };
    assert.equal(answer.status, 200, answer.text);
  }
  throw new Error('never refused');
}

/** The answer of a command that comes back when it is told to. */
async function patiently(ask) {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 429) return answer;
    await new Promise((resolve) => setTimeout(resolve, Number(answer.headers['retry-after']) * 1000));
  }
}

// In the meantime the bucket gains some more.
const about = (n, burst) => assert.ok(n >= burst && n <= burst * 2, `${n} were let through, ${burst} may come at once`);

test('each class of commands has a rate of its own, counted over all workers', { timeout: 60_000 }, async () => {
  const ann = await site.register('ann');
  const room = await site.room(ann);
  const first = await site.done(ann, 'message.send', { room_id: room.id, content: 'the first' });
  const asks = {
    send: (n) => site.command(ann, 'message.send', { room_id: room.id, content: `${n}` }),
    receipt: () => site.command(ann, 'message.typing', { room_id: room.id }),
    room: () => site.command(ann, 'room.list', {}),
    search: () => site.command(ann, 'message.search', { query: 'first' }),
    other: () => site.command(ann, 'user.list', {}),
  };
  assert.ok(first);
  for (const [name, ask] of Object.entries(asks)) {
    const { n, answer } = await exhaust(ask);
    about(n + 1, Math.floor(PER_MINUTE[name] / 4));
    const wait = Number(answer.headers['retry-after']);
    assert.ok(wait >= 1 && wait <= 60 / PER_MINUTE[name] + 1, `${name}: wait ${wait} s`);
    assert.deepEqual(answer.body, { error: { code: 4029, detail: `${wait}` } });
  }
});

test('plain HTTP and sockets of tutorials share the rate of what they stand for', { timeout: 60_000 }, async () => {
  const ann = await site.register('ann'), ben = await site.register('ben'), { token } = ann;
  await site.request('POST', 'messages/', { token, body: { recipient: ben.user.id, content: 'opens it' } });
  const { data: [room] } = await site.done(ann, 'room.list', {});
  await exhaust((n) => site.command(ann, 'message.send', { room_id: room.id, content: `${n}` }));
  const { status, headers, body } = await site.request('POST', 'messages/',
    { token, body: { recipient: ben.user.id, content: 'x' } });
  assert.deepEqual([status, body.error.code], [429, 4029]);
  assert.equal(headers['retry-after'], body.error.detail);
  const socket = await site.stream('ws', ann,
    { path: `ws/messages/?recipient_id=${ben.user.id}`, protocols: [], wait: false });
  await socket.until(() => socket.socket.readyState === 1, 'an open socket');
  socket.send({ message: 'x' });
  assert.equal((await socket.next()).error.code, 4029);
  socket.close();
  const reads = await exhaust(() =>
    site.request('GET', 'messages/', { token }));
  about(reads.n, Math.floor(PER_MINUTE.room / 4) - 2);
  assert.equal((await site.command(ann, 'room.list', {})).status, 429);
});

test('another log-in of the same account shares its rate, another account does not; waiting as told is enough',
    { timeout: 60_000 }, async () => {
  const ann = await site.register('ann'), ben = await site.register('ben');
  const again = (await site.request('POST', 'session',
    { body: { username: ann.user.username, password: ann.password } })).body;
  const search = (who) => site.command(who, 'message.search', { query: 'x' });
  const { answer } = await exhaust(() => search(ann));
  assert.equal((await search(again)).status, 429);
  assert.equal((await search(ben)).status, 200);
  const stream = await site.stream('ws', ann);
  const refused = await stream.command('message.search', { query: 'x' });
  assert.equal(refused.error.code, 4029);
  assert.match(refused.error.detail, /^\d+$/);
  await new Promise((resolve) => setTimeout(resolve, Number(answer.headers['retry-after']) * 1000));
  assert.equal((await search(again)).status, 200);
  stream.close();
});

test('an address has a rate for all its accounts, and what a client says of its address does not count',
    { timeout: 60_000 }, async () => {
  let n = 0;
  const people = [];
  const { answer } = await exhaust(async () => {
    if (n++ % 10 === 0) people.push(await site.register('many'));
    return site.command(people.at(-1), 'room.list', {}, { 'x-forwarded-for': `192.0.2.${n % 250}` });
  });
  assert.equal(answer.body.error.code, 4029);
  const { text } = await site.request('GET', 'metrics');
  const by = (who) =>
    Number(new RegExp(`^confab_rate_limited_total\\{program="command",by="${who}"\\} (\\d+)$`, 'm').exec(text)[1]);
  assert.ok(by('account') >= 6);
  assert.ok(by('address') >= 1);
});

test('what a proxy asks for somebody else sees no metrics', async () => {
  for (const name of ['x-forwarded-for', 'forwarded', 'via'])
    assert.equal((await site.request('GET', 'metrics', { headers: { [name]: '192.0.2.1' } })).status, 404, name);
});

test('one scrape shows all programs, in Prometheus\' format', { timeout: 60_000 }, async () => {
  const scrape = async () => {
    const { text, headers } = await site.request('GET', 'metrics');
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4');
    const values = new Map(), types = new Map();
    let family = '';
    for (const line of text.trimEnd().split('\n')) {
      const type = /^# TYPE (confab_\w+) (counter|gauge|histogram)$/.exec(line);
      if (type) {
        family = type[1];
        assert.ok(!types.has(family), `${family} stands in one place`);
        types.set(family, type[2]);
      } else if (!line.startsWith('# HELP ')) {
        const [, series, name, value] = /^((confab_\w+)\{program="\w+"(?:,\w+="[^"]*")*\}) (\d+(?:\.\d+)?)$/.exec(line)
          ?? [line];
        assert.ok(value !== undefined, line);
        assert.equal(types.get(family) === 'histogram' ? name.replace(/_(bucket|sum|count)$/, '') : name, family);
        assert.ok(!values.has(series), `${series} is there once`);
        values.set(series, Number(value));
      }
    }
    return values;
  };
  const before = await scrape();
  for (const program of ['command', 'session', 'events', 'bridge'])
    assert.equal(before.get(`confab_up{program="${program}"}`), 1, program);
  assert.equal(before.get('confab_workers{program="command"}'), 4);
  const buckets = [...before]
    .filter(([series]) => series.startsWith('confab_command_seconds_bucket{program="command",class="room"'));
  const counts = buckets.map(([, value]) => value);
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b));
  assert.equal(counts.at(-1), before.get('confab_command_seconds_count{program="command",class="room"}'));
  assert.ok(before.get('confab_command_seconds_sum{program="command",class="room"}') > 0);
  // A killed worker loses no counts, and a replaced program counts anew.
  const sent = 'confab_commands_total{program="command",class="room",result="ok"}';
  process.kill(stack.workers('command').at(-1), 'SIGKILL');
  assert.ok((await scrape()).get(sent) >= before.get(sent));
  await stack.restart('command');
  assert.equal((await scrape()).get(sent), 0);
  await stack.kill('bridge', 'SIGKILL');
  assert.equal((await scrape()).get('confab_up{program="bridge"}'), undefined);
  await stack.program('bridge');
  await until(async () => (await scrape()).get('confab_ready{program="bridge"}') === 1, 'the bridge is back');
});

test('one account keeps three workers busy at most, and is told to come back', { timeout: 60_000 }, async () => {
  const [ann, ben] = [await site.register('ann'), await site.register('ben')];
  const room = await site.room(ben);
  const naps = Array.from({ length: 6 }, () => site.command(ann, 'test.nap', { seconds: 6 }));
  const asleep = () => stack.query("select count(*) from pg_stat_activity where wait_event = 'PgSleep'");
  await until(async () => await asleep() === '3', 'three that are asleep');
  // The remaining worker serves the other accounts.
  await site.done(ben, 'message.send', { room_id: room.id, content: 'beside them' });
  assert.equal(await asleep(), '3');
  const answers = await Promise.all(naps);
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 429, 429, 429]);
  for (const { status, headers, body } of answers)
    if (status === 429) {
      assert.equal(headers['retry-after'], '1');
      assert.deepEqual(body, { error: { code: 4029, detail: '1' } });
    }
  assert.match((await site.request('GET', 'metrics')).text, /^confab_rate_limited_total\{.*by="share".*\} [1-9]/m);
});

test('over its share an account is refused before its command is read', { timeout: 60_000 }, async () => {
  const ann = await site.register('ann');
  const stream = await site.stream('ws', ann);
  const naps = Array.from({ length: 3 }, () => site.command(ann, 'test.nap', { seconds: 6 }));
  const asleep = () => stack.query("select count(*) from pg_stat_activity where wait_event = 'PgSleep'");
  await until(async () => await asleep() === '3', 'three that are asleep');
  const send = (raw) => site.request('POST', 'command', { token: ann.token, raw });
  for (const raw of ['not JSON', `{"data": ${'['.repeat(1_000_000)}`]) {
    const { status, headers, body } = await send(raw);
    assert.equal(status, 429);
    assert.equal(headers['retry-after'], '1');
    assert.deepEqual(body, { error: { code: 4029, detail: '1' } });
  }
  assert.deepEqual((await send('{"event_type": "room.list", "id": 7, "data"')).body,
    { error: { code: 4029, detail: '1' }, id: 7 });
  stream.send('{"event_type": "room.list", "id": "q1", "data": {');
  assert.deepEqual(await stream.next(({ error }) => error), { error: { code: 4029, detail: '1' }, id: 'q1' });
  await Promise.all(naps);
  // The naps were work, too.
  assert.equal((await patiently(() => send('not JSON'))).status, 422);
  stream.close();
});

test('the bytes of a command count, before it is read', { timeout: 60_000 }, async () => {
  const [ann, ben] = [await site.register('ann'), await site.register('ben')];
  const send = (who, raw) => site.request('POST', 'command', { token: who.token, raw });
  // A megabyte uses up the whole burst of an account.
  assert.equal((await send(ann, 'x'.repeat(1_000_000))).status, 422);
  const { status, headers, body } = await send(ann, 'x'.repeat(1_000_000));
  assert.equal(status, 429);
  const wait = Number(headers['retry-after']);
  assert.ok(wait >= 1 && wait <= 15, `wait ${wait} s`);
  assert.deepEqual(body, { error: { code: 4029, detail: `${wait}` } });
  assert.equal((await send(ben, 'x')).status, 422);
});

test('a caller that nobody knows is refused before its command is read', async () => {
  for (const raw of ['not JSON', '{"event_type": "no.such", "data": []}']) {
    const { status, body } = await site.request('POST', 'command', { token: 'A'.repeat(43), raw });
    assert.deepEqual([status, body.error.code], [401, 4001]);
  }
});

test('an operator says of which class a command is', { timeout: 60_000 }, async () => {
  const ann = await site.register('ann');
  const searches = async () =>
    [...(await site.request('GET', 'metrics')).text.matchAll(/^confab_commands_total\{(.*)\} (\d+)$/gm)]
      .filter(([, labels]) => labels.includes('class="search"') && labels.includes('result="ok"'))
      .reduce((sum, [, , n]) => sum + Number(n), 0);
  await stack.query("update confab.command set rate_class = 'search' where name = 'user.list'");
  const before = await searches();
  await until(async () => {
    await site.command(ann, 'user.list', {});
    return await searches() > before;
  }, 'the change counts', 20_000);
  await assert.rejects(stack.query("update confab.command set rate_class = 'x' where name = 'user.list'"),
    /command_rate_class_known/);
});

test('long-polls without a session keep a hundred of them, and the newest are good', async () => {
  const eve = await site.register('eve');
  let left = 600, last;
  await Promise.all(Array.from({ length: 20 }, async () => {
    while (left-- > 0) {
      last = await site.request('GET', 'poll?wait=0', eve);
      assert.equal(last.status, 200);
    }
  }));
  const count = (where) =>
    stack.query(`select count(*) from confab.session where account_id = ${eve.user.id} ${where}`).then(Number);
  // Simultaneous openings do not see each other's streams.
  assert.ok(await count('') <= 120, `${await count('')} sessions`);
  const { session_id } = last.body.events[0].data;
  const kept = await count('');
  assert.equal(await count(`and id = '${session_id}'`), 1, 'the newest is kept');
  const next = await site.request('GET', `poll?wait=0&session=${session_id}&since=${last.body.cursor}`, eve);
  assert.equal(next.status, 200);
  assert.equal(await count(''), kept, 'a chain that goes on needs no other session');
});

test('who keeps the database busy has one command at a time, then none', { timeout: 60_000 }, async () => {
  const ann = await site.register('ann'), ben = await site.register('ben');
  const nap = (seconds) => site.command(ann, 'test.nap', { seconds });
  const list = (who) => site.command(who, 'user.list', {});
  assert.equal((await nap(1)).status, 200);
  // Two begin at the same time, and one is let in.
  const both = await Promise.all([nap(1), nap(1)]);
  const refused = both.filter(({ status }) => status === 429);
  assert.ok(refused.length >= 1);
  assert.equal(refused[0].headers['retry-after'], '1');
  assert.equal((await nap(2)).status, 200);
  const { status, headers, body } = await list(ann);
  const wait = Number(headers['retry-after']);
  assert.equal(status, 429);
  assert.ok(wait >= 1 && wait <= 15, `wait ${wait} s`);
  assert.deepEqual(body, { error: { code: 4029, detail: `${wait}` } });
  assert.equal((await list(ben)).status, 200);
  assert.equal((await patiently(() => list(ann))).status, 200);
  assert.match((await site.request('GET', 'metrics')).text, /rate_limited_total\{program="command",by="work"\} [1-9]/);
});

test('one account’s uploads leave a worker for others', { timeout: 60_000 }, async () => {
  const ann = await site.register('ann'), ben = await site.register('ben');
  // Through confab-media's socket: a web server sends on what has arrived whole.
  const begin = (who, length) => new FastcgiRequest(path.join(stack.run, 'media.sock'),
    variables('POST', '/chat/media?name=a.txt', { token: who.token, length }));
  const upload = (who) => {
    const whole = begin(who, 5);
    whole.write(Buffer.from('words'));
    whole.end();
    return whole.response();
  };
  // Of two that begin at the same moment both may be refused: such a place is taken again.
  const slow = [];
  const holding = () => slow.filter((one) => !one.socket.closed);
  const refused = await until(async () => {
    while (holding().length < 3) {
      const one = begin(ann, 1000);
      slow.push(one);
      await one.write(Buffer.from('a part'));
    }
    const answer = await upload(ann);
    return answer.status === 429 && holding().length === 3 && answer;
  }, 'her share is taken');
  assert.equal(refused.headers['retry-after'], '1');
  assert.equal(refused.body.error.code, 4029);
  assert.equal((await upload(ben)).status, 201);
  for (const one of holding()) one.socket.destroy();
  await until(async () => (await upload(ann)).status === 201, 'she has a place again');
});
