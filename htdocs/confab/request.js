import { authorization } from './auth.js';
import { Code } from './codes.js';
import { ConfabError } from './error.js';
import { retryAfterOf } from './transport.js';

/**
 * One HTTP request with a JSON answer. A refused token is renewed once.
 * @param {{base: URL, auth: import('./auth.js').Auth}} where
 * @param {string} method @param {string} path @param {object} [body]
 * @returns {Promise<any>}
 */
export async function request({ base, auth }, method, path, body) {
  for (let again = true; ; again = false) {
    let response, token, text;
    try {
      token = await auth.token();
      response = await fetch(new URL(path, base), {
        method, credentials: 'same-origin', cache: 'no-store',
        headers: { ...(body && { 'Content-Type': 'application/json' }), ...authorization(token) },
        body: body && JSON.stringify(body),
      });
      text = await response.text();
    } catch {
      throw new ConfabError(Code.NETWORK, 'The server could not be reached.');
    }
    if (response.status === 401 && again && await auth.renew(token)) continue;
    return answerOf(response, text);
  }
}

/** @param {Response} response @param {string} text */
function answerOf(response, text) {
  let answer;
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    throw new ConfabError(response.status >= 500 ? Code.UNAVAILABLE : Code.UNEXPECTED,
      `The server answered ${response.status}.`, retryAfterOf(response));
  }
  const error = ConfabError.from(answer, retryAfterOf(response));
  if (error) throw error;
  return answer;
}
