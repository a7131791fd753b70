import { clearProblem, sayProblem } from './reason.js';
import { h } from './html.js';
import { passwordField } from './password-field.js';

const LINK = /^#reset=(.+)$/;

/** The token in a link for a forgotten password, or ''. @param {string} hash */
export function tokenOf(hash) {
  try {
    return decodeURIComponent(LINK.exec(hash)?.[1] ?? '');
  } catch {
    return ''; // an escape is cut short
  }
}

/** The form that such a link opens: the new password. */
export class ResetPassword {
  /** @param {import('./app.js').App} app @param {string} token @param {(said: string) => void} done */
  constructor(app, token, done) {
    const { t, client } = app;
    const { input, row } = passwordField(app, t('newPassword'),
      { name: 'new-password', autocomplete: 'new-password', hint: t('passwordHint') });
    this.input = input;
    const problem = h('p', { class: 'error', id: 'login-error', role: 'alert' }),
      save = h('button', { class: 'primary' }, t('savePassword'));
    const form = h('form', { id: 'reset', class: 'card', novalidate: true },
      h('h1', {}, h('img', { src: 'icon.svg', alt: '', width: 44, height: 44 }), 'confab'),
      h('p', { class: 'hint' }, t('resetWelcome')), row, problem, save,
      h('button', { class: 'plain', type: 'button', onclick: () => done('') }, t('toLogIn')));
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      clearProblem(form, problem);
      save.disabled = true;
      try {
        await client.resetPassword(token, input.value);
        done(t('passwordChanged'));
      } catch (error) {
        sayProblem(app, form, problem, error);
        input.select();
      }
      save.disabled = false;
    });
    this.element = h('main', { class: 'welcome' }, form);
  }

  focus() {
    this.input.focus();
  }
}
