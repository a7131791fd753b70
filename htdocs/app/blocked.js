import { confirm } from './dialog.js';

/** The people whom the user has blocked. */
export class Blocked {
  /** @type {Set<number>} */
  #users = new Set();

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    app.store.on('loaded', () => this.load().catch(() => {}));
  }

  async load() {
    this.#users = new Set((await this.app.client.listBlocked()).map(({ id }) => id));
    this.app.emit('blocked');
  }

  /** @param {number | undefined} user */
  has(user) {
    return user !== undefined && this.#users.has(user);
  }

  /** @param {number} user @param {boolean} on */
  async set(user, on) {
    await this.app.client.block(user, on);
    if (on) this.#users.add(user);
    else this.#users.delete(user);
    this.app.emit('blocked');
  }
}

/**
 * A menu item that blocks or unblocks a person, for menus and panels.
 * @param {import('./app.js').App} app @param {number} user @param {string} name
 * @returns {import('./menu.js').Entry}
 */
export function blockEntry(app, user, name) {
  const { t, blocked } = app;
  if (blocked.has(user))
    return { icon: 'check', label: t('unblock'),
      action: () => blocked.set(user, false).catch((error) => app.toast(error)) };
  return { icon: 'bellOff', label: t('block'), danger: true,
    action: () => confirm(app, t('block'), t('blockSure', { name }), t('block'), () => blocked.set(user, true)) };
}
