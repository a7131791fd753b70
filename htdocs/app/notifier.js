const TOGETHER = 1_500; // ms in which only one sound is played

/**
 * Notifies of messages that the person does not see: the number in the title, a notification of the browser, a sound.
 * One of several tabs notifies, but not about a room that another one shows: the tabs exchange which rooms they show,
 * {tab, looking: room or ''}.
 */
export class Notifier {
  /** @type {Map<string, string>} */
  #looking = new Map();
  /** @type {AudioContext | null} */
  #audio = null;
  #lastSound = 0;
  #offs;

  /** @param {import('./app.js').App} app */
  constructor(app) {
    this.app = app;
    const { store } = app, tab = String(Math.random());
    const channel = typeof BroadcastChannel === 'function'
      ? new BroadcastChannel(`confab looking:${app.client.base.href}:${app.me.id}`) : null;
    if (channel) channel.onmessage = ({ data }) => this.#looking.set(data.tab, data.looking);
    const tell = () => channel?.postMessage({ tab, looking: this.#isLooking ? app.open : '' });
    const badge = app.drawer(() => this.#badge());
    const gone = () => channel?.postMessage({ tab, looking: '' });
    for (const event of ['focus', 'blur']) addEventListener(event, tell);
    addEventListener('pagehide', gone);
    this.#offs = [
      store.on('rooms', badge), store.on('loaded', badge),
      store.on('notify', (one) => this.#notify(one)), app.on('open', tell),
      () => {
        for (const event of ['focus', 'blur']) removeEventListener(event, tell);
        removeEventListener('pagehide', gone);
        gone();
        channel?.close();
        document.title = 'confab';
      },
    ];
  }

  close() {
    for (const off of this.#offs) off();
  }

  get #isLooking() {
    return !document.hidden && document.hasFocus();
  }

  #badge() {
    const { unread } = this.app.store.totals();
    document.title = unread ? `(${this.app.formats.numbers.format(unread)}) confab` : 'confab';
    const { setAppBadge, clearAppBadge } = /** @type {any} */ (navigator);
    (unread ? setAppBadge?.call(navigator, unread) : clearAppBadge?.call(navigator))?.catch?.(() => {});
  }

  /** @param {import('../confab/types.js').Notification} one */
  #notify(one) {
    const { app } = this, { settings, store } = app, { notification_type: type, message, reaction } = one;
    if (!message) return this.#invited(one);
    const room = store.room(message.room.id);
    const isShown = message.room.id === app.open && this.#isLooking;
    const name = app.personOf((reaction?.user ?? message.sender));
    const text = reaction ? app.t('reacted', { name, sign: reaction.reaction_content }) : app.lineOf(message);
    if (isShown && !reaction) app.announcer.say(app.t('said', { name, text }));
    if (isShown || (reaction && message.sender.id !== app.me.id)) return;
    if (settings.get('quiet').includes(message.room.id) && type !== 'MENTION') return;
    if (!app.client.share.isLeading || [...this.#looking.values()].includes(message.room.id)) return;
    if (settings.get('sound')) this.#sound();
    const title = room && !room.peer ? `${name} · ${app.nameOf(room)}` : name;
    this.#show(title, text, message.room.id, message);
  }

  /** The person was added to a room, or is invited. @param {import('../confab/types.js').Notification} one */
  #invited({ room, user, status }) {
    const { app } = this;
    if (!room || !user) return;
    const text = app.t(status === 'added' ? 'addedYou' : 'invitesYou', { name: user.username, room: room.name ?? '' });
    app.announcer.say(text);
    if (!app.client.share.isLeading || (this.#isLooking && room.id === app.open)) return;
    if (app.settings.get('sound')) this.#sound();
    this.#show(room.name ?? '', text, status === 'added' ? room.id : '');
  }

  /**
   * @param {string} title @param {string} body @param {string} room to show, or ''
   * @param {import('../confab/types.js').Message} [message]
   */
  #show(title, body, room, message) {
    const { app } = this;
    if (!app.settings.get('notify') || typeof Notification !== 'function' || Notification.permission !== 'granted')
      return;
    try {
      const note = new Notification(title, { body, tag: room || title, icon: 'icon.svg', lang: app.lang });
      note.addEventListener('click', () => {
        window.focus();
        app.show(room, message);
        note.close();
      });
    } catch {
      // Android supports only notifications by service workers, so there is only the sound.
    }
  }

  /** Two soft notes. */
  #sound() {
    if (Date.now() - this.#lastSound < TOGETHER || !navigator.userActivation?.hasBeenActive) return;
    this.#lastSound = Date.now();
    const audio = this.#audio ??= new AudioContext();
    for (const [i, pitch] of [659, 880].entries()) {
      const tone = audio.createOscillator(), volume = audio.createGain(), at = audio.currentTime + i * 0.11;
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.08, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.25);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + 0.3);
    }
  }
}
