import { field } from './dialog.js';
import { h } from './html.js';
import { icon } from './icons.js';

/**
 * A field for a password, with a button that shows what was typed.
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
  // The button is not part of the label: a press on it is no press on the field, and the field's name is not longer by
  // it.
  return { input, row: h('div', { class: 'password' }, field(label, input, hint), show) };
}
