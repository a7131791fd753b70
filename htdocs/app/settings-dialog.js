import { LANGUAGES } from '../ui/text.js';
import { field, openDialog, toggle } from './dialog.js';
import { h } from './html.js';
import { icon } from './icons.js';
import { passwordField } from './password-field.js';
import { personRow } from './message-dialogs.js';

/**
 * The user's own choices, logged-in devices and blocked people.
 * @param {import('./app.js').App} app
 */
export function openSettings(app) {
  const { t, settings } = app;
  const theme = h('select', {},
    ...['auto', 'light',
      'dark'].map((name) =>
        h('option', { value: name, selected: settings.get('theme') === name }, t(`theme_${name}`))));
  theme.addEventListener('change', () => settings.set('theme', /** @type {any} */ (theme.value)));
  const language = h('select', {}, h('option', { value: '' }, t('languageAuto')),
    ...LANGUAGES.map((tag) =>
      h('option', { value: tag, lang: tag, selected: settings.get('lang') === tag },
        new Intl.DisplayNames(tag, { type: 'language' }).of(tag) ?? tag)));
  language.addEventListener('change', () => {
    settings.set('lang', language.value);
    location.reload();
  });
  const sound = toggle(t('sound'), settings.get('sound'),
    { onchange: () => settings.set('sound', sound.input.checked) });
  const notify = toggle(t('notify'), settings.get('notify') && globalThis.Notification?.permission === 'granted',
    { onchange: () => askToNotify(app, notify.input) });
  const devices = h('ul', { class: 'devices' }), blocked = h('ul', { class: 'people' });
  openDialog(app, {
    title: t('settings'), wide: true,
    content: [
      h('section', {}, h('h3', {}, t('look')), field(t('theme'), theme), field(t('language'), language)),
      h('section', {}, h('h3', {}, t('notifications')), sound.row, notify.row),
      h('section', {}, h('h3', {}, t('devices')), devices,
        h('button', { type: 'button', class: 'plain', onclick: () => openPassword(app) }, icon('lock'),
          t('changePassword'))),
      h('section', {}, h('h3', {}, t('blocked')), blocked)],
  });
  drawDevices(app, devices);
  drawBlocked(app, blocked);
}

/** @param {import('./app.js').App} app @param {HTMLInputElement} input */
async function askToNotify(app, input) {
  const isAllowed = input.checked && typeof Notification === 'function'
    && await Notification.requestPermission() === 'granted';
  if (input.checked && !isAllowed) app.toast(app.t('notifyRefused'));
  input.checked = isAllowed;
  app.settings.set('notify', isAllowed);
}

/** @param {import('./app.js').App} app */
function openPassword(app) {
  const { t, client } = app;
  // For password managers, which need the user name.
  const name = h('input',
    { name: 'username', autocomplete: 'username', value: app.me.username, hidden: true, readonly: true });
  const old = passwordField(app, t('oldPassword'), { name: 'old-password', autocomplete: 'current-password' });
  const next = passwordField(app, t('newPassword'),
    { name: 'new-password', autocomplete: 'new-password', hint: t('passwordHint') });
  openDialog(app, {
    title: t('changePassword'), submit: t('savePassword'),
    content: [name, old.row, next.row, h('p', { class: 'hint' }, t('passwordEnds'))],
    action: async () => {
      await client.changePassword(old.input.value, next.input.value);
      app.toast(t('passwordIsNew'));
    },
  });
}

/** The browser and the system, from a User-Agent. @param {string} agent */
function deviceName(agent) {
  const program = /(Edg|OPR|Firefox|Chrome|Safari|curl)/.exec(agent)?.[1] ?? '',
    system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(agent)?.[1] ?? '';
  const names = /** @type {Record<string, string>} */ ({ Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS' });
  return [program, system].filter(Boolean).map((name) => names[name] ?? name).join(' · ') || agent.slice(0, 60);
}

/** @param {import('./app.js').App} app @param {HTMLElement} list */
async function drawDevices(app, list) {
  const { client, t, formats } = app;
  try {
    const { logins } = await client.listSessions();
    list.replaceChildren(
      ...logins.map((/** @type {any} */ { id, user_agent, address, last_seen, current }) => h('li', {},
      h('span', {}, h('strong', {}, deviceName(user_agent ?? '') || t('unknownDevice')),
        h('small', {}, `${address ?? ''} · ${formats.medium.format(new Date(last_seen))}`)),
      current ? h('span', { class: 'role' }, t('thisDevice'))
        : h('button',
          { type: 'button', class: 'plain danger',
            onclick: () =>
              client.endSession({ login_id: id }).then(() => drawDevices(app, list), (error) => app.toast(error)) }, t(
              'endSession')))));
  } catch (error) {
    app.toast(error);
  }
}

/** @param {import('./app.js').App} app @param {HTMLElement} list */
async function drawBlocked(app, list) {
  const { client, t } = app;
  try {
    const users = await client.listBlocked();
    list.replaceChildren(...users.map((user) => personRow(app, user,
      h('button',
        { type: 'button', class: 'plain',
          onclick: () =>
            app.blocked.set(user.id, false).then(() => drawBlocked(app, list), (error) => app.toast(error)) },
          icon('check'), t('unblock')))));
    if (!users.length) list.append(h('li', { class: 'hint' }, t('nobodyBlocked')));
  } catch (error) {
    app.toast(error);
  }
}
