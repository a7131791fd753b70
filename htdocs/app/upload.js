import { ConfabError } from '../confab.js';
import { authorization } from '../confab/auth.js';

/**
 * Uploads a file. `done` resolves to the asset for a message's media; stop() aborts.
 * @param {import('./app.js').App} app @param {File} file @param {(share: number) => void} progress 0 … 1
 */
export function upload({ client, t }, file, progress) {
  const request = new XMLHttpRequest(); // fetch reports no upload progress
  const url = new URL('media', client.base);
  url.searchParams.set('name', file.name || 'picture.png');
  const done = new Promise((resolve, reject) => {
    const fail = (/** @type {number} */ code, /** @type {unknown} */ detail) => reject(new ConfabError(code, detail));
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(total ? loaded / total : 0));
    request.addEventListener('error', () => fail(0, t('noNetwork')));
    request.addEventListener('abort', () => fail(0, t('cancelled')));
    request.addEventListener('load', () => {
      const { status, response } = request;
      if (status >= 200 && status < 300 && response?.media_url) resolve(response);
      else if (status === 404 || status === 405 || status === 501) fail(4004, t('noUploads'));
      else if (status === 413 && !response) fail(4013, t('tooLarge'));
      else reject(ConfabError.from(response) ?? new ConfabError(4006, t('wentWrong')));
    });
    request.open('POST', url);
    request.responseType = 'json';
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    client.auth.token().then((token) => {
      for (const [name, value] of Object.entries(authorization(token))) request.setRequestHeader(name, value);
      request.send(file);
    }, () => fail(4001, t('logInAgain')));
  });
  return { done, stop: () => request.abort() };
}
