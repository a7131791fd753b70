// What pages have run, written into the folder COVERAGE in the form in which Node.js writes its own.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const folder = process.env.COVERAGE && path.join(process.env.COVERAGE, 'v8');

async function save(page) {
  const result = await page.coverage.stopJSCoverage().catch(() => []);
  await mkdir(folder, { recursive: true });
  const name = `page-${process.pid}-${Math.random().toString(36).slice(2)}.json`;
  await writeFile(path.join(folder, name), JSON.stringify({ result }));
}

/** Has every page of the browser recorded, when somebody wants to know. */
export function record(browser) {
  if (!folder) return browser;
  const newContext = browser.newContext.bind(browser);
  browser.newContext = async (...options) => {
    const context = await newContext(...options);
    const [newPage, close] = [context.newPage.bind(context), context.close.bind(context)];
    context.newPage = async () => {
      const page = await newPage();
      await page.coverage.startJSCoverage({ resetOnNavigation: false });
      return page;
    };
    context.close = async () => {
      await Promise.all(context.pages().map(save));
      await close();
    };
    return context;
  };
  return browser;
}
