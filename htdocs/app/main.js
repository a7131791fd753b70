import { Code, ConfabError, persist } from '../confab.js';
import { App } from './app.js';
import { Chat } from './chat.js';
import { h } from './html.js';
import { LogIn } from './log-in.js';
import { reason } from './reason.js';
import { ResetPassword, tokenOf } from './reset-password.js';

// ?transport=sse keeps to one, to see how it does.
const only = new URLSearchParams(location.search).get('transport') ?? '';
const app = new App({ url: new URL('.', location.href).pathname,
  ...(['ws', 'sse', 'poll'].includes(only) && { transports: [only] }) });
/** @type {Chat | null} */
let chat = null;
/** @type {LogIn | ResetPassword | null} the form in front of it */
let front = null;

/** Shows the conversations of the logged-in user. */
async function enter() {
  app.drafts.load(app.me.id);
  front?.element.remove();
  chat = new Chat(app, leave);
  document.body.append(chat.element);
  await app.client.start();
  if (!chat) return; // the log-in was over: the form is there again
  // As often as it takes, while the network comes and goes.
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

/** Back to the form. @param {string} [why] @param {string} [said] */
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
 * A link of who has forgotten a password counts before anything else: it ends all log-ins.
 * @returns {boolean} whether it is one
 */
function reset() {
  const token = tokenOf(location.hash);
  if (!token) return false;
  history.replaceState(null, '', location.pathname + location.search); // it is nobody's business, and good for once
  leave();
  show(new ResetPassword(app, token, (said) => leave('', said)));
  return true;
}

// Where no storage took them, unsent messages end with the page.
addEventListener('beforeunload', (event) => { if (app.store.outbox.loose.length) event.preventDefault(); });

const account = app.client.whoAmI();
account.catch(() => {}); // it is looked at below
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
