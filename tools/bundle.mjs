// Makes smaller files of htdocs/: the library, the widget and the application as a few minified files, under the same
// URLs. Parts that several of them need are chunks with a content hash in their name, so a browser may cache them for
// ever.
//   node tools/bundle.mjs FOLDER
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

// It is installed with the tests, because nothing else needs it.
const esbuild = createRequire(new URL('../tests/package.json', import.meta.url))('esbuild');
const htdocs = path.resolve(import.meta.dirname, '../htdocs'), out = path.resolve(process.argv[2]);
/** The modules that a page can import, by URL. */
const ENTRIES = ['confab.js', 'widget.js', 'app/main.js', 'app.css', 'ui/html.js', 'ui/text.js',
  ...(await readdir(path.join(htdocs, 'lang'))).map((name) => `lang/${name}`)];

await rm(out, { recursive: true, force: true });
const { metafile } = await esbuild.build({
  absWorkingDir: htdocs, entryPoints: ENTRIES, outdir: out, outbase: '.', chunkNames: 'chunks/[hash]', bundle: true,
  splitting: true, minify: true,
  format: 'esm', target: ['chrome130', 'firefox132', 'safari18.1'], charset: 'utf8', external: ['*.svg'],
  metafile: true, logLevel: 'warning',
});

/** The files that one file loads at once. */
function loads(file, found = new Set()) {
  for (const { path: next, kind } of metafile.outputs[file].imports)
    if (kind === 'import-statement' && !found.has(next)) loads(next, found.add(next));
  return found;
}

const main = Object.keys(metafile.outputs).find((file) => file.endsWith('app/main.js'));
const links = [...loads(main)].map((file) => path.relative(out, path.resolve(htdocs, file))).sort();
const page = await readFile(path.join(htdocs, 'index.html'), 'utf8');
const preload = (file) => `<link rel="modulepreload" href="${file}">\n`;
await writeFile(path.join(out, 'index.html'),
  page.replace(/(?:<link rel="modulepreload" href="(?!lang\/).*\n)+/, links.map(preload).join('')));
await mkdir(out, { recursive: true });
for (const file of ['icon.svg', 'README.md', 'package.json'])
  await copyFile(path.join(htdocs, file), path.join(out, file));
