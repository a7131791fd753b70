import { Code, ConfabError, persist } from '../confab.js';
import { App } from './app.js';
import { Chat } from './chat.js';
import { h } from './html.js';
import { LogIn } from './log-in.js';
import { reason } from './reason.js';
import { ResetPassword, tokenOf } from './reset-password.js';

// ?transport=sse restricts it to one transport, for trying it out.
const only = new URLSearchParams(location.search).get('transport') ?? '';
const app = new App({ url: new URL('.', location.href).pathname,
  ...(['ws', 'sse', 'poll'].includes(only) && { transports: [only] }) });
/** @type {Chat | null} */
let chat = null;
/** @type {LogIn | ResetPassword | null} the form shown instead of the chat */
let front = null;

/** Shows the conversations of the logged-in user. */
async function enter() {
  app.drafts.load(app.me.id);
  front?.element.remove();
  chat = new Chat(app, leave);
  document.body.append(chat.element);
  await app.client.start();
  if (!chat) return; // the log-in has ended and the form is shown
  // Retried until it succeeds, while the network comes and goes.
  await persist(() => app.store.load(chat?.wanted), { isWanted: () => !!chat });
  chat?.route();
}

/** @param {LogIn | ResetPassword} form */
function show(form) {
  front?.element.remove();
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  front = form;
  document.body.append(form.element);
  form.focus();
}

/** Shows the log-in form. @param {string} [why] @param {string} [said] */
function leave(why, said) {
  app.client.stop();
  app.client.forget();
  app.store.clear();
  app.open = '';
  chat?.close();
  chat = null;
  show(new LogIn(app, enter, { why, said }));
}

/**
 * A link for a forgotten password is handled before anything else: it ends all log-ins.
 * @returns {boolean} whether the address is such a link
 */
function reset() {
  const token = tokenOf(location.hash);
  if (!token) return false;
  history.replaceState(null, '', location.pathname + location.search); // the token is secret and valid only once
  leave();
  show(new ResetPassword(app, token, (said) => leave('', said)));
  return true;
}

// Unsent messages that no storage took are lost with the page.
addEventListener('beforeunload', (event) => { if (app.store.outbox.loose.length) event.preventDefault(); });

const account = app.client.whoAmI();
account.catch(() => {}); // handled below
await app.loadLanguage();
document.body.append(app.announcer.element, h('div', { id: 'toasts', class: 'toasts' }));
app.client.on('state', (state) => { if (state === 'unauthenticated' && chat) leave(app.t('logInAgain')); });
addEventListener('hashchange', () => { if (!reset()) chat?.route(); });
if (!reset()) {
  try {
    await account;
    await enter();
  } catch (error) {
    leave(error instanceof ConfabError && error.code !== Code.UNAUTHENTICATED ? reason(app, error) : '');
  }
}
