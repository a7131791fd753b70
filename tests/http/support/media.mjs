// Shared by the tests of uploads and downloads: a stack of their own, and one more program in front of its
// database.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before } from 'node:test';
import { until } from './client.mjs';
import { Contract } from './contract.mjs';
import { FastcgiRequest, variables } from './fastcgi.mjs';
import { Stack } from './stack.mjs';

export const MIB = 1 << 20;
const top = path.resolve(import.meta.dirname, '../../..');
export let stack, site, program;
const contract = new Contract();

/** One more confab-media in front of the same database: one process, small limits, and it sends files itself. */
class Program {
  constructor() {
    this.dir = path.join(stack.dir, 'small');
    this.media = path.join(this.dir, 'media');
    this.socket = path.join(this.dir, 'media.sock');
    mkdirSync(this.media, { recursive: true });
    this.path = path.join(top, 'build', process.env.BUILD ?? 'release', 'confab-media');
    this.environment = { ...process.env, CONFAB_RUN_DIR: this.dir, CONFAB_MEDIA_DIR: this.media,
      CONFAB_MEDIA_WORKERS: '1', CONFAB_MEDIA_MAX_SIZE: '1',
      CONFAB_MEDIA_QUOTA: '2', CONFAB_SENDFILE: 'none', CONFAB_REQUEST_TIMEOUT: '2', CONFAB_LOG_LEVEL: 'warn',
      CONFAB_MEDIA_COLLECT: '3600' };
  }

  async start() {
    this.process = spawn(this.path, ['-c', path.join(stack.dir, 'confab.conf')],
      { stdio: ['ignore', 'ignore', 'inherit'], env: this.environment });
    await until(() => existsSync(this.socket), 'the program listens');
    return this;
  }

  async stop() {
    const gone = new Promise((resolve) => this.process.on('exit', resolve));
    this.process.kill('SIGTERM');
    await gone;
  }

  get worker() {
    return Number(readFileSync(`/proc/${this.process.pid}/task/${this.process.pid}/children`,
      'utf8').trim().split(' ').at(-1));
  }

  open(method, where, options) {
    return new FastcgiRequest(this.socket, variables(method, where, options));
  }

  /** As Site.request(). */
  request(method, where, { raw, ...options } = {}) {
    const request = this.open(method, where.startsWith('/') ? where : `/chat/${where}`,
      { ...options, length: raw?.length ?? 0 });
    if (raw) request.write(raw);
    request.end();
    return request.response();
  }
}

/**
 * One request through the web server, with the response as bytes. body: Buffer, or an async iterable that is sent as
 * chunks.
 */
export function request(method, where, { token, headers = {}, raw, at = site } = {}) {
  return new Promise((resolve, reject) => {
    const asked = http.request(new URL(where, at.url), {
      method, agent: false,
      headers: { ...(token && { authorization: `Bearer ${token}` }),
        ...(Buffer.isBuffer(raw) && { 'content-length': raw.length }), ...headers },
    }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part)).on('error', reject).on('end', () => {
        const bytes = Buffer.concat(parts), text = bytes.toString();
        let body;
        try { body = JSON.parse(text); } catch { /* not JSON */ }
        resolve({ status: response.statusCode, headers: response.headers, bytes, text, body });
      });
    });
    asked.on('error', reject);
    (async () => {
      if (raw && !Buffer.isBuffer(raw)) {
        for await (const part of raw) if (!asked.write(part))
          await new Promise((drained) => asked.once('drain', drained));
        asked.end();
      } else {
        asked.end(raw);
      }
    })().catch(reject);
  });
}

export const web = { request };
export const post = (who, name, bytes, type = 'application/octet-stream', at = web) =>
  at.request('POST', `media?name=${encodeURIComponent(name)}`,
    { token: who.token, raw: bytes, headers: { 'content-type': type } });
export const get = (who, url, headers, at = web) => at.request('GET', url, { token: who?.token, headers });

/** An upload's asset; fails unless it was accepted. */
export async function upload(who, name, bytes, type, at) {
  const { status, body, text } = await post(who, name, bytes, type, at);
  assert.equal(status, 201, text);
  contract.answer('POST', 'media', status, body);
  return body;
}

export const send = (who, room,
  ...media) => site.done(who, 'message.send', { room_id: room.id, extra_fields: { media } });

function files(folder) {
  return existsSync(folder)
    ? readdirSync(folder,
      { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name) : [];
}

export const kept = (folder = path.join(stack.dir, 'media')) => files(folder).sort();
export const spooled = (folder) => files(path.join(folder, 'tmp'));

/** Starts both before the tests of a file, and stops them after. */
export function useStack(name) {
  before(async () => {
    Object.assign(process.env, { CONFAB_MEDIA_MAX_SIZE: '250', CONFAB_MEDIA_COLLECT: '1' });
    stack = await Stack.start(name);
    site = stack.site;
    program = await new Program().start();
  });
  after(async () => {
    await program?.stop();
    await stack?.stop();
    if (program) rmSync(program.dir, { recursive: true });
  });
}
