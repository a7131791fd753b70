// The plugin for WordPress hands its users over. What it calls of WordPress is stood in for by a few lines of PHP.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Stack } from './support/stack.mjs';
import { openFolder } from './support/token.mjs';

const run = promisify(execFile);
const plugin = path.resolve(import.meta.dirname, '../../docs/examples/wordpress/confab-chat.php');
const folder = openFolder('wordpress');

const WORDPRESS = `<?php
define('CONFAB_KEY', '${folder}/site.key');
$actions = [];
class WP_User {
  public int $ID = 12; public string $user_login = 'zoë'; public string $user_email = 'zoe@example.org';
  public string $first_name = 'Zoë'; public string $last_name = '';
}
function add_action($name, $run) { global $actions; $actions[$name] = $run; }
function wp_json_encode($value) { return json_encode($value); }
function wp_get_current_user() { return new WP_User; }
function is_user_logged_in() { return getenv('VISITOR') === 'user'; }
function nocache_headers() {}
function admin_url($where) { return 'https://site.example/wp-admin/' . $where; }
function esc_url($url) { return htmlspecialchars($url); }
function wp_die($text, $title, $how) { if ($how['response'] !== 200) echo $how['response']; }
require '${plugin}';
$actions[getenv('ACTION')]();
`;

let stack;
before(async () => {
  writeFileSync(path.join(folder, 'site.key'), randomBytes(48).toString('base64'));
  writeFileSync(path.join(folder, 'keys'), 'site HS256 site.key\n');
  writeFileSync(path.join(folder, 'site.php'), WORDPRESS);
  stack = await Stack.start('wordpress', { env: { CONFAB_JWT_KEYS: path.join(folder, 'keys') } });
}, { timeout: 60_000 });
after(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

async function call(ACTION, VISITOR) {
  const { stdout } = await run('php', [path.join(folder, 'site.php')], { env: { ...process.env, ACTION, VISITOR } });
  return stdout;
}

test('a user of the site is logged in, again and again as the same account', async () => {
  const users = [];
  for (let i = 0; i < 2; i++) {
    const token = await call('wp_ajax_confab_token', 'user');
    const { status, body } = await stack.site.request('GET', 'session', { token });
    assert.equal(status, 200);
    users.push(body.user);
  }
  assert.deepEqual(users[1], users[0]);
  const { id, ...user } = users[0];
  assert.ok(id > 0);
  assert.deepEqual(user, { username: 'zoë', email: 'zoe@example.org', first_name: 'Zoë', last_name: '' });
});

test('others get no token, and no widget', async () => {
  assert.equal(await call('wp_ajax_nopriv_confab_token', ''), '403');
  assert.equal(await call('wp_footer', ''), '');
  const widget = await call('wp_footer', 'user');
  assert.match(widget, /^<script type="module" src="\/chat\/widget\.js" /);
  assert.match(widget, /data-token-url="https:\/\/site\.example\/wp-admin\/[^"]*confab_token"><\/script>$/);
});
