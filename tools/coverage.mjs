// The test coverage of each room: lines of C by gcov, lines of JavaScript by V8, functions of SQL by PostgreSQL's
// counts. Prints a table in Markdown.
//   node tools/coverage.mjs FOLDER OBJECTS    the data of `make coverage`, and the objects that it ran
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const top = path.resolve(import.meta.dirname, '..');
const [folder, objects] = process.argv.slice(2).map((name) => path.resolve(name));
const files = (at, ending) => readdirSync(at, { recursive: true }).filter((name) => name.endsWith(ending))
  .map((name) => path.join(at, name));

/** Lines by file: Map(file -> Map(line -> whether it was run)). */
class Lines {
  files = new Map();

  mark(file, line, run) {
    const lines = this.files.get(file) ?? new Map();
    lines.set(line, run || lines.get(line) === true);
    this.files.set(file, lines);
  }

  /** Sums by folder: [[folder, run, all]…]. */
  rooms() {
    const sums = new Map();
    for (const [file, lines] of this.files) {
      const sum = sums.get(path.dirname(file)) ?? [0, 0];
      sum[0] += [...lines.values()].filter(Boolean).length;
      sum[1] += lines.size;
      sums.set(path.dirname(file), sum);
    }
    return [...sums].map(([room, sum]) => [room, ...sum]).sort();
  }
}

function linesOfC() {
  const lines = new Lines();
  for (const data of files(objects, '.gcda')) {
    const text = execFileSync('gcov', ['--json-format', '--stdout', data], { cwd: top, maxBuffer: 1 << 28 });
    for (const json of text.toString().trim().split('\n'))
      for (const { file, lines: list } of JSON.parse(json).files)
        if (/^(lib|fcgi|ws-bridge|preview|tools)\//.test(file))
          for (const { line_number: number, count } of list) lines.mark(file, number, count > 0);
  }
  return lines;
}

/** The file in htdocs/ of a script of a page or of a test. */
function moduleOf(url) {
  const local = url.startsWith('file:') ? path.relative(top, decodeURIComponent(new URL(url).pathname)) : null;
  const served = /^http:\/\/127\.0\.0\.1:\d+\/chat\/(.*\.js)$/.exec(url)?.[1];
  const name = served ? `htdocs/${served}` : local;
  // A bundle has other lines than the modules that it is made of.
  return name && /^htdocs\/.*\.js$/.test(name) && !name.includes('/types/') && existsSync(path.join(top, name))
    ? name : null;
}

/** For each character of a script, whether it was run: later ranges are nested in earlier ones. */
function charactersRun(functions, length) {
  const run = new Uint8Array(length).fill(1);
  for (const { ranges } of functions)
    for (const { startOffset, endOffset, count } of ranges) run.fill(count > 0 ? 1 : 0, startOffset, endOffset);
  return run;
}

function linesOfJavaScript() {
  const lines = new Lines();
  for (const file of files(path.join(folder, 'v8'), '.json'))
    for (const { url, functions } of JSON.parse(readFileSync(file, 'utf8')).result) {
      const name = moduleOf(url);
      if (!name) continue;
      const text = readFileSync(path.join(top, name), 'utf8'), run = charactersRun(functions, text.length);
      let at = 0;
      text.split('\n').forEach((line, i) => {
        const first = line.search(/\S/);
        if (first >= 0 && !/^\s*(\/\/|\/?\*)/.test(line)) lines.mark(name, i + 1, run[at + first] === 1);
        at += line.length + 1;
      });
    }
  return lines;
}

/** The functions of the schema that were never called, and the number of all. */
function functionsOfSql() {
  const called = new Map();
  for (const file of files(path.join(folder, 'sql'), '.txt'))
    for (const line of readFileSync(file, 'utf8').trim().split('\n').filter(Boolean)) {
      const [name, calls] = line.split('|');
      called.set(name, (called.get(name) ?? 0) + Number(calls));
    }
  return { all: called.size, never: [...called].filter(([, calls]) => !calls).map(([name]) => name).sort() };
}

const percent = (run, all) => `${(100 * run / all).toFixed(1)} %`;
function print(title, rooms) {
  console.log(`| ${title} | lines run | of | |\n| --- | ---: | ---: | ---: |`);
  for (const [room, run, all] of rooms) console.log(`| \`${room}\` | ${run} | ${all} | ${percent(run, all)} |`);
  const [run, all] = rooms.reduce(([r, a], [, x, y]) => [r + x, a + y], [0, 0]);
  console.log(`| together | ${run} | ${all} | ${percent(run, all)} |\n`);
}

print('C', linesOfC().rooms());
print('JavaScript', linesOfJavaScript().rooms());
const { all, never } = functionsOfSql();
console.log(`SQL: ${all - never.length} of ${all} functions were called by name or inlined into a plan that says so.`);
console.log(never.length ? `Never counted: ${never.join(', ')}.` : 'None was left out.');
