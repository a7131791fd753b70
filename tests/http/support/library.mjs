// The client library, as pages use it, in node and against the real stack.
import { after } from 'node:test';
import WebSocket from 'ws';
import { Client, Store } from '../../../htdocs/confab.js';
import { site, until } from './client.mjs';

globalThis.WebSocket = WebSocket;

const started = new Set();
after(() => { for (const client of started) client.stop(); });

/** A client of an account, started, and its store, loaded. */
export async function enter(account, options = {}) {
  const client = new Client({ url: site.url.href, token: account.token, ...options });
  started.add(client);
  const store = new Store(client);
  client.user = account.user;
  await client.start();
  await store.load();
  return { client, store };
}

/** Waits until a store has seen everything up to a seq and its list is settled. */
export async function caughtUp({ client, store }, seq) {
  await until(() => client.seq >= seq,
    `seq ${seq} at ${client.user.username} over ${client.transport}, who is at ${client.seq}`, 30_000);
  await until(() => store.rooms.isSettled, 'a settled list', 90_000);
}
