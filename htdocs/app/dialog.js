import { focusAgain } from './focus.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { clearProblem, sayProblem } from './reason.js';

/**
 * A modal dialog. It is created when it opens and removed when it closes; the focus returns to the element that had it.
 * @param {import('./app.js').App} app
 * @param {{
 *   title: string, wide?: boolean, content: Node[], submit?: string, danger?: boolean, action?: () => Promise<any> |
 *   any
 * }} what
 *   submit: the text of the button that runs the action; if that fails, the dialog shows the error and stays
 */
export function openDialog(app, { title, wide, content, submit, danger, action }) {
  const back = document.activeElement;
  const problem = h('p', { class: 'error', role: 'alert' });
  const close = () => dialog.close();
  const form = h('form', { class: 'dialog-body', novalidate: true }, ...content, submit || action ? problem : null);
  if (submit)
    form.append(h('div', { class: 'buttons' },
      h('button', { type: 'button', class: 'plain', onclick: close }, app.t('cancel')),
      h('button', { class: danger ? 'danger' : 'primary' }, submit)));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = /** @type {HTMLButtonElement | null} */ (form.querySelector('.buttons > :last-child'));
    clearProblem(form, problem);
    if (button) button.disabled = true;
    try {
      if (await action?.() !== false) close();
    } catch (error) {
      sayProblem(app, form, problem, error);
    }
    if (button) button.disabled = false;
  });
  const dialog = h('dialog', { class: wide ? 'wide' : '', 'aria-label': title },
    h('header', {}, h('h2', {}, title),
      h('button', { class: 'bare', 'aria-label': app.t('close'), onclick: close }, icon('close'))), form);
  dialog.addEventListener('close', () => {
    dialog.remove();
    focusAgain(back);
  });
  dialog.addEventListener('pointerdown', (event) => { if (event.target === dialog) close(); });
  document.body.append(dialog);
  dialog.showModal();
  /** @type {HTMLElement | null} */ (form.querySelector('[autofocus], input:not([hidden]), textarea, select, button'))
    ?.focus();
  return { dialog, form, close, fail: (/** @type {unknown} */ error) => { sayProblem(app, form, problem, error); } };
}

/**
 * A question that is answered by a button for yes or by closing it.
 * @param {import('./app.js').App} app @param {string} title @param {string} text @param {string} yes
 * @param {() => Promise<any>} action @param {...Node} more content below the text
 */
export function confirm(app, title, text, yes, action, ...more) {
  return openDialog(app, { title, content: [...more, h('p', {}, text)], submit: yes, danger: true, action });
}

/**
 * A labelled field. @param {string} label @param {HTMLElement} control @param {string} [hint]
 */
export function field(label, control, hint) {
  return h('label', { class: 'field' }, h('span', {}, label), control, hint ? h('small', {}, hint) : null);
}

/** @param {string} label @param {boolean} checked @param {Record<string, any>} [attributes] */
export function toggle(label, checked, attributes = {}) {
  const input = h('input', { type: 'checkbox', role: 'switch', ...attributes });
  input.checked = checked;
  return { input, row: h('label', { class: 'toggle' }, h('span', {}, label), input) };
}
