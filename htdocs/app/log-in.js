import { field, openDialog } from './dialog.js';
import { clearProblem, sayProblem } from './reason.js';
import { h } from './html.js';
import { passwordField } from './password-field.js';

/** The form in front of the chat: log in, or make an account. */
export class LogIn {
  #isNew = false;
  #sendsMail = false;

  /**
   * @param {import('./app.js').App} app @param {() => Promise<void>} enter
   * @param {{why?: string, said?: string}} [first] why the form is shown; a success message
   */
  constructor(app, enter, { why = '', said = '' } = {}) {
    this.app = app;
    this.enter = enter;
    const { t } = app;
    this.name = h('input',
      { name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', maxlength: 64,
        required: true, dir: 'auto' });
    const { input, row } = passwordField(app, t('password'), { name: 'password', autocomplete: 'current-password' });
    this.password = input;
    this.mail = h('input', { name: 'email', type: 'email', autocomplete: 'email', maxlength: 254, dir: 'ltr' });
    this.mailRow = field(t('mail'), this.mail, t('mailHint'));
    this.mailRow.hidden = true;
    this.problem = h('p', { class: 'error', id: 'login-error', role: 'alert' }, why);
    this.submit = h('button', { class: 'primary' }, t('logIn'));
    this.other = h('button', { class: 'plain', type: 'button', hidden: true, onclick: () => this.#turn() },
      t('newAccount'));
    this.forgot = h('button', { class: 'plain', type: 'button', hidden: true, onclick: () => this.#forgot() },
      t('forgotPassword'));
    this.title = h('p', { class: 'hint', role: 'status' }, said || t('welcome'));
    const form = this.form = h('form', { id: 'login', class: 'card', novalidate: true },
      h('h1', {}, h('img', { src: 'icon.svg', alt: '', width: 44, height: 44 }), 'confab'), this.title,
      field(t('userName'), this.name), row, this.mailRow, this.problem, this.submit,
      h('div', { class: 'ways' }, this.other, this.forgot));
    form.addEventListener('submit', (event) => this.#go(event));
    this.element = h('main', { class: 'welcome' }, form);
    this.#offer();
  }

  /** Offers what the server has: without an answer, a new account all the same. */
  async #offer() {
    const { allow_register, password_reset } = await this.app.client.logInOptions()
      .catch(() => ({ allow_register: true, password_reset: false }));
    this.#sendsMail = password_reset;
    this.other.hidden = !allow_register && !this.#isNew;
    this.forgot.hidden = this.#isNew || !password_reset;
  }

  focus() {
    this.name.focus();
  }

  #turn() {
    const { t } = this.app;
    this.#isNew = !this.#isNew;
    this.title.textContent = t(this.#isNew ? 'welcomeNew' : 'welcome');
    this.submit.textContent = t(this.#isNew ? 'signUp' : 'logIn');
    this.other.textContent = t(this.#isNew ? 'haveAccount' : 'newAccount');
    this.forgot.hidden = this.#isNew || !this.#sendsMail;
    this.mailRow.hidden = !this.#isNew;
    this.password.autocomplete = this.#isNew ? 'new-password' : 'current-password';
    this.problem.textContent = '';
    this.name.focus();
  }

  /** Asks for the link of a forgotten password. */
  #forgot() {
    const { app } = this, { t } = app;
    const who = h('input',
      { name: 'who', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', dir: 'auto',
        value: this.name.value.trim() });
    openDialog(app, {
      title: t('forgotPassword'), submit: t('sendLink'), content: [field(t('nameOrMail'), who, t('forgotHint'))],
      action: async () => {
        const name = who.value.trim();
        if (!name) return false;
        await app.client.askForReset(name.includes('@') ? { email: name } : { username: name });
        this.title.textContent = t('linkSent');
      },
    });
  }

  /** @param {SubmitEvent} event */
  async #go(event) {
    event.preventDefault();
    clearProblem(this.form, this.problem);
    this.submit.disabled = true;
    try {
      const { client } = this.app;
      const name = this.name.value.trim(), password = this.password.value;
      await (this.#isNew ? client.register(name, password, this.mail.value.trim()) : client.logIn(name, password));
      this.password.value = '';
      await this.enter();
    } catch (error) {
      sayProblem(this.app, this.form, this.problem, error);
      this.password.select();
    }
    this.submit.disabled = false;
  }
}
