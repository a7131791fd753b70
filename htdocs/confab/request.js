import { Code } from './codes.js';
import { ConfabError } from './error.js';
import { encode } from './text.js';
import { fetchAs, retryAfterOf } from './transport.js';

const PATIENCE = 30_000; // ms; on a broken network a request may never end by itself

/**
 * One HTTP request with a JSON answer. A refused token is renewed once.
 * @param {{base: URL, auth: import('./auth.js').Auth}} where
 * @param {string} method @param {string} path @param {object} [body]
 * @returns {Promise<any>}
 */
export async function request({ base, auth }, method, path, body) {
  for (let again = true; ; again = false) {
    const token = await auth.token();
    const abort = new AbortController(), timer = setTimeout(() => abort.abort(), PATIENCE);
    const how = body && { headers: { 'Content-Type': 'application/json' }, body: encode(body) };
    /** @type {Response} */
    let response;
    /** @type {string} */
    let text;
    try {
      response = await fetchAs(new URL(path, base), token, { method, signal: abort.signal, ...how });
      text = await response.text();
    } catch {
      throw new ConfabError(Code.NETWORK, 'No answer.');
    } finally {
      clearTimeout(timer);
    }
    if (response.status === 401 && again && await auth.renew(token)) continue;
    return answerOf(response, text);
  }
}

/**
 * The answer, or its error. It may have come from something other than the server, such as a proxy or a captive portal.
 * @param {Response} response @param {string} text
 */
function answerOf(response, text) {
  const { ok, status } = response, retryAfter = retryAfterOf(response), answer = parse(text);
  const error = ConfabError.from(answer, retryAfter);
  if (error) throw error;
  if (ok && answer && typeof answer === 'object') return answer;
  throw new ConfabError(ok || status >= 500 ? Code.UNAVAILABLE : Code.UNEXPECTED, `The server answered ${status}.`,
    retryAfter);
}

/** @param {string} text @returns {any} undefined: not JSON */
function parse(text) {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return undefined;
  }
}
