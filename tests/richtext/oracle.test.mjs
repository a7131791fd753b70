// Rich text against two oracles, an independent HTML parser and a live browser, on hostile inputs from a seed.
//   RICHTEXT_INPUTS=N   number of inputs (10000)
//   RICHTEXT_SEED=N     repeats the inputs of a seed
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch } from '../browser/support/browser.mjs';
import { generate, payloads } from './generate.mjs';
import { canonical, clean, forbidden, tree } from './support.mjs';

const seed = Number(process.env.RICHTEXT_SEED ?? Math.floor(Math.random() * 1e9));
const inputs = generate(seed, Number(process.env.RICHTEXT_INPUTS ?? 10000));
const modes = [{ keep: false }, { keep: true }].map((mode) => ({ ...mode, outputs: clean(inputs, mode) }));

/** Fails with the first inputs for which wrong(output, index) returns a fault. */
function none(outputs, wrong) {
  const found = outputs.flatMap((output, i) => {
    const what = wrong(output, i);
    return what ? [{ input: inputs[i], output, what }] : [];
  });
  assert.equal(found.length, 0, `seed ${seed}: ${JSON.stringify(found.slice(0, 3), null, 1)}`);
}

test(`${inputs.length} inputs of seed ${seed} give as many outputs`, () => {
  for (const { outputs } of modes) assert.equal(outputs.length, inputs.length);
});

for (const { keep, outputs } of modes) {
  const kept = keep ? ', class and id kept' : '';
  test(`parse5 reads the tree that was written${kept}`, () => none(outputs, (output) => {
    const read = tree(output), written = canonical(output);
    return read !== written && { read, written };
  }));
  test(`nothing but what is allowed is in that tree${kept}`,
    () => none(outputs, (output) => forbidden(output, { keep })));
  test(`sanitising twice changes nothing${kept}`, () => {
    const again = clean(outputs, { keep });
    none(outputs, (output, i) => again[i] !== output && { again: again[i] });
  });
}

const HERE = 'http://here.invalid/';
let browser, page;
const asked = [];
before(async () => {
  browser = await launch();
  page = await browser.newPage();
  await page.route('**', (route) => {
    if (route.request().url() !== HERE) asked.push(route.request().url());
    return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>here</title><div id=box></div>' });
  });
  await page.goto(HERE);
  await page.evaluate(trap);
});
after(() => browser?.close());

/** Runs in the page: counts executed payloads, and shows texts. */
function trap() {
  globalThis.ran = 0;
  for (const name of ['alert', 'confirm', 'prompt', 'print']) globalThis[name] = () => { globalThis.ran++; };
  const escapeText = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]);
  const notation = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return escapeText(node.data);
    if (node.nodeType !== Node.ELEMENT_NODE) return `{${node.nodeName}}`;
    const name = node.namespaceURI === 'http://www.w3.org/1999/xhtml' ? node.localName
      : `{${node.namespaceURI}}${node.localName}`;
    const attributes = [...node.attributes].map((a) => ` ${a.name}="${escapeText(a.value).replaceAll('"', '&quot;')}"`)
      .join('');
    return name === 'br' ? `<br${attributes}>`
      : `<${name}${attributes}>${[...node.childNodes].map(notation).join('')}</${name}>`;
  };
  const box = document.getElementById('box');
  globalThis.show = (text) => {
    box.innerHTML = text;
    return { tree: [...box.childNodes].map(notation).join(''), html: box.innerHTML };
  };
}

async function show(texts) {
  const shown = [];
  for (let i = 0; i < texts.length; i += 500)
    shown.push(...await page.evaluate((some) => some.map((text) => globalThis.show(text)), texts.slice(i, i + 500)));
  return shown;
}


for (const { keep, outputs } of modes) {
  const kept = keep ? ', class and id kept' : '';
  test(`Chromium reads the tree that was written, runs nothing and asks for nothing${kept}`, async () => {
    asked.length = 0;
    const shown = await show(outputs);
    none(outputs, (output, i) => shown[i].tree !== canonical(output) && { read: shown[i].tree });
    const done = page.waitForEvent('requestfinished', (request) => request.url().endsWith('/fence'));
    await page.evaluate(() => globalThis.show('<img src="/fence">'));
    await done;
    assert.equal(await page.evaluate(() => globalThis.ran), 0, `seed ${seed}: something ran`);
    assert.deepEqual(asked, [`${HERE}fence`], `seed ${seed}: something was asked for`);
    const again = clean(shown.map(({ html }) => html), { keep });
    none(outputs, (output, i) => canonical(again[i]) !== canonical(output) && { html: shown[i].html, again: again[i] });
  });
}

test('the traps catch what is not sanitised', async () => {
  asked.length = 0;
  await show(payloads);
  await page.waitForFunction(() => globalThis.ran >= 3);
  assert.ok(asked.filter((url) => url.endsWith('/asked')).length >= 3, asked.join());
  assert.ok(payloads.every((text) => forbidden(text)), 'a payload passes for clean');
});
