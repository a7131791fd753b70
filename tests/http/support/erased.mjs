// What is left of words that were deleted: in the tables, in what PostgreSQL has sampled of them, in files.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { unique } from './client.mjs';

const run = promisify(execFile);

export const word = (beginning) => `${beginning}${unique()}`.replaceAll('-', '');

/** Uploads, previews and files on their way, by name. */
export function files(stack) {
  return readdirSync(path.join(stack.dir, 'media'), { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile()).map((file) => path.join(file.parentPath ?? file.path, file.name)).sort();
}

/** Those of the words that a dump of the database, a sample of the planner's or a file has. */
export async function left(stack, words) {
  const { stdout } = await run('pg_dump', ['-a', '-h', stack.run, '-U', 'confab_admin', 'confab'],
    { maxBuffer: 1 << 30 });
  const samples = await stack.query(`select s::text from pg_statistic s
    union all select d::text from pg_statistic_ext_data d`);
  const texts = files(stack).map((file) => file + readFileSync(file, 'latin1'));
  return words.filter((one) => [stdout, samples, ...texts].some((text) => text.includes(one)));
}
