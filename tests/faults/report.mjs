// The table, and a case for each fault and property.

const PROPERTIES = [['lost', 'nothing promised is lost'], ['repeated', 'nothing comes twice'],
  ['reordered', 'nothing is out of order'],
  ['leaked', 'nobody gets what they may not see']];
const HEAD = ['fault', 'times', 'stored', 'delivered', 'lost', 'repeated', 'reordered', 'leaked', 'median s', 'worst s',
  'within s'];

const sum = (list, name) => list.reduce((total, item) => total + item[name], 0);
const seconds = (ms) => (ms / 1000).toFixed(2);

/** One line a fault: injections of the same fault added up. */
export function summarise(injections) {
  const names = [...new Set(injections.map(({ fault }) => fault))];
  return names.map((fault) => {
    const of = injections.filter((injection) => injection.fault === fault);
    const took = of.map((injection) => injection.took).sort((a, b) => a - b);
    return { fault, title: fault.title, times: of.length,
      ...Object.fromEntries(['stored', 'delivered', 'lost', 'repeated', 'reordered', 'leaked'].map((name) =>
      [name, sum(of, name)])), median: (took[(took.length - 1) >> 1] + took[took.length >> 1]) / 2, worst: took.at(-1),
        within: fault.within * 1000 };
  });
}

export function table(lines) {
  const cells = [HEAD,
    ...lines.map((line) =>
      [line.title, line.times, line.stored, line.delivered, line.lost, line.repeated, line.reordered, line.leaked,
    seconds(line.median), seconds(line.worst), line.within / 1000].map(String))];
  const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  return cells.map((row) => row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  '));
}

/** [{name, ok, skip}] */
export function cases(lines, skipped, whole) {
  const list = lines.flatMap((line) => [
    ...PROPERTIES.map(([property, text]) => ({ name: `${line.title}: ${text}`, ok: line[property] === 0 })),
    { name: `${line.title}: delivery is back within ${line.within / 1000} s`, ok: line.worst <= line.within },
  ]);
  for (const { fault, reason } of skipped) list.push({ name: fault.title, ok: true, skip: reason });
  list.push({ name: 'every answer is the command\'s, or says that it may be repeated', ok: whole.odd.length === 0 });
  return list;
}

export function print(list) {
  const marks = { true: 'ok', false: 'not ok' };
  console.log(`1..${list.length}`);
  list.forEach(({ name, ok, skip },
    i) => console.log(`${marks[ok]} ${i + 1} - ${name}${skip ? ` # SKIP ${skip}` : ''}`));
  const failed = list.filter(({ ok }) => !ok).length, skips = list.filter(({ skip }) => skip).length;
  if (skips) console.log(`# ${skips} skipped`);
  return { passed: list.length - failed - skips, failed };
}
