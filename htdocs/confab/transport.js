/**
 * The common part of the three transports. A transport is opened once and ends once; the client creates a new one to
 * reconnect.
 *
 * @typedef {object} Receiver the callbacks of a transport
 * @property {(frame: any) => void} frame a dispatch, a reply or an error, parsed
 * @property {(cursor: string) => void} cursor everything up to the cursor has arrived
 * @property {(isHeartbeat?: boolean) => void} alive data has arrived, perhaps only a heartbeat
 * @property {(end: End) => void} end the transport has ended
 *
 * @typedef {object} End
 * @property {number} code the protocol's close code; 4001: authenticate again; 0: unknown
 * @property {number} [retryAfter] seconds
 *
 * @typedef {object} Where
 * @property {URL} base the mount point
 * @property {string | undefined} token
 * @property {string} cursor '' for none
 *
 * @typedef {object} Transport
 * @property {() => void} close
 * @property {() => void} [hurry] the person is active
 * @property {(data: object) => boolean} [probe] asks for a sign of life; false: not possible
 * @property {(text: string) => boolean} send false: not possible
 *
 * @typedef {object} Reading
 * @property {(path: string, headers?: HeadersInit) => Promise<Response>} ask rejects with an End if refused
 * @property {AbortSignal} signal aborts when the transport is closed
 * @property {Where} where its cursor is the place for the next request
 * @property {Receiver} receiver
 * @property {Transport} transport its own; a reader that pauses gives it hurry()
 *
 * @typedef {(reading: Reading) => Promise<any>} Reader reads until it is closed, or rejects
 */
import { authorization } from './auth.js';
import { Code } from './codes.js';

/**
 * The URL of a stream.
 * @param {Where} where
 * @param {string} path
 * @param {boolean} tokenInQuery for a transport that can't set headers
 */
export function streamUrl(where, path, tokenInQuery) {
  const url = new URL(path, where.base);
  if (where.cursor) url.searchParams.set('since', where.cursor);
  if (tokenInQuery && where.token) url.searchParams.set('token', where.token);
  return url;
}

/**
 * A request with the cookie or the token, bypassing the cache.
 * @param {URL} url @param {string | undefined} token @param {RequestInit} how
 */
export function fetchAs(url, token, how) {
  return fetch(url, {
    credentials: 'same-origin', cache: 'no-store', ...how, headers: { ...how.headers, ...authorization(token) },
  });
}

/**
 * A receive-only transport.
 * @param {Where} where @param {Receiver} receiver
 * @param {Reader} read
 * @returns {Transport}
 */
export function openReader(where, receiver, read) {
  const abort = new AbortController(), { signal } = abort;
  const ask = async (/** @type {string} */ path, /** @type {HeadersInit | undefined} */ headers) => {
    const response = await fetchAs(streamUrl(where, path, false), where.token, { headers, signal });
    if (!response.ok || !response.body) throw endOf(response);
    return response;
  };
  const transport = { close: () => abort.abort(), send: () => false };
  read({ ask, signal, where, receiver, transport }).catch((why) => why).then((why) => {
    if (signal.aborted) return;
    abort.abort();
    receiver.end(why?.retryAfter === undefined ? { code: Code.NETWORK } : why);
  });
  return transport;
}

/** @param {Response} response */
export function retryAfterOf(response) {
  return Number(response.headers.get('Retry-After')) || 0;
}

/**
 * The end to report for a refused request.
 * @param {Response} response
 * @returns {End}
 */
export function endOf(response) {
  return { code: response.status === 401 ? Code.UNAUTHENTICATED : Code.NETWORK, retryAfter: retryAfterOf(response) };
}
