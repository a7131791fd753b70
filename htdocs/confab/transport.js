/**
 * What the three transports have in common. A transport is opened once and ends once; the client makes a new one to
 * reconnect.
 *
 * @typedef {object} Receiver what a transport tells the client
 * @property {(frame: any) => void} frame a dispatch, a reply or an error, parsed
 * @property {(cursor: string) => void} cursor everything up to it has come
 * @property {(isHeartbeat?: boolean) => void} alive something came, if only a heartbeat
 * @property {(end: End) => void} end it is over
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
 * @property {(data: object) => boolean} [probe] asks for a sign of life; false: it can't
 * @property {(text: string) => boolean} send false: it can't
 *
 * @typedef {object} Reading
 * @property {(path: string, headers?: HeadersInit) => Promise<Response>} ask rejects with an End where it is refused
 * @property {AbortSignal} signal it is closed
 * @property {Where} where its cursor is where the next request goes on
 * @property {Receiver} receiver
 *
 * @typedef {(reading: Reading) => Promise<any>} Reader reads until it is closed, or rejects
 */
import { authorization } from './auth.js';
import { Code } from './codes.js';

/**
 * The address of a stream.
 * @param {Where} where
 * @param {string} path
 * @param {boolean} tokenInQuery where no header can be set
 */
export function streamUrl(where, path, tokenInQuery) {
  const url = new URL(path, where.base);
  if (where.cursor) url.searchParams.set('since', where.cursor);
  if (tokenInQuery && where.token) url.searchParams.set('token', where.token);
  return url;
}

/**
 * A request with the cookie or the token, past the cache.
 * @param {URL} url @param {string | undefined} token @param {RequestInit} how
 */
export function fetchAs(url, token, how) {
  return fetch(url, {
    credentials: 'same-origin', cache: 'no-store', ...how, headers: { ...how.headers, ...authorization(token) },
  });
}

/**
 * A transport that sends nothing upwards.
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
  read({ ask, signal, where, receiver }).catch((why) => why).then((why) => {
    if (signal.aborted) return;
    abort.abort();
    receiver.end(why?.retryAfter === undefined ? { code: Code.NETWORK } : why);
  });
  return { close: () => abort.abort(), send: () => false };
}

/** @param {Response} response */
export function retryAfterOf(response) {
  return Number(response.headers.get('Retry-After')) || 0;
}

/**
 * The end that a refused request stands for.
 * @param {Response} response
 * @returns {End}
 */
export function endOf(response) {
  return { code: response.status === 401 ? Code.UNAUTHENTICATED : Code.NETWORK, retryAfter: retryAfterOf(response) };
}
