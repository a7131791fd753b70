// Records about the connection (FastCGI 1.0, section 4), before a request on the same connection.
import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { until } from './support/client.mjs';
import { FastcgiRequest, pair, record, variables } from './support/fastcgi.mjs';

const sockets = realpathSync(path.join(process.env.CONFAB_DIR, 'run'));
const GET_VALUES = 9, RESULT = 10, UNKNOWN = 11;
const names = (list) => record(GET_VALUES, Buffer.concat(list.map((name) => pair(name, ''))), 0);
const result = (...pairs) => record(RESULT, Buffer.concat(pairs), 0);
const ONE_AT_A_TIME = result(pair('FCGI_MPXS_CONNS', '0'));

// What is sent, what comes back.
const RECORDS = [
  [names(['FCGI_MPXS_CONNS']), ONE_AT_A_TIME],
  [names(Array(20).fill('FCGI_MPXS_CONNS')), ONE_AT_A_TIME],
  [names(['FCGI_MAX_CONNS', 'FCGI_MAX_REQS', 'FCGI_MPXS_CONNS', 'NONSENSE']), ONE_AT_A_TIME],
  [names(['NONSENSE']), result()],
  [names([]), result()],
  [record(200, Buffer.from('?'), 0), record(UNKNOWN, Buffer.from([200, 0, 0, 0, 0, 0, 0, 0]), 0)],
];

for (const [program, target] of [['command', 'command'], ['session', 'session'], ['media', 'media/none'],
  ['events', 'events']])
  test(`confab-${program} answers records about the connection, then the request`, async () => {
    const request = new FastcgiRequest(path.join(sockets, `${program}.sock`));
    request.socket.write(Buffer.concat(RECORDS.map(([sent]) => sent)));
    const expected = Buffer.concat(RECORDS.map(([, answer]) => answer));
    await until(() => request.received.length >= expected.length, 'the answers');
    assert.deepEqual(request.received, expected);
    request.begin(variables('GET', `/chat/${target}`));
    request.end();
    assert.ok((await request.response()).status >= 400);
  });

for (const program of ['command', 'session', 'media'])
  test(`confab-${program} says that a length can't be read`, async () => {
    for (const length of ['x', '-1', '1 2', '0x10', '9'.repeat(19)]) {
      const request = new FastcgiRequest(path.join(sockets, `${program}.sock`),
        variables('POST', `/chat/${program}`, { length, headers: { 'content-type': 'application/json' } }));
      request.end();
      const { status, body } = await request.response();
      assert.deepEqual([status, body.error.detail], [400, ['The Content-Length is no number.']], length);
    }
  });
