// The coverage of pages, written into the folder COVERAGE in the format of Node.js.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const folder = process.env.COVERAGE && path.join(process.env.COVERAGE, 'v8');

async function save(page) {
  const result = await page.coverage.stopJSCoverage().catch(() => []);
  await mkdir(folder, { recursive: true });
  const name = `page-${process.pid}-${Math.random().toString(36).slice(2)}.json`;
  await writeFile(path.join(folder, name), JSON.stringify({ result }));
}

/** Records the coverage of every page of the browser, if COVERAGE is set. */
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
