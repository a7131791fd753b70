// The delivered library: its types, its size, its package.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild';
import ts from 'typescript';
import { LANGUAGES } from '../../htdocs/ui/text.js';

const run = promisify(execFile);
const htdocs = path.resolve(import.meta.dirname, '../../htdocs');
const TSC = path.resolve(import.meta.dirname, '../node_modules/typescript/bin/tsc');

/** The modules that a browser loads for a module, including itself. */
function modulesOf(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'));
  // In comments, for types, there are imports too; those are not loaded.
  const code = withoutComments(file);
  for (const { fileName } of importedFiles)
    if (fileName.startsWith('.') && code.includes(`'${fileName}'`))
      modulesOf(path.resolve(path.dirname(file), fileName), found);
  return found;
}

function withoutComments(file) {
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
    compilerOptions: { target: 'es2022', module: 'es2022', removeComments: true }, fileName: file });
  return outputText;
}

/**
 * The compressed size of an entry with the modules that each page loads, and the largest of the languages, of which a
 * page loads one: as bundled, and as served without a bundler, file by file with its comments. The replacements of
 * WebSocket and Web Locks are not counted, because they are loaded only where these are missing.
 */
async function sizes(entry) {
  const { outputFiles, metafile: { outputs } } = await esbuild.build({
    entryPoints: [path.join(htdocs, entry)], bundle: true, splitting: true, metafile: true, minify: true, format: 'esm',
    write: false, outdir: 'out', logLevel: 'error' });
  const sizeOf = (name) =>
    gzipSync(outputFiles.find(({ path: file }) => file.endsWith(name)).contents, { level: 9 }).length;
  const loaded = new Set(), languages = new Set();
  const load = (name) => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const { path: other, kind } of outputs[name].imports)
      if (kind !== 'dynamic-import') load(other);
      else if (outputs[other].entryPoint.includes('/lang/')) languages.add(other);
  };
  load(`out/${entry}`);
  const bundled = [...loaded].reduce((sum, name) => sum + sizeOf(name), Math.max(0, ...[...languages].map(sizeOf)));
  const served = [...modulesOf(path.join(htdocs, entry))]
    .reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  return { bundled, served };
}

for (const [entry, most] of [['confab.js', 15], ['widget.js', 30]])
  test(`${entry} with all it loads is less than ${most} KB, minified and compressed`, async (t) => {
    const { bundled, served } = await sizes(entry);
    t.diagnostic(`${entry}: ${bundled} bytes; ${served} as it is served, file by file, with comments`);
    assert.ok(bundled < most * 1024, `${bundled} bytes`);
  });

test('the types are right', { timeout: 120_000 }, async () => {
  const { stdout } = await run(process.execPath, [TSC, '-p', htdocs]).catch((error) => error);
  assert.equal(stdout, '');
});

/** The common features of the browsers of the last two years, by their versions of November 2024. */
const BROWSERS = ['chrome131', 'edge131', 'firefox133', 'safari18.1', 'ios18.1'];

test('nothing is written in a way that the browsers of the last two years do not know', async () => {
  const files = (await readdir(htdocs, { recursive: true }))
    .filter((file) => /\.(js|css)$/.test(file) && !file.startsWith('types/'));
  assert.ok(files.length > 80);
  const supported = { 'regexp-unicode-property-escapes': true }; // esbuild knows those of 2018 only
  for (const file of files) {
    const source = readFileSync(path.join(htdocs, file), 'utf8'), loader = path.extname(file).slice(1);
    const [newest,
      known] = await Promise.all(['esnext',
        BROWSERS].map((target) => esbuild.transform(source, { loader, target, legalComments: 'none', supported })));
    assert.equal(known.code.replaceAll('-webkit-', ''), newest.code.replaceAll('-webkit-', ''),
      `${file} says something that has to be put in other words for ${BROWSERS.join(', ')}`);
  }
});

test('the library has no page in it, and no dependency', () => {
  for (const file of modulesOf(path.join(htdocs, 'confab.js'))) {
    const code = withoutComments(file);
    assert.doesNotMatch(code, /\b(document|window|HTMLElement|innerHTML)\b/, file);
    for (const { fileName } of ts.preProcessFile(code).importedFiles) assert.match(fileName, /^\.\.?\//);
  }
});

test('names of the wire stand in codes.js alone', () => {
  for (const file of modulesOf(path.join(htdocs, 'confab.js')))
    if (!file.endsWith('codes.js'))
      assert.doesNotMatch(withoutComments(file),
        /'(message|room|session|presence|user|chat)\.[a-z_]+'|'\w+\.dispatch'|\b40\d\d\b/, file);
});

test('every language has the same texts, with the same places in them', async () => {
  const places = (text) => [...new Set((typeof text === 'string' ? text : text.other).match(/\{\w+\}/g))].sort();
  const english = (await import(path.join(htdocs, 'lang/en.js'))).texts;
  assert.deepEqual((await readdir(path.join(htdocs, 'lang'))).sort(), LANGUAGES.map((lang) => `${lang}.js`).sort());
  for (const lang of LANGUAGES) {
    const { texts, dir } = await import(path.join(htdocs, `lang/${lang}.js`));
    assert.deepEqual(Object.keys(texts), Object.keys(english), lang);
    assert.ok(dir === 'ltr' || dir === 'rtl');
    for (const key of Object.keys(english)) {
      assert.deepEqual(places(texts[key]), places(english[key]), `${lang}: ${key}`);
      if (typeof texts[key] === 'object')
        assert.deepEqual(Object.keys(texts[key]).sort(),
          new Intl.PluralRules(lang).resolvedOptions().pluralCategories.toSorted(), `${lang}: ${key}`);
    }
  }
});

/** A program in TypeScript with one mistake that the types must find. */
const CONSUMER = `
import { Client, Store, ConfabError } from 'confab';
// @ts-expect-error an address is a string
new Client({ url: 7 });
const client = new Client({ url: '/chat/', token: async () => 'T' }), store = new Store(client);
const message = store.messages('r')[0];
const text: string = 'state' in message ? message.text : message.content;
const code: number = new ConfabError(1, text).code;
export const unread: number = store.totals().unread + code;
`;

test('npm pack makes a package that can be used, with types', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'confab-pack-'));
  try {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: htdocs });
    const [{ filename, files }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
    const names = files.map(({ path: name }) => name);
    for (const name of ['confab.js', 'widget.js', 'types/confab.d.ts', 'types/confab/store.d.ts', 'lang/en.js',
      'README.md', 'package.json']) assert.ok(names.includes(name), name);
    assert.ok(!names.some((name) => name.startsWith('app')));
    const home = path.join(folder, 'node_modules/confab');
    await mkdir(home, { recursive: true });
    await run('tar', ['-xzf', path.join(folder, filename), '-C', home, '--strip-components=1']);
    await writeFile(path.join(folder, 'use.ts'), CONSUMER);
    const { stdout: found } = await run(process.execPath,
      [TSC, '--noEmit', '--strict', '--target', 'es2022', '--module', 'es2022',
      '--moduleResolution', 'bundler', '--lib', 'es2023,dom', path.join(folder, 'use.ts')]).catch((error) => error);
    assert.equal(found, '');
    const { stdout: said } = await run(process.execPath, ['--input-type=module', '-e',
      "const { Client } = await import('confab'); console.log(new Client({ url: 'http://x.test/chat/' }).state)"],
        { cwd: folder });
    assert.equal(said, 'stopped\n');
  } finally {
    await rm(folder, { recursive: true });
    if (existsSync(path.join(htdocs, 'types'))) await rm(path.join(htdocs, 'types'), { recursive: true });
  }
});
