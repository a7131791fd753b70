import { field } from './dialog.js';
import { h } from './html.js';
import { icon } from './icons.js';

/**
 * A password field with a button that shows the password.
 * @param {import('./app.js').App} app @param {string} label
 * @param {{name: string, autocomplete: 'current-password' | 'new-password', hint?: string}} how
 */
export function passwordField({ t }, label, { name, autocomplete, hint }) {
  const input = h('input',
    { name, type: 'password', autocomplete, required: true, autocapitalize: 'none', spellcheck: 'false' });
  const show = h('button',
      { type: 'button', class: 'bare', 'aria-label': t('showPassword'), title: t('showPassword'),
          'aria-pressed': 'false', onclick: () => {
    const isShown = input.type === 'password';
    input.type = isShown ? 'text' : 'password';
    show.setAttribute('aria-pressed', String(isShown));
    input.focus();
  } }, icon('eye'));
  // The button is outside of the label, so a press on it does not focus the field, and it is not part of the field's
  // name.
  return { input, row: h('div', { class: 'password' }, field(label, input, hint), show) };
}
