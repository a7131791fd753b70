// Takes the pictures in docs/: a small village on a fresh stack, on a desktop and on a phone, in both themes. Run by
// `make screenshots`.
import path from 'node:path';
import { command, enterRoom, launch, makeRoom, message, openAs, PASSWORD, sees, url } from './support/browser.mjs';

const docs = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../../docs'));
const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

async function person(username) {
  const response = await fetch(new URL('session/register', url), {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password: PASSWORD }) });
  if (!response.ok) throw new Error(await response.text());
  return { ...await response.json(), cookie: response.headers.getSetCookie()[0] };
}

/** Sends messages to a room, one after the other: [who, text, how]. Returns the messages. */
async function tell(room, lines) {
  const said = [];
  for (const [who, content, how = {}] of lines) {
    const { data } = await command(who, 'message.send',
      { room_id: room.id, content,
        ...(how.reply !== undefined && { extra_fields: { parent_message_id: said[how.reply].id } }),
      ...(how.media && { extra_fields: { media: how.media } }) });
    for (const [whose, sign] of how.reactions ?? [])
      await command(whose, 'message.react', { type: 'add', message_id: data.id, reaction_content: sign });
    said.push(data);
  }
  return said;
}

/** A picture without a copyright: beds of an allotment under an evening sky. */
async function picture(page, who) {
  const bytes = Buffer.from(await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(960, 600), g = canvas.getContext('2d');
    const sky = g.createLinearGradient(0, 0, 0, 330);
    for (const [at, colour] of [[0, '#6fa8c9'], [0.6, '#f2d8a7'], [1, '#f3b47c']]) sky.addColorStop(at, colour);
    g.fillStyle = sky;
    g.fillRect(0, 0, 960, 330);
    g.fillStyle = '#fff1c9';
    g.beginPath();
    g.arc(700, 235, 46, 0, 7);
    g.fill();
    g.fillStyle = '#5d7f63';
    g.beginPath();
    g.moveTo(0, 300);
    for (let x = 0; x <= 960; x += 40) g.lineTo(x, 275 + 22 * Math.sin(x / 130) + 8 * Math.sin(x / 37));
    g.lineTo(960, 340);
    g.lineTo(0, 340);
    g.fill();
    g.fillStyle = '#7b5a3c';
    g.fillRect(0, 325, 960, 275);
    for (let row = 0; row < 7; row++)
      for (let i = 0; i < 26; i++) {
        const depth = (row + 1) / 7, y = 340 + 240 * depth ** 1.4, x = 480 + (i - 12.5) * 62 * (0.35 + depth * 0.75),
          size = 5 + 17 * depth;
        g.fillStyle = ['#3f7d3a', '#5a9a3d', '#2f6b45', '#88b04b'][(row + i % 2) % 4];
        for (const [dx, dy] of [[-0.5, 0], [0.5, 0], [0, -0.55]]) {
          g.beginPath();
          g.ellipse(x + dx * size, y + dy * size, size * 0.65, size * 0.45, dx, 0, 7);
          g.fill();
        }
        if (row % 3 === 1) {
          g.fillStyle = '#c9402f';
          g.beginPath();
          g.arc(x, y, size * 0.28, 0, 7);
          g.fill();
        }
      }
    return [...new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 })).arrayBuffer())];
  }));
  const response = await fetch(new URL('media?name=beds.jpg', url),
    { method: 'POST', headers: { Authorization: `Bearer ${who.token}`, 'Content-Type': 'image/jpeg' }, body: bytes });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

