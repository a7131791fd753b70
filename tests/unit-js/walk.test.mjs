// The promise of the client library: a typed message is sent once, as its author, or is still there with the reason
// why it was not sent. A random walk over failing tabs, accounts, networks, sleeps, storage and servers tests it.
//   WALK_STEPS=10000 a long walk;  WALK_SEED=… repeats a walk
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomOf, World } from './support/walk-world.mjs';

const STEPS = Number(process.env.WALK_STEPS ?? 2000);
const SEED = Number(process.env.WALK_SEED ?? Math.floor(Math.random() * 2 ** 31));
const ACCOUNTS = [1, 2, 3], ROOMS = ['r1', 'r2', 'r3'];
const MINUTE = 60_000;

/** A page in a tab, like the application: a form, or the conversations of a person. */
class Page {
  isIn = false;

  constructor(world) {
    this.world = world;
    this.tab = world.open();
    const { Client, Store } = this.tab.library;
    this.client = new Client({ url: '/chat/', transports: ['ws'] });
    this.store = new Store(this.client);
    this.client.on('state', (state) => { if (state === 'unauthenticated' && this.isIn) this.leave(); });
    this.client.whoAmI().then(() => this.enter(), () => {});
  }

  async enter() {
    this.isIn = true;
    await this.client.start();
    if (this.isIn)
      await this.tab.library.persist(() => this.store.load(), { isWanted: () => this.isIn }).catch(() => {});
  }

  leave() {
    this.isIn = false;
    this.client.stop();
    this.client.forget();
    this.store.clear();
  }

  logIn(account) {
    this.client.logIn(String(account), 'x').then(() => this.enter(), () => {});
  }

  logOut() {
    this.client.logOut().catch(() => {});
    this.leave();
  }

  get unsent() { return [...this.store.outbox.items.values()]; }
}

class Walk {
  /** text -> {user, isDiscarded, isGivenUp} */
  typed = new Map();
  pages = [];

  constructor(seed) {
    this.random = randomOf(seed);
    this.world = new World(this.random);
  }

  pick(list) { return list[Math.floor(this.random() * list.length)]; }

  /** Pages that show conversations. */
  get open() { return this.pages.filter(({ isIn, client }) => isIn && client.user); }

  async step() {
    const { world } = this, steps = {
      type: 30, wait: 22, network: 8, openTab: 4, closeTab: 3, reload: 5, logOut: 3, logIn: 6, storage: 4, sleep: 2,
      skew: 2,
      wipe: 0.1, retry: 2, discard: 2, restart: 2, forgetLog: 1, otherCookie: 0.7,
    };
    let at = this.random() * Object.values(steps).reduce((a, b) => a + b);
    const [name] = Object.entries(steps).find(([, weight]) => (at -= weight) < 0);
    await this[name]();
    await world.advance(this.random() * 200);
  }

  type() {
    const page = this.pick(this.open);
    if (!page) return this.pages.length ? this.logIn() : this.openTab();
    const kind = this.random() < 0.08 ? 'refused' : 'text', text = `${kind} ${this.typed.size + 1}`;
    const user = page.client.user.id;
    page.store.send(this.pick(ROOMS), text);
    this.typed.set(text, { user });
  }

  wait() { return this.world.advance(this.pick([50, 500, 3000, 20_000, 2 * MINUTE]) * this.random()); }

  network() { this.world.setNetwork(this.pick(['good', 'good', 'good', 'good', 'down', 'mute', 'deaf'])); }

  openTab() { if (this.pages.length < 4) this.pages.push(new Page(this.world)); }

  /**
   * Closes without notice; a page that could not store its messages asks first, and loses them if it is closed anyway.
   */
  closeTab(page = this.pick(this.pages)) {
    if (!page) return;
    for (const { text } of page.store.outbox.loose) this.giveUp(text);
    page.tab.close();
    this.pages = this.pages.filter((one) => one !== page);
  }

  reload() {
    const page = this.pick(this.pages);
    if (!page) return;
    this.closeTab(page);
    this.pages.push(new Page(this.world));
  }

  giveUp(text) {
    const one = this.typed.get(text);
    if (one) one.isGivenUp = true;
  }

  logOut() { this.pick(this.open)?.logOut(); }

  logIn() { this.pick(this.pages.filter(({ isIn }) => !isIn))?.logIn(this.pick(ACCOUNTS)); }

