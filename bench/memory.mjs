// Memory of each program per idle stream, by kind of stream: PSS from /proc, before and after N of them.
import { readFileSync, readdirSync } from 'node:fs';
import { holdPoll, openSse, openWebSocket, register } from './client.mjs';

const N = Number(process.env.STREAMS ?? 1000);
const run = process.env.CONFAB_DIR ? `${process.env.CONFAB_DIR}/` : '';

/** KiB of all processes of that name that belong to this stack. */
function pss(name) {
  let sum = 0;
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const cmdline = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (!cmdline.includes(name) || !cmdline.includes(run)) continue;
      sum += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
    } catch { /* it ended meanwhile */ }
  }
  return sum;
}

const PROGRAMS = ['confab-events', 'confab-bridge', 'lighttpd'];
const account = await register('memory');
const kinds = {
  websocket: (token) => openWebSocket(token, () => {}),
  sse: (token) => openSse(token, () => {}),
  poll: holdPoll,
};

console.log(`KiB per idle stream, ${N} of each kind`);
for (const [kind, open] of Object.entries(kinds)) {
  const before = PROGRAMS.map(pss);
  const close = [];
  for (let i = 0; i < N; i += 50)
    close.push(...await Promise.all(Array.from({ length: Math.min(50, N - i) }, () => open(account.token))));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const after = PROGRAMS.map(pss);
  console.log(kind.padEnd(10), PROGRAMS.map((name, i) =>
    `${name} ${((after[i] - before[i]) / N).toFixed(2)}`).join('  '));
  for (const end of close) end();
  await new Promise((resolve) => setTimeout(resolve, 1500));
}
process.exit(0);
