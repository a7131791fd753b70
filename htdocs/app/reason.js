import { Code, ConfabError } from '../confab.js';

/** Sentences of the server, and their keys in the language files; {n} stands for a number. */
const SENTENCES = /** @type {[RegExp, string][]} */ ([
  [/^This field (is required|may not be (blank|null))\.$/, 'errRequired'],
  [/no more than (\d+) characters/, 'errTooLong'],
  [/at least (\d+) characters/, 'errTooShort'],
  [/already (exists|taken|in use)|is taken/i, 'errTaken'],
  [/^Wrong user name or password\.$/, 'errWrongLogIn'],
  [/^Wrong password\.$/, 'errWrongPassword'],
]);
const CODES = /** @type {Record<number, string>} */ ({
  [Code.NETWORK]: 'noNetwork', [Code.UNAUTHENTICATED]: 'logInAgain', [Code.DENIED]: 'errDenied',
  [Code.INVALID]: 'errInvalid',
  [Code.NOT_FOUND]: 'errNotFound', [Code.CONFLICT]: 'errConflict', [Code.TOO_LARGE]: 'tooLarge',
  [Code.RATE_LIMITED]: 'errTooOften',
  [Code.UNAVAILABLE]: 'errUnavailable',
});

/** The reason of an error, as a sentence for the person. @param {import('./app.js').App} app @param {unknown} error */
export function reason(app, error) {
  const { t, lang } = app;
  if (!(error instanceof ConfabError)) return t('wentWrong');
  const known = SENTENCES.find(([sentence]) => sentence.test(error.message));
  if (known) return t(known[1], { count: Number(known[0].exec(error.message)?.[1] ?? 0) });
  if (error.code === Code.NETWORK && error.message === t('cancelled')) return error.message;
  // The server's own sentence is English and more precise.
  return lang === 'en' && error.code !== Code.NETWORK ? error.message : t(CODES[error.code] ?? 'wentWrong');
}

/**
 * Shows an error in a form, at the field that it is about if there is one.
 * @param {import('./app.js').App} app @param {HTMLElement} form @param {HTMLElement} problem @param {unknown} error
 */
export function sayProblem(app, form, problem, error) {
  clearProblem(form, problem);
  problem.textContent = reason(app, error);
  const detail = error instanceof ConfabError ? error.detail : null;
  const names = detail && typeof detail === 'object' ? Object.keys(detail) : [];
  for (const name of names) {
    const field = form.querySelector(`[name="${CSS.escape(name)}"], [name="${CSS.escape(name.replaceAll('_', '-'))}"]`);
    if (!(field instanceof HTMLElement)) continue;
    problem.id ||= `problem-${++count}`;
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-describedby', problem.id);
    field.addEventListener('input', () => clearProblem(form, problem), { once: true });
  }
}

let count = 0;

/** @param {HTMLElement} form @param {HTMLElement} problem */
export function clearProblem(form, problem) {
  problem.textContent = '';
  for (const field of form.querySelectorAll('[aria-invalid]')) {
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
}