  /** The site around it logs in another person, and no page knows. */
  otherCookie() { this.world.server.request(this.world, 'POST', 'session', { username: this.pick(ACCOUNTS) }); }

  storage() {
    const isWell = this.random() < 0.7;
    this.world.storage.mode = isWell ? 'ok' : this.pick(['ok', 'refused', 'full']);
    this.world.database.mode = isWell ? 'ok' : this.pick(['ok', 'missing', 'silent', 'full']);
  }

  /** Wipes the storage of the device: messages that no page has in memory are lost. */
  wipe() {
    const held = new Set(this.pages.flatMap((page) => (page.isIn ? page.unsent.map(({ text }) => text) : [])));
    for (const [text, one] of this.typed) {
      if (!held.has(text)) one.isGivenUp = true;
      one.wasWiped = true;
    }
    const { storage, database } = this.world, mode = storage.mode;
    storage.mode = 'ok';
    for (let i = storage.length; i--;) storage.removeItem(storage.key(i));
    storage.mode = mode;
    database.rows.clear();
  }

  sleep() { this.world.sleep(this.pick([MINUTE, 60 * MINUTE, 600 * MINUTE])); }

  skew() { this.world.skew = this.pick([0, -3 * 60 * MINUTE, 24 * 60 * MINUTE]); }

  retry() { this.failedOne()?.retry(); }

  discard() {
    const item = this.random() < 0.5 ? this.failedOne() : this.pick(this.open.flatMap(({ unsent }) => unsent));
    if (!item) return;
    const one = this.typed.get(item.text);
    if (one) one.isDiscarded = true;
    item.discard();
  }

  failedOne() { return this.pick(this.open.flatMap(({ unsent }) => unsent).filter(({ state }) => state === 'failed')); }

  restart() { this.world.server.restart(); }

  forgetLog() { this.world.server.forgetLog(); }

  /** Ends all failures; each person logs in once more and stays for a while. */
  async end() {
    const { world } = this;
    world.server.isHealthy = true;
    world.storage.mode = world.database.mode = 'ok';
    world.setNetwork('good');
    await world.advance(10 * MINUTE);
    this.pages.push(new Page(world));
    const page = this.pages.at(-1), kept = new Map();
    await world.advance(MINUTE);
    for (const account of ACCOUNTS) {
      for (const one of this.pages) {
        if (one.isIn) one.logOut();
        await world.advance(1000);
      }
      for (const one of [page, ...this.pages]) {
        if (!one.isIn) one.logIn(account);
        await world.advance(MINUTE);
      }
      await world.advance(20 * MINUTE);
      for (const one of this.pages) for (const item of one.unsent)
        kept.set(item.text, { user: account, state: item.state });
    }
    return kept;
  }

  async verdict() {
    const kept = await this.end(), sum = { messages: this.typed.size, sent: 0, refused: 0, discarded: 0, givenUp: 0 };
    const lost = [], doubled = [], wrong = [], stuck = [];
    for (const [text, { user, isDiscarded, isGivenUp, wasWiped }] of this.typed) {
      const arrived = this.world.server.messages.filter(({ content }) => content === text);
      wrong.push(...arrived.filter(({ sender }) => sender.id !== user).map(() => text));
      if (arrived.length > 1) doubled.push(text);
      if (arrived.length) sum.sent++;
      else if (isDiscarded) sum.discarded++;
      else if (kept.get(text)?.state === 'failed' && kept.get(text).user === user) sum.refused++;
      else if (kept.has(text)) stuck.push(text);
      else if (isGivenUp || wasWiped) sum.givenUp++;
      else lost.push(text);
    }
    return { ...sum, lost, doubled, wrong, stuck };
  }
}

test(`${STEPS} steps of a random walk: nothing is lost, nothing doubled, nothing in a wrong name`,
    { timeout: 3_600_000 }, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const walk = new Walk(SEED);
  for (let i = 0; i < STEPS; i++) await walk.step();
  const { lost, doubled, wrong, stuck, ...sum } = await walk.verdict();
  t.diagnostic(Object.entries(sum).map(([name, count]) => `${name} ${count}`).join(', '));
  assert.deepEqual({ lost, doubled, wrong, stuck }, { lost: [], doubled: [], wrong: [], stuck: [] },
    `WALK_SEED=${SEED}`);
  assert.ok(sum.sent > STEPS / 10, `only ${sum.sent} were sent`);
});