async function village(browser) {
  const [alice, bob, carol, dinah, emil] = await Promise.all(['alice', 'bob', 'carol', 'dinah', 'emil'].map(person));
  const blank = await browser.newPage(), beds = await picture(blank, carol);
  await blank.close();
  const pair = async (other) =>
    (await command(alice, 'room.create', { type: 'OneToOneChat', participants: [other.user.id] })).data;
  const news = (await command(emil, 'room.create',
    { type: 'Channel', name: 'Parish news', subscribers: [alice, bob, carol].map(({ user }) => user.id),
      extra_fields: { is_public: true } })).data;
  await tell(news, [[emil, 'The lending library is open again on Saturdays, from ten to one.']]);
  await tell(await makeRoom(alice, [dinah, emil], 'Choir'),
    [[alice, 'Rehearsal on Thursday?'], [dinah, 'Yes, at seven. Bring the green scores.']]);
  await tell(await pair(dinah), [[dinah, 'The jam is on your doorstep 🍓'], [alice, 'You are wonderful. Thank you!']]);
  await tell(await makeRoom(emil, [alice, bob], 'Bell ringers'),
    [[bob, 'Rope three is frayed, mind your hands.'],
      [emil, `@${alice.user.username} can you bring the splicing kit?`]]);
  await tell(await pair(bob),
    [[alice, 'Do you still have the long ladder?'], [bob, 'Yes, behind the shed. Take it whenever you like.']]);
  const garden = await makeRoom(alice, [bob, carol, dinah], 'Allotment');
  await command(alice, 'room.modify',
    { room_id: garden.id, action: 'update', data: { description: 'Whose turn is it to water?' } });
  await command(alice, 'room.modify', { room_id: garden.id, action: 'add_admin', data: { users: [bob.user.id] } });
  await command(alice, 'room.modify',
    { room_id: garden.id, action: 'add_permission',
      data: { users: [carol.user.id], permission: ['can_add_new_participants'] } });
  const said = await tell(garden, [
    [alice, 'Good morning! The beans are up.', { reactions: [[bob, '🌱'], [carol, '🌱'], [dinah, '❤️']] }],
    [bob, 'Already? I only sowed them on Sunday.'],
    [carol, 'This was last night, just before it rained.',
      { media: [{ ...beds, caption: 'This was last night, just before it rained.' }], reactions: [[alice, '😍']] }],
    [alice, 'So the water butt is full again. Who waters until Thursday?'],
    [carol, 'I can, if somebody lends me the long hose.', { reply: 3 }],
    [bob, 'It hangs by the gate: <a href="https://example.org/plan">the plan of the taps</a> says which one works.'],
    [alice, 'Thank you both. Then I take the weekend.', { reactions: [[bob, '👍'], [carol, '👍']] }]]);
  await command(alice, 'message.pin', { type: 'add', message_id: said[5].id });
  for (const who of [bob, carol]) await command(who, 'message.read', { message_id: said.map(({ id }) => id) });
  return { alice, bob, carol, garden };
}

const settled = (page) => page.evaluate(async () => {
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  await document.fonts.ready;
  await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})));
});

async function shoot(page, name) {
  await settled(page);
  await page.screenshot({ path: path.join(docs, `${name}.png`) });
  console.log(path.join('docs', `${name}.png`));
}

const browser = await launch();
const { alice, bob, garden } = await village(browser);
const others = await openAs(browser, bob); // one person is online
/** Reads the messages, like a person who views them. */
async function reads(page) {
  await page.bringToFront();
  await page.locator('#room-list [aria-current] .unread').waitFor({ state: 'detached' });
}
for (const colorScheme of ['light', 'dark']) {
  const suffix = colorScheme === 'dark' ? '-dark' : '';
  const desk = await openAs(browser, alice, { ...DESK, colorScheme });
  await enterRoom(desk, garden.name);
  await sees(desk, 'Then I take the weekend.');
  await reads(desk);
  await desk.locator('#details').click();
  await desk.locator('.panel .person').nth(3).waitFor();
  await desk.locator('.panel .rights').waitFor();
  await message(desk, 'Then I take the weekend.').locator('.mark.read').waitFor();
  await desk.evaluate(() => document.activeElement.blur());
  await shoot(desk, `screenshot${suffix}`);
  await desk.context().close();
  const phone = await openAs(browser, alice, { ...PHONE, colorScheme });
  await phone.locator('#room-list button').nth(5).waitFor();
  await shoot(phone, `screenshot-phone-list${suffix}`);
  await enterRoom(phone, garden.name);
  await sees(phone, 'Then I take the weekend.');
  await shoot(phone, `screenshot-phone${suffix}`);
  await phone.context().close();
}
await others.context().close();
await browser.close();
